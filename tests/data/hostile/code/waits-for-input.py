# about: waits for somebody to type
# most: 0
# status: graded | failed
# %% double
name = input("Your name? ")
