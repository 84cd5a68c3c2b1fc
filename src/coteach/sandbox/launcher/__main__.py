"""`python -I -S launcher SPEC`: see `supervisor`."""

import os
import sys

_FOLDER, _NAME = os.path.split(os.path.dirname(os.path.abspath(__file__)))
sys.path[0] = _FOLDER
supervisor = getattr(__import__(f"{_NAME}.supervisor"), "supervisor")  # noqa: B009
del sys.path[0]

code = supervisor.main(sys.argv[1])
sys.stdout.flush()
os._exit(code)
