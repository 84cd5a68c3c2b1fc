"""Lesson hosts: where they run, what they read, and that they end with who started them."""

from __future__ import annotations

import asyncio
import json
import resource
import signal
import subprocess
import sys
from pathlib import Path

import nbformat
import psutil
import pytest

from coteach.errors import UserError
from coteach.forkserver import ForkFailed
from coteach.pages import host as host_module
from coteach.pages import hosts as hosts_module
from coteach.pages.hosts import Hosts
from coteach.pages.kernels import Left, LessonKernels
from coteach.pages.page import Page
from coteach.pages.problems import alone_because, problems_of
from coteach.pages.starting import Starter
from coteach.sandbox import Probe


def lesson(*sources: str, folder: Path | None = None, name: str = "") -> Page:
    """A lesson of code cells."""
    cells = [nbformat.v4.new_code_cell(source, id=f"c{place}")
             for place, source in enumerate(sources)]
    return Page(nbformat.v4.new_notebook(cells=cells), folder, "en", "A lesson", name=name)


@pytest.fixture
def plain(monkeypatch):
    """No template: a host starts as a program, which is quicker for one of them."""
    async def refuse(*_what: object) -> None:
        raise ForkFailed("not in this test")
    monkeypatch.setattr(Starter, "_fork", refuse)


@pytest.fixture
async def hosts(settings, plain):
    made = Hosts(settings, lambda digest, executed: None)
    made.kernels = LessonKernels(made, settings)
    yield made
    await made.kernels.close_all()
    await made.close()


def texts(executed, cell: str) -> str:
    """The printed text of a cell."""
    return "".join(o.get("text", "") for o in executed.outputs[cell]).strip()


async def kernel(hosts, page: Page, visitor: str = "v") -> psutil.Process:
    """The process of a visitor's kernel."""
    async with asyncio.timeout(40):
        while True:
            found, _place = await hosts.kernels.ask(visitor, page)
            if found is not None:
                return psutil.Process(hosts.kernels.owners[found].pid)


async def test_a_service_may_open_enough_files_for_its_kernels(hosts):
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    before = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (512, hard))
        LessonKernels(hosts, hosts.settings)
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == min(hard, 16_384)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (before, hard))


async def test_without_a_template_a_host_starts_as_a_program_in_the_same_walls(hosts):
    page = lesson("import os\nprint(os.getcwd(), os.path.exists('/etc/shadow'), "
                  "os.environ['COTEACH_LANG'], os.path.expanduser('~'))")
    executed = await hosts.host(page).ready
    assert texts(executed, "c0") == "/home/me False en /home/me" and hosts.starter.forked == 0
    assert executed.forkable
    process = await kernel(hosts, page)
    assert process.is_running() and process.parent().parent() is not None


async def test_where_code_is_trusted_it_works_without_walls(hosts, settings, monkeypatch):
    monkeypatch.setattr("coteach.sandbox.ensure", lambda trust=False: Probe(False, "none", "no"))
    page = lesson("import os\nprint(os.path.exists('/etc/passwd'))")
    assert texts(await hosts.host(page).ready, "c0") == "True"
    process = await kernel(hosts, page)
    line = next(iter(hosts.kernels.owners.values())).line
    line.close()
    async with asyncio.timeout(5):
        while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def test_where_no_walls_are_possible_and_nobody_trusts_it_nothing_runs(hosts, monkeypatch):
    def refuse(trust: bool = False) -> Probe:
        raise UserError("People's code can't be run safely here.", status=503, code="no-sandbox")
    monkeypatch.setattr("coteach.sandbox.ensure", refuse)
    with pytest.raises(UserError, match="safely"):
        await hosts.host(lesson("print(1)")).ready


@pytest.mark.parametrize("most", [10**6, 10])
async def test_a_lesson_reads_the_files_of_its_folder(hosts, tmp_path, monkeypatch, most):
    monkeypatch.setattr("coteach.pages.place.MOST_COPY", most)
    folder = tmp_path / "lesson"
    (folder / ".git").mkdir(parents=True)
    (folder / ".git" / "large").write_bytes(b"x" * 2_000_000)
    (folder / "numbers.csv").write_text("a\n1\n2\n3\n")
    (folder / "helper.py").write_text("def total(rows): return sum(map(int, rows[1:]))\n")
    page = lesson("import helper\nprint(helper.total(open('numbers.csv').read().split()))",
                  "try:\n    open('numbers.csv', 'a').write('9')\n    print('own copy')\n"
                  "except OSError:\n    print('only to read')", folder=folder)
    executed = await hosts.host(page).ready
    assert texts(executed, "c0") == "6"
    assert texts(executed, "c1") == ("own copy" if most > 10 else "only to read")
    assert (folder / "numbers.csv").read_text() == "a\n1\n2\n3\n"


