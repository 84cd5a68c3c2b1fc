"""Stock Voila on a notebook, as `voila NOTEBOOK` runs it in this environment."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import httpx
import psutil

from coteach.bench.processes import Kernel, Server, free_port, parents
from coteach.bench.visitors import Failed, Visit, fetch, require


class StockSite:
    """Pages of a running Voila.

    Parameters
    ----------
    url
        Its address.
    wanted
        Texts that a complete page holds.
    """

    asks_info = True

    def __init__(self, url: str, wanted: tuple[str, ...] = ()) -> None:
        self.url = url
        self._wanted = wanted

    async def read(self, client: httpx.AsyncClient, visit: Visit) -> str:
        """Return the page; Voila sends it when the last cell has run."""
        html = await fetch(client, self.url, visit)
        require(html, self._wanted)
        return html

    async def kernel(self, client: httpx.AsyncClient, html: str, visit: Visit) -> str:
        """Return the kernel that Voila started for this page."""
        found = re.search(r'"kernelId":\s*"([0-9a-f-]{36})"', html)
        if found is None:
            raise Failed("the page names no kernel")
        return found[1]


def stock_server(notebook: Path, folder: Path, *, options: tuple[str, ...] = ()) -> Server:
    """Return Voila for a notebook, not started yet; `folder` gets its log."""
    port = free_port()
    command = [sys.executable, "-m", "voila", str(notebook), "--no-browser", f"--port={port}",
               "--Voila.ip=127.0.0.1", *options]
    return Server(command, notebook.parent, port, folder / "voila.log")


def stock_kernels(processes: list[psutil.Process]) -> list[Kernel]:
    """Return the kernels among its processes: all but the server."""
    there = parents(processes)
    return [(process,) for process in there if process.pid not in there.values()]
