"""What somebody's code or text shows, as HTML that shows and does nothing else.

Rule: what comes out is written anew from a list of good elements and attributes; nothing of the
text that came in is passed on as it is. A feedback page has a policy of its own besides.
"""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser
from typing import Any

_SHOWN = frozenset({
    "a", "abbr", "b", "blockquote", "br", "caption", "cite", "code", "col", "colgroup", "dd",
    "del", "details", "dfn", "div", "dl", "dt", "em", "figcaption", "figure", "h1", "h2", "h3",
    "h4", "h5", "h6", "hr", "i", "img", "ins", "kbd", "li", "mark", "ol", "p", "pre", "q", "s",
    "samp", "small", "span", "strong", "sub", "summary", "sup", "table", "tbody", "td", "tfoot",
    "th", "thead", "tr", "u", "ul", "var", "wbr"})
_VOID = frozenset({"br", "col", "hr", "img", "wbr"})
_SWALLOWED = frozenset({
    "script", "style", "iframe", "object", "embed", "template", "noscript", "svg", "math", "head",
    "title", "textarea", "select", "xmp", "plaintext", "noembed", "noframes", "audio", "video",
    "canvas", "applet", "frameset"})
"""Elements that go with all that is in them; of others that are not shown, the text stays."""
_ANYWHERE = frozenset({"title", "lang", "dir", "align"})
_ATTRIBUTES = {
    "a": {"href"}, "img": {"src", "alt", "width", "height"}, "ol": {"start", "type"},
    "td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan", "scope"}, "details": {"open"},
    "col": {"span"}, "colgroup": {"span"}, "q": {"cite"}, "div": {"class"}, "span": {"class"},
    "pre": {"class"}, "code": {"class"}, "table": {"class"},
}
_ADDRESS = re.compile(r"(?:https?://|mailto:|#)[^\s<>\"'`]*", re.I)
_PICTURE = re.compile(r"data:image/(?:png|jpeg|gif|webp|svg\+xml);base64,[A-Za-z0-9+/=\s]*", re.I)
_CLASS = re.compile(r"(?:highlight|hl-[\w-]+|dataframe|language-[\w-]+|[a-z][a-z0-9]?)")
"""Classes of coloured code and tables; ours would make an answer look like a part of the page."""
_BASE64 = re.compile(r"[A-Za-z0-9+/=\s]*")
DEEPEST = 200
_KEPT_KINDS = ("text/plain", "text/html", "text/markdown", "text/latex", "image/svg+xml",
               "image/png", "image/jpeg")


class _Writer(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.out: list[str] = []
        self._open: list[str] = []
        self._swallowing: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._swallowing or tag in _SWALLOWED:
            if tag in _SWALLOWED and tag != "embed":
                self._swallowing.append(tag)
            return
        if tag not in _SHOWN or len(self._open) >= DEEPEST:
            return
        said = "".join(f' {name}="{html.escape(value, quote=True)}"'
                       for name, value in _good(tag, attrs).items())
        self.out.append(f"<{tag}{said}>")
        if tag not in _VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _SWALLOWED:  # <svg/> has nothing in it
            self.handle_starttag(tag, attrs)
            if tag not in _VOID:
                self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._swallowing:
            if tag in self._swallowing:
                while self._swallowing.pop() != tag:
                    pass
            return
        if tag in self._open:
            while True:
                last = self._open.pop()
                self.out.append(f"</{last}>")
                if last == tag:
                    break

    def handle_data(self, data: str) -> None:
        if not self._swallowing:
            self.out.append(html.escape(data, quote=False))

    def finished(self) -> str:
        self.close()
        return "".join([*self.out, *(f"</{tag}>" for tag in reversed(self._open))])


def _good(tag: str, attrs: list[tuple[str, str | None]]) -> dict[str, str]:
    wanted = _ANYWHERE | _ATTRIBUTES.get(tag, set())
    found: dict[str, str] = {}
    for name, value in attrs:
        said = (value or "").strip()
        if name not in wanted or name in found:
            continue
        if name in ("href", "cite") and not _ADDRESS.fullmatch(said):
            continue
        if name == "src" and not _PICTURE.fullmatch(said):
            continue
        if name in ("width", "height", "colspan", "rowspan", "span", "start") and not re.fullmatch(
                r"\d{1,5}%?", said):
            continue
        if name == "class":
            said = " ".join(each for each in said.split() if _CLASS.fullmatch(each))
        found[name] = said
    if "href" in found:
        found["rel"] = "noopener noreferrer nofollow"
    return found


def clean(text: str) -> str:
    """Return HTML without anything that runs, calls, covers or looks like the page itself."""
    writer = _Writer()
    writer.feed(str(text).replace("\0", ""))
    return writer.finished()


def for_page(notebook: Any) -> None:
    """Leave in the outputs of a notebook only what a page may show."""
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            if "data" not in output:
                continue
            output.metadata = {}  # sizes are written into the page as they are
            for kind, value in list(output.data.items()):
                text = value if isinstance(value, str) else "".join(value) if isinstance(
                    value, list) and all(isinstance(part, str) for part in value) else None
                picture = kind in ("image/png", "image/jpeg")
                if kind not in _KEPT_KINDS or text is None or (
                        picture and not _BASE64.fullmatch(text)):
                    del output.data[kind]
                else:
                    output.data[kind] = text
