"""Tests that call an answer across the border mean what they mean beside it."""

from __future__ import annotations

import pytest
from grading_engine import marks_of, ran, said

DATA = '''
import array, collections, datetime, decimal, fractions, pathlib, uuid
import numpy as np, pandas as pd
plain = [None, True, 1, 2**70, -2**60, 1.5, float("nan"), float("inf"), 1j, "x\\ud800é", b"ab",
         bytearray(b"x"), [1, [2]], (1, (2,)), {"a": {1: 2}}, {1, 2}, frozenset([3]), range(3),
         slice(1, 2), ..., datetime.datetime(2020, 1, 2, 3, 4, 5, 6), datetime.date(2020, 1, 1),
         datetime.timedelta(1, 2, 3), decimal.Decimal("1.10"), fractions.Fraction(1, 3),
         collections.OrderedDict(a=1), collections.Counter("aab"),
         collections.defaultdict(list, {1: [2]}), collections.deque([1], 3),
         datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc), {1: 2}.keys(), {1: [2]}.values(),
         {1: 2}.items(), pathlib.Path("a/b"), uuid.UUID(int=5), array.array("i", [1, 2])]
arrays = [np.arange(6).reshape(2, 3), np.float32(1.5), np.array(["a", "bb"]),
          np.array([1, None, "x"], dtype=object), np.zeros((0, 3)), np.str_(""),
          np.datetime64("2020-01-01"), np.array([(1, 2.)], dtype=[("a", "i4"), ("b", "f8")]),
          np.asfortranarray(np.arange(6).reshape(2, 3)), np.bool_(True), np.dtype("int32"),
          np.ma.array([1, 2], mask=[0, 1])]
table = pd.DataFrame({
    "a": [1, 2, 3], "b": ["x", None, "z"], "c": pd.Categorical(["u", "v", "u"]),
    "d": pd.date_range("2020", periods=3), "e": pd.array([1, None, 3], dtype="Int64"),
    "f": pd.date_range("2020", periods=3, tz="Asia/Taipei"),
    "g": pd.Series([1, "x", None], dtype=object), "h": pd.array(["a", None, "b"], dtype="string"),
    "i": pd.period_range("2020", periods=3, freq="M"), "j": pd.interval_range(0, 3)})
column = table.set_index("d")["a"]
groups = table.groupby(["a", "b"]).size()
moments = [pd.Timestamp("2020-01-01 10:00"), pd.Timestamp("2020", tz="UTC"), pd.Timedelta("1h"),
           pd.NA, pd.NaT, pd.Period("2020-01"), pd.Interval(0, 1)]
'''


def test_data_comes_across_with_its_exact_types_and_values():
    same = "for a, b in zip(mine, {}, strict=True):\n    assert type(a) is type(b), (a, b)\n" \
           "    assert repr(a) == repr(b), (a, b)\n    if hasattr(a, 'dtype'): assert a.dtype == b.dtype"
    expected = DATA.replace("plain =", "mine_plain =").replace("arrays =", "mine_arrays =").replace(
        "table =", "mine_table =").replace("moments =", "mine_moments =").replace(
        "table.", "mine_table.").replace("column =", "mine_column =").replace("groups =", "mine_groups =")
    assert marks_of(
        DATA, expected,
        *(f"mine = mine_{name}\n" + same.format(name) for name in ("plain", "arrays", "moments")),
        "import pandas as pd\npd.testing.assert_frame_equal(table, mine_table)\n"
        "pd.testing.assert_series_equal(column, mine_column)\n"
        "pd.testing.assert_series_equal(groups, mine_groups)",
        "assert table.iloc[0, 0] == 2, 'a test can fail'") == [
            *["ok"] * 5, "AssertionError: a test can fail"]


CALLS = '''
import math
def sort_in_place(values): values.sort()
def add_key(d): d["new"] = 1
def twice(f, x): return f(f(x))
def gen(n):
    for i in range(n): yield i
class BadValue(ValueError):
    def __init__(self, msg, code=3):
        super().__init__(msg); self.code = code
def fail(n):
    if n == 0: raise BadValue("neg", 7)
    if n == 1: raise KeyError("k")
    if n == 2: return 1 / 0
    if n == 3:
        import json
        json.loads("{")
    if n == 4:
        import numpy as np
        np.linalg.inv(np.zeros((2, 2)))
def hello(name="x"): print("Hello", name)
def defaults(a, b=2, *args, c=3, **k):
    "Doc."
    return a
x = 5
def getx(): return x
def setx(v):
    global x
    x = v
root = math.sqrt
def ask(): return int(input("n? ")) * 2
def roll():
    import random
    return random.random()
def draw(n):
    import numpy as np
    return np.random.rand(n)
'''


