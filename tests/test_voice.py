"""Recorded voice on a class page: in the pupil's language or the next one, and said which."""

from __future__ import annotations

import re

import pytest
from classroom_site import running
from voice_file import write_tone

from coteach.classroom.framing import voices
from coteach.classroom.lessons import LessonHere
from coteach.i18n import set_language
from coteach.store import classes


@pytest.fixture
async def site(settings):
    async with running(settings) as made:
        folder = made.settings.layout.lessons / "swing" / "assets" / "voice"
        write_tone(folder / "en" / "intro.opus")
        write_tone(folder / "vi" / "look.opus")
        write_tone(folder / "en" / "look.opus")
        yield made


def here(site, wanted: str) -> LessonHere:
    return LessonHere.find(site.settings, "swing", wanted)


def test_a_voice_in_another_language_is_named_and_one_in_hers_is_not(site):
    found = voices(here(site, "vi"), "/base/", "en")
    assert found["look"] == {"url": "/base/voice/vi/look.opus", "language": "vi", "note": ""}
    assert found["intro"] == {
        "url": "/base/voice/en/intro.opus", "language": "en",
        "note": "Spoken in English; there is no Vietnamese voice yet."}
    set_language("en")


def test_where_nobody_speaks_hers_the_class_language_comes_next(site):
    found = voices(here(site, "zh-Hant"), "/base/", "vi")
    assert (found["look"]["language"], found["intro"]["language"]) == ("vi", "en")


async def test_a_class_page_offers_the_voice_and_loads_nothing_before_it_is_asked(site):
    with site.database.session() as session:
        classes.get(session, site.ids["class-lan"]).language = "vi"
    pupil = await site.pupil("Mai")
    page = await pupil.page()
    players = re.findall(r"<audio[^>]*>", page)
    assert len(players) == 2 and all(
        "controls" in player and 'preload="none"' in player for player in players)
    assert f"/c/files/{site.ids['session']}/voice/vi/look.opus" in players[1]
    assert "tiếng anh" in page.lower()


async def test_a_voice_comes_in_parts_with_its_type_and_only_to_its_class(site):
    pupil = await site.pupil("Mai")
    address = f"/c/files/{site.ids['session']}/voice/en/intro.opus"
    whole = await pupil.browser.get(address)
    assert whole.headers["Content-Type"] == "audio/ogg; codecs=opus"
    assert whole.content.startswith(b"OggS") and whole.headers["Accept-Ranges"] == "bytes"
    part = await pupil.browser.get(address, headers={"Range": "bytes=4-9"})
    assert part.status_code == 206 and part.content == whole.content[4:10]
    assert part.headers["Content-Range"] == f"bytes 4-9/{len(whole.content)}"
    async with site.browser() as outsider:
        assert (await outsider.get(address)).status_code == 403
    for bad in ("../lesson.toml", "voice/../../lesson.ipynb", "voice/%2e%2e/%2e%2e/lesson.toml"):
        got = await pupil.browser.get(f"/c/files/{site.ids['session']}/{bad}")
        assert got.status_code in (403, 404), bad
