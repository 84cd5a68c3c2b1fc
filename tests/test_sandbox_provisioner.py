"""Stock kernel managers start kernels in a sandbox without knowing it."""

from __future__ import annotations

import asyncio
import json
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager

from coteach import sandbox
from coteach.errors import UserError
from coteach.sandbox import trial

MODES = ["root", "user"] if os.geteuid() == 0 else ["user"]


@pytest.fixture
def folder() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="ct-test-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@asynccontextmanager
async def kernel(place: Path, /, cwd: Path | None = None, env: dict[str, str] | None = None, **config):
    """Yield a running kernel's manager and client."""
    specs = sandbox.write_kernelspec(place / "specs", config=config)
    km = AsyncKernelManager(kernel_name="python3",
                            kernel_spec_manager=KernelSpecManager(kernel_dirs=[str(specs / "kernels")]))
    await km.start_kernel(**({"cwd": str(cwd)} if cwd else {}), **({"env": env} if env else {}))
    kc = km.client()
    kc.start_channels()
    try:
        await kc.wait_for_ready(timeout=60)
        yield km, kc
    finally:
        kc.stop_channels()
        await km.shutdown_kernel(now=True)


async def output(kc, code: str) -> str:
    """Run code; return what it printed, or the name of its error."""
    parts: list[str] = []

    def take(message):
        content = message["content"]
        parts.append(content.get("text", "") or content.get("ename", ""))

    await kc.execute_interactive(code, timeout=30, output_hook=take, allow_stdin=False)
    return "".join(parts)


def commands_of_this_machine() -> str:
    return subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True).stdout


async def test_a_kernel_runs_with_files_of_its_own_and_no_network(folder):
    lesson = folder / "lesson"
    lesson.mkdir()
    (lesson / "data.csv").write_text("a,b\n")
    (lesson / "leak").symlink_to("/etc/shadow")
    async with kernel(folder, lesson) as (km, kc):
        assert km.transport == "ipc"
        assert "/home/me" in await output(kc, "import os; print(os.getcwd())")
        assert "a,b" in await output(kc, "print(open('data.csv').read()); open('data.csv', 'w').write('x')")
        assert "FileNotFoundError" in await output(kc, "open('leak')")
        assert "['lo']" in await output(kc, "import socket; print([n for _, n in socket.if_nameindex()])")
        assert "False" in await output(kc, f"print(os.path.exists({str(folder)!r}))")
        place = Path(km.connection_file).parent
        if os.geteuid() == 0:
            uid = int(await output(kc, "print(os.getuid())"))
            assert uid > 200_000 and (place / "s").stat().st_uid == uid
        assert (place / "s").stat().st_mode & 0o777 == 0o700
        assert os.stat(km.connection_file).st_mode & 0o077 == 0
    assert (lesson / "data.csv").read_text() == "a,b\n"
    assert not place.exists()


async def test_its_environment_holds_no_secret(folder, monkeypatch):
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", "geheim")
    monkeypatch.setenv("COTEACH_DATABASE_URL", "geheim")
    env = {**os.environ, "COTEACH_LANGUAGE": "vi", "COTEACH_TOKEN": "geheim"}
    async with kernel(folder, env=env) as (_km, kc):
        code = ("import os, subprocess\n"
                "shown = subprocess.run('cat /proc/*/environ', shell=True, capture_output=True).stdout\n"
                "print(shown, dict(os.environ))")
        seen = await output(kc, code)
        assert "geheim" not in seen and "JUPYTERHUB" not in seen and "'COTEACH_LANGUAGE': 'vi'" in seen


async def test_it_is_interrupted_and_goes_on(folder):
    async with kernel(folder) as (km, kc):
        await output(kc, "x = 1")
        running = asyncio.create_task(output(kc, "import time\nwhile True: time.sleep(0.1)"))
        await asyncio.sleep(1)
        await km.interrupt_kernel()
        assert "KeyboardInterrupt" in await asyncio.wait_for(running, 10)
        assert await output(kc, "print(x)") == "1\n"


async def test_it_restarts_on_the_same_sockets(folder):
    async with kernel(folder) as (km, kc):
        await output(kc, "x = 1; open('kept', 'w').close()")
        await km.restart_kernel(now=True)
        await kc.wait_for_ready(timeout=30)
        assert "NameError" in await output(kc, "x")
        assert "True" in await output(kc, "import os; print(os.path.exists('kept'))")


async def test_killed_it_leaves_nothing(folder):
    async with kernel(folder) as (km, kc):
        await output(kc, "import subprocess; subprocess.Popen(['sleep', '97.3'], start_new_session=True)")
        pid = km.provisioner.pid
        place = Path(km.connection_file).parent
        await km.shutdown_kernel(now=True)
        assert sandbox.started(pid) is None and not place.exists()
    assert "sleep 97.3" not in commands_of_this_machine()


def left_by_a_killed_program() -> Path:
    code = ("import os, signal, tempfile\nfrom pathlib import Path\n"
            "from coteach import sandbox\n"
            "made = Path(tempfile.mkdtemp(prefix='ct-k-'))\nsandbox.claim(made)\n"
            "(made / 'home').mkdir(); (made / 'home' / 'lesson').write_text('x')\n"
            "print(made, flush=True)\nos.kill(os.getpid(), signal.SIGKILL)")
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    left = Path(ended.stdout.strip())
    assert left.is_dir()
    return left


