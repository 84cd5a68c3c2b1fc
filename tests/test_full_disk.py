"""A full disk: one sentence wherever somebody meets it, and nothing that was saved is lost."""

from __future__ import annotations

import errno
import os
import subprocess
from pathlib import Path

import httpx
import pytest
from classroom_site import answer, running
from portal_site import Alliance
from sqlalchemy import event, text

from coteach import settings as settings_module
from coteach.errors import StorageFull
from coteach.hub import session as session_module
from coteach.hub.session import SESSION_COOKIE
from coteach.hub.spawner import CoteachSpawner, LabFailed
from coteach.store import Database
from coteach.store.full import explain_to_hub, storage_full
from coteach.store.schema import School

SENTENCE = "The server's disk is full. Nothing that was saved before is lost."


def fill(database: Database) -> None:
    """Let SQLite's file grow no further, and take what is free in it."""
    def no_more(connection, _record) -> None:
        connection.execute("PRAGMA max_page_count=1")  # SQLite keeps it at what the file has

    event.listen(database.engine, "connect", no_more)
    database.engine.dispose()
    size = 200_000
    while size > 50:
        try:
            with database.session() as session:
                session.add(School(name="x" * size, language="en", country="VN",
                                   time_zone="UTC"))
        except StorageFull:
            size //= 2


def schools(database: Database) -> int:
    with database.reading() as session:
        return session.query(School).count()


@pytest.fixture
def tiny(tmp_path):
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    place = tmp_path / "tiny"
    place.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(place)]).returncode:
        pytest.skip("nothing can be mounted here")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_disk_that_is_really_full_is_said_and_keeps_what_was_saved(tiny: Path):
    database = Database(f"sqlite:///{tiny / 'store.sqlite'}")
    database.migrate()
    with database.session() as session:
        session.add(School(name="first", language="en", country="VN", time_zone="UTC"))
    with pytest.raises(OSError), (tiny / "ballast").open("wb", buffering=0) as file:
        while True:
            file.write(b"\0" * 4096)
    with pytest.raises(StorageFull, match="disk is full"), database.session() as session:
        session.add(School(name="x" * 500_000, language="en", country="VN", time_zone="UTC"))
    database.close()
    again = Database(f"sqlite:///{tiny / 'store.sqlite'}")
    with pytest.raises(StorageFull), again.session() as session:
        session.add(School(name="x" * 500_000, language="en", country="VN", time_zone="UTC"))
    (tiny / "ballast").unlink()
    assert schools(again) == 1
    again.close()


def test_every_way_a_disk_says_that_it_is_full_is_understood(database):
    for number in (errno.ENOSPC, errno.EDQUOT):
        try:
            try:
                raise OSError(number, os.strerror(number))
            except OSError as first:
                raise RuntimeError("wrapped") from first
        except RuntimeError as error:
            assert storage_full(error).status == 507
    assert storage_full(OSError(errno.EACCES, "no")) is storage_full(ValueError()) is None
    with pytest.raises(StorageFull), database.session():
        raise OSError(errno.ENOSPC, "full")
    if database.engine.dialect.name == "postgresql":
        with pytest.raises(StorageFull) as caught, database.session() as session:
            session.execute(text("DO $$ BEGIN RAISE 'no room' USING ERRCODE = '53100'; END $$"))
    else:
        with pytest.raises(StorageFull) as caught:
            fill(database)
            with database.session() as session:
                session.add(School(name="x" * 50_000, language="en", country="VN",
                                   time_zone="UTC"))
    assert str(caught.value).startswith(SENTENCE)


