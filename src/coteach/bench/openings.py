"""`coteach bench classpage --openings`: page after page, evenly over a minute; how long they wait.

Stock Voila is not asked: at four seconds of processor an opening it would take the machine's whole
minute several times over.
"""

from __future__ import annotations

import asyncio
import shutil
import statistics
import tempfile
from pathlib import Path
from typing import Any

import nbformat

from coteach.bench import classpage, report, visitors
from coteach.bench.ours import OurSite, our_server
from coteach.lessonpack import questions_asked

MOST_SECONDS = 60.0
"""An opening that takes longer has failed."""


async def run(openings: int, seconds: float, notebook: Path = classpage.LESSON,
              say: report.Say = lambda line: None) -> dict[str, Any]:
    """Open the page so many times, evenly over some seconds, each as a new visitor."""
    wanted = classpage.check(notebook)
    on = report.machine()
    folder = Path(tempfile.mkdtemp(prefix="coteach-bench-"))
    try:
        place = classpage.placed(notebook, folder)
        asked = len(questions_asked(nbformat.read(place, as_version=4)))
        server = our_server(place, folder)
        say("ours: starting")
        await asyncio.to_thread(server.start)
        try:
            site = OurSite(f"http://127.0.0.1:{server.port}/", wanted, asked)
            say(f"ours: {openings} openings in {seconds:g} s")
            waits = await _openings(site, openings, seconds, say)
        finally:
            await asyncio.to_thread(server.end)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    good = sorted(wait for wait in waits if wait is not None)
    found: dict[str, Any] = {"openings": openings, "openings_failed": openings - len(good)}
    if good:
        found |= {"p50_s": round(statistics.median(good), 4),
                  "p95_s": round(good[max(0, -(-len(good) * 95 // 100) - 1)], 4),
                  "longest_s": round(good[-1], 4)}
    work = {"openings": openings, "seconds": seconds, "notebook": notebook.name}
    return report.result("classpage", work, found, {}, on)


async def _openings(site: visitors.Site, count: int, seconds: float, say: report.Say
                    ) -> list[float | None]:
    async def one(number: int) -> float | None:
        await asyncio.sleep(number * seconds / count)
        (visit,) = await visitors.together(site, 1, move=False, limit=MOST_SECONDS)
        if visit.error:
            say(f"ours: {visit.error}")
        return None if visit.error else visit.readable

    return list(await asyncio.gather(*(one(number) for number in range(count))))
