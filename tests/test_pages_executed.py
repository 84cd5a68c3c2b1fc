"""What a lesson host wrote is read as a stranger's word; queue, pictures and notebooks."""

from __future__ import annotations

import base64
import json
import os
import re
from pathlib import Path

import nbformat
import pytest

from coteach.errors import UserError
from coteach.pages import executed, formulas, pictures
from coteach.pages.executed import Executed, NoResult
from coteach.pages.handlers import KernelSocket
from coteach.pages.notebooks import read_notebook
from coteach.pages.page import Page
from coteach.pages.renderer import Renderer
from coteach.pages.turns import LOST_AFTER, Turns


@pytest.mark.parametrize("raw", [
    b"", b"no json", b"[]", b"[" * 100_000, b'{"cells": ', json.dumps("x").encode()])
def test_what_is_no_result_is_none(raw):
    with pytest.raises(NoResult):
        executed.parse(raw, {"a"})


def test_only_what_is_known_is_kept():
    found = executed.parse(json.dumps({
        "cells": {"a": {"outputs": [
            {"output_type": "display_data", "data": {"text/html": ["<b>", "x</b>"], "x/y": 5},
             "metadata": {"image/png": {"width": 3, "height": "evil"}, "filenames": {"a": "/etc"}}},
            {"output_type": "stream", "name": "other", "text": "t"}, {"output_type": "new"}, 7],
            "cut": True}, "b": {"outputs": []}},
        "states": {"m": {"model_name": "X", "state": {"v": 1}, "more": 2}, "../x": {"state": {}},
                   "n": [], "o": {"model_name": "OutputModel", "state": {"outputs": [{}, 1]}}},
        "errors": [{"cell": "a", "kind": "strange", "ename": "E"}, {"cell": "zz"}, 1],
        "reasons": [{"reason": "threads", "detail": 3}, {"reason": "unheard"}]}).encode(), {"a"})
    assert list(found.outputs) == ["a"] and found.cut == {"a"}
    first, second = found.outputs["a"]
    assert first["data"] == {"text/html": "<b>x</b>"}
    assert first["metadata"] == {"image/png": {"width": 3}}
    assert second["name"] == "stdout"
    assert set(found.states) == {"m", "o"} and found.states["o"]["state"]["outputs"] == []
    assert [error.kind for error in found.errors] == ["raised"]
    assert found.reasons == (("threads", "3"),) and not found.forkable


def test_a_link_a_pipe_and_a_large_file_are_not_read(tmp_path: Path):
    (tmp_path / "secret").write_text("{}")
    (tmp_path / "link").symlink_to(tmp_path / "secret")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "large").write_bytes(b"x" * 101)
    for name in ("link", "pipe", "large", "missing", "."):
        with pytest.raises(NoResult):
            executed.read_file(tmp_path / name, most=100)
    assert executed.read_file(tmp_path / "secret") == b"{}"


def test_who_asked_first_is_served_first_and_who_went_away_is_forgotten():
    now = [0.0]
    turns = Turns(lambda: now[0])
    assert turns.ask("a", 1) == 0, "there is room"
    assert [turns.ask(who, 0) for who in "bcd"] == [1, 2, 3]
    assert [turns.ask(who, 0) for who in "dcb"] == [3, 2, 1], "asking again keeps the place"
    now[0] = LOST_AFTER - 1
    assert turns.ask("c", 0) == 2 and turns.ask("d", 0) == 3
    now[0] = LOST_AFTER + 1
    assert turns.ask("d", 1) == 1, "c is before her, b has gone away"
    assert turns.ask("c", 1) == 0 and turns.ask("d", 1) == 0 and len(turns) == 0
    assert [turns.ask(who, 0) for who in "wxyz"] == [1, 2, 3, 4]
    turns.leave_all(lambda who: who == "w")
    assert turns.ask("y", 2) == 0 and turns.ask("z", 1) == 1, "the first place is still x's"


def test_large_pictures_leave_the_page_and_small_ones_stay():
    png = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x02\x00\x00\x00\x01\x00" + b"z" * 5000
    large, small = (f"data:image/png;base64,{base64.b64encode(part).decode()}"
                    for part in (png, png[:200]))
    html, files = pictures.taken_out(f'<img src="{large}"><img src="{small}"><img src="{large}">',
                                     lambda name: f"/f/{name}")
    assert list(files.values()) == [png] and html.count("/f/") == 2 and small in html
    assert pictures.png_size(base64.b64encode(png).decode()) == (512, 256)
    assert pictures.png_size("no picture") is None


def test_pictures_of_the_folder_come_with_the_page_and_nothing_from_outside(tmp_path):
    folder = tmp_path / "lesson"
    (folder / "my pics").mkdir(parents=True)
    for name in ("a.png", "my pics/b.JPG", "notes.txt"):
        (folder / name).write_bytes(b"inside")
    (tmp_path / "secret.png").write_bytes(b"outside")
    (folder / "link.png").symlink_to(tmp_path / "secret.png")
    inside = base64.b64encode(b"inside").decode()

    def source(address: str) -> str:
        html = pictures.taken_in(f'<p><img alt="x" src="{address}" width=3></p>', folder)
        return html.partition('src="')[2].partition('"')[0]
    assert source("a.png") == source("./a.png") == f"data:image/png;base64,{inside}"
    assert source("my%20pics/b.JPG") == f"data:image/jpeg;base64,{inside}"
    for kept in ("../secret.png", "link.png", "notes.txt", "no.png", "/etc/x.png",
                 "https://x.example/a.png", "//x.example/a.png", "data:image/png;base64,AA.png"):
        assert source(kept) == kept


