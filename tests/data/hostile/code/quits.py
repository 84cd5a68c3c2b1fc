# about: asks the shell to leave
# most: 0
# status: graded | failed
# %% double
get_ipython().ask_exit()
# %% total
exit()
