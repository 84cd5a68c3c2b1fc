"""Looking at code without running it: files it opens, tests that test little.

Rule: only what is written out is judged; a name that is put together at run time is left to the
trial run.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from pathlib import Path, PureWindowsPath

from IPython.core.inputtransformer2 import TransformerManager

from coteach.grading.authoring.finding import FAILED, WARNING, Cell, Finding
from coteach.i18n import gettext as _

_READERS = re.compile(r"^(open|read_\w+|load|loads?_?txt|loadtxt|genfromtxt|fromfile|imread|"
                      r"read_text|read_bytes|Image|open_dataset|ZipFile)$")
_WRITERS = re.compile(r"^(to_\w+|save\w*|write_\w+|tofile|mkdir|touch|urlretrieve)$")
_OWN_PATH = ("Path", "PurePath", "PosixPath")
_PICTURE = re.compile(r"!\[[^\]]*\]\(\s*<?([^)\s>]+)|<img\b[^>]*\bsrc\s*=\s*[\"']([^\"']+)", re.I)
_CLOCKS = {"time", "time_ns", "now", "today", "utcnow", "perf_counter", "monotonic"}
_UNPACKS = {"pickle.load", "pickle.loads", "joblib.load", "dill.load", "dill.loads", "torch.load",
            "shelve.open", "marshal.loads", "yaml.load"}
_NETWORK = {"requests", "urllib", "httpx", "aiohttp", "socket"}


def parsed(cell: Cell) -> ast.Module | None:
    """Return a cell's code; None when it is no Python."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(TransformerManager().transform_cell(cell.source))
    except (SyntaxError, ValueError, RecursionError):
        return None


def code(cells: list[Cell], folder: Path) -> Iterator[Finding]:
    """Return what there is to say about the code and the pictures of a notebook."""
    looked_at = [(cell, parsed(cell) if cell.code else None) for cell in cells]
    trees = [(cell, tree) for cell, tree in looked_at if tree is not None]
    made = {name for _cell, tree in trees for name in _written(tree)}
    answers = {name for cell, tree in trees if cell.solution for name in _set(tree)}
    for cell, tree in trees:
        for name in dict.fromkeys(_read(tree)):
            if name not in made:
                yield from _file(cell, name, folder)
        if cell.test:
            yield from _weak(cell, tree)
            yield from _trusting(cell, tree, answers)
        if cell.test or cell.solution:
            yield from _unstable(cell, tree)
    for cell, found in looked_at:
        if cell.code:
            if cell.test and found is None:
                yield cell.finding("syntax", FAILED, _("The test is no Python."),
                                   _("Run the notebook in JupyterLab and correct it."))
            continue
        for one in _PICTURE.findall(cell.source):
            name = one[0] or one[1]
            if "://" not in name and not name.startswith(("data:", "attachment:", "#", "/")):
                yield from _file(cell, name, folder, WARNING)


def _last(call: ast.expr) -> str:
    return call.attr if isinstance(call, ast.Attribute) else (
        call.id if isinstance(call, ast.Name) else "")


def _texts(call: ast.Call) -> list[str]:
    return [a.value for a in call.args[:1] if isinstance(a, ast.Constant)
            and isinstance(a.value, str) and a.value]


def _writes(call: ast.Call) -> bool:
    """Say whether a call of `open` makes its file."""
    modes = [a for a in call.args[1:2]] + [k.value for k in call.keywords if k.arg == "mode"]
    return any(isinstance(m, ast.Constant) and isinstance(m.value, str)
               and re.search(r"[wax]", m.value) for m in modes)


def _calls(tree: ast.AST) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield node


def _written(tree: ast.AST) -> Iterator[str]:
    for call in _calls(tree):
        name = _last(call.func)
        if _WRITERS.match(name) or (name == "open" and _writes(call)):
            yield from _texts(call)
            if isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Call):
                yield from _texts(call.func.value)  # Path("a.txt").write_text(…)


