# about: prints for ever
# status: failed | graded | needs_manual
# most: 0
# %% double
while True: print("y" * 1000)
