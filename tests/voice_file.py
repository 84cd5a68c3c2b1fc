"""A short tone as an Opus file, where tests need somebody's voice."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np


def write_tone(path: Path, seconds: float = 0.5, hertz: float = 440.0) -> None:
    """Write a sine tone to an Ogg file with Opus in it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w", format="ogg") as out:
        stream = out.add_stream("libopus", rate=48_000, layout="mono")
        time = np.arange(int(48_000 * seconds)) / 48_000
        wave = (0.2 * 32767 * np.sin(2 * np.pi * hertz * time)).astype(np.int16)
        for place in range(0, len(wave), 960):
            frame = av.AudioFrame.from_ndarray(wave[None, place:place + 960], "s16", "mono")
            frame.sample_rate, frame.pts = 48_000, place
            for packet in stream.encode(frame):
                out.mux(packet)
        for packet in stream.encode(None):
            out.mux(packet)
