"""Answers from files, photos, drawings and switches: checked, stored once, shown to one teacher."""

from __future__ import annotations

import base64
import csv
import io
import json
import uuid
from datetime import date, timedelta

import pytest
from classroom_site import running
from kinds import open_kinds

from coteach.classroom import imports, media
from coteach.classroom.drawings import svg
from coteach.classroom.shapes import value_of
from coteach.errors import UserError

JPEG = base64.b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAMCAgICAgMCAgIDAwMDBAYEBAQEBAgGBgUGCQgKCgkICQkKDA8MCgsOCwkJ"
    "DRENDg8QEBEQCgwSExIQEw8QEBD/yQALCAABAAEBAREA/8wABgAQEAX/2gAIAQEAAD8A0s8g/9k=")
EXIF = JPEG[:2] + b"\xff\xe1\x00\x10Exif\x00\x00GPS-here" + JPEG[2:]


@pytest.fixture
async def site(settings):
    async with running(settings) as made:
        open_kinds(made.settings, made.ids)
        yield made


def event(kind: str, answer: dict, *, cell: str = "", key: str = "", seq: int = 1) -> dict:
    return {"id": str(uuid.uuid4()), "cell": cell or f"q-{kind}", "verb": "answered",
            "value": {"kind": kind, "key": key, "answer": answer},
            "client_time": None, "client_seq": seq}


def file_of(*events: dict, nickname: str = "Mai", card: str = "", **more) -> str:
    return json.dumps({"format": "coteach-answers", "version": 1, "lesson": "kinds",
                       "lesson_version": "1", "language": "en", "events": list(events),
                       "pupil": {"card": card, "nickname": nickname}, "media": {}, **more})


async def choose(site, *texts: str, teacher: str = "lan"):
    """Choose files; return the page that asks whose they are."""
    async with site.teacher(teacher) as browser:
        return await browser.post(f"/c/teach/{site.ids['session']}/import", files=[
            ("files", (f"{place}.json", text, "application/json"))
            for place, text in enumerate(texts)])


async def confirm(site, *said: tuple[str, str, str]):
    """Say of files whose they are and which answers count: text, card, which."""
    async with site.teacher() as browser:
        return await browser.post(f"/c/teach/{site.ids['session']}/import", files=[
            (field, (None, part)) for place, (text, card, which) in enumerate(said)
            for field, part in (("name", f"{place}.json"), ("text", text), ("card", card),
                                ("count", which))])


async def hand_in(site, *texts: str, which: str = ""):
    """Take files in for the cards that they name."""
    return await confirm(site, *((text, json.loads(text)["pupil"]["card"], which)
                                 for text in texts))


async def allow(site, thing: str, on: bool = True, teacher: str = "lan"):
    async with site.teacher(teacher) as browser:
        return await browser.post(f"/c/teach/{site.ids['session']}/allow",
                                  data={"thing": thing, "on": "1" if on else ""})


async def test_a_file_comes_in_once_for_the_card_it_names(site):
    text = file_of(event("number", {"number": 3.5}), event("understood", {"understood": False}),
                   card=site.ids["Mai"])
    asked = await choose(site, text)
    assert f'value="{site.ids["Mai"]}" selected' in asked.text and site.answers() == []
    assert "2 new answers" in (await hand_in(site, text)).text
    again = await hand_in(site, text)
    assert "0 new answers" in again.text and "2 answers had come before" in again.text
    assert [row.actor for row in site.answers()] == [site.ids["actor-Mai"]] * 2


async def test_what_a_pupil_answered_in_the_class_stays_unless_the_teacher_says_otherwise(site):
    pupil = await site.pupil("Mai")
    await pupil.send(event("number", {"number": 1}))
    text = file_of(event("number", {"number": 2}), event("text", {"text": "From home."}),
                   card=site.ids["Mai"])

    async def numbers():
        return [e["value"]["answer"]["number"] for e in (await pupil.mine()).json()["events"]
                if e["value"]["kind"] == "number"]
    page = await hand_in(site, text)
    assert "1 new answer." in page.text and "Mai answered these questions in the class" in page.text
    assert "</span> 1 s</dd>" in page.text and "</span> 2 s</dd>" in page.text
    assert page.text.index('value="keep"') < page.text.index('value="file"')
    kept = await hand_in(site, text, which="keep")
    assert "1 answer given in the class stays." in kept.text
    assert "Which answers count?" not in kept.text and await numbers() == [1]
    taken = await hand_in(site, text, which="file")
    assert "had another answer before" in taken.text and "<strong>2 s</strong>" in taken.text
    assert await numbers() == [2] and len(site.answers()) == 3


