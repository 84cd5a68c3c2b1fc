"""The supervisor with small real services."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

import coteach.ports
from coteach.errors import Conflict, UserError
from coteach.ports import by_chance, listens, may_reserve
from coteach.settings import Layout, load
from coteach.supervisor import Service, State, Supervisor, errorpages, folder, mark, ports, service
from coteach.supervisor.logfile import LogFile

SERVER = textwrap.dedent("""
    import http.server, sys
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200); self.end_headers(); self.wfile.write(b"ok")
        def log_message(self, *a):
            print("request", flush=True)
    http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
""")


def server(name: str, run: str, port: int) -> Service:
    return Service(name, [sys.executable, "-c", SERVER, str(port)],
                   {**os.environ, mark.VARIABLE: run}, health=f"http://127.0.0.1:{port}/")


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


async def until(condition, seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        await asyncio.sleep(0.05)


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    made = Layout(tmp_path / "data")
    made.create()
    return made


async def test_a_killed_service_comes_back_while_the_other_goes_on(layout):
    first, second = ports.free_port("127.0.0.1"), ports.free_port("127.0.0.1")
    changes = []
    run = "test-" + os.urandom(4).hex()
    supervisor = Supervisor(layout, run, changes.append)
    supervisor.start([server("one", run, first), server("two", run, second)])
    try:
        await supervisor.wait_until_ready(10)
        one, two = supervisor.pids["one"], supervisor.pids["two"]
        os.kill(one, signal.SIGKILL)
        await until(lambda: supervisor.pids.get("one") not in (None, one)
                    and supervisor.keepers["one"].state is State.READY)
        assert supervisor.pids["two"] == two
        assert [c.exit for c in changes if c.name == "one" and c.state is State.DOWN] == [
            "signal SIGKILL"]
    finally:
        await supervisor.stop()
    assert not mark.marked(run)


async def test_a_service_that_ignores_the_request_to_stop_is_gone_within_ten_seconds(layout):
    run = "test-" + os.urandom(4).hex()
    stubborn = ("import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
                "print('deaf', flush=True)\nwhile True: time.sleep(1)")
    supervisor = Supervisor(layout, run)
    supervisor.start([Service("deaf", [sys.executable, "-c", stubborn],
                              {**os.environ, mark.VARIABLE: run})])
    await until(lambda: "deaf" in "".join(supervisor.keepers["deaf"].log.tail()))
    began = time.monotonic()
    await supervisor.stop()
    assert time.monotonic() - began < 10
    assert not mark.marked(run)


async def test_a_service_that_never_answers_is_named_with_its_log(layout):
    run = "test-" + os.urandom(4).hex()
    supervisor = Supervisor(layout, run)
    supervisor.start([Service("broken", [sys.executable, "-c", "print('no camera'); exit(3)"],
                              {**os.environ, mark.VARIABLE: run}, health="http://127.0.0.1:9/")])
    try:
        with pytest.raises(UserError, match=r"broken.*broken\.log"):
            await supervisor.wait_until_ready(1)
        assert "no camera" in supervisor.keepers["broken"].log.path.read_text()
    finally:
        await supervisor.stop()


async def test_a_part_that_ends_at_every_start_is_named_at_once_with_what_it_said(layout):
    run = "test-" + os.urandom(4).hex()
    supervisor = Supervisor(layout, run)
    supervisor.start([Service("live", [sys.executable, "-c", "print('UDP port 8013 is in use'); exit(1)"],
                              {**os.environ, mark.VARIABLE: run}, health="http://127.0.0.1:9/")])
    try:
        async with asyncio.timeout(60):
            with pytest.raises(UserError, match=r"live.*UDP port 8013 is in use"):
                await supervisor.wait_until_ready(600)
    finally:
        await supervisor.stop()


async def test_a_part_that_stops_answering_is_ended_and_started_again(layout, monkeypatch):
    for name, seconds in (("WATCH_EVERY", 0.2), ("ASK_AGAIN", 0.1), ("PATIENT", 0.3),
                          ("HUNG_AFTER", 0.8), ("HUNG_GRACE", 0.2)):
        monkeypatch.setattr(service, name, seconds)
    port, run, changes = ports.free_port("127.0.0.1"), "test-" + os.urandom(4).hex(), []
    supervisor = Supervisor(layout, run, changes.append)
    supervisor.start([server("one", run, port)])
    try:
        await supervisor.wait_until_ready(20)
        first = supervisor.pids["one"]
        os.kill(first, signal.SIGSTOP)
        await until(lambda: supervisor.pids.get("one") not in (None, first)
                    and supervisor.keepers["one"].state is State.READY, 40)
        assert not alive(first)
        assert next(c.exit for c in changes if c.state is State.DOWN).startswith("no answer for")
        log = supervisor.keepers["one"].log.path.read_text()
        assert f"process {first} is ended: no answer for" in log
    finally:
        await supervisor.stop()


def test_a_busy_machine_gets_more_time_and_an_idle_one_does_not(monkeypatch):
    for busy, expected in ((0.0, 1.0), (2 * os.cpu_count(), 2.0), (90 * os.cpu_count(), 4.0)):
        monkeypatch.setattr(service.os, "getloadavg", lambda busy=busy: (busy, 0, 0))
        assert service.burden() == expected


async def test_nothing_is_left_when_the_supervisor_is_killed(layout, tmp_path):
    run = "test-" + os.urandom(4).hex()
    port = ports.free_port("127.0.0.1")
    # The grandchild stands for a Lab: in a session of its own, without a parent-death signal.
    program = textwrap.dedent(f"""
        import asyncio, os, sys
        sys.path.insert(0, {str(Path(__file__).parent)!r})
        from test_supervisor import Layout, Path, Service, Supervisor, mark, server
        lab = ("import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', "
               "'import time; time.sleep(600)'], start_new_session=True); time.sleep(600)")
        async def main():
            s = Supervisor(Layout(Path({str(layout.root)!r})), {run!r})
            s.start([server("one", {run!r}, {port}), Service("spawner", [sys.executable, "-c", lab],
                     {{**os.environ, mark.VARIABLE: {run!r}}})])
            await s.wait_until_ready(10)
            print("up", flush=True)
            await asyncio.sleep(600)
        asyncio.run(main())
    """)
    parent = subprocess.Popen(  # noqa: ASYNC220
        [sys.executable, "-c", program], stdout=subprocess.PIPE)
    assert parent.stdout.readline() == b"up\n"
    await until(lambda: len(mark.marked(run)) == 3)
    parent.kill()
    parent.wait()
    await until(lambda: not mark.marked(run))


def test_a_second_run_on_the_same_folder_is_refused_with_the_first_ones_process(layout):
    lock = folder.Lock(layout)
    assert lock.take() == 0
    with pytest.raises(Conflict, match=str(os.getpid())):
        folder.Lock(layout).take()
    lock.release()
    again = folder.Lock(layout)
    again.take()
    again.release()


def test_processes_of_a_killed_run_are_ended_by_the_next(layout):
    run = "test-" + os.urandom(4).hex()
    left = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"],
                            env={**os.environ, mark.VARIABLE: run})
    (layout.run / "lock").write_text(json.dumps({"pid": 1, "run": run}))
    lock = folder.Lock(layout)
    assert lock.take() == 1
    assert left.wait(5) == -signal.SIGTERM
    lock.release()


def test_a_data_folder_that_can_not_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="can't write"):
        folder.prepare(Layout(tmp_path / "file" / "data"))


def test_a_full_disk_is_called_full(tmp_path, layout, monkeypatch):
    if not Path("/dev/full").exists():
        pytest.fail("/dev/full is needed to fill a disk")
    (layout.run / "trial").symlink_to("/dev/full")
    with pytest.raises(UserError, match="is full"):
        folder.prepare(layout)


def test_a_public_port_in_use_is_named_with_another(tmp_path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(Conflict, match=rf"Port {port} .*--port"):
            ports.require_public_port(load(tmp_path, environ={}, port=port))


def test_an_address_of_another_machine_is_refused(tmp_path):
    with pytest.raises(UserError, match=r"203\.0\.113\.1"):
        ports.require_public_port(load(tmp_path, environ={}, bind="203.0.113.1", port=0))


def test_internal_ports_differ_and_one_that_is_set_is_kept(tmp_path):
    environ = {"COTEACH_LIVE_PORT": "19999"}
    settings = ports.assign(load(tmp_path, environ=environ), environ)
    chosen = [getattr(settings, name) for name in ports.INTERNAL]
    assert settings.live_port == 19999
    assert len(set(chosen)) == len(chosen)
    assert all(port < 1024 for port in chosen if port != 19999) == may_reserve()
    assert not set(chosen) & set(by_chance())


CHOOSER = textwrap.dedent("""
    import sys
    from coteach.settings import load
    from coteach.supervisor import ports
    chosen = ports.assign(load(sys.argv[1], environ={}), {})
    print(chosen.media_port, *(getattr(chosen, name) for name in ports.INTERNAL), flush=True)
    sys.stdin.read()
