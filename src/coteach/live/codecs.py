"""Which codec a connection uses: one for each kind of media, the same for all who share a source.

VP8 wherever a publisher can send it, since every browser reads it and every recording takes it;
else H.264. Sound is Opus. Nothing is transcoded, so a viewer must take what the publisher sends.
"""

from __future__ import annotations

from aiortc import RTCRtpTransceiver
from aiortc.codecs import CODECS, is_rtx
from aiortc.rtcpeerconnection import find_common_codecs
from aiortc.rtcrtpparameters import RTCRtpCodecParameters

from coteach.errors import UserError
from coteach.i18n import gettext as _

PREFERRED = {"video": ("vp8", "h264"), "audio": ("opus",)}
"""Names of codecs, the first one first."""
OPUS = {"minptime": 10, "useinbandfec": 1}
"""Told to publishers and viewers: every packet of sound repairs the one before it."""
_NAMES = {"vp8": "VP8", "h264": "H.264", "opus": "Opus"}


def _ranked(kind: str, found: list[RTCRtpCodecParameters]) -> list[RTCRtpCodecParameters]:
    """Return those that rooms use, the preferred one first."""
    return sorted((c for c in found if c.name.lower() in PREFERRED[kind]),
                  key=lambda c: PREFERRED[kind].index(c.name.lower()))


def usable(kind: str, offered: list[RTCRtpCodecParameters]) -> list[RTCRtpCodecParameters]:
    """Return the offered codecs that rooms can use, the preferred one first."""
    return _ranked(kind, find_common_codecs(CODECS[kind], offered))


def titles(kind: str) -> str:
    """Return the names of the codecs of a kind, for a sentence."""
    return " / ".join(_NAMES[name] for name in PREFERRED[kind])


def restrict(
    transceiver: RTCRtpTransceiver, wanted: RTCRtpCodecParameters | None = None
) -> RTCRtpCodecParameters:
    """Leave one codec (with its retransmission) in an answer, and return it.

    `setCodecPreferences` has no effect on the answering side of aiortc 1.16.

    Parameters
    ----------
    wanted
        What the source is sent in; the preferred one when not given.

    Raises
    ------
    UserError
        The offer does not take it.
    """
    kind = transceiver.kind
    offered = _ranked(kind, transceiver._codecs)
    if wanted is not None:
        offered = [c for c in offered if c.name.lower() == wanted.name.lower()]
        # The level and profile of H.264 are a hint; all decoders read the baselines.
        offered.sort(key=lambda c: _profile(c) != _profile(wanted))
    if not offered:
        name = _NAMES[wanted.name.lower()] if wanted is not None else titles(kind)
        raise UserError(
            _("The picture or sound is sent as {codec}, which this player does not take.").format(
                codec=name), hint=_("Use another browser or player."), status=422,
            code="no-common-codec")
    first = offered[0]
    if first.name.lower() == "opus":
        first.parameters = dict(OPUS)  # type: ignore[assignment,unused-ignore]
    transceiver._codecs = [first] + [
        c for c in transceiver._codecs
        if is_rtx(c) and c.parameters.get("apt") == first.payloadType]
    return first


def _profile(codec: RTCRtpCodecParameters) -> str:
    return str(codec.parameters.get("profile-level-id", ""))[:4].lower()
