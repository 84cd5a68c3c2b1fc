"""Answers that attack how they are marked earn nothing, and the honest tests beside them stay."""

from __future__ import annotations

from pathlib import Path

from grading_engine import marks_of, ran, runner, said, work

from coteach.grading.engine import Work

ALWAYS = '''
class Always:
    def _yes(self, *a, **k): return True
    __eq__ = __lt__ = __le__ = __gt__ = __ge__ = __bool__ = __contains__ = _yes
    def __ne__(self, o): return False
    def __hash__(self): return 1
    def _zero(self, *a): return 0
    __sub__ = __rsub__ = __add__ = __radd__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = _zero
    __neg__ = __abs__ = __mod__ = __rmod__ = __floordiv__ = __pow__ = __xor__ = __and__ = _zero
    def __float__(self): return 0.0
    __int__ = __index__ = __round__ = _zero
    def __len__(self): return 1
    def __iter__(self): return iter([self])
    def __getitem__(self, i): return self
    def __getattr__(self, name): return lambda *a, **k: True
    def __call__(self, *a, **k): return True
    def __array_ufunc__(self, *a, **k):
        import numpy as np
        return np.array(True)
    def __array_function__(self, *a, **k): return True
    def __instancecheck__(self, other): return True
    @property
    def __class__(self): return int
    def __repr__(self): return "200"
    __str__ = __repr__
def f(x): return Always()
'''


def test_an_always_equal_object_earns_nothing():
    wanted = (
        "f(2) == 200", "200 == f(2)", "not f(2) != 200", "abs(f(2) - 200) < 1e-6",
        "abs(200 - f(2)) < 1e-6", "f(2) > 100 and f(2) < 300", "f(2) >= 200", "f(2) in (200, 201)",
        "200 in [f(2)]", "f(2) - 200 == 0", "(f(2) * 2) == 400", "f(2) % 200 == 0",
        "math.isclose(f(2), 200)", "np.isclose(f(2), 200)", "np.allclose(f(2), [200])",
        "np.array_equal(f(2), [200])", "(np.array([200]) == f(2)).all()", "f(2) == pytest.approx(200)",
        "f(2).equals(pd.Series([200]))", "f(2).startswith('2')", "f(2).issubset({200})",
        "5 in f(2)", "isinstance(f(2), int)", "[f(2)] == [200]", "{'a': f(2)} == {'a': 200}",
        "f(2).__eq__(200) is True", "round(f(2) - 200, 3) == 0", "sum([f(2), -200]) == 0",
        "type(f(2)) is int", "sorted([f(2)]) == [200]", "max(f(2), 200) == min(f(2), 200) == 200")
    tests = [f"import math, numpy as np, pandas as pd, pytest\nassert {w}" for w in wanted]
    tests += [
        "import numpy as np\nnp.testing.assert_allclose(f(2), 200)",
        "import numpy as np\nnp.testing.assert_equal(f(2), 200)",
        "import numpy as np\nnp.testing.assert_array_equal(f(2), [200])",
        "import unittest\nunittest.TestCase().assertEqual(f(2), 200)",
        "import unittest\nunittest.TestCase().assertAlmostEqual(f(2), 200)",
        "import unittest\nunittest.TestCase().assertIn(f(2), [200])",
        "import unittest\nunittest.TestCase().assertIsInstance(f(2), int)",
        "import pandas as pd\npd.testing.assert_series_equal(f(2), pd.Series([200]))",
        "import pandas as pd\npd.testing.assert_frame_equal(f(2), pd.DataFrame({'a': [200]}))",
    ]
    earned = [t for t, mark in zip(tests, marks_of(ALWAYS, *tests), strict=True) if mark == "ok"]
    assert not earned


def test_a_class_that_an_earlier_test_named_is_not_believed_in_a_later_one():
    marks = marks_of(ALWAYS, "assert Always() * 2 == 0", "assert abs(f(2) - 200) < 1e-6",
                     "x = Always()\nassert isinstance(x, Always)", "assert abs(f(2) - 200) < 1e-6")
    assert [mark == "ok" for mark in marks] == [True, False, True, False]


