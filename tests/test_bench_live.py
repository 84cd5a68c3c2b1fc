"""The live benchmark really relays pictures, counts what is lost, and compares like with like."""

from __future__ import annotations

import time
from types import SimpleNamespace

from aiortc.rtp import RtpPacket

from coteach.bench.live import picture, run, servers
from coteach.bench.live.count import Onlooker, Viewer


class _Peer:
    """A connection with one receiver, without a line."""

    def __init__(self) -> None:
        from coteach.live.ingest import IngestReceiver

        self.receiver = IngestReceiver("video", None)

    def getTransceivers(self):
        return [self]


def packet(number: int, *, last: bool = True) -> RtpPacket:
    made = RtpPacket(payload_type=96, sequence_number=number % 65536, marker=int(last))
    made.payload = picture.stamped(b"picture") if last else b"part"
    return made


def test_viewers_count_frames_in_order_with_the_time_they_waited():
    viewer = Viewer(_Peer())
    viewer.forward(packet(65535), False, {})
    late = packet(0)
    time.sleep(0.02)
    viewer.forward(packet(1), False, {})
    assert len(viewer.found()["waits"]) == 1, "a frame waits for the one before it"
    viewer.forward(late, False, {})
    found = viewer.found()
    assert found["packets"] == 3 and found["never"] == 0
    assert len(found["waits"]) == 3 and found["waits"][1] >= 0.02


async def test_a_relay_is_measured_with_real_viewers_on_a_line_that_loses(monkeypatch):
    monkeypatch.setattr(run, "COUNTED", 2)  # a third one only looks on
    found = await run._alone(servers.ours, 3, 2.0, down=0.05)
    assert found["cpu"] > 0 and found["viewer"] == found["cpu"] / 3
    assert found["repaired"] > 0 and found["never"] == 0
    assert 0 < found["p50"] < found["longest"]


def test_onlookers_count_by_the_numbers_that_anybody_can_read():
    passed = []

    class Connection:
        def data_received(self, data, component):
            passed.append(data[0])

    connection = Connection()
    peer = _Peer()
    peer.receiver = SimpleNamespace(transport=SimpleNamespace(
        transport=SimpleNamespace(_connection=connection)))
    onlooker = Onlooker(peer)
    for number in (65534, 65535, 2, 1, 3):
        connection.data_received(packet(number).serialize(), 1)
    connection.data_received(b"\x81\xc9" + b"\0" * 20, 1)
    connection.data_received(b"\x16" + b"\0" * 20, 1)
    assert onlooker.found() == {"packets": 5, "never": 1, "waits": [], "repaired": 0}
    assert passed == [0x81, 0x16], "reports and DTLS go where they belong"
    onlooker.begin()
    assert not onlooker.sees


def test_each_relay_has_its_own_ratio():
    ours, stock = run._columns(
        {"ours": {"viewer": 0.3, "lost": 0}, "janus": {"viewer": 0.4, "lost": 2},
         "janus_loop": {"viewer": 0.2, "lost": 0}}, {"viewer": 10.0})
    found = run.report.result("live", {}, ours, stock)
    assert found["ratio"] == {"viewer": 0.03, "viewer_janus": 0.75, "viewer_janus_loop": 1.5,
                              "lost": 0.0}
    assert {row.name for row in run.rows()} >= set(ours)