async def test_of_many_answers_to_a_question_in_a_file_the_last_one_comes_in(site):
    text = file_of(*(event("number", {"number": n}, seq=n) for n in range(2000)),
                   card=site.ids["Mai"])
    assert "1 new answer." in (await hand_in(site, text)).text
    assert [row.value["answer"]["number"] for row in site.answers()] == [1999]
    pupil = await site.pupil("Mai")
    assert (await pupil.send(event("text", {"text": "Mine."}))).status_code == 200


async def test_an_equal_answer_from_a_file_changes_nothing(site):
    pupil = await site.pupil("Mai")
    await pupil.send(event("number", {"number": 1}))
    page = await hand_in(site, file_of(event("number", {"number": 1}), card=site.ids["Mai"]))
    assert "1 answer had come before" in page.text and len(site.answers()) == 1


async def test_more_files_than_a_form_may_hold_get_a_sentence(site):
    answer = await choose(site, *("{}" for _n in range(300)))
    assert answer.status_code == 413 and "Only 60 files are taken in at once." in answer.text
    assert "Only 60 files are taken in at once." in (
        await choose(site, *("{}" for _n in range(120)))).text


async def test_whose_file_it_is_is_asked_when_no_card_says_it(site):
    text = file_of(event("text", {"text": "<b>why</b>"}), nickname="</textarea><b>x")
    page = await choose(site, text)
    assert "Whose answers are these?" in page.text and "<b>" not in page.text
    assert site.answers() == []
    async with site.teacher() as browser:
        done = await browser.post(f"/c/teach/{site.ids['session']}/import", data={
            "name": "0.json", "text": text, "card": site.ids["Long"]}, files={"none": b""})
    assert "1 new answer" in done.text
    assert site.answers()[0].actor == site.ids["actor-Long"]


@pytest.mark.parametrize(("text", "words"), [
    ("{", "This is no file of answers: it is damaged or another kind of file."), ("[]", "it was not saved by a lesson"),
    ("[" * 100_000, "This is no file of answers: it is damaged or another kind of file."),
    (file_of(event("number", {"number": 1}), version=2), "a newer coteach has written it"),
    (file_of(), "it holds no answers"), (file_of(event("number", {"number": "1"})), "number"),
    (file_of(event("number", {"number": 1}, cell="../x")), "cell"),
    (file_of(event("number", {"number": 1}, cell="q-text")), "does not ask that question"),
    (file_of(event("number", {"number": 1}), lesson="tides"), "of another lesson"),
    (file_of(event("number", {"number": 1}), media={"x": "?"}), "media")])
async def test_a_file_that_is_none_gets_a_sentence_and_changes_nothing(site, text, words):
    assert words in (await confirm(site, (text, site.ids["Mai"], ""))).text
    assert site.answers() == []


async def test_only_the_classs_teacher_takes_files_in_and_switches(site):
    text = file_of(event("number", {"number": 1}), card=site.ids["Mai"])
    assert (await choose(site, text, teacher="otto")).status_code in (403, 404)
    assert (await allow(site, "photos", teacher="otto")).status_code in (403, 404)
    assert (await allow(site, "everything")).status_code == 400
    assert site.answers() == []


