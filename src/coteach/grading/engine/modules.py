"""Modules that a test imports from beside the notebook.

The instructor's own come from a copy that the student's process can't write. Hers are imported
over there and stand here as modules whose names are asked for. An installed module is found before
either, whatever lies beside the notebook.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import os
import sys
import types
from collections.abc import Sequence
from typing import Any

from coteach.grading.engine.asking import Asker


class _Theirs(types.ModuleType):
    """A module of the student's."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        found = self._ct_asker.ask("getattr", self._ct_live, name)
        self._ct_asker.name(found)
        return found


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def __init__(self, asker: Asker, folder: str) -> None:
        self._asker, self._folder = asker, folder

    def find_spec(self, fullname: str, path: Sequence[str] | None = None,
                  target: types.ModuleType | None = None
                  ) -> importlib.machinery.ModuleSpec | None:
        """Say that a module lies beside the notebook."""
        place = os.path.join(self._folder, *fullname.split("."))
        if os.path.isfile(f"{place}.py") or os.path.isfile(f"{place}/__init__.py"):
            return importlib.machinery.ModuleSpec(fullname, self, is_package=os.path.isdir(place))
        return None

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> types.ModuleType:
        """Have it imported over there."""
        made: Any = _Theirs(spec.name)
        made._ct_asker = self._asker
        made._ct_live = self._asker.ask("import", spec.name)
        return made

    def exec_module(self, module: types.ModuleType) -> None:
        """It ran over there."""


def install(asker: Asker, folder: str, own: str) -> None:
    """Look for modules at last in the instructor's copy, then in the student's folder."""
    if own:
        sys.path.append(own)
    sys.meta_path.append(_Finder(asker, folder))