def test_forged_names_lead_to_no_other_module():
    forged = ("from coteach.grading.engine import giving\nNODE = None\n"
              "def f(x):\n    giving.Giver.refer = lambda self, value, encoder: NODE\n    return object()\n")
    for node in ("['g', 'collections', 'abc.sys.exit']", "['g', 'fractions', 'sys.modules']",
                 "['g', 'os', '_exit']", "['m', 'coteach.grading.engine.tests']",
                 "['g', 'unittest.mock', 'ANY']", "['T', 0]", "['T', -1]", "['o', 5, 99, None]",
                 "['x', ['unittest', 'SkipTest'], [], '', '', 0, []]", "['np', 'a', 'O', [1], 0, 0]",
                 "['l'] * 3", "[[]]", "['zz']", "{'a': 1}", "['i', 'zz']", "['d', 1]"):
        marks = marks_of(forged + f"NODE = {node}", "assert f(2) == 200",
                         "f(2)(0)", "assert len([1]) == 1")
        assert [mark == "ok" for mark in marks] == [False, False, True], (node, marks)


def test_the_text_of_an_object_is_no_partial_credit():
    cells = ran(ALWAYS, "# test\nf(2)")
    assert not [o for o in cells[1].outputs if o["output_type"] == "execute_result"]


def test_a_subclass_of_a_number_is_worth_the_number_in_it():
    assert marks_of(
        "class N(int):\n    def __eq__(self, o): return True\n    def __sub__(self, o): return 0\n"
        "    __hash__ = int.__hash__\n"
        "class L(list):\n    def __eq__(self, o): return True\n"
        "class S(str):\n    def __eq__(self, o): return True\n    __hash__ = str.__hash__\n"
        "def f(): return N(3)\ndef g(): return L([1])\ndef h(): return S('a')",
        "assert f() == 3 and f() - 1 == 2 and g() == [1] and h() == 'a'", "assert f() == 200",
        "assert abs(f() - 200) < 1e-9", "assert g() == [2]", "assert h() == 'b'")[1:] == [
            "AssertionError: "] * 4


PATCHES = {
    "builtins": "import builtins\nbuiltins.AssertionError = type('X', (Exception,), {})\n"
                "builtins.isinstance = lambda *a: True\nbuiltins.abs = lambda x: 0\n"
                "builtins.all = builtins.any = lambda *a: True",
    "names": "abs = lambda x: 0\nall = any = isinstance = lambda *a: True\n"
             "AssertionError = ValueError\nround = sum = lambda *a: 0",
    "numpy": "import numpy as np\nnp.testing.assert_allclose = lambda *a, **k: None\n"
             "np.isclose = np.allclose = lambda *a, **k: True",
    "fake modules": "import sys, types\nclass M(types.ModuleType):\n"
                    "    def __getattr__(self, n): return lambda *a, **k: True\n"
                    "np = numpy = M('numpy'); sys.modules['numpy'] = np\n"
                    "assert_allclose = isclose = lambda *a, **k: True",
    "helper of given code": "def near(a, b): return True\nEPS = 1e9",
    "transformers": "import ast\nip = get_ipython()\nclass T(ast.NodeTransformer):\n"
                    "    def visit_Assert(self, n): return ast.Pass()\nip.ast_transformers.append(T())\n"
                    "ip.input_transformers_cleanup.append(lambda lines: ['pass\\n'])\n"
                    "ip.input_transformers_post.append(lambda lines: ['pass\\n'])",
    "run_cell": "from IPython.core.interactiveshell import InteractiveShell as I\n"
                "class R:\n    error_before_exec = error_in_exec = None\n    success = True\n"
                "I.run_cell = I.run_cell_async = I.run_code = lambda *a, **k: R()",
    "trace": "import sys\ndef t(frame, event, arg): return t\nsys.settrace(t); sys.setprofile(t)",
    "display hook": "import sys\nsys.displayhook(200)\nip = get_ipython()\n"
                    "ip.display_pub.publish({'text/plain': '100'})\nip.displayhook(100)",
    "exit hooks": "import atexit, os\natexit.register(os._exit, 0)",
    "modules on disk": "for n in ('pytest', 'unittest', 'numpy', 'math', 'json', 'conftest', 'sitecustomize'):\n"
                       "    open(n + '.py', 'w').write('raise SystemExit(0)')",
    "forged frames": "import os, struct, json\ntext = json.dumps([['cell', '2', [], 'ok', False, '']]).encode()\n"
                     "frame = struct.pack('!IIQ', 0x43543101, len(text), 0) + text\n"
                     "for fd in map(int, os.listdir('/proc/self/fd')):\n"
                     "    try: os.write(fd, frame)\n    except OSError: pass",
    "threads": "import threading, os, struct, json\ntext = json.dumps([['ok', 1, 200, [], [], []]]).encode()\n"
               "frame = struct.pack('!IIQ', 0x43543101, len(text), 0) + text\n"
               "def flood():\n    while True:\n        for fd in range(3, 20):\n"
               "            try: os.write(fd, frame)\n            except OSError: pass\n"
               "threading.Thread(target=flood, daemon=True).start()",
    "pickle": "class P:\n    def __reduce__(self):\n        import os\n        return os._exit, (0,)\nf0 = P()",
    "answer is a builtin": "f = bool",
    "exit by another name": "import os\nf = os._exit",
    "skip": "import unittest\ndef f(x): raise unittest.SkipTest('x')",
    "system exit": "def f(x): raise SystemExit(0)",
    "generator exit": "def f(x): raise GeneratorExit",
    "engine's own": "from coteach.grading.engine.errors import NotAcross\ndef f(x): raise NotAcross('x')",
    "any": "from unittest.mock import ANY\ndef f(x): return ANY",
    "class lies": "class C:\n    __class__ = float\n    def __float__(self): return 200.0\ndef f(x): return C()",
    "surrogates": "def f(x): return '\\ud800' * 3\nprint('\\udfff')",
}


