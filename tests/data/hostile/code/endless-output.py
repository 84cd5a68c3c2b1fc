# about: prints for ever
# status: failed | graded
# most: 0
# %% double
while True: print("y" * 1000)
