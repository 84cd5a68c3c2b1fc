"""Counted tries: when a key is below a limit again, and how much is remembered."""

from __future__ import annotations

from coteach import tries
from coteach.tries import Limit, Tries


def test_a_key_is_at_its_limit_until_the_oldest_of_so_many_tries_is_old_enough():
    made = Tries(3)
    for at in (1.0, 2.0, 5.0):
        assert made.until("one", Limit(3, 10)) == 0
        made.note("one", at)
    assert made.until("one", Limit(3, 10)) == 11
    assert made.until("one", Limit(2, 10)) == 12, "a smaller limit looks at fewer of them"
    assert made.until("another", Limit(1, 10)) == 0
    made.note("one", 8.0)
    assert made.until("one", Limit(3, 10)) == 12, "the oldest was forgotten"
    made.forget("one")
    made.forget("nobody")
    assert made.until("one", Limit(1, 10)) == 0


def test_the_keys_that_were_silent_longest_are_forgotten_first(monkeypatch):
    monkeypatch.setattr(tries, "REMEMBERED", 2)
    for made in (Tries(1), Tries(1, remembered=2)):
        for key in ("a", "b", "a", "c"):
            made.note(key, 1.0)
        assert [key for key in "abc" if made.until(key, Limit(1, 10))] == ["a", "c"]
    more = Tries(1, remembered=3)
    for key in "abcd":
        more.note(key, 1.0)
    assert [key for key in "abcd" if more.until(key, Limit(1, 10))] == ["b", "c", "d"]
