"""The report's page: made in the background, kept, and for the cohort's trainer alone."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from portal_site import Alliance

from coteach.store import Database


@pytest.fixture
def alliance(settings) -> Iterator[Alliance]:
    database = Database.of(settings)
    database.migrate()
    yield Alliance(settings, database)
    database.close()


async def opened(browser, address: str, seconds: float = 60):
    """Open a page again, as its refresh does, until the report is there."""
    for _turn in range(int(seconds * 5)):
        answer = await browser.get(address)
        if answer.status_code != 202:
            return answer
        await asyncio.sleep(0.2)
    raise AssertionError("the report was never made")


async def test_a_trainer_sees_that_it_is_being_made_and_then_the_report(alliance: Alliance):
    alliance.tick("amina", "far-end")
    address = f"/cohorts/{alliance.cohort.id}/report"
    async with alliance.client("trainer") as browser:
        first = await browser.get(address)
        assert first.status_code == 202 and "The report is being made." in first.text
        assert 'http-equiv="refresh"' in first.text
        page = await opened(browser, address)
        assert page.status_code == 200 and "What came out" in page.text
        head = page.text.partition("<main ")[0]
        assert 'class="brand"' in head and f'href="/cohorts/{alliance.cohort.id}"' in head
        assert "script-src" not in page.headers["content-security-policy"]
        assert page.headers["content-security-policy"].startswith("default-src 'none'")
        assert (await browser.get(address)).status_code == 200, "it is kept"
        alliance.tick("bruno", "far-end")
        assert (await browser.get(address)).status_code == 202, "new numbers, new report"
        await opened(browser, address)
    assert not list((alliance.settings.layout.run / "reports").glob(".inputs-*"))


@pytest.mark.parametrize("who", ["amina", "other"])
@pytest.mark.parametrize("ending", ["", ".csv"])
async def test_nobody_but_the_cohorts_trainer_sees_it(alliance: Alliance, who: str, ending: str):
    async with alliance.client(who) as browser:
        answer = await browser.get(f"/cohorts/{alliance.cohort.id}/report{ending}")
        assert answer.status_code == 403 and alliance.cohort.name not in answer.text


async def test_the_table_is_a_file_in_the_readers_language(alliance: Alliance):
    async with alliance.client("trainer") as browser:
        answer = await browser.get(f"/cohorts/{alliance.cohort.id}/report.csv")
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.content.startswith(b"\xef\xbb\xbf") and "Sit at the far end" in answer.text
    assert "Amina" not in answer.text


async def test_a_failure_is_said_and_can_be_tried_again(alliance: Alliance, monkeypatch):
    from coteach.portal import reports

    async def broken(*_args, **_more):
        raise RuntimeError("no kernel today")

    address = f"/cohorts/{alliance.cohort.id}/report"
    with monkeypatch.context() as patch:
        patch.setattr(reports, "render_report", broken)
        async with alliance.client("trainer") as browser:
            page = await opened(browser, address)
            assert page.status_code == 500 and "This report could not be made." in page.text
            assert "no kernel today" not in page.text and "?again=1" in page.text
    async with alliance.client("trainer") as browser:
        assert (await browser.get(f"{address}?again=1")).status_code == 202
        assert (await opened(browser, address)).status_code == 200