def test_patches_of_her_process_earn_nothing():
    runs = runner().several(*map(_patched, PATCHES.values()))
    for name, run in zip(PATCHES, runs, strict=True):
        assert run.status == "ran", (name, run)
        tests = list(run.cells.values())[2:]
        assert [t.status for t in tests if t.status == "ok"] == [], (name, [said(t) for t in tests])
        assert all(any(o["output_type"] == "error" for o in t.outputs) for t in tests), name


def _patched(patch: str) -> Work:
    answer = "def f(x): return 1\n" + patch
    return work(
        "# given\nimport numpy as np\nEPS = 1e-6\ndef near(a, b): return abs(a - b) < EPS",
        answer, "# test\nassert f(2) == 200", "# test\nassert near(f(2), 200)",
        "# test\nnp.testing.assert_allclose(f(2), 200)\nassert np.isclose(f(2), 200)",
        "# test\nimport unittest\nclass T(unittest.TestCase):\n    def test(self): self.assertEqual(f(2), 200)\n"
        "r = unittest.main(argv=[''], exit=False).result\nassert r.wasSuccessful() and r.testsRun == 1 and not r.skipped",
        "# test\nfrom numpy.testing import assert_allclose\nassert_allclose(f(2), 200)\nassert isinstance(f(2), int)",
        answers=frozenset({"f"}), seconds=5.0)


HARD = {
    "segfault": "import ctypes\ndef f(x): return ctypes.string_at(0)",
    "kill": "import os, signal\ndef f(x): os.kill(os.getpid(), signal.SIGKILL)",
    "kill all": "import os, signal\ndef f(x): os.kill(-1, signal.SIGKILL)",
    "exec": "import os\ndef f(x): os.execv('/bin/true', ['true'])",
    "close all": "import os\nos.closerange(0, 1000)\ndef f(x): return 200",
    "huge text": "def f(x): return 'x' * (1 << 30)",
    "huge bytes": "def f(x): return bytes(300 << 20)",
    "huge list": "def f(x): return [0] * 30_000_000",
    "nested": "def f(x):\n    l = []\n    for _ in range(100000): l = [l]\n    return l",
    "cycle": "def f(x):\n    l = []\n    l.append(l)\n    return l",
    "recursion": "def f(x): return f(x)",
    "endless length": "class E:\n    def __len__(self): return 10**18\n    def __getitem__(self, i): return i\ndef f(x): return E()",
    "negative length": "class E:\n    def __len__(self): return -1\ndef f(x): return E()",
    "endless iteration": "class E:\n    def __iter__(self):\n        while True: yield 1\ndef f(x): return E()",
    "slow": "import time\ndef f(x): time.sleep(100)",
    "slow and deaf": "import time, signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n"
                     "def f(x):\n    while True:\n        try: time.sleep(100)\n        except BaseException: pass",
    "memory": "def f(x): return len([bytes(1 << 20) for _ in range(4000)])",
    "forks": "import os\ndef f(x):\n    while True:\n        try: os.fork()\n        except OSError: pass",
    "fork that comes back": "import os\ndef f(x):\n    os.fork()\n    return 1",
    "collisions": "def f(x): return {i * (2**61 - 1): 0 for i in range(60000)}",
    "disk": "def f(x):\n    with open('big', 'wb') as o:\n        while True: o.write(bytes(1 << 20))",
    "callback storm": "def f(x): return 1\ndef g(cb):\n    while True: cb(1)",
}


