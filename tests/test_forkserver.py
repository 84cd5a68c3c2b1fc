"""One process imports, its forks run: each in its own sandbox, with its own request and its own luck.

Every test runs twice where the tests run as root, as in `test_sandbox`.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from coteach import sandbox
from coteach.forkserver import Child, ForkFailed, ForkServer
from coteach.forkserver import server as server_module
from coteach.sandbox import Sandbox

ORDINARY, PERSON = 12345, 200_903
MODES = ["root", "user"] if os.geteuid() == 0 else ["user"]
IMPORTS = ("forked", "json", "numpy", "no_such_module_here?")

DRIVER = """
import asyncio, json, sys
from pathlib import Path
from coteach.forkserver import ForkFailed, ForkServer
from coteach.sandbox import Sandbox
async def main(spec):
    home = Path(spec["folder"]) / "home"
    server = ForkServer("tests", spec["imports"], Path(spec["folder"]), Path(spec["folder"]) / "template.log",
                        {"PYTHONPATH": spec["tests"]})
    try:
        child = await server.fork("forked:run", {"code": spec["code"]}, sandbox=Sandbox(home=home, **spec["box"]),
                                  env={"HOME": "/home/me", **spec["env"]}, log=Path(spec["log"]))
        print(await child.wait())
    except ForkFailed as error:
        print("failed:", error)
    server.close()
asyncio.run(main(json.loads(sys.argv[1])))
"""


class Place:
    """A folder with a home, and children that run code in a sandbox around it."""

    def __init__(self, mode: str, folder: Path) -> None:
        self.mode = mode
        self.folder = folder
        self.uid = PERSON if mode == "root" else None
        self.home = folder / "home"
        self.home.mkdir(mode=0o700)
        self.log = folder / "child.log"
        if os.geteuid() == 0:
            owner = PERSON if mode == "root" else ORDINARY
            os.chown(self.home, owner, owner)
            if mode == "user":
                os.chown(folder, ORDINARY, ORDINARY)

    def run(self, code: str, *, imports: tuple[str, ...] = ("forked",), env: dict[str, str] | None = None,
            **box) -> tuple[str, str]:
        """Run code in a child of a fresh template; return its exit code and what it printed."""
        spec = {"folder": str(self.folder), "tests": str(Path(__file__).parent), "code": code,
                "imports": imports, "box": {"uid": self.uid, **box}, "log": str(self.log), "env": env or {}}
        become = (["setpriv", f"--reuid={ORDINARY}", f"--regid={ORDINARY}", "--clear-groups"]
                  if self.mode == "user" and os.geteuid() == 0 else [])
        done = subprocess.run([*become, sys.executable, "-c", DRIVER, json.dumps(spec)], cwd="/",
                              capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
        assert done.returncode == 0, done.stderr
        said = self.log.read_text() if self.log.exists() else ""
        return done.stdout.strip(), said


@pytest.fixture(params=MODES)
def place(request: pytest.FixtureRequest):
    folder = Path(tempfile.mkdtemp(prefix="ct-test-"))
    folder.chmod(0o711)
    yield Place(request.param, folder)
    shutil.rmtree(folder)


def test_a_child_runs_in_its_sandbox_and_its_exit_code_arrives(place):
    code, said = place.run(
        "import os, sys, socket\n"
        "print(os.getcwd(), os.getuid(), os.environ['GIVEN'], sorted(os.environ))\n"
        "print([p for p in os.listdir('/proc') if p.isdigit()], os.listdir('/proc/self/fd'), os.readlink('/proc/self/fd/0'))\n"
        "print([n for _, n in socket.if_nameindex()], os.path.exists('/etc/shadow'), sys.argv)\n"
        "open('note', 'w').write('mine'); sys.exit(7)", env={"GIVEN": "1"})
    uid = PERSON if place.mode == "root" else 1000
    lines = said.splitlines()
    assert code == "7", said
    assert lines[0].startswith(f"/home/me {uid} 1 ['GIVEN', 'HOME'")
    assert lines[1] == "['1', '2'] ['0', '1', '2', '3'] /dev/null"
    assert lines[2] == "['lo'] False ['forked:run']"
    assert (place.home / "note").read_text() == "mine" and place.log.stat().st_mode & 0o077 == 0


def test_a_child_has_the_walls_of_an_executed_program(place):
    _code, said = place.run(
        "import os, ctypes, subprocess\n"
        "print(*(line for line in open('/proc/self/status') if line.startswith(('Cap', 'NoNewP', 'Seccomp:'))))\n"
        "print(subprocess.run(['unshare', '-Ur', 'true'], capture_output=True).returncode)\n"
        "try: x = b'x' * (3 << 30)\nexcept MemoryError: print('too much')\n"
        "n = 0\n"
        "import threading, time\n"
        "try:\n"
        "    while n < 200: threading.Thread(target=time.sleep, args=(3,), daemon=True).start(); n += 1\n"
        "except RuntimeError: print('bounded', n < 32)\n"
        "print(os.path.exists('/usr/x'), os.access('/usr', os.W_OK), __import__('resource').getrlimit(7))\n"
        "", processes=30, open_files=300, memory_mb=512)
    assert said.count("0000000000000000") == 5 and "NoNewPrivs:\t1" in said and "Seccomp:\t2" in said
    assert "\n1\n" in said and "too much" in said and "bounded True" in said
    assert "False False (300, 300)" in said


def test_an_error_and_a_signal_are_told_apart(place):
    code, said = place.run("raise ValueError('what it says')")
    assert code == "1" and "ValueError: what it says" in said
    assert place.run("import os, signal; os.kill(os.getpid(), signal.SIGKILL)")[0] == "137"
    assert place.run("import atexit; atexit.register(print, 'at the end')")[1].endswith("at the end\n")


def test_a_module_that_starts_a_thread_or_opens_a_socket_is_refused(place):
    for name, text, words in (("threading_one", "import threading, time; threading.Thread(target=time.sleep, args=(60,), daemon=True).start()", "threads"),
                              ("socket_one", "import socket; s = socket.socket()", "opened socket"),
                              ("broken_one", "1 / 0", "ZeroDivisionError"), ("x_missing", None, "No module named")):
        modules = place.folder / "modules"
        modules.mkdir(exist_ok=True)
        if text is not None:
            (modules / f"{name}.py").write_text(text)
        spec = {"folder": str(place.folder), "tests": f"{Path(__file__).parent}:{modules}", "code": "", "imports": ["forked", name],
                "box": {"uid": place.uid}, "log": str(place.log), "env": {}}
        done = subprocess.run([sys.executable, "-c", DRIVER, json.dumps(spec)], capture_output=True, text=True, cwd="/", timeout=60)
        assert done.stdout.startswith("failed:") and words in done.stdout, done


@pytest.fixture
async def server(tmp_path) -> AsyncIterator[ForkServer]:
    """A server with a few modules, for this test's own user."""
    made = ForkServer("tests", IMPORTS, tmp_path, tmp_path / "template.log",
                      {"PYTHONPATH": str(Path(__file__).parent)})
    await made.start()
    yield made
    made.close()


