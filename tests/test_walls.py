"""Visitors of one lesson share its sandbox and see nothing of each other.

A host in a sandbox with `nested=True` forks a process per visitor, as a lesson's host does; each
runs the test's code inside the inner walls. As root and as an ordinary user.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from coteach.sandbox import search_path

ORDINARY, PERSON = 12347, 200_904
MODES = ["root", "user"] if os.geteuid() == 0 else ["user"]

HOST = '''
import json, os, signal, socket, sys
from pathlib import Path
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
from coteach.sandbox.walls import inner_walls
SHARED = open("shared.txt", "w+"); SHARED.write("of the lesson"); SHARED.flush()
PIPE = os.pipe()
open("/tmp/made-by-the-lesson", "w").write("x")
MEMORY = {}
server = socket.socket(socket.AF_UNIX)
server.bind("/run/visits/host")
server.listen(50)
while True:
    connection, _ = server.accept()
    if os.fork():
        connection.close()
        continue
    request = json.loads(connection.makefile().readline())
    own = Path("/run/visits") / request["name"]
    own.mkdir(mode=0o700)
    if request.get("no_overlay"):
        import coteach.sandbox.walls as module
        def refused(*_given):
            raise OSError(1, "refused by this kernel")
        module._overlay = refused
    walls = inner_walls(connection.fileno(), sockets=own, **request.get("walls", {}))
    sys.stdout = open(own / "out", "w")
    code = 0
    try:
        exec(request["code"], {"own": own, "walls": walls, "SHARED": SHARED, "PIPE": PIPE, "MEMORY": MEMORY})
    except SystemExit as end:
        code = end.code or 0
    except BaseException as error:
        print("ended by", repr(error)); code = 1
    sys.stdout.flush()
    os._exit(code)
'''

DRIVER = """
import json, os, sys
from pathlib import Path
from coteach.sandbox import Bind, Sandbox, command
spec = json.loads(sys.argv[1])
box = Sandbox(home=Path(spec["home"]), uid=spec["uid"], nested=True, processes=200, memory_mb=1024,
              binds=(Bind(Path(spec["run"]), Path("/run/visits"), writable=True),
                     *(Bind(Path(spec["run"]).parent / "shown", Path(p)) for p in spec["shown"])))
line = command(box, [sys.executable, "-c", spec["code"]])
os.execve(line[0], line, {"HOME": "/home/me", "PATH": spec["path"], "GREETING": "hello"})
"""


class Visit:
    """One visitor: her code runs until it ends or the connection is closed."""

    def __init__(self, host: Host, name: str, code: str, no_overlay: bool = False, **walls) -> None:
        self.host, self.name = host, name
        self.connection = socket.socket(socket.AF_UNIX)
        self.connection.connect(str(host.run / "host"))
        self.connection.settimeout(30)
        self.connection.sendall((json.dumps({"name": name, "code": code, "walls": walls, "no_overlay": no_overlay}) + "\n").encode())

    def end(self) -> dict:
        """Wait until it ended; return what the supervisor said."""
        return json.loads(self.connection.makefile().readline())

    @property
    def text(self) -> str:
        file = self.host.run / self.name / "out"
        return file.read_text() if file.exists() else ""

    def ready(self, word: str = "ready") -> Visit:
        deadline = time.monotonic() + 20
        while word not in self.text:
            assert time.monotonic() < deadline, (self.text, self.host.log.read_text())
            time.sleep(0.02)
        return self


class Host:
    """The host of a lesson in its sandbox."""

    def __init__(self, mode: str, folder: Path, shown: tuple[str, ...] = ()) -> None:
        self.mode, self.folder = mode, folder
        self.home, self.run, self.log = folder / "home", folder / "run", folder / "log"
        owner = PERSON if mode == "root" else ORDINARY
        for place in (self.home, self.run):
            place.mkdir(mode=0o700)
            if os.geteuid() == 0:
                os.chown(place, owner, owner)
        (folder / "shown").mkdir(mode=0o755)
        (folder / "shown" / "module.py").write_text("shown = 1")
        (self.home / "data.csv").write_text("a,b\n1,2\n")
        (self.home / "old").mkdir()
        if os.geteuid() == 0:
            for path in (self.home / "data.csv", self.home / "old"):
                os.chown(path, owner, owner)
        spec = {"home": str(self.home), "run": str(self.run), "uid": PERSON if mode == "root" else None,
                "code": HOST, "path": search_path(), "shown": shown}
        become = (["setpriv", f"--reuid={ORDINARY}", f"--regid={ORDINARY}", "--clear-groups"]
                  if mode == "user" and os.geteuid() == 0 else [])
        with self.log.open("wb") as log:
            self.process = subprocess.Popen([*become, sys.executable, "-c", DRIVER, json.dumps(spec)], cwd="/",
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        deadline = time.monotonic() + 20
        while not (self.run / "host").exists():
            assert self.process.poll() is None and time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.02)
        self.count = 0

    def visit(self, code: str, **walls) -> Visit:
        self.count += 1
        return Visit(self, f"v{self.count}", code, **walls)

    def result(self, code: str, **walls) -> str:
        """Run code to its end behind the walls; return what it printed."""
        visit = self.visit(code, **walls)
        assert visit.end() == {"code": 0}, (visit.text, self.log.read_text())
        return visit.text.strip()

    def processes(self) -> int:
        """Return how many processes the host's sandbox has."""
        found = [self.process.pid]
        for pid in found:
            try:
                found += map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
            except OSError:
                continue
        return len(found)

    def calm(self) -> int:
        """Return how many there are when the visitors before have really gone."""
        before = -1
        while before != (now := self.processes()):
            before = now
            time.sleep(0.3)
        return now