async def test_a_photo_is_taken_only_when_switched_on_and_without_its_place(site):
    pupil = await site.pupil("Mai")
    name = str(uuid.uuid4())

    async def post(data: bytes):
        return await pupil.browser.post("/c/api/media", content=data, params={
            "pupil": pupil.guest.pupil, "id": name})
    refusal = await post(EXIF)
    assert refusal.json()["error"]["message"] == "Your teacher has not switched on photos."
    assert (await pupil.send(event("photo", {"media": name}))).status_code == 400
    await allow(site, "photos")
    assert (await pupil.mine()).json()["told"]["photos"] is True
    assert (await post(b"GIF89a")).status_code == 400
    assert (await post(b"\xff\xd8" + b"x" * 90_000)).status_code == 413
    assert (await post(EXIF)).status_code == 200 and (await post(EXIF)).status_code == 200
    assert (await pupil.send(event("photo", {"media": name}))).status_code == 200
    shown = await pupil.browser.get("/c/api/media", params={
        "pupil": pupil.guest.pupil, "id": name})
    assert shown.content == JPEG and b"GPS" not in shown.content
    other = await site.pupil("Long")
    assert (await other.browser.get("/c/api/media", params={
        "pupil": other.guest.pupil, "id": name})).status_code == 404
    address = f"/c/teach/{site.ids['session']}/photos/{site.ids['Mai']}/{name}"
    for teacher, status in (("lan", {200}), ("otto", {403, 404})):
        async with site.teacher(teacher) as browser:
            assert (await browser.get(address)).status_code in status
            if teacher == "otto":
                assert (await browser.post(f"{address}/delete")).status_code in status
    # A newer photo takes the place of the older one, and deleting leaves nothing.
    second, name = name, str(uuid.uuid4())
    await post(JPEG)
    await pupil.send(event("photo", {"media": name}, seq=2))
    assert not list(media.folder(site.settings.layout).glob(f"*/*/{second}*"))
    async with site.teacher() as browser:
        fresh = address.replace(second, name)
        assert (await browser.post(f"{fresh}/delete")).status_code == 204
        assert (await browser.get(fresh)).status_code == 404


async def test_a_photo_in_a_file_comes_in_only_when_photos_are_on(site):
    name = str(uuid.uuid4())
    text = file_of(event("photo", {"media": name}), card=site.ids["Mai"],
                   media={name: base64.b64encode(EXIF).decode()})
    assert "A photo was left out" in (await hand_in(site, text)).text
    assert site.answers() == []
    await allow(site, "photos")
    assert "1 new answer" in (await hand_in(site, text)).text
    assert media.read(site.settings.layout, site.ids["session"], site.ids["actor-Mai"],
                      name) == JPEG


@pytest.mark.parametrize("data", [
    JPEG[:20] + JPEG[JPEG.index(b"\xff\xda"):],
    JPEG.replace(b"\xff\xc9\x00\x0b\x08\x00\x01\x00\x01", b"\xff\xc9\x00\x0b\x08\xff\xff\xff\xff"),
    JPEG.replace(b"\xff\xc9\x00\x0b\x08\x00\x01\x00\x01", b"\xff\xc9\x00\x0b\x08\x00\x00\x00\x01"),
], ids=["no frame", "65535 wide", "no height"])
def test_a_photo_without_a_size_or_with_a_huge_one_is_refused(data):
    assert media.plain_jpeg(JPEG) == JPEG != data
    with pytest.raises(UserError, match="no photo that can be taken"):
        media.plain_jpeg(data)


async def test_files_beyond_those_taken_in_at_once_are_named(site, monkeypatch):
    monkeypatch.setattr(imports, "MOST_FILES", 2)
    answer = await hand_in(site, *(file_of(
        event("number", {"number": n}), card=site.ids["Mai"]) for n in range(3)))
    assert answer.text.count("1 new answer") == 2 and len(site.answers()) == 2
    assert "had another answer before" in answer.text, "the later of two files counts"
    assert "Only 2 files are taken in at once." in answer.text and "2.json" in answer.text


def test_photos_whose_day_is_over_are_deleted_and_no_others(settings):
    layout, today = settings.layout, date(2026, 5, 4)
    ids = [str(uuid.uuid4()) for _n in range(3)]
    media.keep(layout, ids[0], ids[1], ids[2], JPEG, today)
    assert media.deletes_on(layout, ids[0], ids[1], ids[2]) == "2026-06-03"
    assert media.sweep(layout, today + timedelta(days=media.DAYS)) == 0
    assert media.sweep(layout, today + timedelta(days=media.DAYS + 1)) == 1
    assert list(media.folder(layout).iterdir()) == []


@pytest.mark.parametrize("strokes", [
    [[0, 1]], [[9, 1, 1]], [[0, -1, 5]], [[0, 1001, 5]], [[0, 1, 601]], [[0, 1.5, 2]],
    [[0, True, 2]], "x", [["</svg>", 1, 2]], [[0, *([1, 2] * 10_000)]]])
def test_a_drawing_is_whole_numbers_on_its_grid_or_none(strokes):
    with pytest.raises(UserError):
        value_of({"kind": "draw", "key": "", "answer": {"strokes": strokes}})


