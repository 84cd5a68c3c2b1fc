"""Judging an SDP offer before aiortc sees it: its size, its lines, its codecs.

Half of the broken offers end as a crash inside aiortc 1.16; each gets a sentence here instead.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from aiortc import sdp

from coteach.errors import UserError
from coteach.i18n import gettext as _
from coteach.live import codecs

MAX_BYTES = 32_768
"""A browser's offer of one picture and one sound has 4-8 kB."""
MAX_CANDIDATES = 20
MOST = {"audio": 1, "video": 2}
"""How many of each kind are taken."""


def _refuse(
    message: str, hint: str = "", *, status: int = 400, code: str = "bad-offer"
) -> UserError:
    return UserError(message, hint=hint, status=status, code=code)


def _text(raw: bytes, hint: str = "") -> str:
    """Return what was sent as text; the hint is for one who sent too much."""
    if len(raw) > MAX_BYTES:
        raise _refuse(
            _("The offer has {size} bytes; at most {limit} are read.").format(
                size=len(raw), limit=MAX_BYTES), hint, status=413, code="offer-too-large")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        raise _refuse(_("The offer is not text.")) from None


def ice_user(text: str) -> str:
    """Return the first ICE user name of an offer or a fragment; empty when there is none."""
    return next((line.partition(":")[2].strip() for line in text.splitlines()
                 if line.startswith("a=ice-ufrag:")), "")


def clean(raw: bytes) -> str:
    """Return an offer that is safe to answer, without candidates that can't help.

    Raises
    ------
    UserError
        In one sentence, what is wrong with the offer.
    """
    text = _text(raw, _("Offer one picture and one sound."))
    kinds = [line[2:].split(" ")[0] for line in text.splitlines() if line.startswith("m=")]
    if not kinds:
        raise _refuse(_("The offer has no media."))
    if any(kind not in MOST for kind in kinds) or any(
            kinds.count(kind) > most for kind, most in MOST.items()):
        raise _refuse(_("The offer has {count} media lines: at most one picture in two sizes and "
                        "one sound are taken.").format(count=len(kinds)), code="too-many-media")
    text = _without_useless_candidates(text)
    # Whoever names none that we reach is still found by her own checks: the end of her list is not
    # the end of hope, and half-open connections end by themselves.
    text = text.replace("a=end-of-candidates\r\n", "")
    _check(text, len(kinds))
    return text


@dataclass(frozen=True)
class Fragment:
    """What a trickle ICE request tells."""

    user: str
    """The ICE user name that the candidates belong to; empty when it does not say."""
    candidates: list[str]
    last: bool


def fragment(raw: bytes) -> Fragment:
    """Read an SDP fragment with more candidates (RFC 8840); useless ones are left out.

    Raises
    ------
    UserError
        It can't be read.
    """
    text = _text(raw)
    lines = _without_useless_candidates(text).splitlines()
    if not any(line.startswith(("a=candidate:", "a=end-of-candidates", "a=ice-ufrag:"))
               for line in text.splitlines()):
        raise _refuse(_("The request names no candidate."))
    return Fragment(
        user=ice_user(text),
        candidates=[line.removeprefix("a=candidate:") for line in lines
                    if line.startswith("a=candidate:")],
        last="a=end-of-candidates" in lines)


def _without_useless_candidates(text: str) -> str:
    """Drop candidates that we can't reach, so that a mistake in one costs nobody the others."""
    kept, count = [], 0
    for line in text.splitlines():
        if line.startswith("a=candidate:"):
            words = line.split()
            count += 1
            if len(words) < 8 or count > MAX_CANDIDATES or not _reachable(words):
                continue
        kept.append(line)
    return "\r\n".join(kept) + "\r\n"


def _reachable(words: list[str]) -> bool:
    """Say whether a candidate is one to send to: UDP, an address (no name to look up), a port."""
    _foundation, component, protocol, priority, host, port = words[:6]
    numbers = (component, priority, port)
    if protocol.lower() != "udp" or not all(n.isascii() and n.isdigit() for n in numbers):
        return False
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        # mDNS names cost a second each to look up in vain.
        return False
    if address.is_unspecified or address.is_multicast or getattr(address, "scope_id", None):
        return False
    return (len(component) < 4 and len(priority) <= 10 and int(priority) < 2**32
            and len(port) <= 5 and 0 < int(port) < 65536)


def _check(text: str, media_count: int) -> None:
    try:
        description = sdp.SessionDescription.parse(text)
    except Exception:
        # aiortc's parser raises whatever a broken line makes it stumble over.
        raise _refuse(_("The offer is not valid SDP.")) from None
    bundle = next((g for g in description.group if g.semantic == "BUNDLE"), None)
    if media_count > 1 and (bundle is None or len(bundle.items) != media_count):
        raise _refuse(_("The offer sends its media over several connections."),
                      _("Bundle them."), code="not-bundled")
    for media in description.media:
        if media.ice is None or not media.ice.usernameFragment or not media.ice.password:
            raise _refuse(_("The offer has no ICE user name and password."))
        if media.dtls is None or not media.dtls.fingerprints:
            raise _refuse(_("The offer has no certificate fingerprint."))
        if not codecs.usable(media.kind, media.rtp.codecs):
            raise _refuse(
                _("The offer has no {codec}, which is what rooms use.").format(
                    codec=codecs.titles(media.kind)),
                _("Use Chrome, Edge, Firefox or Safari in its newest version."), status=422,
                code="no-codec")
        if not media.rtp.muxId:
            raise _refuse(_("The offer names no media id."))