@pytest.fixture(scope="module", params=MODES)
def host(request: pytest.FixtureRequest) -> Iterator[Host]:
    folder = Path(tempfile.mkdtemp(prefix="ct-test-"))
    folder.chmod(0o711)
    made = Host(request.param, folder)
    yield made
    made.process.kill()
    made.process.wait()
    shutil.rmtree(folder)


WAITING = "open('secret', 'w').write('of the first'); open('/tmp/secret', 'w').write('x'); print('ready', flush=True); import time; time.sleep(60)"


def test_a_visitor_sees_no_process_but_her_own(host):
    first = host.visit(WAITING).ready()
    assert host.result("import os; print([p for p in os.listdir('/proc') if p.isdigit()], os.getpid(), os.getppid())") == "['1'] 1 0"
    seen = host.result(
        "import os\n"
        "for pid in range(2, 400):\n"
        "    try: os.kill(pid, 9); print('signalled', pid)\n"
        "    except ProcessLookupError: pass\n"
        "try: os.kill(-1, 9)\n"
        "except ProcessLookupError: print('nobody')")
    assert seen == "nobody" and host.process.poll() is None
    assert first.connection.send(b"K") and first.end() == {"code": 137, "reason": "closed"}


def test_a_visitor_can_not_trace_or_read_the_memory_of_another(host):
    first = host.visit(WAITING).ready()
    assert host.result(
        "import ctypes, os\n"
        "libc = ctypes.CDLL(None, use_errno=True)\n"
        "print({(libc.ptrace(16, pid, 0, 0), ctypes.get_errno()) for pid in range(2, 200)})\n"
        "print({os.path.exists(f'/proc/{pid}/mem') for pid in range(2, 200)})") == "{(-1, 3)}\n{False}"
    first.connection.close()


def test_homes_and_tmp_are_copies_of_her_own(host):
    first = host.visit("open('data.csv', 'a').write('3,4\\n'); open('/tmp/mine', 'w').close(); import shutil; shutil.rmtree('old'); print(walls.home); " + WAITING).ready()
    assert "overlay" in first.text or "copy" in first.text
    assert host.result("import os; print(open('data.csv').read().split(), sorted(os.listdir()), "
                       "os.path.exists('/tmp/made-by-the-lesson'), os.path.exists('/tmp/mine'), os.getcwd(), walls.home)"
                       ).startswith("['a,b', '1,2'] ['data.csv', 'old', 'shared.txt'] True False /home/me")
    assert (host.home / "data.csv").read_text() == "a,b\n1,2\n" and not (host.home / "secret").exists()
    first.connection.close()


@pytest.mark.parametrize("mode", MODES)
def test_what_the_sandbox_shows_below_tmp_and_home_is_shown_to_visitors_too(mode):
    folder = Path(tempfile.mkdtemp(prefix="ct-test-"))
    folder.chmod(0o711)
    host = Host(mode, folder, ("/tmp/a/shown", "/home/shown/b"))
    try:
        assert host.result(
            "import os; print([open(p + '/module.py').read() for p in ('/tmp/a/shown', '/home/shown/b')], "
            "os.access('/tmp/a/shown', os.W_OK), os.access('/tmp', os.W_OK), "
            "os.path.exists('/tmp/made-by-the-lesson'))") == "['shown = 1', 'shown = 1'] False True True"
    finally:
        host.process.kill()
        host.process.wait()
        shutil.rmtree(folder)


