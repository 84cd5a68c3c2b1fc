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
import pytest_asyncio
from classroom_site import page_data, running
from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.websocket import websocket_connect

from coteach import settings as settings_module
from coteach.errors import UserError
from coteach.pages import kernels as kernels_module
from coteach.pages import render_report, report, service

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def whole_site(tmp_path_factory):
    settings = settings_module.load(tmp_path_factory.mktemp("pages") / "data", environ={},
                                    spare_kernels=0)
    settings.layout.create()
    async with running(settings) as made:
        yield made


@pytest_asyncio.fixture(loop_scope="module")
async def site(whole_site):
    """The service, without the kernels of the test before."""
    yield whole_site
    pages = whole_site.room.pages
    pages.kernels.limit = 40
    await asyncio.gather(*(pages.kernels.close(kernel) for kernel in list(pages.kernels.owners)))


def write_lesson(site, *sources: str, text: str = "Read this first.") -> None:
    """Replace the lesson by one with these code cells after a sentence of text."""
    cells = [nbformat.v4.new_markdown_cell(text, id="text")]
    cells += [nbformat.v4.new_code_cell(source, id=f"c{place}")
              for place, source in enumerate(sources)]
    nbformat.write(nbformat.v4.new_notebook(cells=cells),
                   site.settings.layout.lessons / "swing" / "lesson.ipynb")


async def whole(pupil, seconds: float = 40) -> str:
    """Open the class page when its lesson was executed."""
    async with asyncio.timeout(seconds):
        while "pending" in page_data(html := await pupil.page()):  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    return html


async def kernel_of(pupil, html: str | None = None) -> str:
    """Ask for the pupil's kernel until it is there."""
    address = page_data(html or await whole(pupil))["kernel"]
    async with asyncio.timeout(40):
        while True:
            answer = await pupil.browser.post(address)
            assert answer.status_code in (200, 202), answer.text
            if answer.status_code == 200:
                return answer.json()["kernel"]
            await asyncio.sleep(0.2)


def outputs(html: str) -> list[str]:
    """The text outputs of a page."""
    return [text.strip() for text in re.findall(r"<pre>(.*?)</pre>", html, re.S)]


async def socket(site, kernel: str, cookie: str | None, origin: str | None = None,
                 session: str = ""):
    """A socket to a kernel as a browser would open it."""
    headers = {"Cookie": f"coteach_guest={cookie}"} if cookie else {}
    if origin:
        headers["Origin"] = origin
    return await websocket_connect(HTTPRequest(
        f"ws{site.url[4:]}/c/api/kernels/{kernel}/channels?session_id={session or uuid.uuid4()}",
        headers=headers))


def message(kind: str, content: dict) -> str:
    """A kernel message of the plain JSON protocol."""
    return json.dumps({"channel": "shell", "content": content, "metadata": {}, "parent_header": {},
                       "buffers": [], "header": {
                           "msg_id": uuid.uuid4().hex, "msg_type": kind, "username": "",
                           "session": "s", "version": "5.3", "date": "2026-01-01T00:00:00Z"}})


def press(model: str) -> str:
    """What a page sends when a button is pressed."""
    return message("comm_msg", {"comm_id": model, "data": {
        "method": "custom", "content": {"event": "click"}}})


async def heard(line, what: str, seconds: float = 15) -> str:
    """Read a socket until something is said on it; return that message's text."""
    async with asyncio.timeout(seconds):
        while True:
            raw = str(await line.read_message())
            if what in raw:
                return raw


async def until(wanted, seconds: float = 10) -> None:
    """Wait until something is true."""
    async with asyncio.timeout(seconds):
        while not wanted():  # noqa: ASYNC110
            await asyncio.sleep(0.05)


BUTTON = """
import ipywidgets, uuid, random, os, socket
button, said = ipywidgets.Button(description="Go"), ipywidgets.Label("not yet")
def pressed(_button):
    said.value = str(say())
button.on_click(pressed)
ipywidgets.VBox([button, said])
"""


