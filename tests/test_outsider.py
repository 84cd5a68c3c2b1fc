"""Somebody without account or pass, of another class, or another teacher: nothing leaks to any of them."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import uuid
from contextlib import asynccontextmanager

import pytest
from classroom_site import answer, page_data, running

from coteach.pages import serving
from coteach.store import classes
from coteach.store.schema import Person

WORDS = "Because of gravity, says my uncle"


@pytest.fixture
async def site(settings):
    async with running(settings) as made:
        assets = made.settings.layout.lessons / "swing" / "assets" / "voice" / "en"
        assets.mkdir(parents=True)
        (assets / "intro.opus").write_bytes(b"OggS voice")
        yield made


@asynccontextmanager
async def closed_after(browser):
    """Close a browser that was used before."""
    try:
        yield browser
    finally:
        await browser.aclose()


async def at_work(site) -> tuple[object, str]:
    """A pupil with an answer and a kernel; returns her and the kernel's id."""
    mai = await site.pupil("Mai")
    data = page_data(await mai.page())
    await mai.send(answer(1), answer(seq=2, cell="q-text") | {"value": {
        "kind": "text", "key": "why", "answer": {"text": WORDS}}})
    for _try in range(60):
        got = await mai.browser.post(data["kernel"])
        if got.status_code == 200:
            return mai, got.json()["kernel"]
        assert got.status_code == 202, got.text
    raise AssertionError("no kernel came")


def addresses(site, mai, kernel: str) -> list[tuple[str, str]]:
    """What somebody may have read over a shoulder: everything but the class code itself."""
    ids, digest = site.ids, site.room.states.digest("swing", "en")
    teach, own, card = (f"/c/teach/{ids['session']}", f"/c/teach/class/{ids['class-lan']}",
                        f"/c/teach/class/{ids['class-lan']}/card/{ids['Mai']}")
    photo = f"{teach}/photos/{ids['Mai']}/{uuid.uuid4()}"
    got = [
        f"/c/api/answers?pupil={mai.guest.pupil}", "/c/api/answers", "/c/api/state",
        f"/c/files/{ids['session']}/voice/en/intro.opus", f"/c/files/{ids['session']}/",
        f"/c/files/{ids['session']}/../lesson.toml",
        f"/c/files/{ids['session']}/..%2flesson.ipynb",
        f"/c/files/{ids['session']}/voice/../../../../../store.sqlite",
        "/c/static/room/../../../../settings.py", "/c/static/..%2f..%2fbase.py",
        "/c/page/static/../../service.py", "/c/page/static/..%2f..%2fservice.py",
        f"/c/page/kernels/{kernel}", f"/c/api/kernels/{kernel}/channels", f"/c/api/kernels/{kernel}",
        "/c/api/kernels", "/c/api/sessions", "/c/api/contents", "/c/api/terminals",
        f"/c/page/lessons/{digest}/states", f"/c/page/lessons/{digest}/cells",
        f"/c/page/lessons/{digest}/files/x.png",
        "/c/teach/", teach, f"{teach}/board", f"{teach}/close", f"{teach}/events",
        f"{teach}/answers.csv", f"{teach}/question?id=q-choice%23slower", f"{teach}/import",
        photo, own, card]
    sent = [
        "/c/api/answers", "/c/api/media", f"/c/page/lessons/{digest}/kernel",
        f"/c/page/kernels/{kernel}/close", "/c/teach/open", f"{teach}/close", f"{teach}/control",
        f"{teach}/allow", f"{teach}/import", f"{photo}/delete", own, f"{own}/secrets", card]
    return [*(("GET", address) for address in got), *(("POST", address) for address in sent)]


async def test_no_listed_address_tells_an_outsider_anything(site):
    mai, kernel = await at_work(site)
    with site.database.session() as session:
        other = classes.get(session, site.ids["class-otto"])
        eve = classes.add_card(session, other, nickname="Eve", picture="owl")
        row = classes.open_session(session, other, lesson="swing", version="1", minutes=60,
                                   person=session.get(Person, site.ids["otto"]))
    stranger, pupil, teacher = site.browser(), site.browser(), site.teacher("otto")
    assert (await pupil.post(f"/c/{row.code}/enter", data={"card": eve.id},
                             follow_redirects=False)).status_code == 303
    listed = addresses(site, mai, kernel)
    assert len(listed) >= 30
    secret = [WORDS, site.ids["actor-Mai"], site.ids["actor-Long"], site.ids["code"], mai.guest.nonce,
              "Mai", "Hoa", "OggS voice", "import ", "SQLite"]
    for who in (stranger, pupil, teacher):
        async with closed_after(who) as browser:
            for method, address in listed:
                got = await browser.request(method, address, follow_redirects=False, data=(
                    {"do": "pause", "secrets": "off"} if method == "POST" else None))
                # Of her own class a pupil gets her own; of a lesson that is open here anybody in
                # a class may read what it shows, which is no person's.
                open_to_pupils = who is pupil and (
                    address in ("/c/api/state", "/c/api/answers") or "/page/lessons/" in address)
                own = who is teacher and address in ("/c/teach/",)
                if not (open_to_pupils or own):
                    assert got.status_code in (303, 400, 401, 403, 404, 405, 409, 410), (
                        method, address, got.status_code)
                    if got.status_code == 303:
                        assert got.headers["Location"].startswith("/login?next="), address
                told = got.text.replace("important ", "")
                assert not [word for word in secret if word in told], (method, address)
    assert (await mai.mine()).status_code == 200
    assert (await mai.browser.get("/c/api/state")).json()["paused"] is False
    assert (await mai.browser.get(f"/c/page/kernels/{kernel}")).status_code == 204