async def test_a_machine_that_can_start_nothing_is_said_calmly(hosts, monkeypatch):
    def full(*_what: object, **_more: object) -> None:
        raise OSError(28, "No space left on device")
    monkeypatch.setattr("coteach.pages.host.Place", full)
    with pytest.raises(UserError, match="You can read on"):
        await hosts.host(lesson("print(1)")).ready


async def test_a_host_that_nobody_wants_ends_and_one_with_visitors_stays(hosts, monkeypatch):
    monkeypatch.setattr(hosts_module, "REPLACED_AFTER", 0.2)
    first, second = lesson("a = 1", name="x/en"), lesson("a = 2", name="x/en")
    old = hosts.host(first)
    await old.ready
    await kernel(hosts, first)
    new = hosts.host(second)
    await new.ready
    assert old.replaced and not new.replaced and old.pid
    await asyncio.sleep(3)
    assert old.pid, "somebody is in it"
    await hosts.kernels.close(next(iter(hosts.kernels.owners)))
    async with asyncio.timeout(10):
        while old.pid:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    assert new.pid


async def test_a_cell_that_can_not_be_interrupted_costs_only_itself(hosts, monkeypatch):
    monkeypatch.setattr(host_module, "CELL_SECONDS", 1.0)
    monkeypatch.setattr(host_module, "LATE", 1.0)
    executed = await hosts.host(lesson(
        "print('before')",
        "import signal, time\nsignal.signal(signal.SIGALRM, signal.SIG_IGN)\ntime.sleep(600)",
        "print('after')")).ready
    assert texts(executed, "c0") == "before" and texts(executed, "c2") == "after"
    assert [(e.cell, e.kind) for e in executed.errors] == [("c1", "endless")]


@pytest.mark.parametrize("source", [
    "import os\nos.fork = lambda: 4242\nos.pipe = os._exit = None",
    "import socket\nsocket.socket.accept = socket.socket.recv = socket.socketpair = lambda *a: 1/0",
    "import json\njson.loads = json.dumps = lambda *a, **k: 1/0",
    "import os\nos.closerange(3, 300)",
])
async def test_what_a_lesson_replaces_or_closes_leaves_kernels_possible(hosts, source):
    page = lesson(source, "print('after')")
    executed = await hosts.host(page).ready
    assert texts(executed, "c1") == "after" and executed.forkable
    await kernel(hosts, page)
    [found] = hosts.kernels.owners
    client = hosts.kernels.get_kernel(found).client()
    client.start_channels(hb=False, stdin=False)
    try:
        answer = await client.kernel_info(reply=True, timeout=20)
        assert answer["content"]["status"] == "ok"
    finally:
        client.stop_channels()


async def test_what_zmq_imports_at_its_first_large_message_is_there_before_the_fork(hosts):
    executed = await hosts.host(lesson(
        "import sys\nprint('zmq.utils.garbage' in sys.modules)")).ready
    assert texts(executed, "c0") == "True" and executed.forkable


async def test_a_lesson_that_can_not_be_forked_runs_for_each_visitor_alone(hosts):
    """A handler that runs in every copy is such a lesson; a process of its own needs no copy."""
    page = lesson("import os\nos.register_at_fork(after_in_child=lambda: os._exit(9))")
    executed = await hosts.host(page).ready
    assert [word for word, _detail in executed.reasons] == ["fork"]
    assert "no copy of it can be made" in alone_because(executed)
    await kernel(hosts, page)
    assert next(iter(hosts.kernels.owners.values())).host.alone


@pytest.mark.parametrize("more", ["", "\nimport time\nif not pid: time.sleep(0.1)",
                                  "\nif not pid: raise SystemExit", "\nawait asyncio.sleep(0)"])
async def test_a_fork_that_would_run_on_ends_with_its_cell_and_is_said(hosts, more):
    page = lesson(f"import asyncio, os\npid = os.fork(){more}", "print('after')")
    host = hosts.host(page)
    executed = await host.ready
    assert texts(executed, "c1") == "after" and executed.forkable
    assert [(e.cell, e.kind) for e in executed.errors] == [("c0", "forked")]
    assert "second process" in problems_of(executed, 20)[0].message
    await kernel(hosts, page)


