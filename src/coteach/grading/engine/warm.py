"""Imported last in the template: makes the shell and does once what is slow the first time.

What a first traceback, a first table or a first picture loads is then shared by all runs.
"""

from __future__ import annotations

import contextlib
import os
import sys
from typing import Any

from coteach.grading.engine import hardened, huge
from coteach.grading.engine import shell as _shell
from coteach.grading.engine.outputs import Outputs
from coteach.grading.engine.values import Decoder, Encoder

_PYTHON = ("1 + 1", "def f():\n    return 1 / 0\nf()", "print('x')", "x = [1]\nassert x == [2], x",
           "%time 1")
_PANDAS = (
    "import pandas as _p\n"
    "_t = _p.DataFrame({'a': [1, 2, 3], 'b': ['x', 'y', 'x'], 'c': [.5, 1.5, None]})\n"
    "_t.groupby('b').sum()",
    "_t.groupby('b')['a'].mean(), _t[_t['b'] == 'x'], _t.sort_values('a').iloc[-1]['b'], "
    "_t.loc[_t['a'].idxmax(), 'b'], _t.describe(), _t.isna().sum(), _t['c'].fillna(0).round(1)",
    "_t.pivot_table(index='b', values='a', aggfunc='sum'), _t.merge(_t, on='b'), "
    "_t.assign(d=_t.a * 2).set_index('b'), list(_t.itertuples()), list(_t.iterrows()), "
    "_t['b'].value_counts(), _t['a'].apply(lambda v: v + 1), _p.Series({'x': 1.0}).to_dict()",
    "_t['a']", "(_t['a'] / _t['a'].sum()).equals(_t['c']), (_t == _t).all().all()")
_NUMPY = ("import numpy as _n\n_x = _n.linspace(0, 1, 5)\n"
          "_n.allclose(_x.mean(), .5), (_x @ _x), _n.arange(4).reshape(2, 2).sum(axis=0)", "_x")
_PICTURE = ("import matplotlib.pyplot as _q\n_f, _a = _q.subplots()\n_a.plot([1, 2])\n"
            "_a.set_title('x')\n_a.legend(['x'])\n_q.show()\n_q.close('all')",)


def _exercise(shell: _shell.Shell) -> None:
    before = dict(shell.user_ns)
    cells = [*_PYTHON, *(_NUMPY if "numpy" in sys.modules else ()),
             *(_PANDAS if "pandas" in sys.modules else ()),
             *(_PICTURE if "matplotlib.pyplot" in sys.modules else ())]
    kept = sys.stdout, sys.stderr
    with open(os.devnull, "w", encoding="utf-8") as nothing:
        sys.stdout = sys.stderr = nothing
        try:
            for cell in cells:
                with contextlib.suppress(Exception):
                    _shell.run_cell(shell, cell, Outputs(1000), 60)
        finally:
            sys.stdout, sys.stderr = kept
    _across(shell.user_ns)
    _forget(shell, before)


class _Nothing:
    """A border that no object has to cross."""

    def refer(self, value: Any, encoder: Encoder) -> Any:
        """Refuse an object."""
        raise TypeError("an object")

    def take(self, node: list[Any], decoder: Decoder) -> Any:
        """Refuse an object."""
        raise TypeError("an object")


def _across(space: dict[str, Any]) -> None:
    """Take the tables and arrays of the exercise over the border and back."""
    border = _Nothing()
    table: Any = space.get("_t")
    column = None if table is None else table["a"]
    for value in (table, column, space.get("_x"), [1, (2.0, {"a": {3}})]):
        encoder = Encoder(border)
        with contextlib.suppress(Exception):
            Decoder(border, encoder.blobs).decode(encoder.encode(value))


def _forget(shell: _shell.Shell, before: dict[str, Any]) -> None:
    shell.user_ns.clear()
    shell.user_ns.update(before)
    shell.user_ns["Out"].clear()
    del shell.user_ns["In"][1:]
    hook: Any = shell.displayhook
    hook._ = hook.__ = hook.___ = ""
    for name in ("last_type", "last_value", "last_traceback", "last_exc"):
        if hasattr(sys, name):
            delattr(sys, name)
    shell.execution_count = 1


shell = _shell.make()
_exercise(shell)
pristine = hardened.Pristine()
huge.collapse()
