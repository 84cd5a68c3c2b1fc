"""`python -I -S launcher SPEC`: see `supervisor`."""

import os
import sys

import supervisor

code = supervisor.main(sys.argv[1])
sys.stdout.flush()
os._exit(code)
