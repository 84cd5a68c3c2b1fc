"""Lost packets are asked for at once, and again until they come or nobody waits for them."""

from __future__ import annotations

from coteach.live.nack import (
    FIRST_RETRY,
    GIVE_UP_AFTER,
    MAX_MISSING,
    MAX_RETRY,
    MIN_RETRY,
    NackList,
)


def heard(*numbers: int, now: float = 0.0) -> NackList:
    made = NackList()
    for number in numbers:
        made.add(number, now)
    return made


def test_a_gap_is_asked_for_at_once_across_the_wrap_of_numbers():
    missing = heard(65533)
    assert missing.add(2, 0.0) == [65534, 65535, 0, 1]
    assert missing.waiting


def test_what_has_come_is_not_asked_for_again():
    missing = heard(10, 13)
    missing.add(12, 0.01)
    assert missing.due(1.0) == [11]
    missing.add(11, 1.01)
    assert not missing.waiting and missing.repaired == 2


def test_a_request_is_repeated_after_a_round_trip_and_not_before():
    missing = heard(10, 12)
    assert missing.due(FIRST_RETRY / 2) == []
    assert missing.due(FIRST_RETRY) == [11]
    assert missing.due(FIRST_RETRY * 1.5) == []
    assert missing.due(FIRST_RETRY * 2) == [11]


def test_the_pause_between_requests_follows_the_line():
    fast, slow, far = heard(10, 12), heard(10, 12), heard(10, 12)
    fast.add(11, 0.001)
    assert fast.retry_after == MIN_RETRY
    slow.add(11, 0.1)
    assert abs(slow.retry_after - 0.15) < 1e-9
    far.add(11, 1.0)
    assert far.retry_after == MAX_RETRY


def test_an_answer_to_one_of_two_requests_says_nothing_about_the_line():
    missing = heard(10, 12)
    missing.due(FIRST_RETRY)
    missing.add(11, FIRST_RETRY + 0.001)
    assert missing.retry_after == FIRST_RETRY


def test_after_a_while_a_packet_is_given_up():
    missing = heard(10, 12)
    assert missing.due(GIVE_UP_AFTER + 0.1) == []
    assert (missing.given_up, missing.waiting) == (1, False)


def test_a_cut_line_is_not_mended_packet_by_packet():
    missing = heard(10)
    assert missing.add(10 + MAX_MISSING + 10, 0.0) == []
    assert missing.given_up > MAX_MISSING and not missing.waiting


def test_a_count_that_begins_anew_loses_nothing():
    missing = heard(10, 12)
    assert missing.add(40000, 0.0) == []
    assert not missing.waiting and missing.add(40002, 0.0) == [40001]
