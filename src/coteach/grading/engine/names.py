"""Things that both processes have without sending them: modules, library functions and classes.

A module or a global of an installed library is named, and the other side takes its own. So a
patched copy in the student's process stays there.
"""

from __future__ import annotations

import builtins
import importlib
import importlib.util
import sys
import types
from typing import Any

_ODD = frozenset({"__main__", "coteach", "coteach_widgets", "antigravity", "this", "turtle",
                  "idlelib", "test", "tkinter"})
NEVER = _ODD | {"unittest", "_pytest", "pytest"}
"""Top names that the other side's word does not lead to: what decides, or does odd things."""
KEPT_THERE = frozenset({
    "os", "posix", "posixpath", "sys", "signal", "gc", "ctypes", "_ctypes", "subprocess",
    "_posixsubprocess", "faulthandler", "threading", "_thread", "atexit", "resource", "socket",
    "_socket", "shutil", "multiprocessing", "importlib", "_imp", "warnings", "_warnings", "mmap",
    "select", "fcntl", "pty", "tty", "code", "codeop", "pdb", "bdb", "trace", "tracemalloc", "site",
    "runpy", "concurrent", "asyncio", "IPython", "ipykernel", "traitlets", "psutil", "pickle",
    "_pickle", "marshal", "inspect", "cffi", "_cffi_backend", "numba", "cython"})
"""Top modules whose functions and classes are not taken by name: an answer that is `os._exit` is
to end her process, not the tests'."""
_BUILTIN_FUNCTIONS = frozenset({
    "abs", "all", "any", "ascii", "bin", "callable", "chr", "divmod", "format", "hash", "hex",
    "isinstance", "issubclass", "iter", "len", "max", "min", "next", "oct", "ord", "pow", "repr",
    "round", "sorted", "sum"})
_RUNNERS = frozenset({
    "builtins", "timeit", "profile", "cProfile", "doctest", "shelve", "dbm", "pydoc", "pkgutil",
    "zipimport", "zipapp", "logging", "copyreg", "py_compile", "compileall", "venv", "ensurepip",
    "pip", "setuptools", "distutils", "jinja2", "mako", "joblib", "dill", "cloudpickle", "yaml",
    "torch", "sqlite3", "xmlrpc", "http", "urllib", "requests", "webbrowser", "telnetlib"})
"""Top modules, beside those, that run or unpack what they are given."""
_PURE = frozenset({"builtins", "math", "cmath", "operator", "_operator", "statistics", "string",
                   "textwrap", "fractions", "decimal", "_decimal", "collections", "datetime"})
"""Modules whose functions do nothing but give a value."""
_PURE_CLASSES = frozenset({
    "builtins", "types", "typing", "abc", "numbers", "collections", "_collections", "datetime",
    "decimal", "_decimal", "fractions", "enum", "uuid", "pathlib", "itertools", "numpy", "pandas"})
"""Top modules whose classes do nothing but make a value."""
COMMON = {
    "np": "numpy", "pd": "pandas", "plt": "matplotlib.pyplot", "sns": "seaborn", **{
        name: name for name in (
            "numpy", "pandas", "matplotlib", "scipy", "math", "os", "sys", "re", "json",
            "itertools", "functools", "operator", "collections", "unittest", "pytest", "io",
            "contextlib", "inspect")}}
"""Names that a test means a module by, whatever the student has put there."""
JUDGING = frozenset({"isclose", "allclose", "approx", "array_equal", "raises", "testing"})
"""Names, beside those that begin with ``assert``, that a test judges with."""

_KINDS: tuple[type, ...] = (
    types.FunctionType, types.GeneratorType, types.CoroutineType, types.AsyncGeneratorType,
    types.BuiltinFunctionType, types.MethodType, types.ModuleType, types.MappingProxyType,
    types.CodeType, type({}.keys()), type({}.values()), type({}.items()), map, filter, zip,
    enumerate, reversed, memoryview)