async def test_a_second_pupil_of_the_class_reaches_no_address_of_the_first(site):
    mai, kernel = await at_work(site)
    long = await site.pupil("Long")
    for address in (f"/c/api/answers?pupil={mai.guest.pupil}", f"/c/page/kernels/{kernel}",
                    f"/c/api/kernels/{kernel}/channels"):
        got = await long.browser.get(address)
        assert got.status_code in (403, 404), (address, got.status_code)
        assert WORDS not in got.text
    closed = await long.browser.post(f"/c/page/kernels/{kernel}/close")
    assert closed.status_code in (403, 404)
    assert (await mai.browser.get(f"/c/page/kernels/{kernel}")).status_code == 204


async def test_codes_guessed_five_a_second_find_nothing_and_are_stopped(site):
    codes = [a + b + "QQQ" for a in classes.ALPHABET[:6] for b in classes.ALPHABET[:6]]
    async with site.browser() as browser:
        answers = [(await browser.get(f"/c/{code}")).status_code for code in codes]
        assert answers[:20] == [404] * 20 and set(answers[20:]) == {429}
        assert (await browser.get(f"/c/{site.ids['code']}")).status_code == 429
        refused = await browser.post(f"/c/{site.ids['code']}/enter", data={"card": site.ids["Mai"]},
                                     follow_redirects=False)
        assert refused.status_code == 429 and "coteach_guest" not in browser.cookies


@pytest.mark.parametrize("nickname", [
    "<script>x</script>", "\"><img src=x>", "</script><b>", "{{ 7*7 }}", "';--"])
async def test_what_somebody_calls_herself_is_text_on_every_page(site, nickname):
    async with site.teacher() as teacher:
        address = f"/c/teach/class/{site.ids['class-lan']}"
        assert (await teacher.post(address, data={
            "nickname": nickname, "picture": "owl"})).status_code == 200
        with site.database.reading() as session:
            card = next(c for c in classes.cards(session, site.ids["class-lan"])
                        if c.nickname == nickname)
        pages = [(await teacher.get(path)).text for path in (
            address, f"{address}/card/{card.id}", f"/c/teach/{site.ids['session']}")]
        site.ids["Odd"] = card.id
        odd = await site.pupil("Odd")
        pages += [await odd.page(), (await odd.browser.post("/c/leave")).text]
        await teacher.post(f"{address}/secrets", data={"secrets": "on"})
        pages.append((await odd.browser.post(f"/c/{site.ids['code']}/enter",
                                             data={"card": card.id})).text)
    for text in pages:
        assert "<script>x" not in text and "<img src=x" not in text and "</script><b>" not in text
        assert "49" not in text.partition("me-name")[2][:40]
    watch = json.loads(pages[2].partition('id="state">')[2].partition("</script>")[0])
    assert nickname in [card["name"] for card in watch["cards"]]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", "\r="])
async def test_a_formula_in_a_nickname_or_an_answer_is_text_in_the_table(site, start):
    formula = f'{start}HYPERLINK("http://x","y")'
    with site.database.session() as session:
        card = classes.add_card(session, classes.get(session, site.ids["class-lan"]),
                                nickname=f"{start.strip()}1+2", picture="owl")
    site.ids["Odd"] = card.id
    odd = await site.pupil("Odd")
    assert (await odd.send(answer(cell="q-text") | {"value": {
        "kind": "text", "key": "why", "answer": {"text": formula}}})).status_code == 200
    async with site.teacher() as teacher:
        table = (await teacher.get(f"/c/teach/{site.ids['session']}/answers.csv")).content
    for row in csv.reader(io.StringIO(table.decode("utf-8-sig"))):
        assert not [field for field in row if field[:1] in ("=", "+", "-", "@", "\t", "\r")]


async def test_nobody_fills_the_memory_with_bodies_that_she_begins_to_send(site, monkeypatch):
    at = site.settings.classroom_port

    async def begun(path: str, size: int) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", at)
        writer.write(f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{at}\r\n"
                     f"Content-Length: {size}\r\n\r\n".encode())
        writer.write(b"x" * 1000)
        async with asyncio.timeout(20):
            said = await reader.read()
        writer.close()
        return said
    long = await begun("/c/page/lessons/deadbeefdeadbeef/trouble", 15_999_999)
    assert long.startswith(b"HTTP/1.1 400"), "hung up on before the body came"
    assert (await begun("/c/api/answers", 16_000_001)).startswith(b"HTTP/1.1 400")
    monkeypatch.setattr(serving, "LONG_SECONDS", 0.2)
    assert await begun("/c/api/answers", 200_000) == b"", "who stops in the middle is hung up on"
