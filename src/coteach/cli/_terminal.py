"""How a command that goes on serving speaks: to the person at the terminal, and to programs."""

from __future__ import annotations

import json
import logging
import os
import sys
from pathlib import Path
from typing import Any

import structlog
import typer


def say(sentence: str) -> None:
    """Say a sentence to the person; what programs read goes elsewhere."""
    typer.echo(sentence, err=True)


def log_here(level: int) -> None:
    """Keep the terminal for the person: of our own, only this level and above is logged there."""
    structlog.configure(
        processors=[structlog.processors.add_log_level, structlog.processors.format_exc_info,
                    structlog.processors.KeyValueRenderer(key_order=["event"])],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    logging.basicConfig(level=logging.ERROR, stream=sys.stderr)


def write_ready_file(path: Path, content: dict[str, Any]) -> None:
    """Write the file so that whoever waits for it never sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_name(f".{path.name}.new")
    handle = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(content, file, ensure_ascii=False, indent=1)
        file.flush()
        os.fsync(file.fileno())
    scratch.replace(path)