async def test_code_and_what_went_wrong_are_shown_to_who_wants_them():
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("x = 1/0", id="a")])
    raised = {"output_type": "error", "ename": "ZeroDivisionError", "evalue": "division",
              "traceback": ["\x1b[31mZeroDivisionError\x1b[39m: division"]}
    renderer = Renderer(lambda digest, name: name)
    try:
        plain = await renderer.render(Page(notebook, None, "en", "t"), Executed({"a": [raised]}))
        shown = await renderer.render(
            Page(notebook, None, "en", "t", show_sources=True, show_tracebacks=True),
            Executed({"a": [raised]}))
    finally:
        renderer.close()
    assert "ZeroDivisionError" not in plain.html and "1/0" not in plain.html
    assert "This part did not work." in plain.html and plain.cells.keys() == {"a"}
    assert "ZeroDivisionError" in shown.html and "\x1b" not in shown.html
    assert re.search(r'class="mi">1</span>.*?class="mi">0<', shown.html)


def _write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


@pytest.mark.parametrize(("text", "words"), [
    ("", "the file is empty"), ("  \n", "the file is empty"), ("{'a': 1}", "it is no JSON"),
    ("[1]", "no notebook"), ('{"a": 1}', "no notebook"), ('{"nbformat": "x"}', "no notebook"),
    ('{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []}', "it has no cells"),
    ('{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [{}]}', "no notebook"),
    ('{"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": {"language": "R"}}, '
     '"cells": [{"cell_type": "markdown", "metadata": {}, "source": "x"}]}', "written in R"),
    ('{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [{"cell_type": "raw", '
     '"metadata": {}, "source": 5}]}', "the text of a cell is no text"),
])
def test_what_is_no_notebook_is_refused_with_a_sentence(tmp_path, text, words):
    with pytest.raises(UserError, match=words):
        read_notebook(_write(tmp_path / "n.ipynb", text))
    with pytest.raises(UserError, match=r"missing\.ipynb"):
        read_notebook(tmp_path / "missing.ipynb")


def test_a_frame_that_comes_after_its_socket_was_closed_is_dropped():
    late = KernelSocket.__new__(KernelSocket)
    late.ws_connection = None
    late.on_message('{"header": {"msg_type": "comm_msg"}}')


def test_cells_without_an_id_get_one_that_stays_the_same(tmp_path):
    cells = [nbformat.v4.new_code_cell("x = 1"), nbformat.v4.new_code_cell("x = 1"),
             nbformat.v4.new_markdown_cell(["a ", "b"])]
    content = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": {
        "name": "no-such-kernel", "language": "python", "display_name": "?"}})
    content["nbformat_minor"] = 4
    for cell in content["cells"]:
        del cell["id"]
    file = _write(tmp_path / "n.ipynb", json.dumps(content))
    ids = [cell.id for cell in read_notebook(file).cells]
    assert len(set(ids)) == 3 and ids == [cell.id for cell in read_notebook(file).cells]
    content["cells"].insert(0, {"cell_type": "markdown", "metadata": {}, "source": "new"})
    _write(file, json.dumps(content))
    assert [cell.id for cell in read_notebook(file).cells][1:] == ids


@pytest.mark.parametrize(("tex", "parts"), [
    ("a^2 + b^2 = c^2", ["<msup><mi>a</mi><mn>2</mn></msup>"]),
    (r"T = 2\pi\sqrt{\frac{L}{g}}", ["<msqrt>", "<mfrac>", "π"]),
    (r"\begin{aligned} a &= b \\ c &= d \end{aligned}", ["<mtable", "<mtd"]),
    (r"x < 1 \& y", ["&lt;", "&amp;"])])
def test_a_formula_becomes_mathml(tex, parts):
    made = formulas.formula(tex)
    assert made.startswith("<math") and all(part in made for part in parts)


@pytest.mark.parametrize("tex", [r"\frac{", r"\no_such{x}", r"\text{<script>alert(1)</script>}",
                                 "x" * 5000, "", "{" * 3000, "5 and "])
def test_a_formula_that_is_none_stays_as_it_is_written(tex):
    made = formulas.formula(tex)
    assert "<" not in made and made.startswith("$")
    assert "href" not in formulas.formula(r"\href{javascript:alert(1)}{x}")


def test_formulas_in_an_output_are_found_between_dollar_signs():
    assert formulas.in_text(r"$\displaystyle x^2$").startswith('<span class="ct-formula')
    mixed = formulas.in_text(r"if $x<1$ then <b> $$y$$ costs \$5")
    assert mixed.startswith("if <math") and "&lt;b&gt;" in mixed and mixed.endswith(r"\$5")
    assert formulas.in_text("no formula & nothing") == "no formula &amp; nothing"
