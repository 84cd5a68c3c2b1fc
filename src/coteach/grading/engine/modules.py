"""Modules that a test imports from beside the notebook.

The instructor's own are files that the student's process can't write. Hers are imported over there
and stand here as modules whose names are asked for. An installed module is found before either,
whatever lies beside the notebook.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.util
import os
import sys
import types
from collections.abc import Collection, Sequence
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


class _Own(importlib.machinery.SourceFileLoader):
    """Loads the instructor's module from its source; a compiled file beside it may be hers."""

    def get_code(self, fullname: str) -> Any:
        """Compile the source."""
        path = self.get_filename(fullname)
        return self.source_to_code(self.get_data(path), path)


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def __init__(self, asker: Asker, folder: str, own: Collection[str]) -> None:
        self._asker, self._folder, self._own = asker, folder, own

    def find_spec(self, fullname: str, path: Sequence[str] | None = None,
                  target: types.ModuleType | None = None
                  ) -> importlib.machinery.ModuleSpec | None:
        """Say that a module lies beside the notebook."""
        parts = fullname.replace(".", "/")
        for file in (f"{parts}.py", f"{parts}/__init__.py"):
            if file in self._own:
                path = os.path.join(self._folder, file)
                return importlib.util.spec_from_file_location(
                    fullname, path, loader=_Own(fullname, path),
                    submodule_search_locations=[] if file.endswith("/__init__.py") else None)
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


def install(asker: Asker, folder: str, own: Collection[str]) -> None:
    """Look for modules at last among the instructor's files, then in the student's folder."""
    sys.meta_path.append(_Finder(asker, folder, own))
