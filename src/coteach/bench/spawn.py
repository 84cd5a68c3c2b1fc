"""Starting JupyterLabs: JupyterHub's simple local spawner, and coteach's in its sandbox.

Two JupyterHubs, one after the other, each with the proxy and with all extensions of this
environment. A start is over when the Lab answers through the proxy.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil

from coteach import sandbox
from coteach.bench import processes, report
from coteach.bench.report import Row
from coteach.errors import UserError
from coteach.i18n import gettext as _
from coteach.settings import Layout
from coteach.supervisor.parts import PROXY_SCRIPT, SESSION_VARIABLE, node_binary

_SECONDS = 300.0
_AGAIN = 0.05

_COMMON = """
c = get_config()
c.JupyterHub.authenticator_class = "dummy"
c.Authenticator.allow_all = True
c.JupyterHub.bind_url = "http://127.0.0.1:{port}"
c.JupyterHub.hub_bind_url = "http://127.0.0.1:{hub_port}/hub/"
c.ConfigurableHTTPProxy.command = [{node!r}, {proxy!r}]
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{api_port}"
c.ConfigurableHTTPProxy.pid_file = {folder!r} + "/proxy.pid"
c.JupyterHub.db_url = "sqlite:///" + {folder!r} + "/hub.sqlite"
c.JupyterHub.cookie_secret_file = {folder!r} + "/cookie"
c.JupyterHub.tornado_settings = {{"slow_spawn_timeout": 0}}
c.Spawner.default_url = "/lab"
c.Spawner.start_timeout = c.Spawner.http_timeout = 240
c.JupyterHub.services = [{{"name": "bench", "api_token": {token!r}}}]
c.JupyterHub.load_roles = [{{"name": "bench", "services": ["bench"], "scopes": [
    "admin:users", "admin:servers", "access:servers", "admin:server_state"]}}]
"""
_STOCK = """
import os
c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = {folder!r} + "/homes/{{username}}"
if os.geteuid() == 0:
    c.Spawner.args = ["--allow-root"]