@pytest.mark.parametrize("more", [{}, {"answers": frozenset({"x", "getx", "setx"})}])
def test_functions_are_called_with_data_callbacks_and_changes_of_arguments(more):
    tests = (
        "l = [3, 1, 2]; assert sort_in_place(l) is None; assert l == [1, 2, 3]",
        "d = {}; add_key(d); assert d == {'new': 1}",
        "assert twice(lambda v: v * 3, 2) == 18",
        "import random\ndef back(v):\n    random.seed(v); list(gen(3)); return twice(lambda w: w + 1, v)\n"
        "assert twice(back, 2) == 6",
        "import types\nassert list(gen(3)) == [0, 1, 2] and isinstance(gen(2), types.GeneratorType)\n"
        "g = gen(1); assert next(g) == 0\ntry:\n    next(g); assert False\nexcept StopIteration: pass",
        "import io, contextlib\nb = io.StringIO()\nwith contextlib.redirect_stdout(b): hello('you')\n"
        "assert b.getvalue() == 'Hello you\\n'",
        "import inspect\nassert str(inspect.signature(defaults)) == '(a, b=2, *args, c=3, **k)'\n"
        "assert defaults.__doc__ == 'Doc.' and defaults.__name__ == 'defaults' and callable(defaults)\n"
        "assert inspect.isfunction(defaults)",
        "assert x == 5; setx(6); assert x == 6 and getx() == 6",
        "assert 'x' in globals() and 'nope' not in globals() and 'x' in dir()\nassert eval('getx()') == 6",
        "def helper(): return getx()\nassert helper() == 6 and [getx() for _ in range(2)] == [6, 6]",
        "import math\nassert root is math.sqrt",
        "from unittest.mock import patch\nwith patch('builtins.input', return_value='4'):\n    assert ask() == 8",
        "import random\nfor _ in range(2):\n    random.seed(3); a = random.random(); random.seed(3)\n    assert roll() == a",
        "import numpy as np\nfor _ in range(2):\n    np.random.seed(3); a = np.random.rand(4); np.random.seed(3)\n    assert (draw(4) == a).all()",
        "try:\n    undefined\n    assert False\nexcept NameError: pass",
        "import pytest\nassert twice(lambda v: v + 0.1, 1) == pytest.approx(1.2)",
        "import unittest\nclass T(unittest.TestCase):\n    def test_a(self): self.assertEqual(getx(), 6)\n"
        "r = unittest.main(argv=[''], exit=False, verbosity=0).result\nassert r.wasSuccessful() and r.testsRun == 1",
        "assert getx() == 7, 'a test can fail'",
    )
    assert marks_of(CALLS, *tests, **more) == [*["ok"] * (len(tests) - 1),
                                               "AssertionError: a test can fail"]


def test_a_callback_asks_for_the_names_of_the_answer_while_the_answer_waits():
    back = "def back(v):\n    assert 'x' in globals() and 'nope' not in globals()\n    return v + 1\n"
    assert marks_of(CALLS, back + "assert twice(back, 2) == 4", "assert getx() == 5",
                    back + "assert twice(back, 2) == 5, 'a test can fail'") == [
                        "ok", "ok", "AssertionError: a test can fail"]


def test_what_an_answer_raises_is_caught_by_its_class_or_one_above():
    tests = (
        "try:\n    fail(0); assert False\nexcept ValueError as e:\n"
        "    assert str(e) == 'neg' and e.code == 7 and isinstance(e, BadValue) and type(e).__name__ == 'BadValue'",
        "import unittest, json, numpy as np\ntc = unittest.TestCase()\n"
        "with tc.assertRaises(BadValue): fail(0)\nwith tc.assertRaises(KeyError): fail(1)\n"
        "with tc.assertRaisesRegex(ZeroDivisionError, 'zero'): fail(2)\n"
        "with tc.assertRaises(json.JSONDecodeError) as c: fail(3)\nassert c.exception.pos == 1\n"
        "with tc.assertRaises(np.linalg.LinAlgError): fail(4)",
        "import pytest\nwith pytest.raises(ValueError, match='neg'): fail(0)",
        "fail(1)",
    )
    assert marks_of(CALLS, *tests) == ["ok", "ok", "ok", "KeyError: 'k'"]


