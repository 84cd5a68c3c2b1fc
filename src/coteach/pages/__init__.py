"""Class pages and rendered reports: notebooks made into web pages by Voila.

The only package that knows Voila. Every kernel it starts runs in a sandbox without a network.
Names are looked up when they are used: a lesson host imports this package too, without Voila.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from coteach.pages.notebooks import read_notebook
    from coteach.pages.page import Page
    from coteach.pages.report import render_report
    from coteach.pages.service import ClassPages

__all__ = ["ClassPages", "Page", "read_notebook", "render_report"]

_WHERE = {"ClassPages": "service", "Page": "page", "read_notebook": "notebooks",
          "render_report": "report"}


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(name)
    return getattr(importlib.import_module(f"coteach.pages.{_WHERE[name]}"), name)