async def test_a_killed_program_leaves_folders_that_the_next_one_removes(folder):
    left = left_by_a_killed_program()
    foreign = Path(tempfile.mkdtemp(prefix="ct-k-"))
    link = left.with_name("ct-k-link")
    os.symlink(folder, link)
    try:
        async with kernel(folder) as (km, _kc):
            assert sandbox.sweep() >= 1
            names = set(os.listdir(left.parent))
            assert left.name not in names and {foreign.name, folder.name} <= names
            assert "kernel.json" in os.listdir(os.path.dirname(km.connection_file)), "a kernel of a living program stays"
    finally:
        os.unlink(link)
        os.rmdir(foreign)


async def test_a_kernel_that_takes_too_much_memory_stops_and_says_why(folder, caplog):
    async with kernel(folder, memory_mb=300) as (km, kc):
        assert "MemoryError" in await output(kc, "x = b'x' * (3 << 30)")
        kc.execute("import mmap\nx = [mmap.mmap(-1, 100 << 20) for n in range(8)]\n"
                   "for m in x: m.write(b'x' * (100 << 20))")
        await asyncio.wait_for(km.provisioner.wait(), 20)
        assert not await km.is_alive()
    assert "300 MB of memory" in caplog.text


async def test_two_kernels_do_not_see_each_other(folder):
    async with kernel(folder) as (km, one), kernel(folder) as (_km, two):
        first = Path(km.connection_file).parent
        assert "[]" in await output(two, f"import os, glob; print(glob.glob({str(first)!r} + '*'))")
        code = "import os; print(os.getuid(), len([p for p in os.listdir('/proc') if p.isdigit()]))"
        seen = [await output(client, code) for client in (one, two)]
        assert all(text.split()[1] == "2" for text in seen)
        if os.geteuid() == 0:
            assert seen[0] != seen[1]


async def test_a_folder_can_be_shown_to_read_only(folder):
    (folder / "lesson").mkdir()
    (folder / "lesson" / "text").write_text("hello")
    async with kernel(folder, folder / "lesson", folder="read",
                      read_only={str(folder / "lesson"): "/srv/more"}) as (_km, kc):
        code = "import os; print(os.getcwd(), open('text').read(), os.listdir('/srv/more'))"
        assert await output(kc, code) == "/home/lesson hello ['text']\n"
        assert "OSError" in await output(kc, "open('new', 'w')")


async def test_a_working_folder_that_is_too_large_is_refused(folder):
    (folder / "big").mkdir()
    with (folder / "big" / "video").open("wb") as file:
        file.truncate(3 << 20)
    with pytest.raises(UserError, match="too large"):
        async with kernel(folder, folder / "big", copy_mb=2):
            pass


async def test_without_a_sandbox_a_kernel_is_refused_unless_that_is_wanted(folder, monkeypatch):
    monkeypatch.setattr(trial, "probe", lambda: trial.Probe(False, "none", "Not possible here."))
    with pytest.raises(UserError, match="Not possible here"):
        async with kernel(folder):
            pass
    async with kernel(folder, trust_local=True) as (_km, kc):
        assert await output(kc, "import os; print(os.getuid())") == f"{os.getuid()}\n"


SCRIPT = """
import asyncio, json, os, sys
sys.path.insert(0, sys.argv[2])
from pathlib import Path
from coteach import sandbox
from test_sandbox_provisioner import kernel, output
async def main():
    async with kernel(Path(sys.argv[1])) as (km, kc):
        code = "import os, socket; print(os.getuid(), socket.if_nameindex(), os.listdir('/home'))"
        before = await output(kc, code)
        await km.restart_kernel(now=True)
        await kc.wait_for_ready(timeout=30)
        print(json.dumps([sandbox.probe().mode, before, await output(kc, code)]))
asyncio.run(main())
"""


@pytest.mark.parametrize("mode", MODES)
def test_it_works_for_root_and_for_an_ordinary_user(folder, mode):
    """The other tests run as whoever runs them; this one runs as both."""
    become = []
    if mode == "user" and os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        become = ["setpriv", f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups"]
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    env = {"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8"}
    done = subprocess.run([*become, sys.executable, "-c", SCRIPT, str(folder), str(Path(__file__).parent)],
                          capture_output=True, text=True, cwd="/", timeout=90, env=env)
    assert done.returncode == 0, done.stderr
    found, before, after = json.loads(done.stdout.splitlines()[-1])
    assert found == mode
    for text in (before, after):
        assert "[(1, 'lo')] ['me']" in text
        assert (int(text.split()[0]) > 200_000) == (mode == "root")


async def test_it_starts_nearly_as_fast_as_a_plain_kernel(folder):
    async def seconds(boxed: bool) -> float:
        began = time.monotonic()
        if boxed:
            async with kernel(folder):
                return time.monotonic() - began
        km = AsyncKernelManager(kernel_name="python3")
        await km.start_kernel()
        kc = km.client()
        kc.start_channels()
        try:
            await kc.wait_for_ready(timeout=60)
            return time.monotonic() - began
        finally:
            kc.stop_channels()
            await km.shutdown_kernel(now=True)

    await seconds(True)
    plain, boxed = min([await seconds(False), await seconds(False)]), \
        min([await seconds(True), await seconds(True)])
    assert boxed < 1.5 * plain + 0.3