""")


def test_two_deployments_that_start_at_once_choose_different_ports(tmp_path, monkeypatch):
    # Few ports to choose among, so that two who do not know of each other would meet.
    few = CHOOSER.replace("chosen =", "import coteach.ports; coteach.ports.RESERVED = range(800, 812);"
                          " coteach.ports._is_named = lambda port: False;"
                          " coteach.ports.ordinary = lambda: list(range(20000, 20012))\nchosen =", 1)
    starting = [subprocess.Popen([sys.executable, "-c", few, str(tmp_path / name)],
                                 stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
                for name in ("a", "b")]
    first, second = ([int(n) for n in each.stdout.readline().split()] for each in starting)
    for each in starting:
        each.communicate()
    assert len(first) == len(second) == 6 and not set(first) & set(second)


def test_a_media_port_that_was_chosen_and_is_taken_is_said_before_anything_starts(tmp_path):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("0.0.0.0", 0))
        port = other.getsockname()[1]
        environ = {"COTEACH_MEDIA_PORT": str(port)}
        with pytest.raises(Conflict, match=rf"UDP port {port} .*media_port"):
            ports.assign(load(tmp_path, environ=environ), environ)


def test_an_ordinary_users_ports_are_none_that_programs_get_by_chance(tmp_path, monkeypatch):
    monkeypatch.setattr(coteach.ports.os, "geteuid", lambda: 1000)
    settings = ports.assign(load(tmp_path, environ={}), {})
    chosen = {getattr(settings, name) for name in ports.INTERNAL}
    assert min(chosen) >= 1024 and not chosen & set(by_chance())
    monkeypatch.setattr(coteach.ports, "by_chance", lambda: range(10000, 65536))
    assert ports.free_port("127.0.0.1") < 10000


async def test_an_answer_from_somebody_elses_program_is_not_believed(layout):
    port, run = ports.free_port("127.0.0.1"), "test-" + os.urandom(4).hex()
    other = subprocess.Popen(  # noqa: ASYNC220
        [sys.executable, "-c", SERVER, str(port)], stdout=subprocess.PIPE)
    idle = [sys.executable, "-c", "import time; time.sleep(600)"]
    supervisor = Supervisor(layout, run)
    try:
        await until(lambda: listens("127.0.0.1", port, [other.pid]))
        supervisor.start([Service("one", idle, {**os.environ, mark.VARIABLE: run},
                                  health=f"http://127.0.0.1:{port}/")])
        with pytest.raises(UserError, match="one"):
            await supervisor.wait_until_ready(1.5)
        os.set_blocking(other.stdout.fileno(), False)
        assert not other.stdout.read(), "it was not even asked"
    finally:
        await supervisor.stop()
        other.kill()
        other.wait()


def test_a_log_keeps_one_line_a_fact_without_colours_and_is_put_aside_when_long(tmp_path):
    log = LogFile(tmp_path / "one.log", limit=100)
    log.write(b"\x1b[31mred\x1b[0m alert\r\n")
    assert log.path.read_text() == "red alert\n"
    for _time in range(10):
        log.write(b"x" * 40)
    assert log.path.stat().st_size <= 150
    assert (tmp_path / "one.log.1").exists()


def test_a_log_on_a_full_disk_loses_lines_and_says_so(tmp_path):
    path = tmp_path / "one.log"
    path.symlink_to("/dev/full")
    log = LogFile(path)
    log.write(b"lost")
    path.unlink()
    log.write(b"kept")
    assert path.read_text().splitlines() == ["(1 lines were lost: the disk was full)", "kept"]


def test_the_pages_of_a_part_that_is_away_speak_every_language_and_come_back(tmp_path):
    page = (errorpages.write(tmp_path) / "503.html").read_text()
    assert page.count("<section lang=") == 3
    assert 'http-equiv="refresh"' in page
