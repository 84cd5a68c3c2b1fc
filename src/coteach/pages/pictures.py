"""Pictures inside a page become files of their own, named by their content.

So a page stays small on a slow line, and a picture that did not change is never loaded twice.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import struct
from collections.abc import Callable, Mapping
from html import unescape
from pathlib import Path
from urllib.parse import unquote

INSIDE = 4000
"""Pictures of up to this many base64 characters stay where they are."""
KINDS = {"png": "image/png", "jpg": "image/jpeg", "gif": "image/gif", "webp": "image/webp",
         "svg": "image/svg+xml"}
MOST_OF_PAGE = 30_000_000
"""Bytes of pictures of the lesson's folder that one page carries."""
_NAMED = re.compile(r"""(<img\b[^>]*?\ssrc=["'])(?![a-zA-Z]+:|/|#)([^"'?#<>]+)"""
                    r"""(\.(?:png|jpe?g|gif|webp|svg))(["'])""", re.I)
_ENDINGS = {mime: ending for ending, mime in KINDS.items()}
_DATA = re.compile(
    r"data:(image/(?:png|jpeg|gif|webp|svg\+xml));base64,([A-Za-z0-9+/=\s]{"
    + str(INSIDE) + ",})")


def taken_out(html: str, address: Callable[[str], str]) -> tuple[str, dict[str, bytes]]:
    """Return HTML with addresses instead of large pictures, and the pictures by file name.

    Parameters
    ----------
    html
        A page or a part of one.
    address
        Gives the address of a file name.
    """
    files: dict[str, bytes] = {}

    def take(found: re.Match[str]) -> str:
        mime, text = found.groups()
        try:
            content = base64.b64decode(text, validate=False)
        except (binascii.Error, ValueError):
            return found.group(0)
        name = f"{hashlib.sha256(content).hexdigest()[:24]}.{_ENDINGS[mime]}"
        files[name] = content
        return address(name)

    return _DATA.sub(take, html), files


def taken_in(html: str, folder: Path | None) -> str:
    """Return HTML that carries the pictures of the lesson's folder that it names.

    Parameters
    ----------
    html
        A page.
    folder
        The lesson's; what lies outside of it is left alone, and so is what is no picture.
    """
    if folder is None:
        return html
    root, room = folder.resolve(), MOST_OF_PAGE

    def take(found: re.Match[str]) -> str:
        nonlocal room
        before, address, ending, after = found.groups()
        try:
            path = (root / unquote(unescape(address + ending))).resolve()
            if not path.is_relative_to(root) or not path.is_file() or path.stat().st_size > room:
                return found.group(0)
            content = path.read_bytes()
        except (OSError, ValueError):
            return found.group(0)
        room -= len(content)
        mime = KINDS["jpg" if ending.lower() == ".jpeg" else ending.lower()[1:]]
        return f"{before}data:{mime};base64,{base64.b64encode(content).decode()}{after}"

    return _NAMED.sub(take, html)


def png_size(content: str) -> tuple[int, int] | None:
    """Return width and height of a PNG in base64, so that a page does not jump when it comes."""
    try:
        head = base64.b64decode(content.strip()[:48])
        if head[:8] == b"\x89PNG\r\n\x1a\n":
            width, height = struct.unpack(">II", head[16:24])
            return (width, height) if 0 < width < 100_000 and 0 < height < 100_000 else None
    except (binascii.Error, ValueError, struct.error):
        pass
    return None


def sized(outputs: list[dict[str, object]]) -> None:
    """Note the size of each picture where the exporter looks for it."""
    for output in outputs:
        data, about = output.get("data"), output.get("metadata")
        if not isinstance(data, dict) or not isinstance(about, dict):
            continue
        picture = data.get("image/png")
        known = about.get("image/png")
        known = known if isinstance(known, Mapping) else {}
        if isinstance(picture, str) and "width" not in known and (size := png_size(picture)):
            about["image/png"] = {**known, "width": size[0], "height": size[1]}