def _read(tree: ast.AST) -> Iterator[str]:
    for call in _calls(tree):
        name = _last(call.func)
        if not _READERS.match(name) or (name == "open" and _writes(call)):
            continue
        owner = call.func.value if isinstance(call.func, ast.Attribute) else None
        if isinstance(owner, ast.Call) and _last(owner.func) in _OWN_PATH:
            yield from _texts(owner)
        elif name not in ("read_text", "read_bytes"):
            yield from _texts(call)


def _file(cell: Cell, name: str, folder: Path, state: str = FAILED) -> Iterator[Finding]:
    if re.match(r"[a-z][a-z0-9+.-]+://", name, re.I):
        yield cell.finding("network", WARNING, _(
            "It loads {name}; there is no network while it is marked.").format(name=name[:80]),
            _("Put the file into the assignment's folder."))
    elif "\n" in name or len(name) > 200 or name.startswith("{"):
        return  # a text, not a name
    elif Path(name).is_absolute() or PureWindowsPath(name).is_absolute() or name.startswith("~"):
        yield cell.finding("data-file", state, _(
            "It opens {name}, which lies on one computer only.").format(name=name[:80]),
            _("Put the file into the assignment's folder and name it without a folder."))
    elif ".." in Path(name).parts:
        yield cell.finding("data-file", state, _(
            "It opens {name}, which lies outside of the assignment's folder.").format(
                name=name[:80]),
            _("Put the file into the assignment's folder and name it without a folder."))
    elif not (folder / name.split("?")[0].replace("%20", " ")).exists():
        yield cell.finding("data-file", state, _(
            "The file {name} is not in the assignment's folder.").format(name=name[:80]),
            _("Put it there, or correct its name; capital and small letters differ."))


# Tests ------------------------------------------------------------------------------------------

def _weak(cell: Cell, tree: ast.Module) -> Iterator[Finding]:
    asserts = [n for n in ast.walk(tree) if isinstance(n, ast.Assert)]
    if not any(_acts(node) for node in tree.body):
        yield cell.finding("weak-test", FAILED, _(
            "The test checks nothing, so everybody gets its points."),
            _("Write an assert for what the answer must do."))
    for each in asserts:
        if isinstance(each.test, ast.Tuple) and each.test.elts:
            yield cell.finding("weak-test", FAILED, _(
                "“{code}” is always true, because of its brackets.").format(code=_said(each)),
                _("Take the brackets around the condition and its message away."))
    if asserts and all(_only_name(n.test) for n in asserts) and not any(
            isinstance(n, ast.Raise) for n in ast.walk(tree)):
        yield cell.finding("weak-test", WARNING, _(
            "The test only checks that something is there or of which kind it is, not what it "
            "is."), _("Compare its value, or call it with some numbers."))
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare) and any(
                isinstance(op, ast.Eq | ast.NotEq) for op in node.ops) and any(
                _fraction(side) for side in (node.left, *node.comparators)):
            yield cell.finding("weak-test", WARNING, _(
                "“{code}” compares fractions with ==; a right answer may differ in the last "
                "digit.").format(code=_said(node)),
                _("Use math.isclose or numpy.testing.assert_allclose."))
        if isinstance(node, ast.Try) and any(_swallows(h) for h in node.handlers) and any(
                isinstance(n, ast.Assert) for part in node.body for n in ast.walk(part)):
            yield cell.finding("weak-test", WARNING, _(
                "An except around an assert hides that it failed."),
                _("Name the one error that you expect, or take the assert out of the try."))


