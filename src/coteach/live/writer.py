"""Writing one person's sound and picture into WebM files, without transcoding.

A thread of its own writes, so that a slow disk never holds up the room. Each file is written in
clusters of a second: after `kill -9` all but the last second can be played. One file is a
*segment*; a new one begins when a picture joins a recording that had only sound so far.
"""

from __future__ import annotations

import os
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from aiortc.rtp import RtpPacket

from coteach.live import vp8
from coteach.live.frames import FrameAssembler
from coteach.live.source import Source
from coteach.live.timeline import StreamClock

MILLISECONDS = Fraction(1, 1000)
OPTIONS = {"cluster_time_limit": "1000", "flush_packets": "1"}
SYNC_INTERVAL = 5.0
"""Seconds between two fsyncs: what a power cut may cost."""
WAIT_FOR_PICTURE = 1.5
"""Seconds to wait for the first picture before a file with sound only is begun: time to ask twice
more for a key frame. What is heard meanwhile is kept and comes first in the file."""


@dataclass(frozen=True)
class Sample:
    """One encoded picture or 20 ms of sound, at its second of the recording's timeline."""

    kind: str
    data: bytes
    at: float
    key: bool


class Segment:
    """One WebM file being written."""

    def __init__(self, path: Path, start: float, size: tuple[int, int] | None) -> None:
        self.path, self.start = path, start
        self.has_video = size is not None
        self._last: dict[str, int] = {}
        self._streams: dict[str, Any] = {}
        # Made here: FFmpeg makes the file only with the first packet.
        self._sync = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        self._container = av.open(str(path), "w", format="webm", options=OPTIONS)
        if size is not None:
            video: Any = self._container.add_stream("libvpx", rate=30)
            video.width, video.height = size
            video.pix_fmt = "yuv420p"
            video.time_base = MILLISECONDS
            self._streams["video"] = video
        audio: Any = self._container.add_stream("libopus", rate=48000)
        audio.layout = "stereo"
        self._streams["audio"] = audio
        self._synced = time.monotonic()

    def write(self, sample: Sample) -> None:
        """Mux a sample; one that would go back in time is left out."""
        at = round((sample.at - self.start) * 1000)
        if at < 0 or at <= self._last.get(sample.kind, -1):
            if sample.kind == "audio" or at < 0:
                return
            at = self._last[sample.kind] + 1  # a picture can't be left out: later ones need it
        self._last[sample.kind] = at
        packet = av.Packet(sample.data)
        packet.stream = self._streams[sample.kind]
        packet.pts = packet.dts = at
        packet.time_base = MILLISECONDS
        packet.is_keyframe = sample.key
        self._container.mux(packet)
        if time.monotonic() - self._synced > SYNC_INTERVAL:
            self._synced = time.monotonic()
            os.fsync(self._sync)

    def close(self) -> None:
        """Write the end of the file."""
        try:
            self._container.close()
            os.fsync(self._sync)
        finally:
            os.close(self._sync)


class PersonWriter:
    """Records one person; an `Output` of her sources.

    Parameters
    ----------
    folder, stem
        Files are ``folder/stem-1.part.webm`` and so on.
    clock
        Returns the second of the recording's timeline that is now.
    on_segment
        Called in the writing thread with each new file and the second it begins at.
    on_failure
        Called in the writing thread when the disk is full or a file can't be written.
    """

    def __init__(self, folder: Path, stem: str, clock: Callable[[], float],
                 on_segment: Callable[[Path, float], None],
                 on_failure: Callable[[Exception], None], *, first_segment: int = 1) -> None:
        self._folder, self._stem, self._clock = folder, stem, clock
        self._on_segment, self._on_failure = on_segment, on_failure
        self._number = first_segment
        self._queue: queue.Queue[Sample | None] = queue.Queue(maxsize=20_000)
        self._assembler = FrameAssembler()
        self._clocks: dict[str, StreamClock] = {}
        self._sources: dict[str, Source] = {}
        self._size = (640, 360)
        self._failed = False
        self._thread = threading.Thread(target=self._run, name=f"record-{stem}", daemon=True)
        self._thread.start()

    def attach(self, sources: dict[str, Source]) -> None:
        """Take packets from these sources from now on, instead of earlier ones."""
        self.detach()
        self._sources = dict(sources)
        self._assembler = FrameAssembler()
        for source in sources.values():
            source.outputs.append(self)
        self.want_key_frame()

    def detach(self) -> None:
        """Take no more packets; the file stays open for when she is back."""
        for source in self._sources.values():
            if self in source.outputs:
                source.outputs.remove(self)
        self._sources = {}

    def want_key_frame(self) -> None:
        """Ask for a key frame; asked for regularly, so that the file can be sought in."""
        if "video" in self._sources:
            self._sources["video"].want_key_frame()

    def forward(self, packet: RtpPacket, key: bool, bodies: dict[Any, Any]) -> None:
        """Take one packet of a source (called in the event loop)."""
        if self._failed:
            return
        now = self._clock()
        video = self._sources.get("video")
        if video is None or packet.ssrc != video.ssrc:
            at = self._place("audio", 48000, packet, packet.timestamp, now)
            self._put(Sample("audio", packet.payload, at, True))
            return
        for frame in self._assembler.add(packet, now):
            at = self._place("video", 90000, packet, frame.timestamp, now)
            self._put(Sample("video", frame.data, at, frame.key))
        if self._assembler.lost:
            video.want_key_frame()

    def _place(self, kind: str, rate: int, packet: RtpPacket, timestamp: int, now: float) -> float:
        if kind not in self._clocks:
            self._clocks[kind] = StreamClock(rate)
        return self._clocks[kind].place(packet.ssrc, timestamp, now)

    def _put(self, sample: Sample) -> None:
        try:
            self._queue.put_nowait(sample)
        except queue.Full:
            self._fail(OSError("the disk is too slow for the recording"))

    def _fail(self, error: Exception) -> None:
        if not self._failed:
            self._failed = True
            self._on_failure(error)

    def close(self) -> None:
        """Finish the file; blocks until it is on the disk."""
        self.detach()
        self._queue.put(None)
        self._thread.join(20)

    def _run(self) -> None:
        segment: Segment | None = None
        heard: list[Sample] = []
        try:
            while (sample := self._queue.get()) is not None:
                if sample.kind == "video":
                    self._size = vp8.size_of_key_frame(sample.data) or self._size
                    if segment is None or not segment.has_video:
                        if not sample.key:
                            continue
                        if segment is not None:
                            segment.close()
                        segment, heard = self._begin([*heard, sample], self._size), []
                        continue
                elif segment is None:
                    heard.append(sample)
                    if "video" not in self._sources or (
                            sample.at - heard[0].at >= WAIT_FOR_PICTURE):
                        segment, heard = self._begin(heard, None), []
                    continue
                segment.write(sample)
            if segment is None and heard:
                segment = self._begin(heard, None)
        except Exception as error:  # the room goes on whatever the file does
            self._fail(error)
        if segment is not None:
            try:
                segment.close()
            except Exception as error:
                self._fail(error)

    def _begin(self, samples: list[Sample], size: tuple[int, int] | None) -> Segment:
        """Begin a file with what was waiting for it, in the order of the timeline."""
        at = min(sample.at for sample in samples)
        path = self._folder / f"{self._stem}-{self._number}.part.webm"
        self._number += 1
        segment = Segment(path, at, size)
        self._on_segment(path, at)
        for sample in sorted(samples, key=lambda each: each.at):
            segment.write(sample)
        return segment
