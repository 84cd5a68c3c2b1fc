"""The texts of a code cell that a translator may change: what widgets show, never code.

Rule: in a code cell the translatable texts are the string literals given to a question widget
(`Choice`, `Poll`, `Draw`: see `QUESTIONS`) by position, and those given to any call by the
keywords in `KEYWORDS`; also inside lists and tuples there, when they hold a letter. A translation
replaces the literal by another literal, so a translation file can't bring code into a lesson.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

QUESTIONS = frozenset({
    "Choice", "MultipleChoice", "Poll", "Number", "ShortText", "Understood", "Draw", "Photo",
    "ExitTicket"})
KEYWORDS = frozenset({
    "prompt", "options", "description", "placeholder", "label", "labels", "hint", "answer",
    "tooltip", "alt"})


def texts_of(source: str) -> list[str]:
    """Return the translatable texts of a code cell in order, each once."""
    found = sorted(_literals(source), key=lambda node: (node.lineno, node.col_offset))
    return list(dict.fromkeys(node.value for node in found))


def replace_texts(source: str, translate: Callable[[str], str]) -> str:
    """Return the source with each translatable text passed through `translate`."""
    lines = [line.encode() for line in source.split("\n")]
    # From the end to the start, so that earlier places stay right.
    for node in sorted(_literals(source), key=lambda n: (n.lineno, n.col_offset), reverse=True):
        new = translate(node.value)
        if new == node.value or node.end_lineno is None or node.end_col_offset is None:
            continue
        first, last = node.lineno - 1, node.end_lineno - 1
        head, tail = lines[first][:node.col_offset], lines[last][node.end_col_offset:]
        lines[first:last + 1] = [head + repr(new).encode() + tail]
    return b"\n".join(lines).decode()


def _literals(source: str) -> Iterator[_Text]:
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):  # magics, or a cell that is meant to be wrong
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", None) or getattr(node.func, "attr", None)
            if name in QUESTIONS:
                for argument in node.args:
                    yield from _strings(argument)
            for keyword in node.keywords:
                if keyword.arg in KEYWORDS:
                    yield from _strings(keyword.value)


class _Text(ast.Constant):
    value: str


def _strings(node: ast.expr) -> Iterator[_Text]:
    if isinstance(node, (ast.List, ast.Tuple)):
        for element in node.elts:
            yield from _strings(element)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str) and any(
            letter.isalpha() for letter in node.value):
        yield node  # type: ignore[misc]