def test_where_overlays_are_refused_a_small_home_is_copied_and_a_large_one_only_read(host):
    code = ("import os\n"
            "print(walls.home, walls.reason, os.path.exists('/tmp/made-by-the-lesson'), open('data.csv').read().split())\n"
            "open('/tmp/x', 'w').write('x')\n"
            "try: open('data.csv', 'a').write('3,4')\n"
            "except OSError as e: print(e.errno)")
    assert host.result(code, no_overlay=True) == "copy overlayfs: refused by this kernel True ['a,b', '1,2']"
    (host.home / "large").write_bytes(b"x" * (9 << 20))
    assert host.result(code, no_overlay=True, tmp_mb=16) == "read overlayfs: refused by this kernel True ['a,b', '1,2']\n30"
    (host.home / "large").unlink()
    assert (host.home / "data.csv").read_text() == "a,b\n1,2\n"


def test_a_full_memory_ends_a_visitor_before_the_host(host):
    assert host.result("print(open('/proc/self/oom_score_adj').read())") == "500"


def test_nothing_of_another_lies_anywhere_in_the_files(host):
    first = host.visit("open('/dev/shm/secret', 'w').write('x'); " + WAITING).ready()
    assert host.result("import subprocess; print(subprocess.run('find / -name secret -size -9c -not -path \"/usr/*\" 2>/dev/null',"
                       " shell=True, capture_output=True, text=True).stdout.split(), __import__('os').listdir('/run/visits'))") == f"[] ['v{host.count}']"
    first.connection.close()


def test_her_sockets_are_reachable_from_outside_and_from_no_other_visitor(host):
    first = host.visit("import socket; s = socket.socket(socket.AF_UNIX); s.bind(str(own / 'k')); s.listen(); print('ready', flush=True)\n"
                       "c, _ = s.accept(); c.sendall(b'hello'); import time; time.sleep(60)").ready()
    with socket.socket(socket.AF_UNIX) as outside:
        outside.connect(str(host.run / first.name / "k"))
        assert outside.recv(10) == b"hello"
    code = ("import socket\n"
            "for path in ('/run/visits/NAME/k', '/run/visits/host'):\n"
            "    try: socket.socket(socket.AF_UNIX).connect(path); print('connected')\n"
            "    except OSError as e: print(e.errno)\n"
            "try: open('/run/visits/x', 'w')\nexcept OSError as e: print(e.errno)".replace("NAME", first.name))
    assert host.result(code).split() == ["2", "2", "30"]
    first.connection.close()


def test_abstract_sockets_and_a_loopback_do_not_reach_another(host):
    first = host.visit("import socket; s = socket.socket(socket.AF_UNIX); s.bind('\\0meet'); s.listen(); print('ready', flush=True); import time; time.sleep(60)").ready()
    assert host.result(
        "import socket\n"
        "try: socket.socket(socket.AF_UNIX).connect('\\0meet'); print('connected')\n"
        "except OSError as e: print(e.errno)\n"
        "for address in ('127.0.0.1', '10.0.0.1', '1.1.1.1'):\n"
        "    try: socket.create_connection((address, 53), 2); print('connected')\n"
        "    except OSError as e: print(e.errno)").split() == ["111", "101", "101", "101"]
    first.connection.close()


def test_open_files_of_the_lesson_are_shared_by_no_two_visitors(host):
    first = host.visit("SHARED.seek(0); SHARED.write('CHANGED'); SHARED.flush(); import os; os.write(PIPE[1], b'x' * 10); " + WAITING).ready()
    assert host.result("import os; print(SHARED.tell()); SHARED.seek(0); print(SHARED.read(), os.read(PIPE[0], 5))") == "13\nof the lesson b''"
    assert (host.home / "shared.txt").read_text() == "of the lesson"
    first.connection.close()


def test_terminals_of_another_are_not_there(host):
    first = host.visit("import os; print(os.ttyname(os.openpty()[1])); " + WAITING).ready()
    assert "/dev/pts/0" in first.text
    assert host.result("import os; print(os.listdir('/dev/pts'), os.listdir('/dev/shm'))") == "['ptmx'] []"
    first.connection.close()


def test_the_strict_filter_is_on_and_every_right_is_gone(host):
    seen = host.result("print(*(l for l in open('/proc/self/status') if l.startswith(('Cap', 'NoNew', 'Seccomp_filters'))))")
    assert seen.count("0000000000000000") == 5 and "NoNewPrivs:\t1" in seen and "Seccomp_filters:\t2" in seen
    code = ("import subprocess\n"
            "for line in ('unshare -U true', 'unshare -Urm true', 'unshare -n true', 'mount -t tmpfs x /tmp', 'umount /tmp', 'umount /home/me', 'umount -l /run/visits'):\n"
            "    print(subprocess.run(line.split(), capture_output=True).returncode)")
    assert "0" not in host.result(code).split()
    clone = ("import ctypes, os, platform\n"
             "libc = ctypes.CDLL(None, use_errno=True)\n"
             "r = libc.syscall({'x86_64': 56, 'aarch64': 220}[platform.machine()], 0x10000000 | 17, 0, 0, 0, 0)\n"
             "if r == 0: os._exit(0)\n"
             "print(r, ctypes.get_errno())")
    assert host.result(clone) == "-1 1"