async def test_the_portal_says_so_on_its_pages_and_in_its_api(tiny: Path):
    settings = settings_module.load(tiny / "data", environ={})
    settings.layout.create()
    database = Database(settings.store_url)
    database.migrate()
    alliance = Alliance(settings, database)
    cookies = {SESSION_COOKIE: alliance.cookie("amina")}
    database.engine.dispose()
    with database.reading():  # keeps the log of the database open, as another service would
        with pytest.raises(OSError), (tiny / "ballast").open("wb", buffering=0) as file:
            while True:
                file.write(b"\0" * 4096)
        async with httpx.AsyncClient(
                transport=httpx.ASGITransport(alliance.app), base_url="http://test",
                cookies=cookies, headers={"sec-fetch-site": "same-origin"}) as http:
            form = {"display_name": "Amina the First", "language": "en", "time_zone": "UTC"}
            page = await http.post("/me", data=form)
            again = await http.get("/?lang=vi")
            # The Hub can't note who asks now, and says 403 to tokens that are good.
            token, alliance.hub.tokens = alliance.hub.tokens, {}
            sessions = alliance.app.state.parts.sessions
            for known in sessions._known.values():
                known.asked -= session_module.FRESH + 1
            still = await http.get("/")
            sessions._known.clear()
            stranger = await http.get("/?lang=en")
            alliance.hub.tokens = token
            (tiny / "ballast").unlink()
            later = await http.post("/me", data=form)
    assert page.status_code == 507
    assert "disk is full. Nothing that was saved before is lost." in page.text
    assert "Tell your trainer; try again later." in page.text
    assert again.status_code == 200, "a page that only reads still comes"
    assert still.status_code == 200 and "Amina" in still.text
    assert stranger.status_code == 507 and "disk is full. Nothing that was" in stranger.text
    assert later.status_code in (200, 303)
    database.close()


async def test_a_fault_of_the_disk_outside_of_the_store_is_said_too(settings):
    database = Database(settings.store_url)
    database.migrate()
    alliance = Alliance(settings, database)

    @alliance.app.get("/api/v1/full")
    def full() -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    async with httpx.AsyncClient(transport=httpx.ASGITransport(alliance.app),
                                 base_url="http://test") as http:
        said = await http.get("/api/v1/full")
    assert said.status_code == 507
    assert said.json()["error"]["message"] == SENTENCE
    database.close()


async def test_a_pupils_answer_is_not_acknowledged_and_comes_through_later(settings):
    async with running(settings) as site:
        pupil = await site.pupil("Mai")
        kept = answer(1)
        assert (await pupil.send(kept)).status_code == 200
        fill(site.database)
        many = [answer(1, seq=n) for n in range(2, 80)]
        said = await pupil.send(*many)
        assert said.status_code == 507 and said.json()["error"]["code"] == "storage-full"
        assert said.json()["error"]["message"] == SENTENCE
        assert [row.id for row in site.answers()] == [kept["id"]]
        with site.database.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA max_page_count=100000")
            connection.commit()
        site.database.engine.dispose()
        event_free = Database(site.database.url)
        site.room.database = event_free
        assert len((await pupil.send(*many)).json()["stored"]) == len(many)
        event_free.close()


async def test_a_lab_that_finds_no_room_says_why(settings, monkeypatch):
    from coteach.hub import spawner as module

    def full(*_given):
        raise OSError(errno.ENOSPC, "No space left on device")

    made = CoteachSpawner(settings=settings)
    made.handler = None
    made.user = type("User", (), {"name": "amina"})()
    monkeypatch.setattr(module.sandbox, "ensure", full)
    with pytest.raises(LabFailed) as caught:
        await made.start()
    assert SENTENCE in caught.value.jupyterhub_message


def test_the_hubs_own_database_tells_its_pages(tmp_path):
    explain_to_hub(tmp_path)
    database = Database(f"sqlite:///{tmp_path / 'hub.sqlite'}")
    database.migrate()
    with pytest.raises(StorageFull) as caught:
        fill(database)
        with database.session() as session:
            session.add(School(name="x" * 50_000, language="en", country="VN", time_zone="UTC"))
    assert caught.value.__cause__.jupyterhub_message == SENTENCE
    database.close()
