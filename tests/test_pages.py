"""Class pages with real kernels in their sandbox: text first, widgets only, nobody else's kernel."""

from __future__ import annotations

import asyncio
import json
import re
import time
import uuid
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest
from classroom_site import page_data, running
from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.websocket import websocket_connect

from coteach.errors import UserError
from coteach.pages import render_report, report


@pytest.fixture
async def site(settings):
    async with running(settings) as made:
        yield made


def write_lesson(site, *sources: str) -> None:
    """Replace the lesson by one with these code cells after a sentence of text."""
    cells = [nbformat.v4.new_markdown_cell("Read this first.", id="text")]
    cells += [nbformat.v4.new_code_cell(source, id=f"c{place}")
              for place, source in enumerate(sources)]
    nbformat.write(nbformat.v4.new_notebook(cells=cells),
                   site.settings.layout.lessons / "swing" / "lesson.ipynb")


def outputs(html: str) -> list[str]:
    """The text outputs of a page."""
    return [text.strip() for text in re.findall(r"<pre>(.*?)</pre>", html, re.S)]


async def socket(site, kernel: str, cookie: str | None, origin: str | None = None):
    """A socket to a kernel as a browser would open it."""
    headers = {"Cookie": f"coteach_guest={cookie}"} if cookie else {}
    if origin:
        headers["Origin"] = origin
    return await websocket_connect(HTTPRequest(
        f"ws{site.url[4:]}/c/api/kernels/{kernel}/channels?session_id={uuid.uuid4()}",
        headers=headers))


def message(kind: str, content: dict) -> str:
    """A kernel message of the plain JSON protocol."""
    return json.dumps({"channel": "shell", "content": content, "metadata": {}, "parent_header": {},
                       "buffers": [], "header": {
                           "msg_id": uuid.uuid4().hex, "msg_type": kind, "username": "",
                           "session": "s", "version": "5.3", "date": "2026-01-01T00:00:00Z"}})


async def until(wanted, seconds: float = 10) -> None:
    """Wait until something is true."""
    async with asyncio.timeout(seconds):
        while not wanted():  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def test_the_text_comes_before_any_kernel_and_the_code_not_at_all(site):
    pupil = await site.pupil("Mai")
    seen, early = "", False
    async with pupil.browser.stream("GET", f"/c/{site.ids['code']}") as page:
        assert page.headers["content-encoding"] == "gzip"
        async for part in page.aiter_text():
            seen += part
            if not early and "Getting the moving parts ready" in seen:
                early = True
                assert "What do you think?" in seen and "cell-output+json" not in seen
                assert not site.room.pages.kernels.list_kernel_ids()
    assert early
    assert "import matplotlib" not in seen and "display:none\"" not in seen
    assert '<html lang="en">' in seen and seen.count("cell-output+json") == 4


async def test_a_page_loads_nothing_from_elsewhere(site):
    html = await (await site.pupil("Mai")).page()
    addresses = re.findall(r'(?:src|href)="([^"]+)"', html)
    assert addresses and all(not a.startswith(("http", "//")) for a in addresses)
    config = json.loads(re.search(r'jupyter-config-data"[^>]*>(.*?)</script>', html, re.S).group(1))
    assert {e["name"] for e in config["federated_extensions"]} == {
        "@voila-dashboards/widgets-manager8", "@jupyter-widgets/jupyterlab-manager", "anywidget"}
    async with site.browser() as browser:
        for path in [a for a in addresses if a.startswith("/c/") and "." in a] + [
                f"/c/voila/labextensions/{e['name']}/{e['load']}"
                for e in config["federated_extensions"]]:
            assert (await browser.get(path)).status_code == 200, path


async def test_the_kernel_knows_the_language_and_no_secret_and_reaches_no_network(site):
    write_lesson(
        site, "import os; print(os.environ['COTEACH_LANG'])",
        "import socket\ntry:\n"
        f"    socket.create_connection(('127.0.0.1', {site.settings.classroom_port}), 2)\n"
        "    print('reached')\nexcept OSError:\n    print('no way')",
        "print(sorted(n for n in os.environ if 'SECRET' in n or 'TOKEN' in n or 'DATA' in n))",
        f"print(os.path.exists({str(site.settings.layout.root)!r}))")
    html = await (await site.pupil("Mai")).page()
    assert outputs(html) == ["en", "no way", "[]", "False"]


async def test_a_cell_that_fails_shows_one_calm_sentence_and_the_rest_goes_on(site):
    write_lesson(site, "1/0", "print('still here')")
    html = await (await site.pupil("Mai")).page()
    assert "This part did not work." in html and "ZeroDivisionError" not in html
    assert outputs(html) == ["still here"]


async def test_a_flood_of_output_is_cut(site):
    write_lesson(site, "for n in range(40): print('x' * 1_000_000)", "print('end')")
    html = await (await site.pupil("Mai")).page()
    assert len(html) < 6_000_000 and "Read this first." in html


async def test_a_kernel_answers_its_own_visitor_only(site):
    mai, long = await site.pupil("Mai"), await site.pupil("Long")
    kernel = page_data(await mai.page())["kernel"]
    ours = mai.browser.cookies["coteach_guest"]
    assert (await mai.browser.get(f"/c/page/kernels/{kernel}")).status_code == 204
    for path in (f"/c/page/kernels/{kernel}", f"/c/api/kernels/{kernel}"):
        assert (await long.browser.get(path)).status_code == 404
    assert (await long.browser.post(f"/c/page/kernels/{kernel}/close")).status_code == 404
    for cookie in (long.browser.cookies["coteach_guest"], None, "forged"):
        with pytest.raises(HTTPClientError) as refusal:
            await socket(site, kernel, cookie)
        assert refusal.value.code in (403, 404)
    with pytest.raises(HTTPClientError):
        await socket(site, kernel, ours, origin="https://elsewhere.example")
    (await socket(site, kernel, ours, origin=site.url)).close()
    async with site.browser() as browser:
        assert (await browser.get("/c/api/kernels")).status_code == 404
        assert (await browser.delete(f"/c/api/kernels/{kernel}")).status_code in (403, 404, 405)


