"""A report is a notebook that becomes one file."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest
from lesson_visits import outputs

from coteach.errors import UserError
from coteach.pages import render_report, report


async def test_a_report_is_one_file_without_code_or_scripts(settings, tmp_path: Path):
    inputs = tmp_path / "inputs"
    inputs.mkdir()
    (inputs / "marks.csv").write_text("name,mark\nAmina,3\n")
    notebook = nbformat.v4.new_notebook(cells=[
        nbformat.v4.new_markdown_cell("# Marks"),
        nbformat.v4.new_code_cell(
            "import os, csv, matplotlib.pyplot as plt\n"
            "rows = list(csv.DictReader(open(os.environ['COTEACH_INPUTS'] + '/marks.csv')))\n"
            "print(rows[0]['name'], os.environ['COTEACH_LANG'])\n"
            "plt.plot([1, 2]); plt.show()"),
        nbformat.v4.new_code_cell(
            "try:\n    open(os.environ['COTEACH_INPUTS'] + '/x', 'w')\nexcept OSError:\n"
            "    print('only to read')")])
    html = await render_report(notebook, inputs=inputs, language="vi", title="Kết quả",
                               settings=settings)
    assert '<html lang="vi">' in html and "<title>Kết quả</title>" in html
    assert outputs(html) == ["Amina vi", "only to read"]
    assert "data:image/png;base64," in html and "<script" not in html and "csv.DictReader" not in html


async def test_a_report_that_takes_too_long_in_all_is_stopped(settings, tmp_path: Path, monkeypatch):
    monkeypatch.setattr(report, "REPORT_SECONDS", 6)
    cell = nbformat.v4.new_code_cell("import time; time.sleep(4)")
    notebook = nbformat.v4.new_notebook(cells=[cell, *(dict(cell, id=f"c{n}") for n in range(9))])
    began = time.monotonic()
    with pytest.raises(UserError, match="longer than 6 seconds"):
        await render_report(nbformat.from_dict(notebook), inputs=tmp_path, language="en",
                            settings=settings)
    assert time.monotonic() - began < 12


async def test_a_report_that_fails_is_an_error_and_no_half_report(settings, tmp_path: Path):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1/0")])
    with pytest.raises(UserError, match="could not be made"):
        await render_report(notebook, inputs=tmp_path, language="en",
                            settings=replace(settings, demo=True))
