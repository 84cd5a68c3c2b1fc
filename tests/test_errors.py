"""Errors as people read them."""

from __future__ import annotations

from coteach.errors import UserError, sentences


def test_sentences_are_joined_by_a_space_but_not_after_a_full_width_mark():
    assert sentences("It is full.", "Try later.") == "It is full. Try later."
    assert sentences("老師已經結束這堂課。", "請問老師。") == "老師已經結束這堂課。請問老師。"
    assert sentences("Đã đầy.", "", "Thử lại.") == "Đã đầy. Thử lại."
    assert sentences("", "") == ""
    assert str(UserError("太大了！", hint="請換一個。")) == "太大了！請換一個。"
    assert str(UserError("Too large.")) == "Too large."
