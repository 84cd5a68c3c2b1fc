# about: waits in the debugger
# most: 0
# status: graded | failed
# %% double
%pdb on
breakpoint()
