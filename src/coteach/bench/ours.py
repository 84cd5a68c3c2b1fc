"""coteach on a notebook, as `coteach page NOTEBOOK` runs it."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from urllib.parse import urljoin

import httpx
import psutil

from coteach.bench.processes import Kernel, Server, free_port, parents
from coteach.bench.visitors import Failed, Visit, config_of, fetch, require


class OurSite:
    """Pages of a running `coteach page`.

    Parameters
    ----------
    url
        The page's address.
    wanted
        Texts that a complete page holds.
    questions
        How many question forms it holds.
    """

    asks_info = False

    def __init__(self, url: str, wanted: tuple[str, ...] = (), questions: int = 0) -> None:
        self.url = url
        self._wanted = wanted
        self._questions = questions

    async def read(self, client: httpx.AsyncClient, visit: Visit) -> str:
        """Return the page with its outputs, also when they come after the text."""
        html = await fetch(client, self.url, visit)
        require(html, self._wanted)
        whole = html
        if pending := config_of(html).get("pending"):
            whole += "".join((await self._cells(client, pending)).values())
        forms = whole.count("data-question=")
        if forms < self._questions:
            raise Failed(f"the page holds {forms} of {self._questions} questions")
        if "ct-widget" not in whole:
            raise Failed("the page shows no widget")
        return html

    async def _cells(self, client: httpx.AsyncClient, address: str) -> dict[str, str]:
        while True:
            answer = await client.get(urljoin(self.url, address))
            if answer.status_code == 200:
                return dict(answer.json()["cells"])
            if answer.status_code != 202:
                raise Failed(f"no outputs: {answer.status_code} {answer.text[:200]}")
            await asyncio.sleep(float(answer.json().get("again", 1)))

    def _address(self, html: str, name: str) -> str:
        return urljoin(self.url, config_of(html)[name])

    async def kernel(self, client: httpx.AsyncClient, html: str, visit: Visit) -> str:
        """Ask for this visitor's kernel, and wait in the queue as the page does."""
        while True:
            answer = await client.post(self._address(html, "kernel"))
            if answer.status_code == 200:
                found = answer.json()
                visit.ahead = bool(found.get("ahead"))
                return str(found["kernel"])
            if answer.status_code != 202:
                raise Failed(f"no kernel: {answer.status_code} {answer.text[:200]}")
            await asyncio.sleep(float(answer.json().get("again", 1)))


def our_server(notebook: Path, folder: Path, *, options: tuple[str, ...] = (),
               spare: int | None = None) -> Server:
    """Return `coteach page` for a notebook, not started yet; `folder` gets its log.

    Parameters
    ----------
    spare
        How many kernels it may start ahead; None: as many as it does by itself.
    """
    port = free_port()
    command = [sys.executable, "-c", "from coteach.cli import main; main()", "page", str(notebook),
               f"--port={port}", "--no-browser", *options]
    return Server(command, notebook.parent, port, folder / "coteach.log",
                  env={} if spare is None else {"COTEACH_SPARE_KERNELS": str(spare)})


def our_kernels(processes: list[psutil.Process]) -> list[Kernel]:
    """Return the kernels among its processes: what starts nothing, with its supervisor."""
    there = parents(processes)
    by_pid = {process.pid: process for process in there}
    return [(process, by_pid[parent]) for process, parent in there.items()
            if parent in by_pid and process.pid not in there.values()]