CLASSES = '''
import math
from collections import namedtuple
from dataclasses import dataclass
from enum import Enum, IntEnum
class Vector:
    def __init__(self, x, y): self.x, self.y = x, y
    def __add__(s, o): return Vector(s.x + o.x, s.y + o.y)
    def __mul__(s, k): return Vector(s.x * k, s.y * k)
    def __rmul__(s, k): return s * k
    def __eq__(s, o): return isinstance(o, Vector) and (s.x, s.y) == (o.x, o.y)
    def __repr__(s): return f"Vector({s.x}, {s.y})"
    def __len__(s): return 2
    def __getitem__(s, i): return (s.x, s.y)[i]
    def __abs__(s): return math.hypot(s.x, s.y)
    def __hash__(s): return hash((s.x, s.y))
    @property
    def norm(self): return math.hypot(self.x, self.y)
    @staticmethod
    def zero(): return Vector(0, 0)
class V3(Vector): pass
Point = namedtuple("Point", "x y")
class Color(Enum):
    RED = 1; BLUE = 2
class N(IntEnum):
    ONE = 1
@dataclass
class Card:
    rank: int
    suit: str = "s"
class Stack(list):
    def push(self, x): self.append(x)
import numpy as np
class Grid(np.ndarray): pass
def grid(): return np.arange(3).view(Grid)
class Acc:
    def __init__(self): self.balance = 0
    def deposit(self, n):
        if n < 0: raise ValueError("negative")
        self.balance += n
    def __enter__(self): return self
    def __exit__(self, *a): self.closed = True
    def __iter__(self): return iter([1, 2])
    def __contains__(self, x): return x == 2
'''


def test_classes_and_their_instances_work_as_they_do_beside():
    tests = (
        "v = Vector(1, 2) * 3 + Vector(1, 1)\nassert v == Vector(4, 7) and v.x == 4\n"
        "assert isinstance(v, Vector) and type(v) is Vector and not isinstance(v, V3)",
        "assert 2 * Vector(1, 1) == Vector(2, 2) and len(Vector(1, 2)) == 2 and Vector(3, 4)[1] == 4\n"
        "assert abs(Vector(3, 4)) == 5 and Vector(3, 4).norm == 5\n"
        "assert repr(Vector(1, 2)) == 'Vector(1, 2)' == str(Vector(1, 2)) == f'{Vector(1, 2)}'",
        "kept = Vector(1, 2)", "assert (kept * 2).x == 2 and (2 * kept).y == 4",
        "assert issubclass(V3, Vector) and isinstance(V3(1, 2), Vector) and Vector.zero() == Vector(0, 0)\n"
        "assert Vector.__name__ == 'Vector' and Vector(1, 2) in {Vector(1, 2)}",
        "assert Vector(1, 2) != 5 and Vector(1, 2) != Vector(2, 2) and not (Vector(1, 2) == (1, 2))",
        "p = Point(1, 2)\nassert p == (1, 2) and p.x == 1 and isinstance(p, tuple) and p[1] == 2 and p == Point(1, 2)",
        "assert Color.RED.value == 1 and Color(2) is Color.BLUE and Color['RED'] == Color.RED\n"
        "assert [c.name for c in Color] == ['RED', 'BLUE'] and isinstance(Color.RED, Color)",
        "assert N.ONE == 1 and N.ONE < 2 and N.ONE + 1 == 2 and isinstance(N.ONE, int)",
        "c = Card(3)\nassert c.rank == 3 and c == Card(3, 's') and repr(c) == \"Card(rank=3, suit='s')\"",
        "s = Stack(); s.push(3)\nassert len(s) == 1 and list(s) == [3] and isinstance(s, list)\n"
        "assert isinstance(s, Stack) and s == [3]",
        "import numpy as np\ng = grid()\nassert isinstance(g, np.ndarray) and (g == np.arange(3)).all()\n"
        "np.testing.assert_array_equal(g, [0, 1, 2]); assert g.sum() == 3 and np.allclose(g, [0, 1, 2])",
        "import unittest\na = Acc(); a.deposit(5); assert a.balance == 5\n"
        "with unittest.TestCase().assertRaises(ValueError): a.deposit(-1)\n"
        "a.balance = 9; assert a.balance == 9 and hasattr(a, 'deposit') and not hasattr(a, 'foo')",
        "with Acc() as a: pass\nassert a.closed is True and list(a) == [1, 2] and 2 in a and 3 not in a",
        "import copy\nv = Vector(1, 2); w = copy.deepcopy(v); assert w == v and w is not v",
    )
    assert marks_of(CLASSES, *tests) == ["ok"] * len(tests)


FILES = '''
def lines(f): return f.read().splitlines()
def count(path):
    with open(path) as f: return len(f.readlines())
with open("out.txt", "w") as f: f.write("a\\nb\\n")
with open("mymod.py", "w") as f: f.write("def g(x):\\n    return x * 2\\n")
def double(shape): return shape.area() * 2
def fill(a): a[:] = 7
def with_z(df):
    df["z"] = df["a"] * 2
    return df
def by(values, key): return sorted(values, key=key)
def listed(values): return [v for v in values]
'''


