r"""Formulas in TeX become MathML, which browsers and screen readers know without any script.

What can't be translated stays as it is written, as before: a reader may still make sense of it.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from collections import OrderedDict
from html import escape, unescape
from threading import Lock

from latex2mathml.converter import convert

MOST = 4000
"""Characters of one formula."""
MOST_KEPT = 4_000_000
"""Characters of formulas that are kept, with what they became."""
_SPACE = "http://www.w3.org/1998/Math/MathML"
_TAGS = frozenset((
    "math", "mrow", "mi", "mn", "mo", "mtext", "mspace", "ms", "mfrac", "msqrt", "mroot", "mstyle",
    "merror", "mpadded", "mphantom", "mfenced", "menclose", "msub", "msup", "msubsup", "munder",
    "mover", "munderover", "mmultiscripts", "mtable", "mtr", "mtd", "mprescripts", "none"))
_SAME = {"aligned": "align*", "alignedat": "align*", "gathered": "align*", "gather": "align*",
         "gather*": "align*", "equation*": "", "equation": "", "multline": "align*",
         "eqnarray": "align*", "eqnarray*": "align*", "align": "align*"}
"""Environments that are close enough to another one; an empty one is left away."""
_PRICES = re.compile(r"\d[^\\^_={}]*\s")
"""Between two prices ("$5 and $6") stands no formula."""
_ENVIRONMENT = re.compile(r"\\(begin|end)\{([a-z]+\*?)\}")
_IN_TEXT = re.compile(
    r"(?<!\\)\$\$(?P<block>.+?)(?<!\\)\$\$|(?<![\\$])\$(?P<inline>[^$]+?)(?<!\\)\$", re.S)


class _Kept:
    """What formulas became; those that were asked for longest ago go. Several threads ask."""

    def __init__(self) -> None:
        self.size = 0
        self._made: OrderedDict[tuple[str, bool], str | None] = OrderedDict()
        self._lock = Lock()

    def get(self, key: tuple[str, bool]) -> tuple[str | None] | None:
        """Return what is kept, or None."""
        with self._lock:
            if key not in self._made:
                return None
            self._made.move_to_end(key)
            return (self._made[key],)

    def put(self, key: tuple[str, bool], made: str | None) -> None:
        """Keep what a formula became."""
        with self._lock:
            if key not in self._made:
                self.size += _size(key, made)
            self._made[key] = made
            while self.size > MOST_KEPT:
                self.size -= _size(*self._made.popitem(last=False))


def _size(key: tuple[str, bool], made: str | None) -> int:
    return 200 + len(key[0]) + len(made or "")


KEPT = _Kept()


def _known(tex: str) -> str:
    def same(found: re.Match[str]) -> str:
        name = _SAME.get(found.group(2), found.group(2))
        return f"\\{found.group(1)}{{{name}}}" if name else ""
    return _ENVIRONMENT.sub(same, tex)


def _plain(element: ElementTree.Element) -> bool:
    """Say whether an element is MathML and nothing else, and all of it was understood."""
    for part in element.iter():
        part.tag = part.tag.rpartition("}")[2]
        if part.tag not in _TAGS or "\\" in (part.text or ""):
            return False
        for name in [n for n in part.attrib if n == "href" or n.startswith(("on", "{"))]:
            del part.attrib[name]
    return True


def mathml(tex: str, *, block: bool = False) -> str | None:
    """Return a formula as MathML, or None when it can't be translated."""
    if not tex.strip() or len(tex) > MOST:
        return None
    if (kept := KEPT.get((tex, block))) is not None:
        return kept[0]
    made = _mathml(tex, block)
    KEPT.put((tex, block), made)
    return made


def _mathml(tex: str, block: bool) -> str | None:
    try:
        made = convert(_known(tex.strip()), display="block" if block else "inline")
        element = ElementTree.fromstring(made)  # noqa: S314  made by us, without entities
    except Exception:  # it raises whatever it stumbles over
        return None
    if not _plain(element):
        return None
    element.set("xmlns", _SPACE)
    return ElementTree.tostring(element, encoding="unicode")


def formula(tex: str, *, block: bool = False) -> str:
    """Return the HTML of a formula; what can't be translated is shown as it is written."""
    made = None if not block and _PRICES.fullmatch(tex) else mathml(tex, block=block)
    return written(tex, block=block) if made is None else _placed(made, block)


def written(tex: str, *, block: bool = False) -> str:
    """Return the HTML of a formula as it is written."""
    sign = "$$" if block else "$"
    return _placed(escape(f"{sign}{tex}{sign}"), block)


def _placed(made: str, block: bool) -> str:
    return (f'<span class="ct-formula ct-scroll" tabindex="0" style="display:block">{made}</span>'
            if block else made)


def in_text(text: str) -> str:
    """Return text with formulas between dollar signs (an output of type text/latex) as HTML."""
    parts, last = [], 0
    for found in _IN_TEXT.finditer(text):
        parts.append(escape(text[last:found.start()]))
        block = found.group("block")
        tex = found.group("inline") if block is None else block
        # Alone in its output a formula is shown as one, though it is written as part of a line.
        alone = not (text[:found.start()] + text[found.end():]).strip()
        parts.append(formula(tex, block=block is not None or alone))
        last = found.end()
    parts.append(escape(text[last:]))
    if not last and "\\begin" in text:
        return formula(text.strip(), block=True)
    return "".join(parts)


def _of(found: re.Match[str]) -> tuple[str, bool]:
    block = found.group("block")
    return (found.group("inline"), False) if block is None else (block, True)


def in_line(text: str) -> str:
    """Return a line of text (the name of a control, a label) with its formulas as HTML."""
    parts, last = [], 0
    for found in _IN_TEXT.finditer(text):
        parts += [escape(text[last:found.start()]), formula(_of(found)[0])]
        last = found.end()
    whole = "".join([*parts, escape(text[last:])])
    return f"<span>{whole}</span>" if parts else whole


def in_html(html: str) -> str:
    """Return HTML with the formulas in its texts translated; what is inside of tags stays."""
    def made(found: re.Match[str]) -> str:
        tex, block = _of(found)
        return formula(unescape(tex), block=block)
    return "".join(part if part.startswith("<") else _IN_TEXT.sub(made, part)
                   for part in re.split(r"(<[^>]*>)", html))
