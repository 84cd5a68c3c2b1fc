"""The direction of imports: a module imports only lower layers, never siblings."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "coteach"

LAYERS: dict[str, float] = {
    "errors": 0, "i18n": 0, "paths": 0, "tries": 0, "written": 0, "tokens": 0.5, "ports": 0.5,
    # Within layer 1: settings < store < access; the others know settings and layer 0 only, but
    # the fork server puts sandboxes around its children.
    "settings": 1, "store": 1.1, "access": 1.2, "lessonpack": 1.3, "sandbox": 1.3,
    "ui": 1.3, "forkserver": 1.4,
    "hub": 2, "live": 2, "grading": 2, "pages": 2, "reports": 2,
    "solo": 3, "portal": 3, "classroom": 3, "labserver": 3, "configure": 3, "demo": 3, "supervisor": 3,
    # What nbgrader loads in a Lab asks the portal as the Lab's own server does.
    "exchange": 3.1, "bench": 3.9, "cli": 4,
}
SETTINGS_ONLY = {"lessonpack", "sandbox", "ui"}
"""Rooms of layer 1 that import nothing of layer 1 but settings."""

ONE_HOME = {
    "sqlalchemy": {"store"},
    "alembic": {"store"},
    "aiortc": {"live"},
    "nbgrader": {"grading", "exchange"},
    "voila": {"pages"},
    "pandas": {"reports"},
}
"""Outside things that one room knows."""

SQL_ALSO = {
    "access", "hub", "live", "grading", "pages", "reports", "portal", "classroom", "demo", "cli",
    "labserver",
}
"""Rooms that may name SQLAlchemy's `Session` and ask simple questions with `select`; engines,
tables and migrations are the store's."""


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def room(path: Path) -> str:
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


def imported(path: Path) -> Iterator[str]:
    """Yield the dotted names a file imports, wherever in the file it does."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            if node.level == 1 and path.parent.name == "launcher":
                continue  # runs without coteach too; one step reaches its own folder only
            assert node.level == 0, f"{path}: relative imports hide the layer"
            if node.module == "coteach":
                yield from (f"coteach.{alias.name}" for alias in node.names)
            elif node.module:
                yield node.module


def ours(path: Path) -> Iterator[str]:
    """Yield the rooms of coteach that a file imports."""
    for name in imported(path):
        parts = name.split(".")
        if parts[0] == "coteach" and len(parts) > 1 and not parts[1].startswith("__"):
            yield parts[1]


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_module_imports_only_lower_layers(path: Path):
    here = room(path)
    if here == "__init__":
        assert not list(ours(path)), "the package itself imports nothing"
        return
    assert here in LAYERS, f"{here} has no layer yet"
    for other in ours(path):
        if other == here:
            continue
        assert other in LAYERS, f"{path} imports {other}, which has no layer"
        assert LAYERS[other] < LAYERS[here], f"{here} must not import {other}"
        if here in SETTINGS_ONLY and 1 <= LAYERS[other] < 2:
            assert other == "settings", f"{here} must not import {other}"


@pytest.mark.parametrize("thing", ONE_HOME)
def test_one_room_knows_each_outside_thing(thing: str):
    allowed = ONE_HOME[thing] | (SQL_ALSO if thing == "sqlalchemy" else set()) | {"bench"}
    strangers = {str(path.relative_to(PACKAGE)) for path in modules()
                 if room(path) not in allowed
                 and any(name.split(".")[0] == thing for name in imported(path))}
    assert not strangers


def test_widgets_import_nothing_of_coteach():
    for path in sorted((ROOT / "widgets" / "coteach_widgets").rglob("*.py")):
        assert not list(ours(path)), path
        assert not any(name == "coteach" for name in imported(path)), path


def test_the_hub_configuration_imports_only_configure():
    for path in sorted((ROOT / "hub_config").rglob("*.py")):
        assert {name for name in imported(path) if name.split(".")[0] == "coteach"} <= {
            "coteach.configure"}


def test_every_module_says_what_its_rule_is():
    silent = [str(path.relative_to(ROOT)) for path in modules()
              if path.read_text(encoding="utf-8").strip()
              and "versions" not in path.parts
              and not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))]
    assert not silent


def test_no_module_is_larger_than_one_can_hold_in_mind():
    large = {str(path.relative_to(ROOT)): lines for path in modules()
             if (lines := len(path.read_text(encoding="utf-8").splitlines())) > 500}
    assert not large
