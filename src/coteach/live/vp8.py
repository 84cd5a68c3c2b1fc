"""Reading the few bits of VP8 that a relay must understand (RFC 7741); nothing is decoded."""

from __future__ import annotations


def _payload_start(payload: bytes) -> int:
    """Return where the VP8 data begins behind the payload descriptor; the length if it is cut."""
    at = 1
    if payload and payload[0] & 0x80:
        if len(payload) < 2:
            return len(payload)
        extension, at = payload[1], 2
        if extension & 0x80:
            if len(payload) <= at:
                return len(payload)
            at += 2 if payload[at] & 0x80 else 1
        if extension & 0x40:
            at += 1
        if extension & 0x30:
            at += 1
    return min(at, len(payload))


def body(payload: bytes) -> bytes:
    """Return the VP8 data of an RTP payload."""
    return payload[_payload_start(payload):]


def starts_frame(payload: bytes) -> bool:
    """Say whether this packet is the first one of a frame (start of partition 0)."""
    return bool(payload) and payload[0] & 0x17 == 0x10


def starts_key_frame(payload: bytes) -> bool:
    """Say whether this packet is the first one of a key frame."""
    at = _payload_start(payload)
    return starts_frame(payload) and at < len(payload) and not payload[at] & 1


def is_key_frame(frame: bytes) -> bool:
    """Say whether an assembled frame is a key frame."""
    return bool(frame) and not frame[0] & 1


def size_of_key_frame(frame: bytes) -> tuple[int, int] | None:
    """Return width and height from a key frame's header; None when it has none."""
    if len(frame) < 10 or frame[3:6] != b"\x9d\x01\x2a":
        return None
    return ((frame[6] | frame[7] << 8) & 0x3FFF, (frame[8] | frame[9] << 8) & 0x3FFF)
