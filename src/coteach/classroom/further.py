"""The routes for what pupils send besides words, for times without a line, and for new classes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from coteach.classroom import answers, imports, newclass, offline, sticks, switches

ID = r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"


def routes(at: Callable[..., Any]) -> list[Any]:
    """Return the routes; `at` puts a path under the service's address."""
    return [
        at("sw.js", offline.Worker), at("manifest.webmanifest", offline.Manifest),
        at("api/media", answers.Media), at(f"teach/{ID}/allow", switches.Allow),
        at(f"teach/{ID}/photos/{ID}/{ID}", switches.Photo),
        at(f"teach/{ID}/photos/{ID}/{ID}/delete", switches.DeletePhoto),
        at(f"teach/{ID}/import", imports.Import), at(f"teach/{ID}/stick.zip", sticks.Stick),
        at("teach/new", newclass.NewClass)]