def _set(tree: ast.Module) -> Iterator[str]:
    """Return the names that a cell sets."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


def _trusting(cell: Cell, tree: ast.Module, answers: set[str]) -> Iterator[Finding]:
    """Find tests that let an answer decide: about points, or about code that runs."""
    last = tree.body[-1] if tree.body else None
    if isinstance(last, ast.Expr) and not cell.source.rstrip().endswith(";"):
        shown = last.value.func if isinstance(last.value, ast.Call) else last.value
        if isinstance(shown, ast.Name) and shown.id in answers:
            yield cell.finding("weak-test", FAILED, _(
                "The last line shows what the answer gives, and a number shown there is taken "
                "for the points."), _("Compare it in an assert, or end the line with a semicolon."))
    for call in _calls(tree):
        owner = _last(call.func.value) if isinstance(call.func, ast.Attribute) else ""
        name = _last(call.func)
        if f"{owner}.{name}" in _UNPACKS or name in ("read_pickle", "unpickle") or any(
                k.arg == "allow_pickle" and getattr(k.value, "value", None) for k in call.keywords):
            yield cell.finding("weak-test", WARNING, _(
                "“{code}” unpacks data that may be a student's, and code in such data would run "
                "where points are given.").format(code=_said(call)),
                _("Take JSON or CSV instead."))


def _acts(node: ast.stmt) -> bool:
    """Say whether a statement can fail or say something."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return not isinstance(node.value.value, str) and node.value.value is not ...
    return not isinstance(node, ast.Pass | ast.Import | ast.ImportFrom | ast.FunctionDef
                          | ast.ClassDef)


def _only_name(test: ast.expr) -> bool:
    if isinstance(test, ast.Name):
        return True
    if isinstance(test, ast.BoolOp):
        return all(_only_name(value) for value in test.values)
    if isinstance(test, ast.Call):
        return _last(test.func) in ("callable", "hasattr", "isinstance")
    if isinstance(test, ast.Compare) and len(test.ops) == 1:
        where, op = test.comparators[0], test.ops[0]
        if isinstance(op, ast.In) and isinstance(where, ast.Call):
            return _last(where.func) in ("globals", "locals", "dir", "vars")
        if isinstance(op, ast.IsNot) and isinstance(where, ast.Constant):
            return where.value is None
        return isinstance(test.left, ast.Call) and _last(test.left.func) == "type"
    return False


def _fraction(side: ast.expr) -> bool:
    """Say whether a side of a comparison is a number that has no exact form."""
    if isinstance(side, ast.Constant):
        # 0.5 and 3.0 are exact, 0.1 is not.
        return isinstance(side.value, float) and (side.value * 1024) % 1 != 0
    if isinstance(side, ast.UnaryOp):
        return _fraction(side.operand)
    if isinstance(side, ast.BinOp):
        return isinstance(side.op, ast.Div) or _fraction(side.left) or _fraction(side.right)
    if isinstance(side, ast.List | ast.Tuple):
        return any(_fraction(each) for each in side.elts)
    return isinstance(side, ast.Attribute) and side.attr in ("pi", "e", "tau")


def _swallows(handler: ast.ExceptHandler) -> bool:
    names = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    wide = any(name is None or _last(name) in ("Exception", "BaseException", "AssertionError")
               for name in names)
    return wide and not any(isinstance(n, ast.Raise) for part in handler.body
                            for n in ast.walk(part)) and all(
        isinstance(part, ast.Pass) or (isinstance(part, ast.Expr) and isinstance(
            part.value, ast.Constant)) for part in handler.body)


def _said(node: ast.AST) -> str:
    return ast.unparse(node).splitlines()[0][:60]


def _unstable(cell: Cell, tree: ast.Module) -> Iterator[Finding]:
    for node in ast.walk(tree):
        names = [a.name for a in node.names] if isinstance(node, ast.Import) else (
            [node.module or ""] if isinstance(node, ast.ImportFrom) else [])
        if any(name.split(".")[0] in _NETWORK and name != "urllib.parse" for name in names):
            yield cell.finding("unstable", WARNING, _(
                "It needs the network; there is none while it is marked."),
                _("Put what it needs into the assignment's folder."))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and (
                node.func.attr in _CLOCKS and cell.test):
            yield cell.finding("unstable", WARNING, _(
                "The test looks at the clock, so it may say something else tomorrow."),
                _("Give the time as a value instead."))
