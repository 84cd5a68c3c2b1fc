"""Markdown that people wrote, as HTML for a page of ours: no HTML of theirs, no dangerous links."""

from __future__ import annotations

from functools import cache
from typing import Any

import mistune
from markupsafe import Markup


@cache
def _renderer() -> Any:
    return mistune.create_markdown(escape=True, hard_wrap=True)


def to_html(text: str) -> Markup:
    """Return Markdown as safe HTML; tags in it are shown as text (mistune's `escape`)."""
    return Markup(_renderer()(text))  # noqa: S704 - everything of theirs is escaped
