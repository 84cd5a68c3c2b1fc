"""Deleting recordings: by hand, and by date. Blocks: call it in a thread."""

from __future__ import annotations

import shutil

import structlog

from coteach.live.finishing import folder_of
from coteach.settings import Layout
from coteach.store import recordings, roomevents
from coteach.store.database import Database
from coteach.store.schema import utcnow

log = structlog.get_logger()


def delete(database: Database, layout: Layout, recording_id: str, reason: str) -> None:
    """Remove a recording's files, then note it as deleted.

    Files first: after a crash in between, the row still says that something is to be deleted.
    """
    shutil.rmtree(folder_of(layout, recording_id), ignore_errors=True)
    with database.session() as session:
        recordings.forget(session, recording_id, reason)
    log.info("recording deleted", recording=recording_id, reason=reason)


def sweep(database: Database, layout: Layout) -> int:
    """Delete every recording whose time is over; return how many."""
    with database.session() as session:
        roomevents.forget_old(session, utcnow())
    with database.reading() as session:
        over = [r.id for r in recordings.expired(session, utcnow()) if r.status != "recording"]
    for recording_id in over:
        delete(database, layout, recording_id, "retention")
    return len(over)