def test_exhaustion_and_violence_end_her_own_tests_only():
    """The test before and the test that asks nothing of her stay as they are."""
    runs = runner().several(*(work(
        "y = 5\ndef f(x): return 1", "# test\nassert y == 5", answer,
        "# test\nassert f(2) == 200 or list(f(2)) == [200]", "# test\nassert len([1]) == 1",
        seconds=1.5) for answer in HARD.values()))
    for name, run in zip(HARD, runs, strict=True):
        assert run.status == "ran", (name, run)
        cells = list(run.cells.values())
        assert [c.status for c in (cells[1], cells[4])] == ["ok", "ok"], (name, run)
        assert cells[3].status in ("error", "timeout"), (name, run)


def test_her_process_sees_no_other_and_reaches_no_memory_of_another():
    cells = ran(
        "import os, ctypes\n"
        "def look():\n    found = sorted(int(p) for p in os.listdir('/proc') if p.isdigit())\n"
        "    libc = ctypes.CDLL(None, use_errno=True)\n"
        "    traced = [p for p in range(2, 60) if libc.ptrace(16, p, 0, 0) == 0]\n"
        "    killed = []\n"
        "    for p in range(2, 200):\n"
        "        try: os.kill(p, 0); killed.append(p)\n        except OSError: pass\n"
        "    return found, traced, killed, os.getpid()\n"
        "def walls():\n    out = []\n"
        "    for path in ('/home/me/x', '/usr/x', '/etc/x', '/proc/sys/kernel/hostname'):\n"
        "        try: open(path, 'w'); out.append(path)\n        except OSError: pass\n"
        "    try: ctypes.CDLL(None).umount2(b'/proc', 2); open('/proc/5/stat'); out.append('proc')\n"
        "    except OSError: pass\n    return out",
        "# test\nassert look() == ([1], [], [], 1), look()", "# test\nassert walls() == [], walls()")
    assert [said(c) for c in cells] == ["ok"] * 3


SPY = r"""
import gc, os, re, sys
own = "WORD-" + str(100000 + 23456)
def spy():
    pattern = rb"WORD[-][0-9]{6}"
    found = set()
    for line in open("/proc/self/maps"):
        a, b = (int(part, 16) for part in line.split()[0].split("-"))
        if line.split()[1].startswith("rw"):
            with open("/proc/self/mem", "rb", 0) as memory:
                memory.seek(a)
                try: found.update(re.findall(pattern, memory.read(b - a)))
                except OSError: pass
    for text in (*sys.argv, *os.environ.values()): found.update(re.findall(pattern, text.encode()))
    for top, _folders, names in os.walk("/tmp"):
        for name in names:
            with open(os.path.join(top, name), "rb") as file:
                found.update(re.findall(pattern, file.read()))
    return sorted(word.decode() for word in found)
"""


def test_the_students_process_never_has_a_test():
    """Nor has the kernel anything left of it in a buffer; what is her own is found."""
    for _attempt in range(3):
        cells = ran(SPY, "# test\nassert spy() == [own], spy()  # WORD-999991",
                    "# test\nsecret = 'WORD-999992'\nassert len(spy()) == 1 and secret", *[
                        f"# test\nassert 'WORD-88{n}'" for n in range(1000, 1100)])
        assert [said(c) for c in cells] == ["ok"] * 103


def test_the_instructors_files_cannot_be_changed_or_put_aside(tmp_path: Path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "expected.csv").write_text("200")
    (tmp_path / "checks.py").write_text("def right(x):\n    return x == 200\n")
    answer = (
        "import os, sys, pathlib\nfailed = []\n"
        "def attempt(do):\n    try: do()\n    except OSError as e: failed.append(type(e).__name__)\n"
        "attempt(lambda: open('checks.py', 'w').write('def right(x): return True'))\n"
        "attempt(lambda: os.unlink('checks.py'))\nattempt(lambda: os.rename('checks.py', 'x'))\n"
        "attempt(lambda: open('data/expected.csv', 'w').write('1'))\n"
        "attempt(lambda: os.rename('data', 'data2'))\nattempt(lambda: os.rename('/tmp/work', '/tmp/w'))\n"
        "import checks\nchecks.right = lambda x: True\n"
        "os.makedirs('__pycache__', exist_ok=True)\nimport py_compile, shutil\n"
        "open('evil.py', 'w').write('def right(x):\\n    return True   \\n')\n"
        "shutil.copystat('checks.py', 'evil.py')\n"
        "py_compile.compile('evil.py', '__pycache__/checks.cpython-%d%d.pyc' % sys.version_info[:2])\n"
        "open('data/mine.txt', 'w').write('ok')\ndef f(x): return 1")
    cells = ran(answer, "# test\nfrom checks import right\nassert right(f(2))",
                "# test\nassert f(2) == int(open('data/expected.csv').read())",
                "# test\nassert len(failed) == 6 and open('data/mine.txt').read() == 'ok', failed",
                files=tmp_path, own=frozenset({"checks.py", "data/expected.csv"}))
    assert [said(c) for c in cells] == ["ok", "AssertionError: ", "AssertionError: ", "ok"]