def test_memory_is_held_for_one_process_and_for_all_of_hers(host):
    assert host.result("try: x = b'x' * (1 << 30)\nexcept MemoryError: print('too much')", memory_mb=128) == "too much"
    many = host.visit("import os, time\n"
                      "for n in range(6):\n"
                      "    if os.fork() == 0: x = os.urandom(1 << 20) * 60; time.sleep(20); os._exit(0)\n"
                      "ends = [os.wait()[1] for n in range(4)]\n"
                      "print('stopped', all(os.WIFSIGNALED(e) for e in ends), flush=True); os._exit(0)", memory_mb=128)
    assert many.end() == {"code": 0, "reason": "memory"} and "stopped True" in many.text
    assert host.process.poll() is None


def test_all_that_she_started_ends_when_her_memory_is_full_and_her_kernel_goes_on(host):
    visit = host.visit("""
import os, time
for _child in range(6):
    if os.fork() == 0:
        kept = bytearray(150_000_000)
        time.sleep(30)
        os._exit(0)
began = time.monotonic()
ends = [os.wait() for _child in range(6)]
print("ended", time.monotonic() - began < 15)
""", memory_mb=256)
    assert visit.end() == {"code": 0, "reason": "memory"} and "ended True" in visit.text


def test_processes_files_and_time_are_held(host):
    bomb = ("import threading, time\n"
            "n = 0\n"
            "try:\n"
            "    while n < 200: threading.Thread(target=time.sleep, args=(9,), daemon=True).start(); n += 1\n"
            "except RuntimeError: pass\n"
            "print(n)")
    first = host.visit(bomb + "; print('ready', flush=True); time.sleep(30)", processes=20).ready()
    assert 10 < int(first.text.split()[0]) <= 20
    assert 10 < int(host.result(bomb, processes=20)) <= 20, "one visitor's processes are not counted to another"
    first.connection.close()
    assert host.visit("while True: pass", cpu_seconds=1).end() == {"code": 137, "reason": "time"}
    assert "No space" in host.result("import errno\ntry: open('/tmp/x', 'wb').write(b'x' * (40 << 20))\nexcept OSError as e: print(e.strerror)", tmp_mb=16)
    assert host.result("import resource as r; print(r.getrlimit(r.RLIMIT_NOFILE))", open_files=99) == "(99, 99)"


def test_what_is_printed_past_jupyter_is_cut_short(host):
    before = host.log.stat().st_size
    host.result("import os\nfor n in range(2000): os.write(1, b'y' * 1000)")
    assert 1000 < host.log.stat().st_size - before <= 70_000


def test_everything_of_hers_ends_when_the_connection_ends(host):
    calm = host.calm()
    visit = host.visit("import os, time, signal\n"
                       "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
                       "if os.fork() == 0:\n    os.setsid(); os.fork(); time.sleep(98.6)\n"
                       "print('ready', flush=True); time.sleep(98.6)").ready()
    deadline = time.monotonic() + 5
    while host.processes() < calm + 4:
        assert time.monotonic() < deadline
    visit.connection.close()
    deadline = time.monotonic() + 5
    while host.processes() > calm:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_an_interrupt_and_an_exit_code_arrive(host):
    visit = host.visit("print('ready', flush=True); import time; time.sleep(60)").ready()
    visit.connection.send(b"I")
    assert visit.end() == {"code": 1} and "KeyboardInterrupt" in visit.text
    assert host.visit("raise SystemExit(7)").end() == {"code": 7}
    assert host.visit("import os, signal; signal.signal(15, lambda *a: os._exit(3)); os.kill(1, 15)").end() == {"code": 3}


def test_putting_up_the_walls_takes_little_time(host):
    host.result("pass")
    began = time.monotonic()
    for _n in range(10):
        host.result("pass")
    assert (time.monotonic() - began) / 10 < 0.5


def test_a_visitor_has_the_network_of_the_sandbox_only_when_told_so(host):
    assert host.result("import socket; print([n for _, n in socket.if_nameindex()], socket.create_server(('127.0.0.1', 0)).getsockname()[0])", network=True
                       ) == "['lo'] 127.0.0.1"


def test_walls_that_can_not_be_built_are_reported(host):
    visit = host.visit("pass", home="/no/such/home")
    assert "the inner walls can't be built" in visit.end()["error"]


def test_without_walls_there_is_still_a_supervisor(host):
    assert host.result("import os; print(walls.home, os.getpid() > 1)", apart=False) == "none True"
    visit = host.visit("print('ready', flush=True); import time; time.sleep(60)", apart=False).ready()
    visit.connection.send(b"K")
    assert visit.end() == {"code": 137, "reason": "closed"}
