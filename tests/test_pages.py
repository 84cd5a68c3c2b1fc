"""Class pages: text first and whole, whatever its lesson does."""

from __future__ import annotations

import asyncio
import re

import pytest
from classroom_site import page_data
from lesson_visits import (
    BUTTON,
    answer_of,
    outputs,
    until,
    whole,
    write_lesson,
)

from coteach.pages import service

pytestmark = pytest.mark.asyncio(loop_scope="module")


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
