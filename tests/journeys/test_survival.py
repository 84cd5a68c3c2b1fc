"""A part that is killed comes back; until then the others serve."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from coteach.settings import load
from coteach.supervisor import stun

PAGES = {"portal": "/healthz", "classroom": "/c/healthz", "live": "/live/healthz",
         "hub": "/hub/health"}


@pytest.mark.parametrize("victim", PAGES)
def test_a_killed_part_is_back_soon_and_the_others_never_notice(deployment, victim):
    others = {name: page for name, page in PAGES.items() if name != victim}
    old = deployment.pids()[victim]
    with httpx.Client(base_url=deployment.url, trust_env=False, timeout=10) as client:
        os.kill(old, signal.SIGKILL)
        deadline = time.monotonic() + 40
        while True:
            codes = {name: client.get(page).status_code for name, page in others.items()}
            assert set(codes.values()) == {200}, codes
            if client.get(PAGES[victim]).status_code == 200 and deployment.pids()[victim] != old:
                break
            assert time.monotonic() < deadline, deployment.logs()
            time.sleep(0.2)


def test_while_the_hub_is_away_the_page_says_so_and_comes_back(deployment, new_page, screenshot):
    page = new_page("vi")
    os.kill(deployment.pids()["hub"], signal.SIGKILL)
    page.goto("/hub/login")
    assert page.locator("section:visible").count() == 1
    screenshot(page, "part-away")
    page.locator("#login_submit").wait_for()


def test_a_killed_proxy_is_back_within_seconds(deployment):
    old = deployment.pids()["proxy"]
    os.kill(old, signal.SIGKILL)
    deadline = time.monotonic() + 15
    with httpx.Client(base_url=deployment.url, trust_env=False, timeout=10) as client:
        while True:
            try:
                if all(client.get(page).status_code == 200 for page in PAGES.values()):
                    return
            except httpx.HTTPError:
                pass
            assert time.monotonic() < deadline, deployment.logs()
            time.sleep(0.2)


def test_a_killed_turn_server_is_back_at_the_address_that_people_are_told(deployment):
    port = load(deployment.data, environ={}).turn_port
    old = deployment.pids()["turn"]
    os.kill(old, signal.SIGKILL)
    deadline = time.monotonic() + 15
    def answers() -> bool:  # in a thread: the browser of the journeys before has this one's loop
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(lambda: asyncio.run(stun.answers("127.0.0.1", port, 2))).result()

    while deployment.pids().get("turn") in (None, old) or not answers():
        assert time.monotonic() < deadline, deployment.logs()
        time.sleep(0.1)
