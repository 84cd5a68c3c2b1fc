"""A picture and a sound, encoded once before anything is measured.

Every frame ends with a stamp of when it was sent. Decoders ignore what follows the last partition
of VP8, and a relay that forwards encoded packets carries the stamp to the viewer.
"""

from __future__ import annotations

import struct
import time
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av
import numpy as np

WIDTH, HEIGHT, SPEED = 640, 360, 30
BITRATE = 650_000
KEY_EVERY = 60
FRAMES = KEY_EVERY
_STAMP = struct.Struct("!4sQ")
_MARK = b"cTsP"
STAMP_BYTES = _STAMP.size


@dataclass(frozen=True)
class Encoded:
    """One encoded frame."""

    data: bytes
    key: bool


def stamped(data: bytes) -> bytes:
    """Return a frame's bytes with the time of this moment at the end."""
    return data + _STAMP.pack(_MARK, time.monotonic_ns())


def age(payload: bytes) -> float | None:
    """Return how many seconds ago a frame was sent whose last bytes these are."""
    if len(payload) < STAMP_BYTES:
        return None
    mark, sent = _STAMP.unpack(payload[-STAMP_BYTES:])
    return (time.monotonic_ns() - sent) / 1e9 if mark == _MARK else None


def video(rate: int = BITRATE) -> list[Encoded]:
    """Encode two seconds of a moving pattern that go round."""
    codec: Any = av.CodecContext.create("libvpx", "w")
    codec.width, codec.height, codec.pix_fmt = WIDTH, HEIGHT, "yuv420p"
    codec.time_base, codec.framerate = Fraction(1, SPEED), SPEED
    codec.bit_rate, codec.gop_size = rate, KEY_EVERY
    codec.options = {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0",
                     "minrate": str(rate), "maxrate": str(rate), "bufsize": str(rate // 2)}
    noise = np.random.default_rng(1).integers(0, 24, (HEIGHT, WIDTH), dtype=np.uint8)
    slope = np.arange(WIDTH)[None, :] + np.arange(HEIGHT)[:, None] // 2
    made: list[Encoded] = []
    for number in range(FRAMES):
        planes = np.full((HEIGHT * 3 // 2, WIDTH), 128, np.uint8)
        planes[:HEIGHT] = (slope + number * 3) % 200 + np.roll(
            noise, (number * 7 % HEIGHT, number * 13 % WIDTH), (0, 1))
        frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
        frame.pts, frame.time_base = number, codec.time_base
        made += [Encoded(bytes(packet), packet.is_keyframe) for packet in codec.encode(frame)]
    return made + [Encoded(bytes(packet), packet.is_keyframe) for packet in codec.encode(None)]


def sound() -> list[Encoded]:
    """Encode a second of a tone as 20 ms Opus packets that go round."""
    codec: Any = av.CodecContext.create("libopus", "w")
    codec.sample_rate, codec.layout, codec.format = 48000, "mono", "s16"
    codec.bit_rate = 32_000
    made: list[Encoded] = []
    for number in range(50):
        at = (number * 960 + np.arange(960)) / 48000
        wave = (np.sin(2 * np.pi * 440 * at) * 8000).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(wave[None, :], format="s16", layout="mono")
        frame.sample_rate, frame.pts = 48000, number * 960
        made += [Encoded(bytes(packet), True) for packet in codec.encode(frame)]
    return made