@pytest.fixture
def fork(server, tmp_path):
    """Start code in a child; `log` is what it printed."""
    folder = Path(tempfile.mkdtemp(prefix="ct-test-"))
    folder.chmod(0o711)
    uid = PERSON if os.geteuid() == 0 else None
    count = iter(range(100))

    async def start(code: str, *, entry: str = "forked:run", apart: bool = True, **box) -> Child:
        home = folder / f"home{next(count)}"
        home.mkdir(mode=0o700)
        sandbox.give(home, uid)
        start.home = home
        start.log = tmp_path / f"{home.name}.log"
        return await server.fork(entry, {"code": code}, env={"HOME": "/home/me", "SECRET": "of-this-person"}, log=start.log,
                                 sandbox=Sandbox(home=home, uid=uid, **box) if apart else None, cwd=None if apart else folder)

    yield start
    shutil.rmtree(folder)


async def said(child: Child, fork) -> str:
    assert await asyncio.wait_for(child.wait(), 30) == 0, fork.log.read_text()
    return fork.log.read_text().strip()


def in_memory(pid: int, *texts: bytes) -> set[bytes]:
    """Return which of the texts lie in what a process may write."""
    found = set()
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for line in maps:
            place, rights, *_rest = line.split()
            if rights.startswith("rw"):
                start, end = (int(x, 16) for x in place.split("-"))
                memory.seek(start)
                data = memory.read(end - start) or b""
                found |= {text for text in texts if text in data}
    return found


def command_line(pid: int) -> bytes:
    with open(f"/proc/{pid}/cmdline", "rb") as file:
        return file.read().rstrip(b"\0")


async def test_modules_are_there_without_importing_and_luck_differs(server, fork):
    code = "import sys, random, uuid, os; print('numpy' in sys.modules, random.random(), __import__('numpy').random.rand(), uuid.uuid4(), uuid.uuid1())"
    first = (await said(await fork(code), fork)).split()
    second = (await said(await fork(code), fork)).split()
    assert first[0] == second[0] == "True"
    assert not set(first[1:]) & set(second[1:])


async def test_many_children_at_once_each_get_their_own(server, fork, tmp_path):
    began = time.monotonic()
    children = await asyncio.gather(*(fork(f"print({n})") for n in range(12)))
    assert len({child.pid for child in children}) == 12
    assert await asyncio.gather(*(child.wait() for child in children)) == [0] * 12
    assert sorted(int(p.read_text()) for p in tmp_path.glob("home*.log")) == list(range(12))
    assert time.monotonic() - began < 30