def test_a_drawing_becomes_a_picture_of_numbers_alone():
    picture = svg([[1, 5, 6, 7, 8], [0, 9, 9]], {"x": [0, 4, "<b>"], "y": [0, 2, "m"]})
    assert 'd="M5 6L7 8"' in picture and "&lt;b&gt;" in picture and "<b>" not in picture
    assert svg([], {"x": ["a", 1, 2]}).count("<text") == 0, "axes that are none are left out"


async def test_a_poll_is_told_to_those_who_answered_when_the_teacher_shows_it(site):
    mai, long = await site.pupil("Mai"), await site.pupil("Long")
    poll = {"cell": "q-poll", "key": "when"}
    assert (await mai.send(event("poll", {"choice": 1}, **poll))).json()["told"]["polls"] == {}
    await allow(site, "poll:q-poll#when")
    assert (await mai.mine()).json()["told"]["polls"] == {"q-poll#when": [0, 1]}
    assert (await long.mine()).json()["told"]["polls"] == {}
    told = (await long.send(event("poll", {"choice": 0}, **poll))).json()["told"]
    assert told["polls"] == {"q-poll#when": [1, 1]}
    await allow(site, "poll:q-poll#when", on=False)
    assert (await mai.mine()).json()["told"]["polls"] == {}


async def test_every_kind_is_counted_and_written_into_the_table(site):
    pupil = await site.pupil("Mai")
    await pupil.send(
        event("choice", {"choice": 1, "text": "x"}, key="slow"),
        event("multiple", {"choices": [2, 0, 2]}), event("understood", {"understood": False}),
        event("draw", {"strokes": [[0, 1, 2, 3, 4]], "words": "to and fro"}),
        event("exit", {"feeling": 2, "words": "=1+1"}))
    async with site.teacher() as browser:
        watch = await browser.get(f"/c/teach/{site.ids['session']}")
        table = await browser.get(f"/c/teach/{site.ids['session']}/answers.csv")
    start = watch.text.index('id="state">') + len('id="state">')
    state = json.loads(watch.text[start:watch.text.index("</script>", start)])
    shown = {q["kind"]: q for q in state["questions"]}
    assert [bar["count"] for bar in shown["multiple"]["bars"]] == [1, 0, 1]
    assert [bar["count"] for bar in shown["understood"]["bars"]] == [1, 0]
    assert shown["draw"]["lines"][0]["drawing"].startswith("<svg")
    said = [row[2] for row in csv.reader(io.StringIO(table.content.decode("utf-8-sig")))]
    assert "A bell; A lamp" in said and "(a drawing) to and fro" in said
    assert "I did not understand." in said


@pytest.mark.parametrize("kind, empty", [
    ("text", {"empty": True}), ("number", {"empty": True, "number": 3}), ("draw", {"strokes": []}),
    ("exit", {"words": ""})])
async def test_an_answer_that_was_emptied_counts_nowhere_and_stays_in_the_record(site, kind, empty):
    full = {"text": {"text": "Long."}, "number": {"number": 3}, "exit": {"words": "Why?"},
            "draw": {"strokes": [[0, 1, 2, 3, 4]]}}[kind]
    pupil = await site.pupil("Mai")
    for seq, answer in enumerate((full, empty), 1):
        sent = await pupil.send({**event(kind, answer), "client_seq": seq})
        assert sent.status_code == 200, sent.text
    async with site.teacher() as browser:
        watch = await browser.get(f"/c/teach/{site.ids['session']}")
        table = await browser.get(f"/c/teach/{site.ids['session']}/answers.csv")
    start = watch.text.index('id="state">') + len('id="state">')
    state = json.loads(watch.text[start:watch.text.index("</script>", start)])
    [shown] = [q for q in state["questions"] if q["kind"] == kind]
    assert shown["count"] == 0 and not shown["lines"] and not any(
        bar["count"] for bar in shown["bars"])
    assert len(table.text.strip().splitlines()) == 1
    assert len(site.answers()) == 2 and "number" not in site.answers()[-1].value["answer"]


async def test_an_option_that_is_not_there_is_refused(site):
    pupil = await site.pupil("Mai")
    for wrong in (event("multiple", {"choices": [3]}), event("multiple", {"choices": [-1]}),
                  event("poll", {"choice": 2}, key="when"), event("exit", {"feeling": 3})):
        assert (await pupil.send(wrong)).status_code == 400
    assert site.answers() == []
