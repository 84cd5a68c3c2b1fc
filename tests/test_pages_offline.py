"""A lesson on a USB stick: it opens from a file, keeps answers, and its file is taken in."""

from __future__ import annotations

import json
import re

import pytest
from classroom_browser import chromium_running, no_sideways, shot
from kinds import write_lesson
from playwright.async_api import expect

from coteach.classroom.imports import parse
from coteach.classroom.offline import worker
from coteach.errors import UserError
from coteach.lessonpack import Lesson
from coteach.pages.offline import export

SLOW = 20_000
MAI = {"id": "11111111-2222-3333-4444-555555555555", "nickname": "Mai"}
WIDGET = "import ipywidgets\nipywidgets.IntSlider(description='How many')"


@pytest.fixture
async def written(settings, tmp_path):
    """The lesson with all kinds of questions, and one slider, as a folder."""
    import nbformat

    folder = write_lesson(tmp_path / "pack")
    notebook = nbformat.read(folder / "lesson.ipynb", as_version=4)
    notebook.cells.append(nbformat.v4.new_code_cell(WIDGET, id="slider"))
    notebook.cells[0].source += "\n\n![A picture of a swing](assets/swing.svg)"
    nbformat.write(notebook, folder / "lesson.ipynb")
    (folder / "assets").mkdir()
    (folder / "assets" / "swing.svg").write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>')
    target = tmp_path / "stick"
    pages = await export(Lesson.load(folder), ["en"], target, settings, [MAI])
    assert pages == [target / "index.html", target / "en" / "index.html"]
    with pytest.raises(UserError, match="not empty"):
        await export(Lesson.load(folder), ["en"], target, settings)
    return target


async def test_a_pupil_works_from_a_file_and_hands_her_answers_in_as_a_file(written):
    html = (written / "en" / "index.html").read_text(encoding="utf-8")
    assert not re.findall(r'(?:src|href)="(?:https?:|/|//)', html), "everything is relative"
    assert 'type="module"' not in html
    async with chromium_running() as chromium:
        context = await chromium.new_context(viewport={"width": 360, "height": 740})
        context.set_default_timeout(SLOW)
        page = await context.new_page()
        problems: list[str] = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("requestfailed", lambda request: problems.append(request.url))
        await page.goto((written / "index.html").as_uri())
        await page.get_by_role("link", name="All kinds").click()
        number = page.locator("[data-question=number]")
        await expect(number.get_by_role("textbox")).to_be_disabled()
        await shot(page, "usb-before-360")
        await number.get_by_role("button", name="Say first who you are").click()
        await expect(page.get_by_label("Which name card is yours?")).to_be_focused()
        await page.get_by_role("button", name="Begin").click()
        await expect(page.get_by_role("alert").first).to_contain_text("Say first who you are")
        await page.get_by_label("Which name card is yours?").select_option("Mai")
        await page.get_by_role("button", name="Begin").click()
        await number.get_by_role("textbox").fill("2,5")
        await number.get_by_role("button", name="Save").click()
        await expect(number.get_by_role("status")).to_contain_text("Saved on this device.")
        await page.locator("[data-question=photo] input").set_input_files(
            "src/coteach/classroom/static/icon-192.png")
        await expect(page.get_by_alt_text("Your photo")).to_be_visible()
        slider = page.locator("#cell-slider")
        await expect(slider).to_contain_text("on the class page only")
        await expect(slider.locator("input")).to_be_disabled()
        await expect(page.locator(".ct-first")).to_have_count(0)
        await page.evaluate("scrollTo(0, document.body.scrollHeight)")
        await expect(page.get_by_role("button", name="Save my answers").first).to_be_in_viewport()
        await no_sideways(page)
        await shot(page, "usb-360")

        other = await context.new_page()
        await other.goto(page.url)
        await expect(other.locator("[data-question=number]").get_by_role(
            "textbox")).to_have_value("2.5")
        async with other.expect_download() as coming:
            await other.get_by_role("button", name="Save my answers", exact=True).click()
        download = await coming.value
        await expect(other.locator(".ct-me .ct-saved")).to_contain_text("Give this file to your")
        assert download.suggested_filename == "kinds-Mai.json"
        file = parse((await download.path()).read_bytes())
        assert (file.card, file.nickname, file.lesson) == (MAI["id"], "Mai", "kinds")
        assert file.events[0]["value"]["answer"] == {"number": 2.5}
        [photo] = file.media.values()
        assert photo.startswith(b"\xff\xd8") and len(photo) <= 60_000

        # The next pupil on this device begins with nothing of hers.
        await other.get_by_role("button", name="Not you?").click()
        await expect(other.get_by_role("button", name="Begin")).to_be_visible()
        await expect(other.locator("[data-question=number]").get_by_role(
            "textbox")).to_have_value("")
        assert problems == []


async def test_a_lesson_on_a_stick_can_be_read_without_a_script(written):
    async with chromium_running() as chromium:
        context = await chromium.new_context(java_script_enabled=False)
        page = await context.new_page()
        await page.goto((written / "en" / "index.html").as_uri())
        assert "Answering needs JavaScript." in await page.content()
        await expect(page.get_by_label("The long one")).to_be_visible()
        await expect(page.locator("img").first).to_be_visible()


def test_the_service_worker_speaks_every_language_and_changes_with_its_content():
    text = worker()
    version = re.match(r'const VERSION = "([0-9a-f]{12})"', text)
    assert version
    words = json.loads(text.split("const WORDS = ", 1)[1].split(";\n", 1)[0])
    assert set(words) == {"en", "zh-Hant", "vi"}
    assert words["vi"]["again"] != words["en"]["again"]
