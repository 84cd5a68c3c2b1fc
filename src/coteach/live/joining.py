"""Making one good file out of the segments of one person.

Segments may be cut off in the middle (a killed server), lie apart in time (a closed browser) or
lack their index. The result has a duration, an index to seek by, and silence where nobody was
heard, so that sound and picture stay together. Nothing is decoded.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av

MILLISECONDS = Fraction(1, 1000)
SILENCE = b"\xf8\xff\xfe"
"""20 ms of silence in Opus (RFC 6716: CELT, full band, one channel)."""
FRAME = 20
"""Milliseconds of one Opus packet as browsers send them."""


class Unplayable(Exception):
    """Not one packet of the segments can be read."""


@dataclass(frozen=True)
class Joined:
    """What came out."""

    offset: float
    """Second of the recording at which the file begins."""
    duration: float
    size: int
    kind: str
    """``audio``, ``video`` or ``audio+video``."""


@dataclass(frozen=True)
class _Piece:
    kind: str
    data: bytes
    at: int
    key: bool


def _pieces(path: Path, start: int) -> Iterator[_Piece]:
    """Give the packets of a segment, as far as it can be read."""
    try:
        with av.open(str(path)) as container:
            streams = [s for s in container.streams if s.type in ("audio", "video")]
            for packet in container.demux(streams):
                if packet.pts is None or packet.time_base is None or not packet.size:
                    continue
                yield _Piece(packet.stream.type, bytes(packet),
                             start + round(packet.pts * packet.time_base * 1000),
                             packet.is_keyframe)
    except (av.FFmpegError, OSError):
        return


def _template(path: Path, kind: str) -> Any:
    """Return an open container and its stream of a kind, or None."""
    try:
        container = av.open(str(path))
    except (av.FFmpegError, OSError):
        return None
    stream = next((s for s in container.streams if s.type == kind), None)
    if stream is None:
        container.close()
        return None
    return container, stream


def _kinds(segments: list[tuple[Path, float]]) -> set[str]:
    found: set[str] = set()
    for path, _offset in segments:
        for number, piece in enumerate(_pieces(path, 0)):
            found.add(piece.kind)
            if len(found) == 2 or number > 500:
                break
    return found


def join(segments: list[tuple[Path, float]], target: Path) -> Joined:
    """Write the segments into one file, replacing `target` in one step.

    Parameters
    ----------
    segments
        Files and the seconds of the recording at which they begin, in order.
    target
        The file to write; may be one of the segments.

    Raises
    ------
    Unplayable
        Nothing can be read.
    OSError
        The disk is full; the segments are untouched.
    """
    kinds = _kinds(segments)
    if not kinds:
        raise Unplayable(", ".join(path.name for path, _offset in segments))
    origin = segments[0][1]
    scratch = target.with_suffix(".tmp")
    opened: list[Any] = []
    try:
        with av.open(str(scratch), "w", format="webm",
                     options={"cues_to_front": "1", "reserve_index_space": "65536"}) as out:
            streams: dict[str, Any] = {}
            for kind in sorted(kinds, reverse=True):
                found = next(f for path, _o in segments if (f := _template(path, kind)))
                opened.append(found[0])
                streams[kind] = out.add_stream_from_template(found[1])
            end = _copy(segments, origin, out, streams)
        with scratch.open("rb") as file:
            os.fsync(file.fileno())
        os.replace(scratch, target)
    finally:
        for container in opened:
            container.close()
        scratch.unlink(missing_ok=True)
    return Joined(offset=origin, duration=end / 1000, size=target.stat().st_size,
                  kind="+".join(sorted(kinds)))


def _copy(segments: list[tuple[Path, float]], origin: float, out: Any,
          streams: dict[str, Any]) -> int:
    last: dict[str, int] = {}
    end = 0

    def mux(kind: str, data: bytes, at: int, key: bool) -> None:
        packet = av.Packet(data)
        packet.stream = streams[kind]
        packet.pts = packet.dts = at
        packet.time_base = MILLISECONDS
        packet.is_keyframe = key
        out.mux(packet)
        last[kind] = at

    for path, offset in segments:
        for piece in _pieces(path, max(0, round((offset - origin) * 1000))):
            if piece.kind not in streams or piece.at <= last.get(piece.kind, -1):
                continue
            if piece.kind == "audio":
                silent = last.get("audio", -FRAME) + FRAME
                while piece.at - silent > 2 * FRAME:
                    mux("audio", SILENCE, silent, True)
                    silent += FRAME
            mux(piece.kind, piece.data, piece.at, piece.key)
            end = max(end, piece.at + FRAME)
    return end
