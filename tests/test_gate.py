"""The gate before people's Labs: the real proxy, cookies as the portal makes them, a Lab that tells."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
from ports import free_port
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.sync.server import serve

from coteach.hub.proxy import ProxyApi
from coteach.hub.session import SESSION_COOKIE, Sessions
from coteach.settings import Settings, load, secrets_of
from coteach.supervisor import errorpages
from coteach.supervisor.parts import SESSION_VARIABLE, parts
from coteach.tokens import TokenSigner

PAGE = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
TEACHER = "đào"
"""A name that an address spells in another way."""


class Telling(BaseHTTPRequestHandler):
    """A Lab that says what reached it."""

    def do_GET(self) -> None:
        body = json.dumps({"port": self.server.server_address[1], "path": self.path,
                           "headers": {k.lower(): v for k, v in self.headers.items()}}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET

    def log_message(self, *_ignored: object) -> None:
        pass


class Site:
    """The proxy as `coteach up` starts it, before the Labs of two people and a Hub."""

    def __init__(self, settings: Settings) -> None:
        self.settings, self.url = settings, settings.url
        pages = errorpages.write(settings.layout.run / "pages")
        self.command = next(service for service in parts(settings, "test", httpx.AsyncClient(), pages)
                            if service.name == "proxy")
        self.servers = {name: ThreadingHTTPServer(("127.0.0.1", 0), Telling)
                        for name in ("hub", "amina", TEACHER)}
        for server in self.servers.values():
            threading.Thread(target=server.serve_forever, daemon=True).start()
        self.echo = serve(lambda socket: socket.send(json.dumps(
            {k.lower(): v for k, v in socket.request.headers.raw_items()})), "127.0.0.1", 0)
        threading.Thread(target=self.echo.serve_forever, daemon=True).start()
        self.process = subprocess.Popen(self.command.command, env=self.command.environ)
        asyncio.run(self._route())

    async def _route(self) -> None:
        places = {name: f"http://127.0.0.1:{server.server_address[1]}"
                  for name, server in self.servers.items()}
        async with httpx.AsyncClient(trust_env=False) as client:
            api = ProxyApi(self.settings, client)
            deadline = time.monotonic() + 20
            while True:
                try:
                    await api.routes()
                    break
                except httpx.HTTPError:
                    assert time.monotonic() < deadline
                    await asyncio.sleep(0.1)
            for prefix in ("/", "/hub/", "/user/"):
                await api.add(prefix, places["hub"])
            for name in ("amina", TEACHER):
                await api.add(f"/user/{name}/", places[name])
            await api.add("/user/amina/ws/", f"http://127.0.0.1:{self.echo.socket.getsockname()[1]}")

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(10)
        for server in self.servers.values():
            server.shutdown()
        self.echo.shutdown()

    def session(self, name: str, lifetime: float = 3600, token: str = "t" * 32) -> str:
        return Sessions(self.settings, None, object()).mint(token, name, lifetime)  # type: ignore[arg-type]

    def cookies(self, name: str) -> dict[str, str]:
        return {"Cookie": f"a=1; {SESSION_COOKIE}={self.session(name)}; b=x=2"}

    def get(self, path: str, headers: dict[str, str] | None = None, **options) -> httpx.Response:
        return httpx.get(f"{self.url}{path}", headers=headers, trust_env=False, timeout=20, **options)

    def port(self, name: str) -> int:
        return int(self.servers[name].server_address[1])


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    settings = load(tmp_path_factory.mktemp("gate"), environ={}, bind="127.0.0.1", port=free_port(),
                    proxy_api_port=free_port())
    settings.layout.create()
    made = Site(settings)
    yield made
    made.close()


def test_her_own_lab_is_open_and_never_sees_the_session(site):
    for name, path in (("amina", "/user/amina/lab"), ("amina", "/%75ser/amina/lab?x=1"),
                       (TEACHER, "/user/%C4%91%C3%A0o/lab")):
        seen = site.get(path, site.cookies(name)).json()
        assert seen["port"] == site.port(name) and seen["path"] == path
        assert seen["headers"]["cookie"] == "a=1; b=x=2"
        assert site.session(name)[:20] not in json.dumps(seen)


def test_a_request_with_the_session_alone_comes_without_any_cookie(site):
    seen = site.get("/user/amina/", {"Cookie": f"{SESSION_COOKIE}={site.session('amina')}"}).json()
    assert "cookie" not in seen["headers"]


def test_a_long_session_is_compressed_and_still_believed(site):
    value = site.session("amina", token="t" * 900)
    assert value.startswith(".")
    assert site.get("/user/amina/", {"Cookie": f"{SESSION_COOKIE}={value}"}).status_code == 200


@pytest.mark.parametrize("path", [
    "/user/amina/lab", "/user/amina", "//x/../user/amina/", "/user//../user/amina/x",
    "/user/%61mina/lab", "/%75%73er/amina/", "/c/..//user/amina/",
    "/user/%C4%91%C3%A0o/%2e%2e/amina/", "/user\\amina/", "/user/amina/ws/x"])
def test_another_persons_lab_is_shut_however_it_is_spelt(site, path):
    answer = raw(site, path, site.cookies(TEACHER)["Cookie"])
    assert " 403 " in answer.partition("\r\n")[0]
    assert '"port"' not in answer


def raw(site: Site, target: str, cookie: str, accept: str = "*/*") -> str:
    """Send a request line that no client would send."""
    import socket
    with socket.create_connection(("127.0.0.1", site.settings.port), timeout=20) as line:
        line.sendall((f"GET {target} HTTP/1.1\r\nHost: x\r\nCookie: {cookie}\r\nAccept: {accept}\r\n"
                      "Connection: close\r\n\r\n").encode())
        parts_of = []
        while part := line.recv(65536):
            parts_of.append(part)
    return b"".join(parts_of).decode()


def test_an_address_with_a_host_in_it_leads_around_nothing(site):
    cookie = site.cookies(TEACHER)["Cookie"]
    for target in ("http://x/user/amina/", "//x/user/amina/", "/user/amina%2f..%2fx/"):
        assert " 403 " in raw(site, target, cookie).partition("\r\n")[0]
    assert " 400 " in raw(site, "/user/%ff/", cookie).partition("\r\n")[0]


def test_a_person_who_opens_anothers_lab_reads_why_in_three_languages(site):
    answer = site.get("/user/amina/lab", {**site.cookies(TEACHER), **PAGE})
    assert answer.status_code == 403 and answer.text.count("<section lang=") == 3
    assert "belongs to another person" in answer.text and "http-equiv" not in answer.text
    assert answer.headers["cache-control"] == "no-store"
    program = site.get("/user/amina/api/contents", site.cookies(TEACHER))
    assert (program.status_code, program.json()["error"]["code"]) == (403, "not-yours")


def test_without_a_good_session_a_page_leads_to_the_door_and_back(site):
    good = site.session("amina")
    secret = secrets_of(site.settings).get("session")
    forged = TokenSigner(b"0" * 64, "session").mint({"token": "t", "name": "amina"}, lifetime=60)
    purpose = TokenSigner(secret, "live").mint({"token": "t", "name": "amina"}, lifetime=60)
    nameless = TokenSigner(secret, "session").mint({"token": "t"}, lifetime=60)
    body, _dot, signature = good.rpartition(".")
    bad = [forged, purpose, nameless, site.session("amina", -5), body, f"{body}.", f".{signature}",
           f"{body}.{signature[:-3]}", f"{body}A.{signature}", f".{body}.{signature}", "", "ü", "x" * 9000]
    for cookie in [None, *(f"{SESSION_COOKIE}={value}" for value in bad), f"x{SESSION_COOKIE}={good}"]:
        headers = {"Cookie": cookie.encode()} if cookie else {}
        answer = site.get("/user/amina/lab/tree/a%20b?reset&x=1", {**PAGE, **headers})
        assert answer.status_code == 302, cookie
        assert answer.headers["location"] == (
            "/login?next=%2Fuser%2Famina%2Flab%2Ftree%2Fa%2520b%3Freset%26x%3D1")
        program = site.get("/user/amina/api", headers)
        assert (program.status_code, program.json()["error"]["code"]) == (403, "not-signed-in")


def test_a_form_without_a_session_is_refused_and_not_led_away(site):
    assert httpx.post(f"{site.url}/user/amina/api", headers=PAGE, trust_env=False).status_code == 403


def test_a_second_cookie_opens_no_door_and_an_old_one_shuts_none(site):
    mine, other = site.session("amina"), site.session(TEACHER)
    for first, second in ((mine, other), (other, mine)):
        cookie = f"{SESSION_COOKIE}={first}; {SESSION_COOKIE}={second}"
        assert site.get("/user/amina/", {"Cookie": cookie}).status_code == 403
    cookie = f"{SESSION_COOKIE}={mine}; {SESSION_COOKIE}={site.session(TEACHER, -5)}"
    seen = site.get("/user/amina/", {"Cookie": cookie}).json()
    assert "cookie" not in seen["headers"]


def test_a_program_with_a_token_passes_without_cookies(site):
    for scheme in ("token", "Bearer"):
        seen = site.get("/user/amina/api", {"Authorization": f"{scheme} abc", "Cookie": "a=1"}).json()
        assert seen["headers"]["authorization"] == f"{scheme} abc"
        assert "cookie" not in seen["headers"]
    assert site.get("/user/amina/", {"Authorization": "Basic YTpi"}).status_code == 403
    both = {**site.cookies(TEACHER), "Authorization": "token abc"}
    assert site.get("/user/amina/api", both).status_code == 403
    assert site.get("/user/amina/api?token=abc").status_code == 403


def test_the_other_paths_are_left_alone(site):
    cookies = site.cookies(TEACHER)
    for path in ("/", "/me", "/hub/home", "/hub/user/amina/", "/users/amina/", "/hub/spawn-pending/amina"):
        seen = site.get(path, cookies).json()
        assert seen["port"] == site.port("hub")
        assert seen["headers"]["cookie"] == cookies["Cookie"]


def test_a_lab_that_does_not_run_is_the_hubs_to_tell_her_alone(site):
    assert site.get("/user/zoe/lab", site.cookies("zoe")).json()["port"] == site.port("hub")
    assert site.get("/user/zoe/lab", site.cookies("amina")).status_code == 403


def test_a_websocket_opens_for_its_person_alone(site):
    address = f"{site.url}/user/amina/ws/".replace("http", "ws", 1)
    with connect(address, additional_headers=site.cookies("amina")) as socket:
        assert json.loads(socket.recv(timeout=20))["cookie"] == "a=1; b=x=2"
    with connect(address, additional_headers={"Authorization": "token abc"}) as socket:
        assert json.loads(socket.recv(timeout=20))["authorization"] == "token abc"
    for headers in (site.cookies(TEACHER), {}, {"Cookie": f"{SESSION_COOKIE}=x.y"}):
        with pytest.raises(InvalidStatus) as refused:
            connect(address, additional_headers=headers).__enter__()
        assert refused.value.response.status_code == 403


def test_the_secret_is_not_on_the_command_line_and_nothing_starts_without_it(site):
    secret = secrets_of(site.settings).text("session")
    assert not any(secret in word for word in site.command.command)
    for value in (None, "", "short"):
        environ = {k: v for k, v in site.command.environ.items() if k != SESSION_VARIABLE}
        if value is not None:
            environ[SESSION_VARIABLE] = value
        done = subprocess.run(site.command.command, env=environ, capture_output=True, text=True,
                              timeout=20, check=False)
        assert done.returncode == 1 and SESSION_VARIABLE in done.stderr
    assert SESSION_VARIABLE not in os.environ
