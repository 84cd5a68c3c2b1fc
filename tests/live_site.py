"""One origin for a browser: the real proxy, the portal, and the live server as a process.

The Hub is not started: its one answer, whose token this is, comes from a table.
"""

from __future__ import annotations

import asyncio
import dataclasses
import os
import subprocess
import threading
import time

import httpx
import uvicorn
from coteach_widgets import DeviceCheck, Practice, Review
from fastapi.responses import HTMLResponse
from live_peers import MODULE, LiveServer
from ports import free_port

from coteach.hub.api import HubApi
from coteach.hub.proxy import ProxyApi
from coteach.hub.session import SESSION_COOKIE, Sessions
from coteach.portal.app import create_application
from coteach.settings import Settings, secrets_of
from coteach.supervisor.parts import PROXY_SCRIPT, SESSION_VARIABLE, node_binary

FLAGS = [
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
]

NOTEBOOK = """<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>notebook</title>
<style>body{margin:0;padding:8px}STYLE</style><div id="cell"></div>
<script type="module">
import widget from "/t/NAME.js";
const traits = {module: "MODULE", language: "", catalogs: {}, recordings: []};
window.model = {get: (n) => traits[n], set: (n, v) => { traits[n] = v; }, save_changes() {}, on() {}};
widget.render({model: window.model, el: document.getElementById("cell")});
</script>"""


class Site:
    """Everything a browser needs, on one free port of loopback."""

    def __init__(self, settings: Settings) -> None:
        chosen = dataclasses.replace(settings, port=free_port(), proxy_api_port=free_port(),
                                     portal_port=free_port())
        self.live = LiveServer(chosen)
        self.settings = self.live.settings
        self.url = self.settings.url

    def start(self) -> Site:
        token = secrets_of(self.settings).text("proxy")
        self._proxy = subprocess.Popen(
            [str(node_binary()), str(PROXY_SCRIPT), "--ip", self.settings.bind,
             "--port", str(self.settings.port), "--api-ip", "127.0.0.1",
             "--api-port", str(self.settings.proxy_api_port), "--log-level", "error"],
            env={**os.environ, "CONFIGPROXY_AUTH_TOKEN": token,
                 SESSION_VARIABLE: secrets_of(self.settings).text("session")})
        hub = HubApi(self.settings, httpx.AsyncClient(
            transport=httpx.MockTransport(self._hub), base_url="http://hub"))
        app = create_application(self.settings, self.live.database, hub)
        self._sessions = Sessions(self.settings, self.live.database, hub)
        for name, widget in (("device_check", DeviceCheck), ("practice", Practice),
                             ("review", Review)):
            self._notebook(app, name, widget)
        self._server = uvicorn.Server(uvicorn.Config(
            app, host="127.0.0.1", port=self.settings.portal_port, log_level="warning"))
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        self.live.start()
        # In a thread: a test with a browser has a running loop already.
        routing = threading.Thread(target=lambda: asyncio.run(self._route()))
        routing.start()
        routing.join()
        return self

    @staticmethod
    def _notebook(app, name, widget) -> None:
        page = NOTEBOOK.replace("NAME", name).replace("STYLE", widget._css)
        page = page.replace("MODULE", MODULE)

        @app.get(f"/t/{name}")
        def show() -> HTMLResponse:
            return HTMLResponse(page, headers={"Content-Security-Policy": "default-src * 'unsafe-inline'"})

        @app.get(f"/t/{name}.js")
        def script() -> HTMLResponse:
            return HTMLResponse(widget._esm, media_type="text/javascript")

    @staticmethod
    def _hub(request: httpx.Request) -> httpx.Response:
        name = request.headers["authorization"].removeprefix("token for-")
        return httpx.Response(200, json={"kind": "user", "name": name})

    async def _route(self) -> None:
        async with httpx.AsyncClient(trust_env=False) as client:
            api = ProxyApi(self.settings, client)
            for _ in range(100):
                try:
                    await api.add_fixed()
                    if (await client.get(f"{self.url}/healthz")).status_code == 200:
                        return
                except httpx.HTTPError:
                    pass
                await asyncio.sleep(0.1)
        raise AssertionError("the site did not start")

    def cookie(self, name: str) -> dict:
        value = self._sessions.mint(f"for-{name}", name, 3600)
        return {"name": SESSION_COOKIE, "value": value, "url": self.url}

    def client(self, name: str) -> httpx.Client:
        return httpx.Client(base_url=self.url, cookies={SESSION_COOKIE: self.cookie(name)["value"]},
                            headers={"Sec-Fetch-Site": "same-origin"}, trust_env=False)

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(10)
        self.live.stop()
        self._proxy.terminate()
        self._proxy.wait(10)


def wait_for(check, seconds: float = 15):
    """Wait until `check()` is true and return it."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := check():
            return found
        time.sleep(0.1)
    raise AssertionError("waited in vain")