_INSTALLED = tuple(f"{place}/" for place in (sys.prefix, sys.base_prefix))
KINDS: dict[str, type] = {kind.__name__: kind for kind in _KINDS}


def name_of(value: Any, home: str) -> tuple[str, str] | None:
    """Return module and qualified name of a library's global, None when it is none.

    Parameters
    ----------
    home
        The folder whose modules are the student's own.
    """
    try:
        room = getattr(value, "__module__", None)
        name = getattr(value, "__qualname__", None) or getattr(value, "__name__", None)
        if type(value).__name__ == "ufunc":
            room = "numpy"
        if type(room) is not str or type(name) is not str:
            return None
        if not reachable(room, name) or not is_library(sys.modules.get(room), home):
            return None
        found: Any = sys.modules[room]
        for part in name.split("."):
            found = getattr(found, part)
        return (room, name) if found is value else None
    except Exception:
        return None


def reachable(room: str, name: str) -> bool:
    """Say whether a function or class is taken by its name on the other side."""
    top = room.partition(".")[0]
    if top in NEVER or top in KEPT_THERE:
        return False
    if room == "builtins":
        found = getattr(builtins, name, None)
        return name in _BUILTIN_FUNCTIONS or isinstance(found, type)
    return True


def harmless(room: str, found: Any) -> bool:
    """Say whether a global may be called with an answer's values where the tests run.

    A function that runs text or reads a file that she wrote may not: `timeit.timeit`,
    `pandas.read_pickle`. No list of bad ones is ever whole, so this is one of good ones.
    """
    if isinstance(found, type):
        return issubclass(found, BaseException) or room.partition(".")[0] in _PURE_CLASSES
    return room in _PURE or type(found).__name__ == "ufunc"


def shared(name: Any) -> bool:
    """Say whether each side has a module of its own; of others she has hers and tests a proxy.

    What tests judge with is theirs, whoever imported it; what runs a text or a file is not.
    """
    top = name.partition(".")[0] if type(name) is str else ""
    return bool(top) and top not in KEPT_THERE and top not in _RUNNERS


def is_library(module: Any, home: str) -> bool:
    """Say whether a module is installed, not one of the student's."""
    if not isinstance(module, types.ModuleType):
        return False
    if module.__name__.partition(".")[0] in _ODD:
        return False
    file = getattr(module, "__file__", None)
    if file is None:
        return True
    if type(file) is not str or not file.startswith("/") or file.startswith(home + "/"):
        return False
    # An environment may lie below /tmp; nothing else there is a library.
    return file.startswith(_INSTALLED) or not file.startswith("/tmp/")  # noqa: S108


def module(name: Any) -> types.ModuleType | None:
    """Return our own module of a name, None when there is none or it is not to be reached."""
    if type(name) is not str or name.partition(".")[0] in _ODD:
        return None
    found = sys.modules.get(name)
    if found is None:
        try:
            top = name.partition(".")[0]
            if top not in sys.modules and importlib.util.find_spec(top) is None:
                return None
            found = importlib.import_module(name)
        except Exception:
            return None
    return found


def resolve(room: Any, name: Any) -> Any:
    """Return our own global of a library; None when there is none.

    It must have been defined there under that name: from a module one gets to others, and so to
    everything.
    """
    if type(name) is not str or type(room) is not str or not reachable(room, name):
        return None
    found: Any = module(room)
    for part in name.split("."):
        if found is None or part.startswith("_") or not (
                isinstance(found, type) or found is sys.modules.get(room)):
            return None
        found = getattr(found, part, None)
    if type(found).__name__ == "ufunc":
        return found if room == "numpy" else None
    if getattr(found, "__module__", None) != room or name not in (
            getattr(found, "__qualname__", None), getattr(found, "__name__", None)):
        return None
    return found


def known_class(room: Any, name: Any) -> type | None:
    """Return our own class of a name, such as one that ``isinstance`` is asked about."""
    if room in ("builtins", "types", None) and name in KINDS:
        return KINDS[name]
    found = resolve(room, name)
    return found if isinstance(found, type) else None
