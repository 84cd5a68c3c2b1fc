"""A viewer's rung follows her line: down quickly, up by trial, and never to and fro."""

from __future__ import annotations

from itertools import pairwise

import pytest

from coteach.live.ladder import Ladder
from coteach.live.line import OLD, Judgement, Line

FULL, SMALL, SOUND, TEXT = range(4)
RATES = (650_000, 150_000, 40_000, 0)


def judged(loss: float = 0.0, bitrate: int | None = None) -> Judgement:
    return Judgement(loss, bitrate)


def rungs(ladder: Ladder, lines, *, start: float = 0.0):
    """The rung of each second."""
    return [ladder.decide(line, RATES, start + second) for second, line in enumerate(lines)]


def carried(kbit: int, loss: float, rung: int) -> Judgement:
    """What a line of so many kbit/s says while a rung is sent over it."""
    sent = RATES[rung] / 1000
    over = max(0.0, 1 - kbit / sent) if sent else 0.0
    return judged(min(loss + over, 1.0), int(min(kbit, 1.5 * sent) * 1000) if sent else None)


def lived(kbit: int, seconds: int, ladder: Ladder, *, loss: float = 0.05, start: int = 0):
    seen = []
    for second in range(start, start + seconds):
        seen.append(ladder.decide(carried(kbit, loss, ladder.rung), RATES, second))
    return seen


@pytest.mark.parametrize(("kbit", "rung"), [(1000, FULL), (256, SMALL), (64, SOUND), (10, TEXT)])
def test_a_throttled_line_is_on_its_rung_within_ten_seconds_and_back_within_twenty(kbit, rung):
    ladder = Ladder(0)
    assert lived(kbit, 10, ladder)[-1] == rung
    assert lived(2000, 20, ladder, loss=0.0, start=10)[-1] == FULL


def test_trials_on_a_narrow_line_become_rare():
    ladder = Ladder(0)
    seen = lived(256, 120, ladder)
    trials = [at for at in range(1, 120) if seen[at] < seen[at - 1]]
    assert 2 <= len(trials) <= 6
    gaps = [b - a for a, b in pairwise(trials)]
    assert gaps == sorted(gaps) and gaps[-1] > 2 * gaps[0]
    assert seen.count(SMALL) > 90


def test_a_moment_of_loss_changes_nothing():
    assert rungs(Ladder(0), [judged(), judged(0.2), judged(), judged(0.2), judged()]) == [FULL] * 5


def test_a_line_that_breaks_is_left_at_once():
    assert rungs(Ladder(0), [judged(), judged(0.5)])[-1] == SMALL


def test_the_estimate_says_how_far_to_fall():
    assert rungs(Ladder(0), [judged(0.0, 60_000)] * 4)[-1] == SOUND
    assert rungs(Ladder(0), [judged(0.2)] * 4)[-1] == SMALL


def test_five_percent_of_loss_are_borne_on_every_rung():
    for rung in (FULL, SMALL, SOUND):
        ladder = Ladder(0)
        ladder.rung = rung
        assert max(rungs(ladder, [judged(0.05)] * 3)) == rung


def test_who_has_fewer_rungs_stays_on_the_last():
    ladder = Ladder(0)
    assert [ladder.decide(judged(0.9), (40_000,), at) for at in range(5)] == [0] * 5


def test_a_line_is_judged_by_reports_that_are_not_old():
    line = Line()
    line.heard_report(64, 10.3)
    line.heard_estimate(500_000, 10.3)
    found = line.judge(10.5)
    assert found.loss == 0.25 and found.bitrate == 500_000
    line.heard_report(0, 11.3)
    assert 0 < line.judge(11.3).loss < 0.25, "smoothed"
    assert line.judge(11.4 + OLD) == Judgement(0.0, None)
