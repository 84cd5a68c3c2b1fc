"""What of a piece of HTML would run, call, cover or load something, as a browser reads it."""

from __future__ import annotations

import re
from html.parser import HTMLParser

_TAGS = ("script", "iframe", "object", "embed", "form", "button", "base", "link", "meta", "style",
         "svg", "math", "foreignobject", "animate", "set", "template", "noscript", "xmp")


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag, attrs):
        if tag in _TAGS:
            self.found.append(tag)
        for name, value in attrs:
            address = re.sub(r"[\x00-\x20]", "", value or "").lower()
            if name.startswith("on") or name in ("style", "srcdoc", "background", "action") or (
                    address.startswith(("javascript:", "vbscript:", "data:text", "//"))):
                self.found.append(f"{tag} {name}={value}")


def acts(text: str) -> list[str]:
    """Return the elements and attributes that do more than show."""
    page = _Page()
    page.feed(text)
    page.close()
    return page.found
