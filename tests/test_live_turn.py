"""`coteach up --turn` runs coturn: a way into the rooms for who has a pass, and nowhere else."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import signal
import socket
import ssl
import time
from pathlib import Path

import psutil
import pytest
from aioice import stun, turn
from ports import free_port

from coteach.cli import _status, doctor
from coteach.errors import UserError
from coteach.live.turn import servers_for
from coteach.settings import secrets_of
from coteach.supervisor import State, Supervisor, mark, tls
from coteach.supervisor import turn as part


async def until(condition, seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        await asyncio.sleep(0.02)


@pytest.fixture
def chosen(settings):
    """Settings as `coteach up --turn` has them, on ports of their own."""
    cert, key, _authority = tls.self_signed(settings.layout)
    return part.prepared(dataclasses.replace(
        settings, turn=True, turn_port=free_port(), turn_tls_port=free_port(),
        tls_cert=str(cert), tls_key=str(key)))


async def allocated(settings, server, kind="tcp", context=False):
    """Get a way through as a browser does; return its protocol and a socket to send to peers."""
    made = []

    class Nothing(asyncio.DatagramProtocol):
        def datagram_received(self, data, addr):
            made.append(data)

    async with asyncio.timeout(5):
        transport, _protocol = await turn.create_turn_endpoint(
            Nothing, server_addr=(
                "127.0.0.1", settings.turn_tls_port if context else settings.turn_port),
            username=server.username, password=server.credential, transport=kind, ssl=context)
    return transport, made


async def test_who_has_a_pass_reaches_the_media_port_and_nothing_else(chosen):
    run = "test-" + os.urandom(4).hex()
    changes = []
    supervisor = Supervisor(chosen.layout, run, changes.append)
    supervisor.start([part.service(chosen, run)])
    media = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        await supervisor.wait_until_ready(10)
        media.bind(("127.0.0.1", 0))
        media.settimeout(3)
        told = servers_for(chosen, "linh")
        assert [s.url.replace(str(chosen.turn_port), "P").replace(str(chosen.turn_tls_port), "T")
                for s in told] == ["turn:127.0.0.1:P?transport=udp",
                                   "turn:127.0.0.1:P?transport=tcp",
                                   "turns:127.0.0.1:T?transport=tcp"]
        for kind, secure in (("udp", False), ("tcp", False), ("tcp", True)):
            authority = chosen.layout.tls / "school-authority.crt"
            transport, came = await allocated(
                chosen, told[0], kind, secure and ssl.create_default_context(cafile=authority))
            transport.sendto(b"hello", media.getsockname())
            data, way = await asyncio.to_thread(media.recvfrom, 100)
            assert (data, way) == (b"hello", transport.get_extra_info("sockname"))
            media.sendto(b"back", way)
            await until(lambda came=came: came)
            assert came == [b"back"]
            transport.close()

        # The machine's other addresses and its network are closed.
        inner = (await allocated(chosen, told[0]))[0]._TurnTransport__inner_protocol
        for elsewhere in ("127.0.0.2", "10.0.0.1", "192.0.2.1"):
            with pytest.raises(stun.TransactionFailed) as refused:
                await inner.channel_bind(0x4001, (elsewhere, 22))
            assert refused.value.response.attributes["ERROR-CODE"][0] == 403
        # A forged password, one that is over, and none.
        forged = dataclasses.replace(told[0], credential="x")
        over = dataclasses.replace(told[0], username=f"{int(time.time()) - 1}:abc")
        for wrong in (forged, over):
            with pytest.raises(stun.TransactionFailed):
                await allocated(chosen, wrong)

        # Killed, it comes back; and it is a nobody on this machine.
        pid = supervisor.pids["turn"]
        if os.geteuid() == 0:
            assert psutil.Process(pid).username() == part.USER
        assert secrets_of(chosen).text("turn") not in " ".join(psutil.Process(pid).cmdline())
        os.kill(pid, signal.SIGKILL)
        await until(lambda: supervisor.pids.get("turn") not in (None, pid)
                    and supervisor.keepers["turn"].state is State.READY)
        again, _came = await allocated(chosen, told[0])
        again.close()
    finally:
        media.close()
        began = time.monotonic()
        await supervisor.stop()
    assert time.monotonic() - began < 4 and not mark.marked(run)


async def test_behind_a_router_the_address_outside_leads_to_the_port_inside(settings):
    chosen = part.prepared(dataclasses.replace(
        settings, turn=True, turn_port=free_port(), media_host="203.0.113.5"))
    run = "test-" + os.urandom(4).hex()
    supervisor = Supervisor(chosen.layout, run)
    supervisor.start([part.service(chosen, run)])
    try:
        await supervisor.wait_until_ready(10)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as media:
            media.bind(("127.0.0.1", 0))
            media.settimeout(3)
            transport, came = await allocated(chosen, servers_for(chosen, "linh")[0])
            transport.sendto(b"hello", ("203.0.113.5", media.getsockname()[1]))
            data, way = await asyncio.to_thread(media.recvfrom, 100)
            assert data == b"hello"
            media.sendto(b"back", way)
            await until(lambda: came)
            transport.close()
    finally:
        await supervisor.stop()


def test_the_doctor_says_who_can_not_enter_and_what_is_missing(settings, monkeypatch):
    def found(**chosen) -> tuple[str, str]:
        told = list(doctor.check_turn(dataclasses.replace(settings, **chosen)))
        return (told[0].state, told[0].sentence + told[0].way_out) if told else ("", "")

    assert found() == ("", ""), "on this machine alone UDP gets through"
    assert found(bind="0.0.0.0")[0] == "warning" and "--turn" in found(bind="0.0.0.0")[1]
    assert found(turn=True, turn_port=free_port())[0] == "ok"
    assert found(bind="0.0.0.0", turn_urls="turn:a.example")[0] == "ok"
    monkeypatch.setenv("PATH", "/nowhere")
    assert found(turn=True)[0] == "failed"


def test_its_file_is_the_owners_alone_and_says_where_it_leads(settings, monkeypatch):
    monkeypatch.setattr("coteach.live.udp.local_addresses",
                        lambda bind: ["10.1.2.3", "10.1.2.4", "127.0.0.1"])
    chosen = dataclasses.replace(settings, turn=True, bind="0.0.0.0", media_host="203.0.113.5",
                                 public_url="https://school.example", turn_secret="s3cret")
    part.service(chosen, "run")
    file = chosen.layout.run / "turnserver.conf"
    assert file.stat().st_mode & 0o777 == 0o600
    lines = file.read_text().splitlines()
    assert [line for line in lines if line.startswith(("allowed", "external", "relay-ip"))] == [
        "relay-ip=10.1.2.3", "allowed-peer-ip=10.1.2.3", "allowed-peer-ip=10.1.2.4",
        "external-ip=203.0.113.5/10.1.2.3", "allowed-peer-ip=203.0.113.5"]
    assert "allow-loopback-peers" not in lines and "no-tls" in lines and "no-cli" in lines
    assert "static-auth-secret=s3cret" in lines
    # Without a certificate of our own the name that people type may be another machine's.
    assert part.urls(chosen)[1] == "turn:203.0.113.5:3478?transport=tcp"
    with_tls = dataclasses.replace(chosen, tls_cert="c.pem", tls_key="k.pem")
    assert part.urls(with_tls)[2] == "turns:school.example:5349?transport=tcp"
    assert part.urls(dataclasses.replace(chosen, media_host="", public_url=""))[0] == (
        "turn:10.1.2.3:3478?transport=udp")


def test_a_missing_program_and_a_port_in_use_are_each_a_sentence(settings, monkeypatch, capsys):
    chosen = dataclasses.replace(settings, turn=True, turn_port=free_port())
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", chosen.turn_port))
        with pytest.raises(UserError, match=rf"port {chosen.turn_port} can't be used") as told:
            part.prepared(chosen)
    assert "turn_port" in told.value.hint
    _status.Screen(chosen).starting()
    assert f"port {chosen.turn_port} (UDP and TCP)" in capsys.readouterr().out
    monkeypatch.setenv("PATH", str(Path("/nowhere")))
    with pytest.raises(UserError, match="not installed") as told:
        part.prepared(chosen)
    assert "apt-get install coturn" in told.value.hint


def test_servers_of_ones_own_are_told_instead(settings):
    chosen = dataclasses.replace(settings, turn=True, turn_port=free_port(),
                                 turn_urls="turn:media.example:443?transport=tcp")
    assert part.prepared(chosen).turn_urls == chosen.turn_urls
