# about: waits for somebody to type
# most: 0
# status: graded | failed | needs_manual
# %% double
name = input("Your name? ")