def test_objects_and_files_of_a_test_reach_the_answer():
    tests = (
        "import io\nassert lines(io.StringIO('a\\nb')) == ['a', 'b']",
        "with open('in.txt', 'w') as f: f.write('1\\n2\\n3\\n')\n"
        "assert count('in.txt') == 3 and open('out.txt').read() == 'a\\nb\\n'",
        "import tempfile\nwith tempfile.NamedTemporaryFile('w') as f:\n    f.write('a\\n'); f.flush()\n"
        "    assert count(f.name) == 1",
        "class Square:\n    def area(self): return 4\nassert double(Square()) == 8",
        "import numpy as np\na = np.arange(4.0); fill(a); assert (a == 7).all()",
        "import pandas as pd\nd = pd.DataFrame({'a': [1, 2]}); r = with_z(d)\n"
        "assert list(r['z']) == [2, 4] == list(d['z'])",
        "assert by([3, 1, 2], lambda v: -v) == [3, 2, 1] and listed(v for v in (1, 2)) == [1, 2]",
        "from mymod import g\nimport mymod\nassert g(2) == 4 and mymod.g(3) == 6",
    )
    assert marks_of(FILES, *tests) == ["ok"] * len(tests)


def test_a_test_that_needs_the_live_object_runs_beside_it_and_says_so():
    cells = ran("def f(x):\n    return x + 1\nclass A:\n    def go(self): return 1\ny = 3",
                "# test\nimport inspect\nassert 'x + 1' in inspect.getsource(f)",
                "# test\nclass B(A):\n    def go(self): return 2\nassert B().go() == 2",
                "# test\n### BESIDE\nassert f(1) == 2\n0.5", "# test\n### BESIDE\nassert f(1) == 3",
                "# test\nassert f(1) == 2")
    assert [(said(c), c.beside) for c in cells[1:]] == [
        ("ok", True), ("ok", True), ("ok", True), ("AssertionError: ", True), ("ok", False)]
    assert cells[3].outputs[0]["data"] == {"text/plain": "0.5"}


def test_a_test_may_take_a_function_away_or_put_another_in_its_place():
    answer = ("def squares(n): return [i * i for i in range(1, n + 1)]\n"
              "def total(n): return sum(squares(n))\nlimit = 3\ndef get(): return limit")
    marks = marks_of(
        answer,
        "kept = squares\ndel squares\ntry:\n    total(1)\nexcept NameError: pass\n"
        "else: raise AssertionError('total does not use squares')\nfinally: squares = kept",
        "assert total(3) == 14 and squares(2) == [1, 4]",
        "squares = lambda n: [n] * 2\nassert total(5) == 10 and squares(1) == [1, 1]",
        "limit = 7\nassert get() == 3 and limit == 7", "assert limit == 7",
        answers=frozenset({"squares", "total", "limit", "get"}))
    assert marks == ["ok"] * 5


def test_given_code_runs_here_when_it_can_and_her_changes_of_data_count():
    cells = ran(
        "# given\nimport math\nlimit = 0.5\ndata = [3, 1]\ndef near(a, b): return abs(a - b) < limit",
        "def area(r): return math.pi * r ** 2\ndata = sorted(data)",
        "# given\ntotal = 0\ntotal = area(1)", "# given\ncircle = area(2)",
        "# test\nassert near(area(1), 3.14159) and data == [1, 3]",
        "# test\nassert near(total, 3.14159) and near(circle, 12.566)")
    assert [said(c) for c in cells] == ["ok"] * 6


def test_given_constants_are_the_instructors_when_the_answers_names_are_known():
    cells = ran("# given\nlimit = 0.5", "def f(): return 9\nlimit = 1e9",
                "# test\nassert abs(f() - 3) < limit", answers=frozenset({"f"}))
    assert said(cells[2]).startswith("AssertionError")


def test_a_looping_cell_is_stopped_and_the_next_ones_run():
    cells = ran("def slow():\n    while True: pass\nx = 1", "while True: pass", "y = 2",
                "# test\nslow()", "# test\nassert x + y == 3", seconds=1.0)
    assert [c.status for c in cells] == ["ok", "timeout", "ok", "timeout", "ok"]


def test_magics_and_shown_things_work_as_in_a_notebook():
    cells = ran("%matplotlib inline\nimport matplotlib.pyplot as plt\nplt.plot([1, 2]);",
                "from IPython.display import display\ndisplay('x')\nraise ValueError('no')",
                "!echo from-a-program\nimport os; os.system('echo raw')", "%%time\n1 + 1")
    kinds = [[o["output_type"] for o in c.outputs] for c in cells]
    assert kinds[0] == ["display_data"] and "image/png" in cells[0].outputs[0]["data"]
    assert kinds[1] == ["display_data", "error"] and cells[1].outputs[1]["evalue"] == "no"
    assert "from-a-program" in cells[2].outputs[0]["text"] and "raw" in str(cells[2].outputs)
    assert kinds[3][-1] == "execute_result"
