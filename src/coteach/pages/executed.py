"""What a lesson host wrote down, read as data of somebody who is not trusted.

A lesson's code shares the process that writes it, so every part is checked for its shape here, and
nothing else of coteach reads the file.
"""

from __future__ import annotations

import json
import os
import re
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

MOST_BYTES = 96_000_000
_MODEL = re.compile(r"[0-9a-zA-Z_-]{1,64}")
_KINDS = ("raised", "endless", "missing-package", "ended", "memory", "forked")
_REASONS = ("threads", "processes", "network", "graphics", "tasks", "fork")


class NoResult(Exception):
    """The host wrote nothing that can be read."""


@dataclass(frozen=True)
class CellError:
    """A cell that did not come to its end."""

    cell: str
    ename: str
    evalue: str
    kind: str
    """``raised``, ``endless``, ``missing-package``, ``memory``, ``forked`` (it made a second
    process that would have run on) or ``ended`` (it took the process with it)."""
    package: str = ""


@dataclass(frozen=True)
class Executed:
    """An executed lesson."""

    outputs: dict[str, list[dict[str, Any]]]
    """nbformat outputs by cell id."""
    states: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Widget states by model id, as the HTML manager of ipywidgets has them."""
    errors: tuple[CellError, ...] = ()
    cut: frozenset[str] = frozenset()
    """Cells that had more to show than is kept."""
    reasons: tuple[tuple[str, str], ...] = ()
    """Why no kernel can be forked from it: a word and a detail."""
    questions: tuple[dict[str, Any], ...] = ()

    @property
    def forkable(self) -> bool:
        """Whether visitors' kernels are forked from it."""
        return not self.reasons


def read_file(path: Path, most: int = MOST_BYTES) -> bytes:
    """Return the bytes of a plain file in a folder that untrusted code writes."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise NoResult(str(error)) from None
    found = os.fstat(handle)
    if not stat.S_ISREG(found.st_mode) or found.st_size > most:
        os.close(handle)
        raise NoResult("no plain file, or too large")
    with os.fdopen(handle, "rb") as file:
        return file.read(most + 1)[:most]


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any, most: int = 2000) -> str:
    return str(value)[:most] if isinstance(value, (str, int, float)) else ""


def _data(value: Any) -> dict[str, Any]:
    """Return a MIME bundle whose values are what exporters expect."""
    if not isinstance(value, dict):
        return {}
    kept: dict[str, Any] = {}
    for mime, content in value.items():
        if mime.endswith("json"):
            kept[mime] = content
        elif isinstance(content, list) and all(isinstance(part, str) for part in content):
            kept[mime] = "".join(content)
        elif isinstance(content, str):
            kept[mime] = content
    return kept


def _metadata(value: Any) -> dict[str, Any]:
    """Keep the sizes of pictures; a name of a file would be looked up by exporters."""
    if not isinstance(value, dict):
        return {}
    kept = {}
    for mime, about in value.items():
        if isinstance(about, dict) and mime.startswith("image/"):
            sizes = {name: about[name] for name in ("width", "height")
                     if isinstance(about.get(name), (int, float))}
            alt = {"alt": about["alt"]} if isinstance(about.get("alt"), str) else {}
            kept[mime] = {**sizes, **alt}
    return kept


def checked_output(value: Any) -> dict[str, Any] | None:
    """Return an nbformat output with what we know and nothing else, or None."""
    kind = value.get("output_type") if isinstance(value, dict) else None
    if kind == "stream":
        name = "stderr" if value.get("name") == "stderr" else "stdout"
        return {"output_type": kind, "name": name, "text": _text(value.get("text"), 10**7)}
    if kind == "error":
        raw = value.get("traceback")
        lines = [_text(line) for line in raw[:200]] if isinstance(raw, list) else []
        return {"output_type": kind, "ename": _text(value.get("ename"), 100),
                "evalue": _text(value.get("evalue")), "traceback": lines}
    if kind in ("display_data", "execute_result"):
        made = {"output_type": kind, "data": _data(value.get("data")),
                "metadata": _metadata(value.get("metadata"))}
        if kind == "execute_result":
            made["execution_count"] = None
        return made if made["data"] else None
    return None


def checked_outputs(raw: Any) -> list[dict[str, Any]]:
    """Return the outputs of a list that are outputs."""
    found = [checked_output(value) for value in raw] if isinstance(raw, list) else []
    return [output for output in found if output is not None]


def _state(value: Any) -> dict[str, Any] | None:
    if not isinstance(value, dict) or not isinstance(value.get("state"), dict):
        return None
    made: dict[str, Any] = {name: _text(value.get(name), 200) for name in (
        "model_name", "model_module", "model_module_version")}
    state = dict(value["state"])
    if made["model_name"] == "OutputModel":
        state["outputs"] = checked_outputs(state.get("outputs"))
    made["state"] = state
    buffers = [{"encoding": "base64", "path": part["path"], "data": part["data"]}
               for part in value.get("buffers") or [] if isinstance(part, dict)
               and isinstance(part.get("path"), list) and isinstance(part.get("data"), str)]
    if buffers:
        made["buffers"] = buffers
    return made


def _error(value: Any, cells: set[str]) -> CellError | None:
    if not isinstance(value, dict) or value.get("cell") not in cells:
        return None
    kind = value.get("kind") if value.get("kind") in _KINDS else "raised"
    return CellError(str(value["cell"]), _text(value.get("ename"), 100),
                     _text(value.get("evalue"), 500), str(kind), _text(value.get("package"), 100))


def parse(raw: bytes, cells: set[str]) -> Executed:
    """Return what a host wrote.

    Parameters
    ----------
    raw
        The file.
    cells
        The ids of the lesson's code cells.

    Raises
    ------
    NoResult
        It is not what a host writes.
    """
    try:
        content = json.loads(raw)
        if not isinstance(content, dict):
            raise NoResult("no object")
        shown, states = _object(content.get("cells")), _object(content.get("states"))
        rows = {cell: row for cell, row in shown.items()
                if cell in cells and isinstance(row, dict)}
        models = {name: state for name, value in states.items()
                  if _MODEL.fullmatch(name) and (state := _state(value)) is not None}
        errors = [_error(value, cells) for value in content.get("errors") or []]
        reasons = [(row["reason"], _text(row.get("detail"), 200))
                   for row in content.get("reasons") or []
                   if isinstance(row, dict) and row.get("reason") in _REASONS]
    except (ValueError, RecursionError, AttributeError, TypeError, KeyError) as error:
        raise NoResult(str(error)) from None
    return Executed(
        outputs={cell: checked_outputs(row.get("outputs")) for cell, row in rows.items()},
        states=models, errors=tuple(error for error in errors if error is not None),
        cut=frozenset(cell for cell, row in rows.items() if row.get("cut") is True),
        reasons=tuple(reasons))
