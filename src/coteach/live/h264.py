"""Reading the few bytes of H.264 that a relay must understand (RFC 6184); nothing is decoded."""

from __future__ import annotations

_PICTURE, _PARAMETERS = 5, 7
"""Kinds of NAL units: a slice of a key frame, and the parameters that stand before it."""
_TOGETHER, _PART = 24, 28
"""Kinds of packets: several units (STAP-A), a part of one (FU-A)."""


def units(payload: bytes) -> list[int]:
    """Return the kinds of the NAL units that begin in a packet."""
    if len(payload) < 2:
        return []
    kind = payload[0] & 0x1F
    if kind == _PART:
        return [payload[1] & 0x1F] if payload[1] & 0x80 else []
    if kind != _TOGETHER:
        return [kind]
    found, at = [], 1
    while at + 2 < len(payload):
        found.append(payload[at + 2] & 0x1F)
        at += 2 + (payload[at] << 8 | payload[at + 1])
    return found


def starts_key_frame(payload: bytes) -> bool:
    """Say whether a decoder can begin with this packet: it carries the parameters."""
    return _PARAMETERS in units(payload)


def has_key_frame(payload: bytes) -> bool:
    """Say whether a slice of a key frame begins in this packet."""
    return _PICTURE in units(payload)
