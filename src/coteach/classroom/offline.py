"""`/c/sw.js` and `/c/manifest.webmanifest`: the class page without a line, and as an app.

Rule: nothing of a pupil is in either; what is kept for whom is decided in `static/sw.js`.
"""

from __future__ import annotations

import hashlib
import json
from functools import cache

from coteach import i18n
from coteach.classroom.base import BASE, STATIC, Handler, own
from coteach.i18n import gettext as _

INK, PAPER = "#0b5d57", "#fbf8f2"


def _words(tag: str) -> dict[str, str]:
    with i18n.language(tag):
        return {
            "tag": tag, "title": _("There is no line right now"),
            "text": _("This page is not kept on this device. What you have answered is. "
                      "Try again when the line is back."),
            "again": _("Try again")}


@cache
def worker() -> str:
    """Return the service worker; another text whenever a page of coteach would be another."""
    script = (STATIC / "sw.js").read_text(encoding="utf-8")
    words = json.dumps({tag: _words(tag) for tag in i18n.LANGUAGES}, ensure_ascii=False)
    version = hashlib.sha256(f"{script}{words}".encode()).hexdigest()[:12]
    return (f'const VERSION = "{version}", BASE = "{BASE}";\n'
            f"const WORDS = {words};\n{script}")


class Worker(Handler):
    """`/c/sw.js`."""

    def get(self) -> None:
        """Answer with the worker; browsers ask for it anew at each visit."""
        self.set_header("Content-Type", "text/javascript; charset=utf-8")
        self.set_header("Cache-Control", "no-cache")
        self.set_header("Service-Worker-Allowed", BASE)
        self.finish(worker())


class Manifest(Handler):
    """`/c/manifest.webmanifest`."""

    def get(self) -> None:
        """Answer with the name in the language of the page, colours and icons."""
        self.set_header("Content-Type", "application/manifest+json; charset=utf-8")
        self.set_header("Cache-Control", "no-cache")
        self.finish(json.dumps({
            "id": BASE, "name": _("My lesson"), "short_name": _("My lesson"),
            "lang": self.language, "start_url": BASE, "scope": BASE, "display": "standalone",
            "background_color": PAPER, "theme_color": INK, "icons": [
                {"src": own("icon.svg"), "sizes": "any", "type": "image/svg+xml"},
                {"src": own("icon-192.png"), "sizes": "192x192", "type": "image/png"},
                {"src": own("icon-512.png"), "sizes": "512x512", "type": "image/png",
                 "purpose": "any maskable"}]}, ensure_ascii=False))