async def test_the_template_has_no_secret_and_one_thread(server, fork, monkeypatch):
    server.close()
    monkeypatch.setenv("HUB_SECRET", "never-inside")
    await server.start()
    child = await fork("import time; time.sleep(60)")
    assert len(os.listdir(f"/proc/{server.pid}/task")) == 1
    assert not {b"never-inside", b"of-this-person"} & in_memory(server.pid, b"never-inside", b"of-this-person")
    assert await said(await fork("import os; print(sorted(os.environ))"), fork) == "['HOME', 'SECRET']"
    child.kill()
    assert await asyncio.wait_for(child.wait(), 10) == 137


async def test_a_dead_template_is_replaced_and_its_children_live_on(server, fork):
    child = await fork("import time; time.sleep(60)")
    before = server.pid
    os.kill(before, signal.SIGKILL)
    assert await said(await fork("print('from the next')"), fork) == "from the next"
    assert server.pid not in (before, None)
    assert child.poll() is None and sandbox.started(child.pid) == child.started
    child.terminate()
    assert await asyncio.wait_for(child.wait(), 10) == 128 + signal.SIGTERM


async def test_a_template_of_another_environment_is_replaced(server, fork, monkeypatch):
    before = server.pid
    await server.start()
    assert server.pid == before
    monkeypatch.setattr(server_module, "fingerprint", lambda: "another package")
    await server.start()
    assert server.pid != before and sandbox.started(before) is None


def test_installing_a_package_changes_the_fingerprint(tmp_path, monkeypatch):
    monkeypatch.setattr(server_module.sysconfig, "get_path", lambda name: str(tmp_path))
    before = server_module.fingerprint()
    assert server_module.fingerprint() == before
    (tmp_path / "thing-1.0.dist-info").mkdir()
    assert server_module.fingerprint() != before


async def test_what_went_wrong_is_told_in_the_childs_words(server, fork):
    with pytest.raises(ForkFailed, match="can't start forked:missing"):
        await fork("", entry="forked:missing")
    with pytest.raises(ForkFailed, match="No module named 'x_missing'"):
        await fork("", entry="x_missing:run")
    with pytest.raises(ForkFailed, match="can't build the sandbox"):
        await fork("", binds=(sandbox.Bind(Path("/no/such/folder"), Path("/srv/x")),))
    assert await said(await fork("print('fine')"), fork) == "fine"


async def test_without_a_sandbox_it_runs_only_when_told_so(server, fork):
    child = await fork("import os; print(os.getuid(), os.getcwd() != '/home/me')", apart=False)
    assert await said(child, fork) == f"{os.geteuid()} True"
    child = await fork("import time; time.sleep(60)", apart=False)
    child.kill()
    assert await asyncio.wait_for(child.wait(), 10) == 137


OWNER = """
import asyncio, sys, time
from pathlib import Path
from coteach.forkserver import ForkServer
from coteach.sandbox import Sandbox
async def main(folder, uid, stays):
    server = ForkServer("tests", ("forked",), folder, folder / "template.log", {"PYTHONPATH": sys.argv[4]})
    child = await server.fork("forked:run", {"code": "import time; time.sleep(60)"}, env={}, log=folder / "child.log",
                              sandbox=Sandbox(home=folder / "home", uid=uid, die_with_parent=not stays))
    print(server.pid, child.pid, flush=True)
    time.sleep(60)
asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2]) or None, sys.argv[3] == "stays"))
"""


@pytest.mark.parametrize("way", ["ends", "stays"])
def test_the_template_dies_with_its_owner_and_a_child_as_it_was_told(way):
    folder = Path(tempfile.mkdtemp(prefix="ct-test-"))
    folder.chmod(0o711)
    (folder / "home").mkdir(mode=0o700)
    uid = PERSON if os.geteuid() == 0 else None
    sandbox.give(folder / "home", uid)
    owner = subprocess.Popen([sys.executable, "-c", OWNER, str(folder), str(uid or 0), way, str(Path(__file__).parent)],
                             stdout=subprocess.PIPE, text=True)
    template, child = map(int, owner.stdout.readline().split())
    owner.kill()
    owner.wait()
    deadline = time.monotonic() + 10
    while sandbox.started(template) is not None:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    if way == "ends":
        while sandbox.started(child) is not None:
            assert time.monotonic() < deadline
            time.sleep(0.05)
    else:
        time.sleep(1.5)
        assert sandbox.started(child) is not None
        sandbox.end(child)
    shutil.rmtree(folder)


async def test_its_title_is_shown_and_no_request_is_on_a_command_line(server, fork):
    child = await fork("import time; time.sleep(60)")
    assert command_line(child.pid) == b"coteach tests"
    child.kill()


async def test_a_template_that_was_stopped_by_force_while_it_serves_gives_an_error_not_a_hang(server, fork, monkeypatch):
    monkeypatch.setattr(server_module, "FORK_SECONDS", 1.0)
    os.kill(server.pid, signal.SIGSTOP)
    try:
        with pytest.raises(ForkFailed, match="did not answer"):
            await fork("print(1)")
    finally:
        os.kill(server.pid, signal.SIGCONT)


def test_this_test_process_is_no_template():
    assert "forked" not in sys.modules and random.random() != random.random()
