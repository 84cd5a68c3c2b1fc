# about: waits in the debugger
# most: 0
# status: graded | failed | needs_manual
# %% double
%pdb on
breakpoint()