def test_a_pipe_that_she_leaves_makes_one_test_fail():
    cells = ran("import os\nos.mkfifo('out.txt')\ny = 3", "# test\nassert open('out.txt').read()",
                "# test\nassert y == 3", seconds=1.0)
    assert [c.status for c in cells] == ["ok", "timeout", "ok"]


def test_what_is_printed_without_end_is_cut_with_a_note():
    cells = ran("for _ in range(10**5): print('x' * 1000)", "1")
    text = "".join(o["text"] for o in cells[0].outputs)
    assert len(text) < 40_000 and "cut" in text and cells[1].status == "ok"


def test_a_test_beside_does_not_fall_for_patches():
    answer = ("import builtins, ast\nbuiltins.AssertionError = ValueError\n"
              "ip = get_ipython()\nclass T(ast.NodeTransformer):\n    def visit_Assert(self, n): return ast.Pass()\n"
              "ip.ast_transformers.append(T())\nip.input_transformers_cleanup.append(lambda lines: ['pass\\n'])\n"
              "import numpy as np\nnp.testing.assert_equal = lambda *a: None\nabs = lambda x: 0\n"
              "type(ip).run_cell = lambda *a, **k: None\ndef f(x): return 1\n"
              "class P:\n    def __repr__(self): return '100'\n")
    cells = ran(answer, "# test\n### BESIDE\nassert f(2) == 200",
                "# test\n### BESIDE\nimport numpy as np\nnp.testing.assert_equal(f(2), 200)",
                "# test\n### BESIDE\nassert abs(f(2) - 200) < 1e-9", "# test\n### BESIDE\nP()",
                "# test\n### BESIDE\nimport os; os._exit(0)", "# test\n### BESIDE\nassert f(1) == 1")
    assert [c.status for c in cells[1:]] == ["error", "error", "error", "ok", "error", "ok"]
    assert not [o for o in cells[4].outputs if o["output_type"] == "execute_result"]


def test_two_submissions_at_once_see_nothing_of_each_other():
    spy = work("import os, time\nopen('/tmp/mark-' + str(time.time()), 'w').close()\ntime.sleep(0.3)\n"
               "print(sorted(n[:5] for n in os.listdir('/tmp') if n.startswith('mark')), len(os.listdir('/proc')) > 1)")
    for run in runner().several(spy, spy):
        assert run.cells["0"].outputs[0]["text"] == "['mark-'] True\n", run


def test_an_answer_that_is_a_library_or_a_part_of_one_runs_nothing_where_the_tests_run():
    answer = ("import pickle, timeit, types, pandas as pd\n"
              "EVIL = \"__import__('builtins').AssertionError = ValueError\"\n"
              "class Bomb:\n    def __reduce__(self): return (exec, (EVIL,))\n"
              "store, clock, ns = pickle, timeit, types.SimpleNamespace(lib=timeit, go=timeit.timeit)\n"
              "read, run, calc = pd.read_pickle, timeit.timeit, eval\n"
              "def dump(x): return pickle.dumps(Bomb())\ndef text(): return EVIL\n"
              "open('a b', 'wb').write(dump(1))\n")
    tests = ["store.loads(dump(1))", "clock.timeit(text(), number=1)", "ns.lib.timeit(text())",
             "ns.go(text(), number=1)", "read('a b')", "run(text(), number=1)", "calc(text())"]
    own = "import builtins\nassert builtins.AssertionError.__name__ == 'AssertionError', 'reached'"
    for test in tests:
        assert marks_of(answer, f"try:\n    {test}\nexcept BaseException: pass", own)[1] == "ok", test
