"""The numbers that a module's notebook gives its sections: the steps beside it have the same."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from coteach.errors import UserError
from coteach.labserver.files import inside

_HEADING = re.compile(r"^#{1,6}[ \t]+(\d{1,3})[.．、]", re.MULTILINE)
_TREE = "/tree/"


def number_steps(root: Path, modules: list[dict[str, Any]]) -> None:
    """Give each step of these modules its `number`, as her own copy of the notebook has it.

    A step that covers more than one section has all their numbers (``4–5``); one whose cell has
    no numbered heading, or whose notebook is not there, has an empty one.
    """
    for module in modules:
        found = _numbers(root, str(module.get("url", "")))
        steps = module.get("steps", [])
        firsts = [found.get(step.get("cell", "")) for step in steps]
        for place, (step, first) in enumerate(zip(steps, firsts, strict=True)):
            later = [number for number in firsts[place + 1:] if number is not None]
            last = later[0] - 1 if later else first
            step["number"] = ("" if first is None else f"{first}–{last}"
                              if last is not None and last > first else str(first))


def _numbers(root: Path, url: str) -> dict[str, int]:
    _before, tree, path = url.partition(_TREE)
    if not tree:
        return {}
    try:
        file = inside(root, unquote(path))
        return _read(file, file.stat().st_mtime_ns)
    except (OSError, UserError):
        return {}


@lru_cache(maxsize=32)
def _read(file: Path, _changed: int) -> dict[str, int]:
    try:
        cells = json.loads(file.read_bytes())["cells"]
        return {cell["id"]: int(heading[1]) for cell in cells
                if cell["cell_type"] == "markdown" and (heading := _HEADING.search(
                    cell["source"] if isinstance(cell["source"], str)
                    else "".join(cell["source"])))}
    except (ValueError, KeyError, TypeError):
        return {}  # her copy is hers; a broken one has no numbers
