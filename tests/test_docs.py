"""The documents are true: versions, dependencies, links and what they promise."""

from __future__ import annotations

import re
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest

import coteach
from coteach import cli
from coteach.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"),
                    *(ROOT / "binder").glob("*.md")])


def package(requirement: str) -> str:
    return re.match(r"[A-Za-z0-9-]+", requirement)[0].lower()


def test_the_version_is_the_top_of_the_changelog():
    top = re.search(r"^## \[([^\]]+)\]", (ROOT / "CHANGELOG.md").read_text(), re.M)
    assert top and top[1] == PROJECT["version"] == coteach.__version__


def test_every_dependency_has_one_reason_and_no_reason_is_left_over():
    wanted = {package(r) for r in PROJECT["dependencies"]}
    for extra in PROJECT["optional-dependencies"].values():
        wanted |= {package(r) for r in extra}
    rows = re.findall(r"^\| `([a-z0-9-]+)` \| (.+) \|$",
                      (ROOT / "docs" / "dependencies.md").read_text(), re.M)
    assert all(len(reason) > 4 for _name, reason in rows)
    assert sorted(name for name, _reason in rows) == sorted(wanted - {"coteach"})


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_between_documents_lead_somewhere(path: Path):
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8")):
        if not target.startswith(("http://", "https://")):
            assert (path.parent / target).exists(), target


def test_every_decision_is_listed():
    folder = ROOT / "docs" / "decisions"
    listed = (folder / "README.md").read_text()
    assert all(f.name in listed for f in folder.glob("0*.md"))


def test_the_readmes_commands_exist():
    text = (ROOT / "README.md").read_text()
    known = {c.name or c.callback.__name__ for c in cli.app.registered_commands}
    known |= {group.typer_instance.info.name for group in cli.app.registered_groups}
    for name in re.findall(r"^\| `coteach ([a-z]+)", text, re.M):
        assert name in known
    targets = (ROOT / "Makefile").read_text()
    for name in re.findall(r"`?make ([a-z]+)", text):
        assert re.search(rf"^{name}:", targets, re.M), name


def test_the_settings_that_are_explained_exist_with_those_values():
    known = {f.name: f.default for f in fields(Settings)}
    text = (ROOT / "docs" / "operations.md").read_text()
    for names, default in re.findall(r"^\| ((?:`[a-z_]+`(?:, )?)+) \|.*\| ([^|]+) \|$", text, re.M):
        said = re.findall(r"`([^`]+)`", default)
        for name, value in zip(re.findall(r"`([a-z_]+)`", names), said, strict=False):
            assert str(known[name]) == value, name
        assert set(re.findall(r"`([a-z_]+)`", names)) <= set(known)


def test_the_licence_is_the_one_that_is_named():
    assert PROJECT["license"] == "BSD-3-Clause"
    assert (ROOT / "LICENSE").read_text().startswith("BSD 3-Clause License")
