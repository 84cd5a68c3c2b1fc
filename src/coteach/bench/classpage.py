"""`coteach bench classpage`: a class opens a page at the bell, under stock Voila and under coteach.

Rule: the same notebook, the same visitors, one side after the other, each alone on the machine.
Each side has a first visitor and may rest before the class comes. coteach uses that time to start
kernels; so it is measured a second time without any, and what starting them costs is counted.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import nbformat
import psutil

from coteach.bench import browser, report, viewing, visitors
from coteach.bench.line import Quality
from coteach.bench.ours import OurSite, our_kernels, our_server
from coteach.bench.processes import Kernel, Server, cpu_of, memory
from coteach.bench.stock import StockSite, stock_kernels, stock_server
from coteach.errors import UserError
from coteach.i18n import gettext as _
from coteach.lessonpack import questions_asked

LESSON = Path(__file__).with_name("lesson.ipynb")
PATIENCE, PATIENCE_EACH = 60.0, 8.0
"""Seconds after which a visitor gives up: these, and these for each visitor who came with her."""

MOVES = 20
"""What one drawing costs is the mean of so many, by a kernel that has the machine for itself."""


@dataclass(frozen=True)
class Work:
    """What is done on both sides."""

    visitors: int = 30
    notebook: Path = LESSON
    browser: bool = True
    """Measure bytes in Chromium."""
    quiet: float = 2.5
    """Seconds of rest that make a server a quiet one."""
    slow: Quality | None = None
    """Also open it in Chromium on this line, with a slow processor."""
    slow_cpu: float = 6.0
    slow_seconds: float = 300.0


@dataclass(frozen=True)
class _Side:
    name: str
    server: Server
    site: visitors.Site
    find: Callable[[list[psutil.Process]], list[Kernel]]
    path: str = "/"
    bare: bool = False
    """Only the class is of interest."""
    ahead: bool = False
    """It starts a kernel for each of the class by itself."""

    def kernels(self) -> list[Kernel]:
        """Return the kernels that run."""
        return self.find(self.server.processes())


def rows() -> tuple[report.Row, ...]:
    """Return the figures of a table, in order, with their goals."""
    row = report.Row
    return (
        row("start_s", _("server listens")),
        row("one_readable_s", _("one visitor: readable")),
        row("one_answered_s", _("one visitor: slider answered")),
        row("readable_s", _("all readable"), most_ratio=1 / 30),
        row("answered_s", _("all sliders answered"), most_ratio=1 / 15),
        row("answered_cold_s", _("all sliders answered, no kernel started ahead")),
        row("floor_s", _("their drawings alone, on all cores")),
        row("ahead", _("visitors whose kernel was started ahead"), ""),
        row("rest_s", _("quiet again after the first visitor")),
        row("failed", _("visitors who got nothing"), "", most=0),
        row("cpu_s", _("processor a visitor")),
        row("ahead_cpu_s", _("processor a visitor, spent ahead")),
        row("redraw_cpu_s", _("processor a drawing")),
        row("kernel_cpu_s", _("processor a kernel"), most=0.15),
        row("kernel_uss_mb", _("memory a kernel (USS)"), "MB", most=30),
        row("kernel_pss_mb", _("memory a kernel (PSS)"), "MB"),
        row("server_pss_mb", _("memory of the server itself (PSS)"), "MB"),
        row("html_kb", _("the page's HTML"), "kB"),
        row("first_view_kb", _("first view"), "kB"),
        row("text_view_kb", _("first view without pictures"), "kB", most=60),
        row("first_widget_kb", _("up to the first widget"), "kB", most=500),
        row("repeat_kb", _("opened again"), "kB", most=20),
        row("repeat_touched_kb", _("opened again with a running kernel"), "kB"),
        row("requests", _("requests of the first view"), ""),
        row("slow_readable_s", _("slow line: text readable"), most=5),
        row("slow_widget_s", _("slow line: widget answers"), most=20),
        row("openings", _("openings"), ""),
        row("openings_failed", _("openings that failed"), "", most=0),
        row("p50_s", _("half of the openings readable after")),
        row("p95_s", _("95 % of the openings readable after"), most=2),
    )


def check(notebook: Path) -> tuple[str, ...]:
    """Return texts of a notebook that its page must show, for both sides alike.

    Raises
    ------
    UserError
        It is not there, no notebook, or has nothing to read.
    """
    try:
        found = nbformat.read(notebook, as_version=4)
    except FileNotFoundError:
        raise UserError(_("There is no file {file}.").format(file=notebook), status=404,
                        code="no-file") from None
    except Exception:
        raise UserError(_("The file {file} is no notebook.").format(file=notebook),
                        code="no-notebook") from None
    for cell in found.cells:
        for line in cell.source.splitlines() if cell.cell_type == "markdown" else ():
            text = line.strip("# *_").strip()
            if len(text) > 3 and not set("[]()<>`*_&\"'\\$") & set(text):
                return (text,)
    raise UserError(_("The notebook {file} has no heading or line of plain text to look for.")
                    .format(file=notebook), code="nothing-to-read")


async def run(work: Work, say: report.Say = lambda line: None) -> dict[str, Any]:
    """Measure both sides.

    Parameters
    ----------
    work
        What they do.
    say
        Gets a line about how far it is.
    """
    wanted = check(work.notebook)
    on = report.machine()
    folder = Path(tempfile.mkdtemp(prefix="coteach-bench-"))
    try:
        notebook = placed(work.notebook, folder)
        asked = len(questions_asked(nbformat.read(notebook, as_version=4)))
        stock = stock_server(notebook, folder)
        # The first visitor's kernel is still there when the class comes.
        ours = our_server(notebook, folder, spare=work.visitors + 1)
        cold = our_server(notebook, folder, spare=0)
        figures = {}
        for side in (
                _Side("stock", stock, StockSite(_url(stock), wanted), stock_kernels),
                _Side("ours", ours, OurSite(_url(ours), wanted, asked), our_kernels, ahead=True),
                _Side("ours, no spare kernels", cold, OurSite(_url(cold), wanted, asked),
                      our_kernels, bare=True)):
            figures[side.name] = await _measure(side, work, wanted[0], say)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    figures["ours"]["answered_cold_s"] = figures["ours, no spare kernels"]["answered_s"]
    figures["stock"]["answered_cold_s"] = figures["stock"]["answered_s"]
    done = {"visitors": work.visitors, "spare_kernels": work.visitors,
            "notebook": work.notebook.name,
            "slow": asdict(work.slow) | {"cpu": work.slow_cpu} if work.slow else None}
    return report.result("classpage", done, figures["ours"], figures["stock"], on)


def placed(notebook: Path, folder: Path) -> Path:
    """Return where to open the notebook: our own beside nothing else, another where it lies."""
    if notebook != LESSON:
        return notebook.absolute()
    (folder / "lesson").mkdir()
    return Path(shutil.copy(notebook, folder / "lesson" / notebook.name))


def _url(server: Server) -> str:
    return f"http://127.0.0.1:{server.port}/"


async def _measure(side: _Side, work: Work, wanted: str, say: report.Say) -> dict[str, Any]:
    found: dict[str, Any] = {}
    say(f"{side.name}: starting")
    found["start_s"] = await asyncio.to_thread(side.server.start)
    try:
        say(f"{side.name}: one visitor")
        try:
            (one,) = await _open(side.site, 1)
        except UserError as error:  # the first page of stock Voila hangs now and then
            say(f"{side.name}: {error}")
            (one,) = await _open(side.site, 1)
        found["one_readable_s"], found["one_answered_s"] = one.readable, one.answered
        found["html_kb"] = one.html_bytes / 1000
        await visitors.leave([one])
        found |= await _class(side, work, say)
        if (work.browser or work.slow) and not side.bare:
            found |= await _browser(side, work, wanted, say)
    finally:
        await asyncio.to_thread(side.server.end)
    return {key: round(value, 4) if isinstance(value, float) else value
            for key, value in found.items()}


async def _open(site: visitors.Site, count: int) -> list[visitors.Visit]:
    visits = await visitors.together(site, count, limit=PATIENCE + PATIENCE_EACH * count)
    if all(v.error for v in visits):
        raise UserError(_("No visitor could use {url}: {reason}").format(
            url=site.url, reason=visits[0].error), status=500, code="bench-failed")
    return visits


async def _class(side: _Side, work: Work, say: report.Say) -> dict[str, Any]:
    """Thirty at the bell; their kernels are measured while they are there."""
    count = work.visitors
    # The one visitor's kernel has worked; others may be spares, which start while she still reads.
    there = sorted(side.kernels(), key=cpu_of, reverse=True)
    hers = there[:1] if side.ahead else there
    spares = [process for kernel in there[len(hers):] for process in kernel]
    ahead = side.server.cpu() - cpu_of(spares)
    rested = await asyncio.to_thread(
        side.server.rest, quiet=work.quiet,
        ready=lambda: not side.ahead or len(side.kernels()) >= len(hers) + count)
    cpu = side.server.cpu()
    say(f"{side.name}: {count} visitors at once")
    visits = await _open(side.site, count)
    spent = side.server.cpu() - cpu
    new = [process for kernel in side.kernels() if kernel not in hers for process in kernel]
    old = [p for p in side.server.processes() if p not in new]
    answered = [v for v in visits if not v.error]
    for visit in visits:
        if visit.error:
            say(f"{side.name}: {visit.error}")
    kernels = memory(new)
    found = {
        "readable_s": max(v.readable for v in answered if v.readable is not None),
        "answered_s": max(v.answered for v in answered if v.answered is not None),
        "failed": len(visits) - len(answered), "ahead": sum(v.ahead for v in answered),
        "rest_s": rested, "cpu_s": spent / count, "ahead_cpu_s": (cpu - ahead) / count,
        "kernel_cpu_s": cpu_of(new) / len(answered), "kernel_uss_mb": kernels.uss / len(answered),
        "kernel_pss_mb": kernels.pss / len(answered), "server_pss_mb": memory(old).pss}
    say(f"{side.name}: readable {found['readable_s']:.2f} s, answered {found['answered_s']:.2f} s")
    if side.ahead:
        await asyncio.to_thread(side.server.rest, quiet=work.quiet)
        found |= await _floor(answered[0], new, count)
    await visitors.leave(visits)
    return found


async def _floor(visit: visitors.Visit, kernels: list[psutil.Process], count: int
                 ) -> dict[str, float]:
    """Return what one drawing costs, and how long all would take if there were nothing else."""
    before = {kernel: cpu_of([kernel]) for kernel in kernels}
    await visitors.again(visit, MOVES)
    # On a slow machine some kernels whose pages say nothing are given back meanwhile.
    each = sum(max(0.0, cpu_of([kernel]) - spent) for kernel, spent in before.items()) / MOVES
    return {"redraw_cpu_s": each, "floor_s": each * count / (os.cpu_count() or 1)}


async def _browser(side: _Side, work: Work, wanted: str, say: report.Say) -> dict[str, Any]:
    found: dict[str, Any] = {}
    try:
        async with browser.opened() as chromium:
            if work.browser:
                say(f"{side.name}: Chromium counts bytes")
                seen = await viewing.view(chromium, side.server.port, side.path, wanted)
                found |= {key: value for key, value in asdict(seen).items()
                          if key.endswith("_kb") or key == "requests"}
                _complain(side, seen, say)
            if work.slow:
                say(f"{side.name}: Chromium at {work.slow.kbit:g} kbit/s, {work.slow.delay:g} s")
                seen = await viewing.view(
                    chromium, side.server.port, side.path, wanted, quality=work.slow,
                    cpu=work.slow_cpu, seconds=work.slow_seconds, patient=False)
                found |= {"slow_readable_s": seen.readable_s, "slow_widget_s": seen.widget_s}
                _complain(side, seen, say)
    except browser.BrowserError as error:
        say(f"{side.name}: {error}")
    return found


def _complain(side: _Side, seen: viewing.View, say: Callable[[str], None]) -> None:
    if seen.error:
        say(f"{side.name}: {seen.error}")