async def test_a_browser_can_run_no_code(site):
    write_lesson(site, "from ipywidgets import IntSlider; s = IntSlider(); s")
    pupil = await site.pupil("Mai")
    kernel = page_data(await pupil.page())["kernel"]
    line = await socket(site, kernel, pupil.browser.cookies["coteach_guest"])
    for kind in ("execute_request", "complete_request", "inspect_request", "shutdown_request"):
        line.write_message(message(kind, {"code": "print('run' + 'ning')", "silent": False,
                                          "cursor_pos": 1, "restart": False}))
    line.write_message(message("kernel_info_request", {}))
    kinds, text = set(), ""
    async with asyncio.timeout(10):
        while "kernel_info_reply" not in kinds:
            raw = await line.read_message()
            text += str(raw)
            kinds.add(json.loads(raw)["header"]["msg_type"])
    assert "running" not in text and not kinds & {"execute_reply", "stream", "complete_reply"}
    assert (await pupil.browser.get(f"/c/page/kernels/{kernel}")).status_code == 204
    line.close()


async def test_a_reload_and_a_left_page_give_their_kernels_back(site):
    write_lesson(site, "print(1)")
    pupil = await site.pupil("Mai")
    kernels = site.room.pages.kernels
    for _reload in range(3):
        kernel = page_data(await pupil.page())["kernel"]
    assert list(kernels.owners) == [kernel] == kernels.list_kernel_ids()
    assert (await pupil.browser.post(f"/c/page/kernels/{kernel}/close")).status_code == 204
    await until(lambda: not kernels.list_kernel_ids())
    assert (await pupil.browser.get(f"/c/page/kernels/{kernel}")).status_code == 404


async def test_another_pupil_on_the_device_ends_the_first_ones_kernel(site):
    write_lesson(site, "print(1)")
    pupil = await site.pupil("Mai")
    kernel = page_data(await pupil.page())["kernel"]
    await pupil.browser.post(f"/c/{site.ids['code']}/enter", data={"card": site.ids["Long"]},
                             follow_redirects=False)
    assert kernel not in site.room.pages.kernels.list_kernel_ids()
    assert (await pupil.browser.get(f"/c/page/kernels/{kernel}")).status_code == 404


async def test_a_page_that_was_closed_without_a_word_loses_its_kernel(site, monkeypatch):
    monkeypatch.setattr("coteach.pages.kernels.CLOSED_AFTER", 0.5)
    monkeypatch.setattr("coteach.pages.kernels.CHECK_EVERY", 0.2)
    write_lesson(site, "print(1)")
    await (await site.pupil("Mai")).page()
    await until(lambda: not site.room.pages.kernels.list_kernel_ids())


async def test_a_kernel_that_dies_is_noticed(site):
    write_lesson(site, "import os", "print(os.getpid())")
    pupil = await site.pupil("Mai")
    kernel = page_data(await pupil.page())["kernel"]
    await site.room.pages.kernels.get_kernel(kernel).provisioner.kill()
    async with asyncio.timeout(5):
        while (await pupil.browser.get(f"/c/page/kernels/{kernel}")).status_code != 404:  # noqa: ASYNC110
            await asyncio.sleep(0.1)


async def test_without_a_free_kernel_the_text_is_there_with_a_sentence(site):
    site.room.pages.kernels.limit = 0
    html = await (await site.pupil("Mai")).page()
    assert "The moving parts of this page are all in use right now." in html
    assert "A long swing is slow." in html and page_data(html)["state"] == "full"


async def test_a_closed_class_ends_its_kernels(site):
    write_lesson(site, "print(1)")
    await (await site.pupil("Mai")).page()
    async with site.teacher() as teacher:
        await teacher.post(f"/c/teach/{site.ids['session']}/close")
    assert site.room.pages.kernels.list_kernel_ids() == []


async def test_questions_as_they_were_asked_are_kept(site):
    write_lesson(site, "from coteach_widgets import Choice, Number\n"
                       "Choice('Is it ' + 'raining?', ['Yes', 'No'])")
    await (await site.pupil("Mai")).page()
    async with site.teacher() as teacher:
        page = await teacher.get(f"/c/teach/{site.ids['session']}")
    assert "Is it raining?" in page.text


async def test_pictures_of_a_lesson_are_files_for_its_class_only(site):
    lesson = site.settings.layout.lessons / "swing"
    (lesson / "assets").mkdir()
    (lesson / "assets" / "a.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    nbformat.write(nbformat.v4.new_notebook(cells=[
        nbformat.v4.new_markdown_cell("![A swing](assets/a.svg)", id="p")]), lesson / "lesson.ipynb")
    pupil = await site.pupil("Mai")
    address = re.search(r'<img src="([^"]+)"', await pupil.page()).group(1)
    assert (await pupil.browser.get(address)).status_code == 200
    above = await pupil.browser.get(address.replace("a.svg", "%2e%2e/lesson.toml"))
    assert above.status_code in (403, 404)
    async with site.browser() as stranger:
        assert (await stranger.get(address)).status_code == 403


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
