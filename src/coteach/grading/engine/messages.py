"""What the engine writes into a notebook where an answer's code left no exception of its own.

English, as the exceptions of Python beside it; the codes are what `Run.reason` and
`CellRun.message` say, and who shows them has sentences in the reader's language.
"""

from __future__ import annotations

_SENTENCES = {
    "ended": "The answer's code ended Python itself.",
    "stuck": "The answer's code could not be interrupted, so Python was ended.",
    "timeout": "This cell ran too long and was stopped.",
}


def english(code: str) -> str:
    """Return the sentence of a code; the code where there is none."""
    return _SENTENCES.get(code, code)