"""
_OURS = """
from coteach import settings
from coteach.configure import prepare_labs
from coteach.hub import hubdb
c.JupyterHub.db_kwargs = hubdb.options()
loaded = settings.load({folder!r} + "/data", environ={{}})
c.JupyterHub.spawner_class = "coteach.hub.spawner.CoteachSpawner"
c.CoteachSpawner.settings = loaded
prepare_labs(loaded)
"""


def rows() -> tuple[Row, ...]:
    """Return the figures with their goals."""
    return (
        Row("first_s", _("first Lab after the Hub's start")),
        Row("second_s", _("another Lab (median of three)"), most_ratio=1 / 8),
        Row("at_once_s", _("all at once, until each answers"), most_ratio=1 / 4),
        Row("pss_mb", _("memory of one of them (PSS)"), "MB", most=55.0),
        Row("pss_template_mb", _("memory of what they are forked from (PSS)"), "MB"),
        Row("cpu_s", _("processor time of one of them until then")),
    )


async def run(users: int = 10, say: report.Say = lambda line: None, *,
              others: int = 3) -> dict[str, Any]:
    """Measure both sides.

    Parameters
    ----------
    users
        How many Labs start at once.
    say
        Gets a line about how far it is.
    others
        How many start one after the other, for the median.
    """
    sandbox.ensure(False)
    if not PROXY_SCRIPT.exists():
        raise UserError(_("The proxy is not built."),
                        hint=_("Run `python hatch_build.py proxy`."), code="no-proxy")
    on = report.machine()
    figures = {}
    for side, config in (("stock", _STOCK), ("ours", _OURS)):
        say(_("JupyterHub with {spawner}").format(
            spawner="SimpleLocalProcessSpawner" if side == "stock" else "coteach"))
        folder = Path(tempfile.mkdtemp(prefix=f"coteach-bench-{side}-"))
        os.chmod(folder, 0o711)  # noqa: S103  Labs pass through to their homes
        site = _Site(folder, config)
        try:
            figures[side] = await _measure(site, users, others, say)
        finally:
            await asyncio.to_thread(site.end)
            shutil.rmtree(folder, ignore_errors=True)
    work = {"users": users, "sandbox": sandbox.probe().mode}
    return report.result("spawn", work, figures["ours"], figures["stock"], on)


class _Site:
    """A JupyterHub with its proxy in a folder of its own."""

    def __init__(self, folder: Path, config: str) -> None:
        self.folder = folder
        self.token = secrets.token_hex(16)
        port = processes.free_port()
        self.url = f"http://127.0.0.1:{port}"
        Layout(folder / "data").create()
        (folder / "homes").mkdir()
        file = folder / "config.py"
        file.write_text((_COMMON + config).format(
            port=port, hub_port=processes.free_port(), api_port=processes.free_port(),
            node=str(node_binary()), proxy=str(PROXY_SCRIPT), token=self.token,
            folder=str(folder)), encoding="utf-8")
        file.chmod(0o600)
        self.server = processes.Server(
            [sys.executable, "-m", "jupyterhub", "-f", str(file)], folder, port, folder / "log",
            {"PATH": f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}",
             "CONFIGPROXY_AUTH_TOKEN": secrets.token_hex(16),
             SESSION_VARIABLE: secrets.token_hex(32)})

    def end(self) -> None:
        """End the Hub, its proxy and every Lab."""
        self.server.end()

    def client(self) -> httpx.AsyncClient:
        """Return a client that may do everything that is measured."""
        return httpx.AsyncClient(
            base_url=self.url, timeout=60, trust_env=False,
            limits=httpx.Limits(max_connections=200),
            headers={"Authorization": f"token {self.token}"})


async def _measure(site: _Site, users: int, others: int, say: report.Say) -> dict[str, Any]:
    await asyncio.to_thread(site.server.start)
    async with site.client() as client:
        await _until(client, "/hub/api/users", site)
        first = await _start(client, "first", site)
        second = statistics.median([await _start(client, f"other{number}", site)
                                    for number in range(others)])
        say(_("another Lab took {seconds:.2f} s").format(seconds=second))
        names = [f"user{number}" for number in range(users)]
        begun = time.perf_counter()
        await asyncio.gather(*(_start(client, name, site) for name in names))
        at_once = time.perf_counter() - begun
        say(_("{users} at once took {seconds:.2f} s").format(users=users, seconds=at_once))
        labs = [await _lab(client, name) for name in names]
        pss = [processes.memory(lab).pss for lab in labs]
        cpu = [processes.cpu_of(lab) for lab in labs]
        found = {"first_s": round(first, 3), "second_s": round(second, 3),
                 "at_once_s": round(at_once, 3), "pss_mb": round(sum(pss) / users, 1),
                 "cpu_s": round(sum(cpu) / users, 3)}
        template = list(_templates(site))
        if template:
            found["pss_template_mb"] = round(processes.memory(template).pss, 1)
        return found


async def _start(client: httpx.AsyncClient, name: str, site: _Site) -> float:
    (await client.post(f"/hub/api/users/{name}")).raise_for_status()
    begun = time.perf_counter()
    (await client.post(f"/hub/api/users/{name}/server")).raise_for_status()
    # Wait as a browser does: asking again and again would be the larger part of the work.
    async with client.stream("GET", f"/hub/api/users/{name}/server/progress",
                             timeout=_SECONDS) as events:
        async for _line in events.aiter_lines():
            pass
    await _until(client, f"/user/{name}/api/status", site)
    return time.perf_counter() - begun


async def _until(client: httpx.AsyncClient, path: str, site: _Site) -> None:
    end = time.perf_counter() + _SECONDS
    while time.perf_counter() < end:
        try:
            if (await client.get(path)).status_code == 200:
                return
        except httpx.HTTPError:
            pass
        await asyncio.sleep(_AGAIN)
    raise UserError(_("{path} did not answer: {said}").format(
        path=path, said=site.server.last_words()), status=500, code="bench-no-start")


async def _lab(client: httpx.AsyncClient, name: str) -> list[psutil.Process]:
    """Return the processes of a person's Lab."""
    answer = await client.get(f"/hub/api/users/{name}")
    answer.raise_for_status()
    lab = psutil.Process(answer.json()["servers"][""]["state"]["pid"])
    return [lab, *lab.children(recursive=True)]


def _templates(site: _Site) -> Iterator[psutil.Process]:
    assert site.server.process is not None
    for process in psutil.Process(site.server.process.pid).children():
        if " ".join(process.cmdline()) == "coteach labs":
            yield process
