"""Outputs of a cell as nbformat 4 has them, bounded; and what comes from a stranger made clean.

Rule: an output that was cut says so. What the student's process sent is looked at field by field,
since it is put into a notebook that others open.
"""

from __future__ import annotations

from typing import Any

MOST_OUTPUTS = 200
MOST_RICH = 4_000_000
"""Characters of the rich outputs of one cell."""
NOTE = "\n[… cut: {more} more characters]\n"
_MOST_TRACE = 20_000

Output = dict[str, Any]


class Outputs:
    """What one cell has shown so far.

    Parameters
    ----------
    text
        Characters that may be printed.
    """

    def __init__(self, text: int) -> None:
        self.found: list[Output] = []
        self._room, self._rich = text, MOST_RICH
        self._lost = 0
        self._clear = False

    def _add(self, output: Output) -> None:
        if self._clear:
            self.found.clear()
            self._clear = False
        if len(self.found) < MOST_OUTPUTS:
            self.found.append(output)
        else:
            self._lost += 1

    def stream(self, name: str, text: str) -> None:
        """Take printed text, as much of it as there is room for."""
        kept = text[:self._room]
        self._room -= len(kept)
        self._lost += len(text) - len(kept)
        if not kept:
            return
        last = self.found[-1] if self.found and not self._clear else None
        if last and last["output_type"] == "stream" and last["name"] == name:
            last["text"] += kept
        else:
            self._add({"output_type": "stream", "name": name, "text": kept})

    def show(self, kind: str, data: dict[str, Any], metadata: dict[str, Any],
             count: int | None = None) -> Output | None:
        """Take a rich output; one without room keeps its plain form."""
        size = sum(len(value) if isinstance(value, str) else len(str(value))
                   for value in data.values())
        if size > self._rich:
            plain = str(data.get("text/plain", ""))[:1000]
            self._lost += size - len(plain)
            data, metadata, size = {"text/plain": plain}, {}, len(plain)
        self._rich = max(0, self._rich - size)
        output: Output = {"output_type": kind, "data": data, "metadata": metadata}
        if kind == "execute_result":
            output["execution_count"] = count
        self._add(output)
        return output

    def error(self, name: str, value: str, trace: list[str]) -> None:
        """Take an exception."""
        kept, room = [], _MOST_TRACE
        for line in trace:
            kept.append(line[:room])
            room -= len(line)
            if room <= 0:
                kept.append("[… cut]")
                break
        self._add({"output_type": "error", "ename": name, "evalue": value[:2000],
                   "traceback": kept})

    def clear(self, wait: bool) -> None:
        """Forget, now or when the next output comes."""
        if wait:
            self._clear = True
        else:
            self.found.clear()

    def take(self) -> list[Output]:
        """Return the outputs; say at their end how much was cut."""
        if self._lost:
            # Not on stderr: nbgrader takes what a test writes there for a failure.
            self.found.append({"output_type": "stream", "name": "stdout",
                               "text": NOTE.format(more=self._lost)})
        return self.found


def _text(value: Any) -> str:
    """Return a text that can be written as UTF-8."""
    if not isinstance(value, str):
        value = "".join(map(str, value)) if isinstance(value, list) else str(value)
    return value.encode("utf-8", "replace").decode("utf-8")


def _plain(value: Any, depth: int = 0) -> Any:
    if depth > 20:
        return None
    if isinstance(value, dict):
        return {_text(key)[:200]: _plain(part, depth + 1) for key, part in value.items()}
    if isinstance(value, list):
        return [_plain(part, depth + 1) for part in value]
    if value is None or isinstance(value, (bool, int, float)):
        return value
    return _text(value)


def clean(outputs: Any, text: int) -> list[Output]:
    """Return outputs that nbformat takes, of what a stranger sent."""
    kept = Outputs(text)
    for output in outputs if isinstance(outputs, list) else []:
        if not isinstance(output, dict):
            continue
        kind = output.get("output_type")
        if kind == "stream":
            kept.stream("stderr" if output.get("name") == "stderr" else "stdout",
                        _text(output.get("text", "")))
        elif kind in ("display_data", "execute_result"):
            data = output.get("data")
            meta = output.get("metadata")
            count = output.get("execution_count")
            kept.show(kind, {mime: part if "json" in mime else _text(part)
                             for mime, part in _plain(data if isinstance(data, dict) else {}
                                                      ).items()},
                      _plain(meta if isinstance(meta, dict) else {}),
                      count if type(count) is int else None)
        elif kind == "error":
            trace = output.get("traceback")
            kept.error(_text(output.get("ename", ""))[:200], _text(output.get("evalue", "")),
                       [_text(line) for line in trace] if isinstance(trace, list) else [])
    return kept.take()
