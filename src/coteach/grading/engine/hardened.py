"""A test beside the student's live objects: what her code may have patched is put back first.

It runs in a fork of her process. What her objects do when the test touches them can't be known
there, and code of hers that runs during the test could say what it likes: docs/grading-security.md
tells what that means.
"""

from __future__ import annotations

import builtins
import sys
import threading
import types
from typing import Any

from coteach.grading.engine import shell as shells
from coteach.grading.engine.outputs import Outputs

_MODULES = ("builtins", "math", "operator", "unittest", "unittest.case", "unittest.mock",
            "unittest.runner", "unittest.result", "unittest.main", "unittest.suite",
            "unittest.loader", "numpy", "numpy.testing", "numpy.testing._private.utils",
            "numpy._core.numeric", "numpy._core.fromnumeric", "pandas", "pandas.testing",
            "pandas._testing", "pandas._testing.asserters", "pandas._libs.testing", "inspect",
            "IPython.core.interactiveshell", "IPython.core.displayhook", "ast", "codeop",
            "coteach.grading.engine.shell", "coteach.grading.engine.outputs",
            "coteach.grading.engine.protocol", "coteach.grading.engine.traces",
            "coteach.grading.engine.student", "coteach.grading.engine.hardened", "json", "os",
            "struct", "traceback", "linecache", "time", "signal", "contextlib")
_CLASSES = ("unittest.case:TestCase", "coteach.grading.engine.shell:Shell",
            "coteach.grading.engine.shell:_Hook", "coteach.grading.engine.protocol:Line",
            "coteach.grading.engine.outputs:Outputs", "coteach.grading.engine.student:Student",
            "IPython.core.interactiveshell:InteractiveShell",
            "IPython.core.displayhook:DisplayHook", "IPython.core.formatters:DisplayFormatter",
            "IPython.core.compilerop:CachingCompiler")


class Pristine:
    """What modules and classes were before any code of a notebook ran."""

    def __init__(self) -> None:
        self._modules = [(module, dict(vars(module))) for name in _MODULES
                         if (module := sys.modules.get(name)) is not None]
        self._known = dict(sys.modules)
        self._classes = []
        for path in _CLASSES:
            room, _colon, name = path.partition(":")
            kind = getattr(sys.modules.get(room), name, None)
            if isinstance(kind, type):
                self._classes.append((kind, dict(vars(kind))))
        shell: Any = shells.Shell.instance()
        self._shell = dict(vars(shell))
        self._events = {name: list(found) for name, found in shell.events.callbacks.items()}

    def put_back(self) -> None:
        """Undo patches; what a module has got beside them stays."""
        for module, before in self._modules:
            vars(module).update(before)
        for name in set(vars(builtins)) - set(self._modules[0][1]):
            if name not in ("_", "__"):
                del vars(builtins)[name]
        for name, module in self._known.items():
            sys.modules[name] = module
        for kind, before in self._classes:
            for name in set(vars(kind)) - set(before) - {"_instance", "__abstractmethods__"}:
                delattr(kind, name)
            for name, value in before.items():
                if vars(kind).get(name) is not value and name not in (
                        "__dict__", "__weakref__", "_instance"):
                    setattr(kind, name, value)
        shell: Any = shells.Shell.instance()
        for name in ("compile", "display_formatter", "displayhook", "display_pub", "run_cell",
                     "run_code", "run_ast_nodes", "input_transformer_manager"):
            if name in self._shell:
                vars(shell)[name] = self._shell[name]
            else:
                vars(shell).pop(name, None)
        shell.ast_transformers = []
        shell.ast_node_interactivity = "last_expr"
        shell.custom_exceptions = ()
        shell.input_transformers_post = []
        shell.display_trap.hook = shell.displayhook
        for name, found in self._events.items():
            shell.events.callbacks[name][:] = found
        sys.settrace(None)
        sys.setprofile(None)
        threading.settrace(None)  # type: ignore[arg-type]
        threading.setprofile(None)


def _number(outputs: list[dict[str, Any]], result: Any) -> list[dict[str, Any]]:
    """Let a result stand only when it is a number of Python's or a library's own."""
    kind = type(result)
    if kind in (int, float, bool) or kind.__module__ == "numpy":
        return outputs
    return [o if o["output_type"] != "execute_result" else {
        "output_type": "stream", "name": "stdout",
        "text": str(o["data"].get("text/plain", "")) + "\n"} for o in outputs]


def run(student: Any, source: str, seconds: float, nonce: str, answers: list[str]) -> None:
    """Run a test and send what became of it."""
    student.pristine.put_back()
    shell: Any = student.shell
    shell.input_transformer_manager = type(shell.input_transformer_manager)()
    for name in set(shell.user_ns) & set(vars(builtins)) - set(answers):
        if name != "__name__":
            shell.user_ns.pop(name, None)
    shell.user_ns["__builtins__"] = builtins
    outputs = student.outputs = Outputs(student.text)
    seen: list[Any] = []
    hook = shell.displayhook

    def keep(result: Any = None) -> None:
        seen[:] = [result]
        hook(result)

    shell.display_trap.hook = keep
    error = shells.run_cell(shell, source, outputs, seconds)
    student.outputs = None
    status = ("timeout" if isinstance(error, shells.CellTimeout)
              else "ok" if error is None else "error")
    found = outputs.take()
    if seen and not isinstance(seen[0], types.NoneType):
        found = _number(found, seen[0])
    student.reply(["beside", nonce, status, found])
