"""Answers that reach for how they are marked are shown to the trainer; ordinary ones are not."""

from __future__ import annotations

import json

import pytest

from coteach.grading.tricks import file_looks_at_marking, looks_at_marking


def notebook(source, **mark) -> bytes:
    return json.dumps({"cells": [{"cell_type": "code", "source": source, "metadata": {
        "nbgrader": {"grade_id": "a", "solution": True, **mark}}}]}).encode()


@pytest.mark.parametrize("source", [
    "get_ipython().ast_transformers.append(x)", "shell.input_transformers_post.append(f)",
    "ip.events.register('pre_run_cell', f)", "ip.events .register(1)",
    "class Yes:\n    def __eq__(self, other):\n        return True", ["import ", "builtins\n"]])
def test_code_that_touches_what_runs_or_compares_it_is_seen(source):
    assert looks_at_marking(notebook(source))


@pytest.mark.parametrize("source", [
    "steps = ['text', 'paper']", "def left(line, others):\n    return max(line * 3 / 4, 0)",
    "events = register('x')", "equal = a == b", "print('get_ipython_like')"])
def test_an_ordinary_answer_is_not(source):
    assert not looks_at_marking(notebook(source))


def test_what_was_given_or_locked_is_not_hers(tmp_path):
    assert not looks_at_marking(notebook("get_ipython()"), {"get_ipython()"})
    assert not looks_at_marking(notebook("get_ipython()", locked=True))
    for raw in (b"", b"{", b"[]", b'{"cells": [1]}'):
        assert not looks_at_marking(raw)
    assert not file_looks_at_marking(tmp_path / "gone.ipynb", frozenset())
