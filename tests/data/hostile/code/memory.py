# about: takes all memory there is
# status: failed | graded | needs_manual
# most: 0
# %% double
hold = []
while True: hold.append(bytearray(2**26))
