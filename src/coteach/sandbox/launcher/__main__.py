"""`python -I -S launcher SPEC`: see `supervisor`."""

import os
import sys

_FOLDER, _NAME = os.path.split(os.path.dirname(os.path.abspath(__file__)))
sys.path[:] = [*sys.path[1:], _FOLDER]  # behind the standard library, in front of nothing
supervisor = getattr(__import__(f"{_NAME}.supervisor"), "supervisor")  # noqa: B009
del sys.path[-1]

code = supervisor.main(sys.argv[1])
sys.stdout.flush()
os._exit(code)
