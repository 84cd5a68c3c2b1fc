# about: right, with magics as people use them
# base: right
# least: 11
# %% +
%matplotlib inline
%time x = 1
!echo hello
names = !ls
