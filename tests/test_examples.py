"""Other people's notebooks: how they are fetched and how a page with a canvas is touched."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path
from urllib.parse import quote

from coteach.bench import browser, examples, seeing

SETUP = "import pathlib\npathlib.Path({mark!r}).touch()\nfrom setuptools import setup\nsetup()\n"
ABOUT = "Metadata-Version: 2.1\nName: some_widget\nVersion: 1.2.3\n"
CANVAS = """<!doctype html><title>c</title><p>A canvas</p><canvas width="300" height="200"></canvas>
<script>const pen = document.querySelector("canvas").getContext("2d");
document.querySelector("canvas").onmousemove = (e) => {
  if (%s) pen.fillRect(e.offsetX, e.offsetY, 9, 9); };</script>"""


def test_fetching_a_source_distribution_runs_none_of_its_code(tmp_path: Path, monkeypatch):
    mark = tmp_path / "was-run"
    files = {"PKG-INFO": ABOUT, "setup.py": SETUP.format(mark=str(mark)), "examples/a.ipynb": "{}"}
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    with tarfile.open(shelf / "some_widget-1.2.3.tar.gz", "w:gz") as archive:
        for name, text in files.items():
            about = tarfile.TarInfo(f"some_widget-1.2.3/{name}")
            about.size = len(text)
            archive.addfile(about, io.BytesIO(text.encode()))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(shelf))
    place = examples.fetch(tmp_path, "some-widget==1.2.3")
    assert (place / "examples/a.ipynb").read_text() == "{}"
    assert not mark.exists()


def test_each_notebook_is_named_once_and_each_source_by_its_version():
    named = [(one.package, name) for one in examples.SOURCES for name in one.notebooks]
    assert len(named) == len(set(named))
    assert all("==" in one.package for one in examples.SOURCES)


async def test_a_canvas_that_answers_the_mouse_is_told_from_one_that_does_not(
        tmp_path: Path, monkeypatch):
    monkeypatch.setattr(seeing, "SETTLED", 0.3)
    monkeypatch.setattr(seeing, "REACTS_WITHIN", 1.0)
    async with browser.opened() as chromium:
        for condition, said in (("e.buttons", "canvas: yes"), ("false", "canvas: no")):
            seen = await seeing.look(chromium, f"data:text/html,{quote(CANVAS % condition)}",
                                     tmp_path / "page.png")
            assert seen.kinds == {"canvas": 1}
            assert seen.reaction == said
