# about: takes memory and catches the error
# status: failed | graded | needs_manual
# most: 0
# %% double
hold = []
while True:
    try: hold.append(bytearray(2**24))
    except MemoryError: pass
