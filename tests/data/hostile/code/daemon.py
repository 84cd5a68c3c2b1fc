# about: right, and leaves processes behind
# base: right
# least: 11
# %% double
def double(n): return 2 * n
import os, subprocess, sys, time
for command in (["sleep", "9999"], [sys.executable, "-c", "import os,time\nos.setsid()\nif os.fork()==0:\n time.sleep(9999)"]):
    subprocess.Popen(command, start_new_session=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