async def answer_of(site, pupil, kernel: str | None = None, html: str | None = None) -> str:
    """Press the button of a lesson in the pupil's kernel; return what the label says then."""
    html = html or await whole(pupil)
    kernel = kernel or await kernel_of(pupil, html)
    states = (await pupil.browser.get(page_data(html)["states"])).json()["state"]
    button = next(m for m, s in states.items() if s["model_name"] == "ButtonModel")
    label = next(m for m, s in states.items() if s["model_name"] == "LabelModel")
    line = await socket(site, kernel, pupil.browser.cookies["coteach_guest"])
    line.write_message(press(button))
    async with asyncio.timeout(15):
        while True:
            raw = json.loads(str(await line.read_message()))
            data = raw["content"].get("data", {})
            if raw["content"].get("comm_id") == label and "value" in data.get("state", {}):
                line.close()
                return data["state"]["value"]


# The page


async def test_the_text_is_there_before_the_lesson_was_executed(site, monkeypatch):
    monkeypatch.setattr(service, "FIRST_WAIT", 0)
    write_lesson(site, "import time; time.sleep(1); print('result')", text="Something **new**.")
    pupil = await site.pupil("Mai")
    first = await pupil.page()
    assert "Something <strong>new</strong>." in first and "result" not in outputs(first)
    assert "Getting the moving parts ready" in first and "import time" not in first
    data = page_data(first)
    async with asyncio.timeout(30):
        while (cells := await pupil.browser.get(data["pending"])).status_code == 202:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    assert outputs(cells.json()["cells"]["c0"]) == ["result"]
    html = await whole(pupil)
    assert outputs(html) == ["result"] and "ct-waiting" not in html
    assert '<html lang="en">' in html and "display:none" not in html
    assert not site.room.pages.kernels.owners, "reading needs no kernel"


async def test_a_page_is_small_and_a_second_visit_costs_nothing(site):
    write_lesson(site, "print('hello')")
    pupil = await site.pupil("Mai")
    await whole(pupil)
    page = await pupil.browser.get(f"/c/{site.ids['code']}")
    assert page.headers["content-encoding"] == "gzip"
    assert int(page.headers["content-length"]) < 20_000
    again = await pupil.browser.get(f"/c/{site.ids['code']}",
                                    headers={"If-None-Match": page.headers["etag"]})
    assert again.status_code == 304 and not again.content


async def test_the_page_of_one_pupil_is_not_the_page_of_another(site):
    write_lesson(site, "print('hello')")
    mai, long = await site.pupil("Mai"), await site.pupil("Long")
    html, other = await whole(mai), await whole(long)
    assert "Mai" in html and "Mai" not in other and "Long" in other
    assert page_data(html)["pupil"] != page_data(other)["pupil"]
    assert page_data(html)["lesson"] == page_data(other)["lesson"]


async def test_a_page_loads_nothing_from_elsewhere_and_its_files_are_kept_for_ever(site):
    write_lesson(site, BUTTON)
    pupil = await site.pupil("Mai")
    html = await whole(pupil)
    addresses = re.findall(r'(?:src|href)="([^"]+)"', html)
    assert addresses and all(not a.startswith(("http", "//")) for a in addresses)
    files = [a for a in addresses if a.startswith("/c/page/")]
    assert len(files) >= 4
    for address in [*files, page_data(html)["runtime"], *page_data(html)["parts"]]:
        answer = await pupil.browser.get(address)
        assert answer.status_code == 200, address
        assert "immutable" in answer.headers["cache-control"], address
        assert answer.headers["content-encoding"] == "gzip", address


async def test_plots_are_files_and_a_stranger_gets_none(site):
    write_lesson(site, "import matplotlib.pyplot as plt; plt.plot([1, 3, 2]); plt.show()",
                 "%config InlineBackend.figure_format='svg'\nplt.plot(range(200)); plt.show()")
    pupil = await site.pupil("Mai")
    html = await whole(pupil)
    assert "data:image/png" not in html
    address, alt, width = re.search(
        r'<img src="(/c/page/lessons/[^"]+\.png)" alt="([^"]+)".*?width="(\d+)"', html).groups()
    assert alt and int(width) > 100
    picture = await pupil.browser.get(address)
    drawing = re.search(r'<img src="(/c/page/lessons/[^"]+\.svg)"', html).group(1)
    assert (await pupil.browser.get(drawing)).headers["content-type"] == "image/svg+xml"
    assert picture.headers["content-type"] == "image/png"
    assert picture.content.startswith(b"\x89PNG") and "immutable" in picture.headers[
        "cache-control"] and "sandbox" in picture.headers["content-security-policy"]
    async with site.browser() as stranger:
        for path in (address, page_data(html)["states"], page_data(html)["kernel"]):
            assert (await stranger.get(path)).status_code in (403, 404, 405), path
        assert (await stranger.post(page_data(html)["kernel"])).status_code in (403, 404)
    above = await pupil.browser.get(address.rpartition("/")[0] + "/..%2f..%2fexecuted.json")
    assert above.status_code == 404


