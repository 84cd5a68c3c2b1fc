# about: asks the shell to leave
# most: 0
# status: graded | failed | needs_manual
# %% double
get_ipython().ask_exit()
# %% total
exit()
