"""Frames are put together in decoding order, whatever the line does to the packets."""

from __future__ import annotations

from aiortc.rtp import RtpPacket

from coteach.live.frames import PATIENCE, FrameAssembler
from coteach.live.timeline import StreamClock


def packet(number: int, frame: int, *, first=False, last=False, key=False) -> RtpPacket:
    made = RtpPacket(payload_type=96, sequence_number=number % 65536, timestamp=frame * 3000,
                     marker=int(last))
    body = bytes([0 if key else 1]) + bytes([frame % 256]) * 3
    made.payload = bytes([0x10 if first else 0]) + (body if first else body[1:])
    return made


def stream(start: int = 65530, frames: int = 6):
    """Frames of three packets, a key frame first and at 4; numbers wrap around."""
    return [packet(start + f * 3 + p, f, first=p == 0, last=p == 2, key=f in (0, 4))
            for f in range(frames) for p in range(3)]


def assemble(packets, times=None):
    assembler, frames = FrameAssembler(), []
    for place, one in enumerate(packets):
        frames += assembler.add(one, times[place] if times else place * 0.01)
    return [f.timestamp // 3000 for f in frames], assembler


def test_frames_come_in_order_across_the_wrap_of_numbers():
    assert assemble(stream())[0] == [0, 1, 2, 3, 4, 5]


def test_packets_that_overtake_each_other_change_nothing():
    packets = stream()
    packets[4], packets[7] = packets[7], packets[4]
    packets[10], packets[9] = packets[9], packets[10]
    assert assemble(packets)[0] == [0, 1, 2, 3, 4, 5]


def test_a_packet_sent_again_in_time_is_waited_for():
    packets = stream()
    late = packets.pop(4)
    assert assemble([*packets[:12], late, *packets[12:]])[0] == [0, 1, 2, 3, 4, 5]


def test_after_a_loss_nothing_is_kept_until_the_next_key_frame():
    packets = stream()
    del packets[4]
    found, assembler = assemble(packets, [place * PATIENCE / 4 for place in range(len(packets))])
    assert found == [0, 4, 5]
    assert not assembler.lost


def test_nothing_is_taken_before_the_first_key_frame():
    assert assemble(stream()[3:12])[0] == []


def test_timestamps_that_wrap_or_jump_stay_on_the_timeline():
    clock = StreamClock(90000)
    top = (1 << 32) - 45000
    assert clock.place(1, top, 10.0) == 10.0
    assert abs(clock.place(1, 45000, 11.02) - 11.0) < 1e-6
    assert clock.place(1, 90_000_000, 12.0) == 12.0, "a jump is placed by its arrival"
    assert clock.place(2, 7, 13.0) == 13.0, "so is a new stream"
