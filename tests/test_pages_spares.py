"""Kernels started ahead: nobody's until a visitor asks, few where memory is short, none for long."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest

from coteach.errors import UserError
from coteach.pages import spares
from coteach.pages.spares import Spare, Spares

FREE_MB = spares._free_mb


@dataclass
class Pool:
    """A pool of kernels that are only counted."""

    room: int = 100
    taken: int = 0
    made: list[Spare] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    fails: Exception | None = None

    def keeper(self, most: int = 30) -> Spares:
        return Spares(make=self.make, end=self.end, taken=lambda digest: self.taken,
                      free=lambda: self.room, most=most)

    async def make(self, page):
        if self.fails is not None:
            raise self.fails
        line = SimpleNamespace(ended=asyncio.get_running_loop().create_future())
        self.made.append(Spare(f"{page.digest}{len(self.made)}", line,
                               SimpleNamespace(replaced=False)))
        return self.made[-1]

    async def end(self, kernel_id):
        self.ended.append(kernel_id)


def lesson(digest="a"):
    return SimpleNamespace(digest=digest, name=f"lesson {digest}")


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(spares, "PAUSE", 0.002)
    monkeypatch.setattr(spares, "QUIET", 0.01)
    monkeypatch.setattr(spares, "_free_mb", lambda: 8000)


async def settle(keeper, number, seconds=3.0):
    """Wait for so many spares, then a little for one too many."""
    until = time.monotonic() + seconds
    while len(keeper) != number and time.monotonic() < until:  # noqa: ASYNC110
        await asyncio.sleep(0.005)
    await asyncio.sleep(0.05)
    assert len(keeper) == number


async def test_as_many_are_made_as_visitors_are_expected_and_have_none_yet():
    pool = Pool(taken=2)
    keeper = pool.keeper()
    keeper.opened(lesson(), 6)
    await settle(keeper, 4)
    pool.taken = 6
    keeper.take("a")
    await settle(keeper, 3)
    await keeper.close()
    assert len(pool.ended) == 3 and len(keeper) == 0


async def test_a_pupils_opening_does_not_raise_the_number_that_her_class_has():
    pool = Pool()
    keeper = pool.keeper()
    keeper.opened(lesson(), 3)
    keeper.opened(lesson())
    await settle(keeper, 3)
    await keeper.close()


async def test_short_memory_and_a_full_pool_make_fewer(monkeypatch):
    monkeypatch.setattr(spares, "_free_mb", lambda: spares.PART * spares.MB_EACH)
    pool = Pool()
    keeper = pool.keeper()
    keeper.opened(lesson(), 9)
    # Free memory does not shrink here as they are made: each is taken into account once.
    await settle(keeper, 1)
    await keeper.close()
    monkeypatch.setattr(spares, "_free_mb", lambda: 8000)
    keeper = Pool(room=2).keeper()
    keeper.opened(lesson(), 9)
    await settle(keeper, 2)
    await keeper.close()


async def test_one_is_given_to_one_visitor_only_and_a_dead_one_to_nobody():
    pool = Pool()
    keeper = pool.keeper()
    keeper.opened(lesson(), 3)
    await settle(keeper, 3)
    pool.taken = 3
    pool.made[0].line.ended.set_result(None)
    given = [keeper.take("a"), keeper.take("a"), keeper.take("a")]
    assert given == [pool.made[1], pool.made[2], None]
    assert keeper.take("another") is None
    await keeper.close()
    assert pool.ended == []


async def test_a_full_pool_gives_up_a_spare_of_another_lesson_for_who_is_there():
    pool = Pool()
    keeper = pool.keeper()
    keeper.opened(lesson(), 3)
    await settle(keeper, 3)
    pool.room = 3
    assert keeper.take("another") is None
    await asyncio.sleep(0)
    assert len(pool.ended) == 1 and len(keeper) == 2
    await keeper.close()


async def test_none_is_made_while_visitors_come(monkeypatch):
    monkeypatch.setattr(spares, "QUIET", 0.2)
    pool = Pool()
    keeper = pool.keeper()
    for _visitor in range(10):
        keeper.opened(lesson(), 3)
        await asyncio.sleep(0.03)
    assert not pool.made
    await settle(keeper, 3)
    await keeper.close()


async def test_spares_of_a_page_that_nobody_opens_and_of_a_replaced_lesson_end(monkeypatch):
    pool = Pool()
    keeper = pool.keeper()
    keeper.opened(lesson(), 2)
    await settle(keeper, 2)
    pool.made[0].host.replaced = True
    await settle(keeper, 1)
    monkeypatch.setattr(spares, "OPENED_WITHIN", 0.0)
    await settle(keeper, 0)
    assert sorted(pool.ended) == ["a0", "a1"]
    await keeper.close()


@pytest.mark.parametrize("fault", [UserError("no"), OSError("no memory")])
async def test_a_lesson_whose_kernels_do_not_start_is_not_tried_for_ever(fault):
    pool = Pool(fails=fault)
    keeper = pool.keeper()
    keeper.opened(lesson("bad"), 2)
    await asyncio.sleep(0.05)
    pool.fails = None
    keeper.opened(lesson("good"), 2)
    await settle(keeper, 2)
    assert keeper.of("bad") == 0
    await keeper.close()


async def test_with_none_wanted_nothing_runs():
    pool = Pool()
    keeper = pool.keeper(most=0)
    keeper.opened(lesson(), 5)
    await asyncio.sleep(0.05)
    assert not pool.made
    await keeper.close()


def test_the_free_memory_of_this_machine_is_known():
    assert FREE_MB() > 50