async def test_a_widget_is_there_as_html_and_a_wide_table_scrolls_in_itself(site):
    write_lesson(site, "import pandas as pd; pd.DataFrame([range(60)])",
                 "from ipywidgets import IntSlider; IntSlider(3, description='How many')")
    html = await whole(await site.pupil("Mai"))
    assert re.search(r'ct-scroll"[^>]*>\s*<div>.*?<table', html, re.S)
    widget = re.search(r'<div class="ct-widget" data-model-id="([0-9a-f]{32})">(.*?)</section>',
                       html, re.S)
    assert "How many" in widget.group(2) and 'type="range"' in widget.group(2)


async def test_questions_are_forms_and_are_known_to_the_teacher(site):
    write_lesson(site, "from coteach_widgets import Choice\n"
                       "Choice('Is it ' + 'raining?', ['Yes', 'No'])")
    html = await whole(await site.pupil("Mai"))
    assert re.search(r'<div class="ct ct-question" data-question="choice".*?Is it raining\?', html)
    assert page_data(html)["widgets"] is False, "a question needs no runtime"
    async with site.teacher() as teacher:
        page = await teacher.get(f"/c/teach/{site.ids['session']}")
    assert "Is it raining?" in page.text


async def test_pictures_of_a_lesson_are_files_for_its_class_only(site):
    lesson = site.settings.layout.lessons / "swing"
    (lesson / "assets").mkdir(exist_ok=True)
    (lesson / "assets" / "a.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    write_lesson(site, text="![A swing](assets/a.svg)")
    pupil = await site.pupil("Mai")
    address = re.search(r'<img src="([^"]+)" alt="A swing"', await whole(pupil)).group(1)
    assert (await pupil.browser.get(address)).status_code == 200
    above = await pupil.browser.get(address.replace("a.svg", "%2e%2e/lesson.toml"))
    assert above.status_code in (403, 404)
    async with site.browser() as stranger:
        assert (await stranger.get(address)).status_code == 403


async def test_a_lesson_cannot_forge_the_places_of_the_page(site):
    write_lesson(site, "from IPython.display import HTML; HTML('ct-0-header-end <b>x</b>')",
                 text="</script><script id='coteach-page'>{}</script>")
    html = await whole(await site.pupil("Mai"))
    assert "ct-0-header-end" in html and page_data(html)["base"] == "/c/"


# Lessons that go wrong


async def test_a_cell_that_fails_shows_one_calm_sentence_and_the_rest_goes_on(site):
    write_lesson(site, "1/0", "print('still here')", "import no_such_package")
    html = await whole(await site.pupil("Mai"))
    assert "This part did not work." in html and "ZeroDivisionError" not in html
    assert outputs(html) == ["still here"]
    problems = site.room.pages.problems(page_data(html)["lesson"])
    assert [p.cell for p in problems] == ["c0", "c2"]
    assert "division by zero" in problems[0].message
    assert "no_such_package" in problems[1].message and "not installed" in problems[1].message


async def test_a_cell_that_never_ends_is_stopped_and_the_rest_goes_on(site, monkeypatch):
    monkeypatch.setattr("coteach.pages.host.CELL_SECONDS", 1.0)
    write_lesson(site, "while True:\n    try:\n        while True: pass\n"
                       "    except Exception:\n        pass",
                 "import asyncio; await asyncio.sleep(60)", "print('still here')")
    html = await whole(await site.pupil("Mai"))
    assert outputs(html) == ["still here"]
    problems = site.room.pages.problems(page_data(html)["lesson"])
    assert [p.cell for p in problems] == ["c0", "c1"]
    assert all("1 seconds" in p.message for p in problems)


async def test_a_cell_that_ends_its_program_is_left_out(site):
    write_lesson(site, "print('before')", "import os; os._exit(3)", "print('after')")
    html = await whole(await site.pupil("Mai"))
    assert outputs(html) == ["before", "after"] and "This part did not work." in html


async def test_a_print_of_100_mb_is_cut_and_costs_little(site):
    write_lesson(site, "print('x' * 100_000_000)", "print('end')")
    html = await whole(await site.pupil("Mai"))
    assert 20_000 < len(html) < 100_000 and outputs(html)[-1] == "end"
    assert "There was more here than fits on this page." in html


async def test_a_lesson_that_can_not_be_executed_is_still_there_to_read(site, monkeypatch):
    def full(*_what: object, **_more: object) -> None:
        raise OSError(28, "No space left on device")
    monkeypatch.setattr("coteach.pages.host.Place", full)
    write_lesson(site, "print('never')", text="Only words.")
    pupil = await site.pupil("Mai")
    html = await whole(pupil)
    assert "Only words." in html and "You can read on." in html
    refusal = await pupil.browser.post(page_data(html)["kernel"])
    assert refusal.status_code == 503 and refusal.json()["error"]["message"]


async def test_a_lesson_with_threads_gives_each_visitor_a_process_of_her_own(site):
    write_lesson(site, "import threading, time\n"
                       "thread = threading.Thread(target=time.sleep, args=(600,), daemon=True,\n"
                       "                          name='counter')\nthread.start()",
                 "say = lambda: f'{thread.is_alive()}'\n" + BUTTON)
    mai = await site.pupil("Mai")
    html = await whole(mai)
    digest = page_data(html)["lesson"]
    executed = await site.room.pages.executed(digest)
    assert not executed.forkable and executed.reasons == (("threads", "counter"),)
    assert any("threads (counter)" in p.message for p in site.room.pages.problems(digest))
    assert await answer_of(site, mai, html=html) == "True", "the thread runs in her own process"
    kernel = site.room.pages.kernels.of(next(iter(site.room.pages.kernels.owners.values())).visitor,
                                        digest)
    await site.room.pages.kernels.close(kernel)
    await until(lambda: not site.room.pages.hosts._alone)


# Kernels


async def test_a_kernel_answers_its_own_visitor_only(site):
    write_lesson(site, "say = lambda: 'pressed'\n" + BUTTON)
    mai, long = await site.pupil("Mai"), await site.pupil("Long")
    kernel = await kernel_of(mai)
    ours = mai.browser.cookies["coteach_guest"]
    assert (await mai.browser.get(f"/c/page/kernels/{kernel}")).status_code == 204
    for path in (f"/c/page/kernels/{kernel}", f"/c/api/kernels/{kernel}"):
        assert (await long.browser.get(path)).status_code == 404
    assert (await long.browser.post(f"/c/page/kernels/{kernel}/close")).status_code == 404
    line = await socket(site, kernel, ours, session="mine")
    for cookie in (long.browser.cookies["coteach_guest"], None, "forged"):
        for session in ("", "mine"):
            with pytest.raises(HTTPClientError) as refusal:
                await socket(site, kernel, cookie, session=session)
            assert refusal.value.code in (403, 404)
    with pytest.raises(HTTPClientError):
        await socket(site, kernel, ours, origin="https://elsewhere.example")
    line.write_message(message("kernel_info_request", {}))
    await heard(line, "kernel_info_reply")
    line.close()
    (await socket(site, kernel, ours, origin=site.url)).close()
    async with site.browser() as browser:
        assert (await browser.get("/c/api/kernels")).status_code == 404
        assert (await browser.post("/c/api/kernels")).status_code in (403, 404, 405)
        assert (await browser.delete(f"/c/api/kernels/{kernel}")).status_code in (403, 404, 405)
    elsewhere = await mai.browser.post(page_data(await mai.page())["kernel"],
                                       headers={"Sec-Fetch-Site": "cross-site"})
    assert elsewhere.status_code == 403


async def test_what_is_refused_or_missing_says_so_in_a_sentence(site, caplog):
    pupil = await site.pupil("Mai")
    for path in (f"/c/api/kernels/{uuid.uuid4()}", f"/c/api/kernels/{uuid.uuid4()}/channels",
                 f"/c/page/kernels/{uuid.uuid4()}", "/c/page/static/none.js",
                 "/c/page/nbextensions/none.js", "/c/page/lessons/0123456789abcdef/states"):
        answer = await pupil.browser.get(path)
        assert answer.status_code == 404 and answer.json()["error"]["message"], path
    assert not [row for row in caplog.records if row.exc_info and "KeyError" in str(row.exc_info)]


async def test_a_browser_can_run_no_code(site):
    write_lesson(site, "from ipywidgets import IntSlider; s = IntSlider(); s")
    pupil = await site.pupil("Mai")
    kernel = await kernel_of(pupil)
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


async def test_ten_reloads_and_a_second_tab_are_one_kernel(site):
    write_lesson(site, "say = lambda: len(said.value)\n" + BUTTON)
    pupil = await site.pupil("Mai")
    html = await whole(pupil)
    found = {await kernel_of(pupil, html) for _reload in range(5)}
    together = await asyncio.gather(*(kernel_of(pupil, html) for _tab in range(5)))
    assert len(found | set(together)) == 1 == len(site.room.pages.kernels.owners)
    assert page_data(await pupil.page())["running"] in found


async def test_a_page_that_is_left_keeps_its_kernel_for_a_reload_and_then_gives_it_back(
        site, monkeypatch):
    monkeypatch.setattr(kernels_module, "CHECK_EVERY", 0.1)
    write_lesson(site, "say = lambda: 'pressed'\n" + BUTTON)
    pupil = await site.pupil("Mai")
    kernels = site.room.pages.kernels
    kernel = await kernel_of(pupil)
    assert (await pupil.browser.post(f"/c/page/kernels/{kernel}/close")).status_code == 204
    assert await kernel_of(pupil) == kernel, "a reload comes back to it"
    assert not kernels.owners[kernel].left
    await pupil.browser.post(f"/c/page/kernels/{kernel}/close")
    monkeypatch.setattr(kernels_module, "CLOSED_AFTER", 0.5)
    await until(lambda: not kernels.owners and not kernels.list_kernel_ids())
    assert (await pupil.browser.get(f"/c/page/kernels/{kernel}")).status_code == 404


async def test_an_open_page_that_nobody_touches_gives_its_kernel_back(site, monkeypatch):
    monkeypatch.setattr(kernels_module, "IDLE_AFTER", 1.0)
    write_lesson(site, "say = lambda: 'pressed'\n" + BUTTON)
    pupil = await site.pupil("Mai")
    kernel = await kernel_of(pupil)
    line = await socket(site, kernel, pupil.browser.cookies["coteach_guest"])
    async with asyncio.timeout(15):
        while (await pupil.browser.get(f"/c/page/kernels/{kernel}")).status_code == 204:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
        while await line.read_message() is not None:
            pass
    assert line.close_code == kernels_module.GONE, "its page hears it at once"


async def test_a_widget_that_never_answers_is_interrupted_and_then_answers_again(
        site, monkeypatch):
    monkeypatch.setattr(kernels_module, "BUSY_AFTER", 1.0)
    write_lesson(site, "times = []\ndef say():\n    times.append(1)\n"
                       "    while len(times) == 1: pass\n    return len(times)\n" + BUTTON)
    pupil = await site.pupil("Mai")
    html = await whole(pupil)
    kernel = await kernel_of(pupil, html)
    states = (await pupil.browser.get(page_data(html)["states"])).json()["state"]
    button = next(m for m, s in states.items() if s["model_name"] == "ButtonModel")
    line = await socket(site, kernel, pupil.browser.cookies["coteach_guest"])
    line.write_message(press(button))
    kernels = site.room.pages.kernels
    await until(lambda: kernels.get_kernel(kernel).execution_state == "busy")
    await until(lambda: kernels.get_kernel(kernel).execution_state == "idle", seconds=20)
    line.close()
    assert await answer_of(site, pupil, kernel, html) == "2"


async def test_a_visitor_has_few_kernels_whatever_she_opens(site):
    pupil = await site.pupil("Mai")
    found = []
    for version in "abc":
        write_lesson(site, f"say = lambda: '{version}'\n" + BUTTON)
        found.append(await kernel_of(pupil))
    assert set(site.room.pages.kernels.owners) == set(found[1:])


async def test_another_pupil_on_the_device_ends_the_first_ones_kernel(site):
    write_lesson(site, "say = lambda: 'pressed'\n" + BUTTON)
    pupil = await site.pupil("Mai")
    kernel = await kernel_of(pupil)
    await pupil.browser.post(f"/c/{site.ids['code']}/enter", data={"card": site.ids["Long"]},
                             follow_redirects=False)
    assert kernel not in site.room.pages.kernels.list_kernel_ids()
    assert (await pupil.browser.get(f"/c/page/kernels/{kernel}")).status_code == 404


async def test_who_leaves_while_her_kernel_starts_hears_a_sentence_and_leaves_nothing(site):
    write_lesson(site, "say = lambda: 'pressed'\n" + BUTTON)
    kernels = site.room.pages.kernels
    for turn in range(6):
        pupil = await site.pupil("Mai")
        address = page_data(await whole(pupil))["kernel"]
        asked = asyncio.create_task(pupil.browser.post(address))
        await asyncio.sleep(0.02 * turn)
        await pupil.browser.post("/c/leave", follow_redirects=False)
        answer = await asked
        assert answer.status_code in (200, 404, 410), answer.text
        if answer.status_code == 410:
            assert "You have left this lesson" in answer.text
        assert not kernels.owners and not list(kernels.list_kernel_ids())
        assert not any(host.lines for host in kernels.hosts._hosts.values())


async def test_without_a_free_kernel_pages_wait_in_the_order_of_asking(site, monkeypatch):
    monkeypatch.setattr(kernels_module, "CHECK_EVERY", 0.1)
    monkeypatch.setattr(kernels_module, "SHORT_GRACE", 0.3)
    write_lesson(site, "say = lambda: 'pressed'\n" + BUTTON)
    mai, long, hoa = [await site.pupil(name) for name in ("Mai", "Long", "Hoa")]
    site.room.pages.kernels.limit = 1
    html = await whole(mai)
    kernel, address = await kernel_of(mai, html), page_data(html)["kernel"]
    assert "pressed" not in html
    for pupil, place in ((long, 1), (hoa, 2), (long, 1), (hoa, 2)):
        answer = await pupil.browser.post(address)
        assert (answer.status_code, answer.json()["place"]) == (202, place)
    assert "Read this first." in await hoa.page(), "who waits can read"
    await mai.browser.post(f"/c/page/kernels/{kernel}/close")
    await until(lambda: not site.room.pages.kernels.owners)
    assert (await hoa.browser.post(address)).json()["place"] == 1, "she asked second"
    assert (await long.browser.post(address)).status_code == 200
    assert (await hoa.browser.post(address)).json()["place"] == 1


async def test_a_closed_class_ends_its_kernels(site):
    write_lesson(site, "say = lambda: 'pressed'\n" + BUTTON)
    await kernel_of(await site.pupil("Mai"))
    await site.room.class_is_over(site.ids["session"])
    assert site.room.pages.kernels.list_kernel_ids() == []


async def test_who_is_in_a_replaced_lesson_finishes_on_hers(site):
    write_lesson(site, "say = lambda: 'the first version'\n" + BUTTON)
    mai, long = await site.pupil("Mai"), await site.pupil("Long")
    html = await whole(mai)
    kernel = await kernel_of(mai, html)
    write_lesson(site, "say = lambda: 'the second version'\n" + BUTTON)
    assert await answer_of(site, mai, kernel, html) == "the first version"
    assert await kernel_of(mai, html) == kernel
    newer = await whole(long)
    assert page_data(newer)["lesson"] != page_data(html)["lesson"]
    assert await answer_of(site, long, html=newer) == "the second version"
    assert (await mai.browser.get(page_data(html)["states"])).status_code == 200


# What a visitor's kernel is


async def test_two_visitors_draw_different_numbers_and_have_a_state_of_their_own(site):
    write_lesson(site, "import random, uuid\nimport numpy as np\n"
                       "free, fixed = np.random.default_rng(), np.random.default_rng(7)\n"
                       "own, count = random.Random(), []",
                 "def say():\n    count.append(1)\n"
                 "    return [len(count), fixed.random(), random.random(), np.random.rand(),\n"
                 "            free.random(), own.random(), uuid.uuid4().hex]\n" + BUTTON)
    mai, long = await site.pupil("Mai"), await site.pupil("Long")
    mine = [json.loads((await answer_of(site, mai)).replace("'", '"')) for _press in range(2)]
    theirs = json.loads((await answer_of(site, long)).replace("'", '"'))
    assert [row[0] for row in mine] == [1, 2] and theirs[0] == 1
    assert mine[0][1] == theirs[1], "the author chose a seed"
    assert all(a != b for a, b in zip(mine[0][2:], theirs[2:], strict=True))
    html = await long.page()
    assert mine[1][-1] not in html and "not yet" in html, "the page shows what was recorded"


async def test_kernels_that_were_started_ahead_are_nobodys_and_then_apart(site, monkeypatch):
    write_lesson(site, "import numpy as np",
                 "def say():\n    return [random.random(), np.random.rand(), uuid.uuid4().hex,\n"
                 "            os.getpid(), os.listdir('/run/s')]\n" + BUTTON)
    mai, long = await site.pupil("Mai"), await site.pupil("Long")
    kernels = site.room.pages.kernels
    monkeypatch.setattr(kernels.spares, "most", 2)
    html = await whole(mai)
    await until(lambda: len(kernels.spares) == 2, seconds=30)
    ahead = set(kernels.list_kernel_ids())
    assert len(ahead) == 2 and not kernels.owners
    for kernel in ahead:
        for path in (f"/c/page/kernels/{kernel}", f"/c/api/kernels/{kernel}"):
            assert (await mai.browser.get(path)).status_code == 404
        with pytest.raises(HTTPClientError):
            await socket(site, kernel, mai.browser.cookies["coteach_guest"])
    said, given = [], []
    for pupil in (mai, long):
        answer = (await pupil.browser.post(page_data(html)["kernel"])).json()
        assert answer["ahead"] is True
        given.append(answer["kernel"])
        said.append(json.loads((await answer_of(site, pupil, answer["kernel"], html))
                               .replace("'", '"')))
    assert set(given) == ahead and len(kernels.spares) == 0
    for mine, theirs in zip(said[0][:3], said[1][:3], strict=True):
        assert mine != theirs
    assert [row[3] for row in said] == [1, 1], "each is the first of her own processes"
    assert len(said[0][4]) == len(said[1][4]) == 1 and said[0][4] != said[1][4]


async def test_a_visitors_kernel_reaches_no_network_no_secret_and_nobody_else(site):
    root = str(site.settings.layout.root)
    port = site.settings.classroom_port
    write_lesson(site, f"import os, socket, json\nROOT, PORT = {root!r}, {port}",
                 "def say():\n"
                 "    found = []\n"
                 "    try:\n"
                 "        socket.create_connection(('127.0.0.1', PORT), 2); found.append('net')\n"
                 "    except OSError: pass\n"
                 "    if os.path.exists(ROOT): found.append('data')\n"
                 "    others = [p for p in os.listdir('/proc') if p.isdigit()\n"
                 "              and int(p) != os.getpid()]\n"
                 "    if others: found.append('processes ' + ' '.join(others))\n"
                 "    words = ('SECRET', 'TOKEN', 'KEY', 'PASS')\n"
                 "    found += [n for n in os.environ if any(w in n for w in words)]\n"
                 "    folders = os.listdir('/run/s')\n"
                 "    if len(folders) != 1: found.append(f'sockets {folders}')\n"
                 "    for place in ('/home/me', '/tmp'):\n"
                 "        for name in os.listdir(place):\n"
                 "            if name.startswith('mine-'): found.append(name)\n"
                 "        open(f'{place}/mine-{os.urandom(4).hex()}', 'w').write('x')\n"
                 "    return json.dumps(found)\n" + BUTTON)
    mai, long = await site.pupil("Mai"), await site.pupil("Long")
    assert json.loads(await answer_of(site, mai)) == []
    assert json.loads(await answer_of(site, long)) == [], "nothing of Mai's is there"


async def test_a_fork_bomb_in_one_kernel_leaves_the_others_alone(site):
    write_lesson(site, "import os, time, json\ncalm = True",
                 "def say():\n"
                 "    count = 0\n"
                 "    try:\n"
                 "        for _n in range(400):\n"
                 "            if os.fork() == 0:\n"
                 "                time.sleep(30); os._exit(0)\n"
                 "            count += 1\n"
                 "    except OSError: pass\n"
                 "    return count\n" + BUTTON)
    mai, long = await site.pupil("Mai"), await site.pupil("Long")
    assert int(await answer_of(site, mai)) < 100
    assert int(await answer_of(site, long)) > 5, "hers are counted apart"


async def test_a_kernel_that_dies_is_noticed_at_once_and_the_next_one_is_new(site):
    write_lesson(site, "import os\nsay = lambda: os.getpid()\n" + BUTTON)
    pupil = await site.pupil("Mai")
    html = await whole(pupil)
    kernel = await kernel_of(pupil, html)
    line = await socket(site, kernel, pupil.browser.cookies["coteach_guest"])
    import psutil
    psutil.Process(site.room.pages.kernels.owners[kernel].pid).kill()
    async with asyncio.timeout(4):
        while (await pupil.browser.get(f"/c/page/kernels/{kernel}")).status_code != 404:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        while await line.read_message() is not None:
            pass
    assert line.close_code == kernels_module.GONE
    assert await kernel_of(pupil, html) != kernel
    assert await answer_of(site, pupil, html=html) == "1", "process 1 of its own processes"


async def test_a_host_that_dies_is_started_again(site):
    write_lesson(site, "say = lambda: 'pressed'\n" + BUTTON)
    pupil = await site.pupil("Mai")
    html = await whole(pupil)
    kernel = await kernel_of(pupil, html)
    from coteach import sandbox
    before = site.room.pages.hosts.host(site.room.pages.page(page_data(html)["lesson"])).pid
    sandbox.end(before)
    async with asyncio.timeout(5):
        while (await pupil.browser.get(f"/c/page/kernels/{kernel}")).status_code != 404:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    assert await answer_of(site, pupil, html=html) == "pressed", "widgets have the same ids"
    after = site.room.pages.hosts.host(site.room.pages.page(page_data(html)["lesson"])).pid
    assert after and after != before


async def test_a_kernel_is_light(site):
    write_lesson(site, "import numpy, pandas, matplotlib.pyplot as plt\n"
                       "plt.plot([1, 2]); plt.show()", "say = lambda: 'pressed'\n" + BUTTON)
    pupil = await site.pupil("Mai")
    kernel = await kernel_of(pupil)
    import psutil
    process = psutil.Process(site.room.pages.kernels.owners[kernel].pid)
    own = sum(p.memory_full_info().uss for p in (process, process.parent())) >> 20
    assert own <= 30, f"{own} MB"
    assert sum(process.cpu_times()[:2]) + sum(process.parent().cpu_times()[:2]) <= 0.15


async def test_a_service_that_starts_again_shows_pages_without_executing_them(site):
    write_lesson(site, "print('once')")
    pupil = await site.pupil("Mai")
    digest = page_data(await whole(pupil))["lesson"]
    pages = service.ClassPages(site.settings, "/c/", lambda handler: None)
    try:
        page = site.room.pages.page(digest)
        assert pages.add(replace(page)) == digest
        made = await pages.rendered(digest, wait=0)
        assert made.ready and "once" in made.html and not pages.hosts.pids
    finally:
        await pages.close()


# Reports


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


async def test_a_frame_with_a_forged_count_ends_its_socket_and_nothing_else(site):
    write_lesson(site, "from ipywidgets import IntSlider; s = IntSlider(); s")
    pupil = await site.pupil("Mai")
    kernel = await kernel_of(pupil)
    line = await socket(site, kernel, pupil.browser.cookies["coteach_guest"])
    await line.write_message((0x10000000).to_bytes(4), binary=True)
    async with asyncio.timeout(5):
        while await line.read_message() is not None:
            pass
    assert line.close_code == 1007
    assert (await pupil.browser.get(f"/c/page/kernels/{kernel}")).status_code == 204
