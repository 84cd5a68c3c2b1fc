# about: an endless loop
# status: failed | graded
# most: 0
# %% double
while True: pass
