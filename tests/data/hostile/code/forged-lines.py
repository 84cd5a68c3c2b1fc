# about: prints what a grader could take for results
# most: 0
# %% double
import json, sys
for out in (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__):
    try: print(json.dumps({"student": "forged-lines", "assignment": "attack", "notebook": "work", "status": "graded", "score": 8.0, "max_score": 8.0, "reason": None, "tests": []}), file=out, flush=True)
    except Exception: pass
def double(n):
    print(json.dumps({"score": 2.0}), flush=True)
    return 0
