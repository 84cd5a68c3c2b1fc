"""What a benchmark hands back: the figures of both sides, their ratios, and the machine."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import metadata
from typing import Any

import psutil
from rich.table import Table

from coteach.i18n import gettext as _

Say = Callable[[str], None]
"""Gets a line about how far the run is."""

PACKAGES = ("coteach", "voila", "ipywidgets", "jupyterlab", "jupyterhub", "pandas", "matplotlib")


@dataclass(frozen=True)
class Row:
    """One figure of a table: its name, what people call it, and its goal."""

    name: str
    title: str
    unit: str = "s"
    most_ratio: float | None = None
    """The goal as a part of the stock side's figure."""
    most: float | None = None
    """The goal as a figure of our own."""


def machine() -> dict[str, Any]:
    """Return what it was measured on."""
    return {"cores": os.cpu_count() or 1, "memory_gb": round(psutil.virtual_memory().total / 1e9),
            "system": f"{platform.system()} {platform.release()}",
            "python": platform.python_version(), "load_before": round(os.getloadavg()[0], 2),
            "versions": {name: version for name in PACKAGES if (version := _version(name))}}


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


def result(name: str, work: Mapping[str, Any], ours: Mapping[str, Any], stock: Mapping[str, Any],
           on: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return a result; a figure that both sides have gets a ratio, ours to stock.

    Parameters
    ----------
    on
        The machine as it was before the run; looked at now when not given.
    """
    ratio = {key: round(value / stock[key], 4) for key, value in ours.items()
             if _number(value) and _number(stock.get(key)) and stock[key]}
    return {"name": name, "work": dict(work), "ours": dict(ours), "stock": dict(stock),
            "ratio": ratio, "machine": dict(on) if on is not None else machine()}


def _number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def table(found: Mapping[str, Any], rows: tuple[Row, ...]) -> Table:
    """Return a result as a table for people."""
    shown = Table(title=f"{found['name']}: " + ", ".join(
        f"{key} {value}" for key, value in found["work"].items() if value not in ("", None)))
    for title in ("", "coteach", _("stock"), _("ratio"), _("goal")):
        shown.add_column(title, justify="left" if not title else "right")
    for row in rows:
        ours, stock = found["ours"].get(row.name), found["stock"].get(row.name)
        if ours is None and stock is None:
            continue
        ratio = found["ratio"].get(row.name)
        shown.add_row(row.title, _figure(ours, row.unit), _figure(stock, row.unit),
                      "" if ratio is None else _ratio(ratio), _goal(row, ours, ratio))
    return shown


def _figure(value: Any, unit: str) -> str:
    if not _number(value):
        return "" if value is None else str(value)
    digits = 0 if value >= 100 or isinstance(value, int) else 1 if value >= 10 else 3
    return f"{value:,.{digits}f} {unit}".rstrip()


def _ratio(ratio: float) -> str:
    return f"1/{1 / ratio:.1f}" if 0 < ratio < 1 else f"{ratio:.2f}"


def _goal(row: Row, ours: Any, ratio: float | None) -> str:
    goals = []
    if row.most_ratio is not None and ratio is not None:
        goals.append((_ratio(row.most_ratio), ratio <= row.most_ratio))
    if row.most is not None and _number(ours):
        goals.append((_figure(row.most, row.unit), ours <= row.most))
    return " ".join(f"[{'green' if met else 'red'}]≤ {text}[/]" for text, met in goals)
