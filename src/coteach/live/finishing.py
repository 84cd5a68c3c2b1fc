"""Turning what was written into a recording that plays: one file a person, an index, a length.

Runs after a stop, and at start for what a killed server left behind. Blocks: call it in a thread.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import structlog

from coteach.live.joining import Joined, Unplayable, join
from coteach.settings import Layout
from coteach.store import events, recordings
from coteach.store.database import Database
from coteach.store.schema import Recording

log = structlog.get_logger()

NAMESPACE = uuid.UUID("7d0e5b1c-6c0e-4f39-9a53-0f8a3f1f6c11")


def folder_of(layout: Layout, recording_id: str) -> Path:
    """Return the folder with a recording's files."""
    return layout.recordings / recording_id


def finish(database: Database, layout: Layout, recording_id: str, *, reason: str = "",
           leave_out: frozenset[str] = frozenset()) -> Recording:
    """Join each person's segments and note the recording as ready or broken.

    Parameters
    ----------
    reason
        Why it ended, when nobody pressed stop.
    leave_out
        Ids of people who took their consent back; their files are removed.
    """
    folder = folder_of(layout, recording_id)
    with database.reading() as session:
        found = session.get(Recording, recording_id)
        written: list[dict[str, Any]] = [dict(t) for t in found.tracks] if found else []
        # The teacher comes first: hers is the big picture and the clock of the player.
        written.sort(key=lambda t: found is not None and t["person"] != found.person_id)
    ended = _end(folder) if reason == "server-stopped" else None
    tracks: list[dict[str, Any]] = []
    used: set[Path] = set()
    for number, person in enumerate(dict.fromkeys(t["person"] for t in written), start=1):
        if person in leave_out:
            continue
        parts = [t for t in written if t["person"] == person and (folder / t["file"]).exists()]
        track = _join_person(folder, number, parts)
        tracks += track
        used |= {folder / t["file"] for t in track}
    duration = max((t["offset"] + t["duration"] for t in tracks), default=None)
    status = "ready" if tracks else "deleted" if leave_out else "broken"
    if status == "broken":
        reason = reason or "nothing-recorded"
    with database.session() as session:
        recording = recordings.finish(
            session, recording_id, status=status, duration=duration, tracks=tracks,
            size=sum(t["bytes"] for t in tracks), reason=reason,
            ended=ended)
        if status == "ready":
            events.append(session, [_practised(recording)])
    # Only now: a crash before the commit must find the segments that the row still names.
    for file in folder.glob("*"):
        if (tracks and file not in used) or file.suffix == ".tmp":
            file.unlink()
    log.info("recording finished", recording=recording_id, status=status, reason=reason,
             seconds=duration, people=len(tracks))
    return recording


def _join_person(folder: Path, number: int, parts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the track of a person; her segments as they are when the disk is too full to join."""
    if not parts:
        return []
    target = folder / f"{number}.webm"
    segments = [(folder / t["file"], float(t["offset"])) for t in parts]
    base = {"person": parts[0]["person"], "name": parts[0]["name"]}
    try:
        made = join(segments, target)
    except Unplayable:
        log.warning("segments unplayable", files=[str(p) for p, _o in segments])
        return []
    except OSError as error:
        log.warning("segments not joined", error=str(error))
        return [{**t, "duration": 0.0, "bytes": (folder / t["file"]).stat().st_size,
                 "kind": t.get("kind", "video")} for t in parts]
    return [{**base, "file": target.name, **_described(made)}]


def _described(made: Joined) -> dict[str, Any]:
    return {"kind": made.kind, "offset": round(made.offset, 3),
            "duration": round(made.duration, 3), "bytes": made.size}


def _end(folder: Path) -> datetime | None:
    """Return when the last of the files was written to: when the server was killed."""
    times = [file.stat().st_mtime for file in folder.glob("*.webm")]
    return datetime.fromtimestamp(max(times), UTC) if times else None


def _practised(recording: Recording) -> dict[str, Any]:
    # The id is made from the recording's: finishing twice tells the same thing once.
    return {
        "id": str(uuid.uuid5(NAMESPACE, f"{recording.id}/{recording.duration}")),
        "actor": recording.person_id, "session": recording.cohort_id or "",
        "lesson": recording.module, "verb": "practised",
        "value": {"recording": recording.id, "seconds": round(recording.duration or 0, 1),
                  "people": len({t["person"] for t in recording.tracks})},
    }


def finish_leftovers(database: Database, layout: Layout) -> list[str]:
    """Finish what a killed server left; return the recordings' ids."""
    with database.reading() as session:
        left = [r.id for r in recordings.unfinished(session)]
    for recording_id in left:
        finish(database, layout, recording_id, reason="server-stopped")
    return left
