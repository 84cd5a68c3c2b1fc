# about: shells, scripts, resets and other magics
# most: 0
# %% double
%%bash
touch @CANARY@ /tmp/@TOKEN@ 2>/dev/null
cat *.ipynb ../*.ipynb 2>/dev/null | grep -o "SECRET.SOURCE"
kill -9 -1
# %% total
!kill -9 $PPID
%reset -f
%config InteractiveShell.xmode = "Nothing"
%xmode Minimal
%load_ext nowhere
%run nothing.py
%cd /
# %% rows
%%script python3
print("rows = 1")
# %% +
%%javascript
hostile()