async def test_a_cell_that_fills_memory_says_so_and_gives_it_back(hosts):
    page = lesson("kept = 1\na = []\nwhile True: a.append(bytearray(50_000_000))",
                  "b = bytearray(500_000_000)\nprint('room again')")
    executed = await hosts.host(page).ready
    assert [(e.cell, e.kind) for e in executed.errors] == [("c0", "memory")]
    assert "more memory" in problems_of(executed, 20)[0].message
    assert texts(executed, "c1") == "room again"


async def test_a_cell_that_fills_memory_in_a_process_of_its_own_says_so_too(hosts):
    page = lesson("import threading, time\nthreading.Thread(target=time.sleep, args=(600,),"
                  " daemon=True).start()",
                  "a = [bytearray(50_000_000) for _ in range(14)]", "print('on')")
    assert not (await hosts.host(page).ready).forkable
    _line, host = await hosts.kernel(page, "key")
    executed = host.ready.result()
    assert host.alone and [(e.cell, e.kind) for e in executed.errors] == [("c1", "memory")]
    assert texts(executed, "c2") == "on"


@pytest.mark.parametrize("alone", [False, True])
async def test_who_leaves_while_her_kernel_starts_leaves_no_kernel_behind(hosts, alone):
    page = lesson("import threading, time\nthreading.Thread(target=time.sleep, args=(600,),"
                  " daemon=True).start()" if alone else "1")
    host = hosts.host(page)
    assert (await host.ready).forkable is not alone
    here = psutil.Process()
    before = len(here.children(recursive=True))
    for turn in range(8):
        asked = asyncio.create_task(hosts.kernels.ask("v", page))
        await asyncio.sleep(0.012 * turn)
        await hosts.kernels.close_of("v")
        with pytest.raises(UserError, match="You have left this lesson") as left:
            await asked
            raise Left  # it was there already, and was ended
        assert left.value.status == 410
    async with asyncio.timeout(15):
        while len(here.children(recursive=True)) > before:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    assert not hosts.kernels.owners and not host.lines and not list(hosts.kernels.list_kernels())
    assert not hosts.kernels._starting and not hosts._alone


SERVICE = """
import asyncio, json, sys
from pathlib import Path
from coteach import settings
from coteach.pages.hosts import Hosts
from coteach.pages.kernels import LessonKernels
from coteach.pages.page import Page
import nbformat, psutil
async def main():
    here = settings.load(Path(sys.argv[1]), environ={})
    here.layout.create()
    hosts = Hosts(here, lambda digest, executed: None)
    kernels = LessonKernels(hosts, here)
    cells = [nbformat.v4.new_code_cell("x = 1", id="a")]
    page = Page(nbformat.v4.new_notebook(cells=cells), None, "en", "t")
    while not kernels.owners:
        await kernels.ask("v", page)
    own = psutil.Process()
    pids = {p.pid for p in own.children(recursive=True)} | set(hosts.pids)
    pids |= {p.pid for pid in hosts.pids for p in psutil.Process(pid).children(recursive=True)}
    print(json.dumps({"pids": sorted(pids), "kernel": next(iter(kernels.owners.values())).pid}),
          flush=True)
    await asyncio.sleep(600)
asyncio.run(main())
"""


async def test_a_service_that_is_killed_takes_all_its_hosts_and_kernels_with_it(tmp_path):
    service = subprocess.Popen(  # noqa: ASYNC220
        [sys.executable, "-c", SERVICE, str(tmp_path / "data")],
        stdout=subprocess.PIPE, text=True)
    try:
        said = json.loads(await asyncio.to_thread(service.stdout.readline))
        assert said["kernel"] in said["pids"] and len(said["pids"]) >= 4
        born = {pid: psutil.Process(pid).create_time() for pid in said["pids"]}
        service.send_signal(signal.SIGKILL)
        service.wait()

        def left() -> list[int]:
            return [pid for pid, at in born.items() if psutil.pid_exists(pid)
                    and psutil.Process(pid).create_time() == at
                    and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE]
        async with asyncio.timeout(12):
            while left():  # noqa: ASYNC110
                await asyncio.sleep(0.1)
    finally:
        service.kill()
        service.wait()
