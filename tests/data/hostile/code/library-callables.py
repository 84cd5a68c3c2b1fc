# about: functions of libraries that would run where the tests run
# most: 0
# status: graded | failed | needs_manual
# %% double
import builtins, os, runpy
EVIL = "import builtins\nbuiltins.AssertionError = type('Never', (StopIteration,), {})\nbuiltins.isinstance = lambda *a: True\n"
for name in ("a b", "sound and light", "  "): open(name, "w").write(EVIL + "open('/tmp/@TOKEN@-ran', 'w')\n")
double = os._exit
# %% mean_of
import types
mean_of = types.SimpleNamespace(__call__=exec).__call__
# %% words
words = runpy.run_path
# %% total
total = os.getpid
