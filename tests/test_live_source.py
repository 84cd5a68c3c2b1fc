"""A source asks its publisher for key frames: sparingly, and sooner for who sees nothing yet."""

from __future__ import annotations

import asyncio
import time

import pytest

from coteach.live import source
from coteach.live.source import Source


@pytest.fixture
def asked(monkeypatch):
    monkeypatch.setattr(source, "KEY_FRAME_INTERVAL", 0.3)
    monkeypatch.setattr(source, "NEWCOMER_INTERVAL", 0.1)
    return []


async def test_many_wishes_are_one_request_and_a_newcomers_comes_sooner(asked):
    made = Source("video", lambda ssrc: asked.append(time.monotonic()))
    made.ssrc = 7
    for _ in range(5):
        made.want_key_frame()
    assert len(asked) == 1, "the first at once"
    await asyncio.sleep(0.02)
    for _ in range(5):
        made.want_key_frame(newcomer=True)
        made.want_key_frame()
    await asyncio.sleep(0.45)
    assert len(asked) == 2
    assert 0.1 <= asked[1] - asked[0] < 0.25
    made.want_key_frame()
    made.want_key_frame()
    assert len(asked) == 3, "after the pause at once again"
    made.close()
    await asyncio.sleep(0.35)
    assert len(asked) == 3, "a closed one asks for nothing"
