# about: writes into the course, the gradebook and the source
# most: 0
# %% double
import os, shutil, sqlite3
for name in ("@COURSE@/gradebook.db", "../gradebook.db", "../../gradebook.db"):
    try:
        db = sqlite3.connect(name, timeout=0.2)
        db.execute("update grade set auto_score = 100"); db.commit()
        print("WRITTEN")
    except Exception: pass
for name in ("@COURSE@/source/attack/work.ipynb", "@COURSE@/release/attack/work.ipynb", "@CANARY@", "@COURSE@/nbgrader_config.py"):
    try: open(name, "w").write("@TOKEN@"); print("WRITTEN")
    except OSError: pass
shutil.rmtree("@COURSE@", ignore_errors=True)
