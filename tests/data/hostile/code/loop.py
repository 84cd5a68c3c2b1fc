# about: an endless loop
# status: failed | graded | needs_manual
# most: 0
# %% double
while True: pass
