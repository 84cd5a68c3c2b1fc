"""A teacher's terminal reaches her own files and no one else's, and can't stop the others.

A real JupyterHub with real Labs, started by root and by an ordinary user; the commands are typed
into a real terminal of the Lab.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from ports import free_port
from websockets.sync.client import connect

from coteach import sandbox
from coteach.hub.lab import LabLog, file_name
from coteach.ports import descendants
from coteach.ports import internal_port as away_port
from coteach.settings import Layout
from coteach.supervisor.parts import PROXY_SCRIPT, SESSION_VARIABLE, node_binary

MODES = ["root", "user"] if os.geteuid() == 0 else ["user"]
ORDINARY = 12346
TOKEN = "test-" + "0123456789abcdef" * 2

CONFIG = """
import sys
from coteach import settings
c = get_config()
loaded = settings.load({data!r}, environ={{}}, memory_limit_mb=1024, process_limit=150)
c.JupyterHub.spawner_class = "coteach.hub.spawner.CoteachSpawner"
c.CoteachSpawner.settings = loaded
c.CoteachSpawner.start_timeout = 60
c.JupyterHub.authenticator_class = "dummy"
c.Authenticator.allow_all = True
c.JupyterHub.bind_url = "http://127.0.0.1:{port}"
c.JupyterHub.hub_bind_url = "http://127.0.0.1:{hub_port}/hub/"
c.ConfigurableHTTPProxy.command = [{node!r}, {proxy!r}]
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{api_port}"
c.ConfigurableHTTPProxy.pid_file = {pid_file!r}
c.JupyterHub.db_url = "sqlite:///" + str(loaded.layout.hub / "jupyterhub.sqlite")
c.JupyterHub.cookie_secret_file = str(loaded.layout.secrets / "hub-cookie")
c.JupyterHub.cleanup_servers = False
c.JupyterHub.tornado_settings = {{"slow_spawn_timeout": 0}}
c.JupyterHub.services = [{{"name": "tester", "api_token": {token!r}}}]
c.JupyterHub.load_roles = [{{"name": "tester", "services": ["tester"],
    "scopes": ["admin:users", "admin:servers", "access:servers", "read:metrics"]}}]
tried = []
def break_it(spawner):
    if spawner.user.name == "broken":
        spawner.cmd = ["/bin/sh", "-c", "echo the disk fell out >&2; exit 3"]
    if spawner.user.name == "crooked":
        spawner.args = [] if tried else ["--ServerApp.ip=nowhere.invalid"]
        tried.append(1)
c.Spawner.pre_spawn_hook = break_it
"""


class Terminal:
    """A terminal of a Lab, typed into through the Hub's proxy."""

    def __init__(self, base: str, person: str) -> None:
        headers = {"Authorization": f"token {TOKEN}"}
        root = f"{base}/user/{quote(person)}"
        for _try in range(20):
            made = httpx.post(f"{root}/api/terminals", headers=headers, timeout=30)
            if made.status_code == 200:
                break
            time.sleep(0.5)
        made.raise_for_status()
        url = f"{root}/terminals/websocket/{made.json()['name']}".replace("http", "ws", 1)
        self.socket = connect(url, additional_headers=headers, max_size=None).__enter__()
        self.marks = 0

    def type(self, line: str) -> None:
        self.socket.send(json.dumps(["stdin", line + "\r"]))

    def run(self, line: str, timeout: float = 60) -> str:
        """Type a line; return what it printed."""
        self.marks += 1
        # The quotes keep the marks apart from the line itself, which the terminal shows too.
        self.type(f"echo ST''ART{self.marks}; {line}; echo E''ND{self.marks}")
        text, deadline = "", time.monotonic() + timeout
        while f"END{self.marks}" not in text:
            kind, *rest = json.loads(self.socket.recv(timeout=max(0.1, deadline - time.monotonic())))
            text += rest[0] if kind == "stdout" else ""
        return text.partition(f"START{self.marks}")[2].partition(f"END{self.marks}")[0]


class Hub:
    """A JupyterHub of its own with its proxy."""

    def __init__(self, mode: str) -> None:
        self.mode = mode
        self.folder = Path(tempfile.mkdtemp(prefix="ct-hub-"))
        self.folder.chmod(0o755)
        self.layout = Layout(self.folder / "data")
        self.layout.create()
        (self.layout.secrets / "proxy").write_text("proxy-secret")
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.config = self.folder / "config.py"
        self.config.write_text(CONFIG.format(
            data=str(self.layout.root), port=self.port, hub_port=free_port(), api_port=free_port(),
            node=str(node_binary()), proxy=str(PROXY_SCRIPT), token=TOKEN,
            pid_file=str(self.layout.hub / "proxy.pid")))
        self.become: list[str] = []
        if mode == "user" and os.geteuid() == 0:
            self.become = ["setpriv", f"--reuid={ORDINARY}", f"--regid={ORDINARY}", "--clear-groups"]
            subprocess.run(["chown", "-R", f"{ORDINARY}:{ORDINARY}", self.folder], check=True)
        self.client = httpx.Client(base_url=f"{self.url}/hub/api", timeout=30,
                                   headers={"Authorization": f"token {TOKEN}"})
        self.start()

    def start(self) -> None:
        env = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "HOME": str(self.folder),
               "LANG": "C.UTF-8", "HUB_SECRET": "hub-secret", "CONFIGPROXY_AUTH_TOKEN": "proxy-secret",
               SESSION_VARIABLE: "session-secret" * 4}
        self.log = (self.folder / "hub.log").open("ab")
        self.process = subprocess.Popen(
            [*self.become, sys.executable, "-m", "jupyterhub", "-f", str(self.config)], env=env,
            cwd=self.folder, stdout=self.log, stderr=self.log, start_new_session=True)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            assert self.process.poll() is None, (self.folder / "hub.log").read_text()[-3000:]
            try:
                if self.client.get("/users").status_code == 200:
                    return
            except httpx.HTTPError:
                pass
            time.sleep(0.3)
        raise AssertionError((self.folder / "hub.log").read_text()[-3000:])

    def kill(self) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.log.close()
        os.kill(int((self.layout.hub / "proxy.pid").read_text()), signal.SIGKILL)

    def server(self, person: str) -> dict:
        answer = self.client.get(f"/users/{quote(person)}")
        answer.raise_for_status()
        return answer.json()["servers"].get("", {})

    def open(self, *people: str) -> None:
        for person in people:
            self.client.post(f"/users/{quote(person)}")
            self.client.post(f"/users/{quote(person)}/server").raise_for_status()
        deadline = time.monotonic() + 90
        while not all(self.server(person).get("ready") for person in people):
            assert time.monotonic() < deadline, (self.folder / "hub.log").read_text()[-3000:]
            time.sleep(0.3)

    def close(self, person: str) -> float:
        began = time.monotonic()
        self.client.delete(f"/users/{quote(person)}/server").raise_for_status()
        while self.server(person):
            assert time.monotonic() - began < 30
            time.sleep(0.1)
        return time.monotonic() - began

    def answers(self, person: str) -> float:
        """Return how long the person's Lab takes to answer."""
        began = time.monotonic()
        answer = httpx.get(f"{self.url}/user/{quote(person)}/api/contents", timeout=30,
                           headers={"Authorization": f"token {TOKEN}"})
        answer.raise_for_status()
        return time.monotonic() - began

    def home(self, person: str) -> Path:
        return self.layout.homes / file_name(person)


@pytest.fixture(scope="module", params=MODES)
def hub(request: pytest.FixtureRequest) -> Iterator[Hub]:
    assert PROXY_SCRIPT.exists(), "the proxy is not built: python hatch_build.py proxy"
    made = Hub(request.param)
    try:
        made.open("amina", "đào")
        made.home("đào").joinpath("diary").write_text("what nobody may read")
        yield made
    finally:
        for file in made.layout.run.glob("lab-*.json"):
            sandbox.end(json.loads(file.read_text())[0])
        made.kill()
        shutil.rmtree(made.folder, ignore_errors=True)


@pytest.fixture(scope="module")
def terminal(hub: Hub) -> Terminal:
    return Terminal(hub.url, "amina")


def lab_pid(hub: Hub, person: str) -> int:
    return json.loads((hub.layout.run / f"lab-{file_name(person)}.json").read_text())[0]


def command_line(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0").decode()


def template_pid(hub: Hub) -> int:
    found = [int(p) for p in Path(f"/proc/{hub.process.pid}/task/{hub.process.pid}/children").read_text().split()
             if command_line(int(p)).endswith("coteach labs")]
    assert len(found) == 1
    return found[0]


def test_labs_are_forks_of_one_template_that_holds_no_secret(hub):
    for person in ("amina", "đào"):
        assert command_line(lab_pid(hub, person)).startswith("coteach lab: ")
    template = template_pid(hub)
    assert len(os.listdir(f"/proc/{template}/task")) == 1
    environ = Path(f"/proc/{template}/environ").read_bytes()
    assert b"-secret" not in environ and b"TOKEN" not in environ and TOKEN.encode() not in environ


def test_a_home_belongs_to_its_person(hub, terminal):
    assert "/home/me" in terminal.run("cd; pwd; echo mine > note")
    note = hub.home("amina") / "note"
    assert note.read_text() == "mine\n"
    homes = [hub.home(person).stat() for person in ("amina", "đào")]
    assert all(home.st_mode & 0o777 == 0o700 for home in homes)
    if hub.mode == "root":
        assert homes[0].st_uid != homes[1].st_uid and min(h.st_uid for h in homes) > 200_000
        assert note.stat().st_uid == homes[0].st_uid


def test_no_file_of_another_or_of_the_hub_can_be_read(hub, terminal):
    for path in (hub.home("đào") / "diary", hub.layout.hub / "jupyterhub.sqlite",
                 hub.layout.secrets / "hub-cookie", hub.layout.secrets / "proxy", hub.config,
                 Path("/etc/shadow"), Path("/root/.bashrc")):
        seen = terminal.run(f"cat {path}")
        assert "No such file" in seen or "Permission denied" in seen, (path, seen)
    assert terminal.run("find / -name diary -o -name jupyterhub.sqlite 2>/dev/null").strip() == ""
    assert "proxy-secret" not in terminal.run("grep -rs proxy-secret /etc /home /run /tmp /dev/shm")


def test_no_secret_and_no_process_of_another_is_visible(hub, terminal):
    seen = terminal.run("cat /proc/*/environ 2>/dev/null | tr '\\0' '\\n' | sort -u")
    assert "JUPYTERHUB_API_TOKEN" in seen and "-secret" not in seen
    assert "CONFIGPROXY" not in seen and TOKEN not in seen
    listed = terminal.run("cat /proc/[0-9]*/cmdline | tr '\\0' ' '")
    assert "configurable-http-proxy" not in listed and "-m jupyterhub" not in listed
    assert listed.count("jupyterhub-singleuser") == 2  # itself, and the sandbox's first process


def test_the_system_can_not_be_changed(hub, terminal):
    assert "Read-only" in terminal.run(f"touch {sys.prefix}/x /usr/x")
    assert "not permitted" in terminal.run("unshare -Ur true")


def test_it_starts_no_npm_and_speaks_to_the_hub(hub, terminal):
    assert not (hub.home("amina") / ".npm").exists()
    seen = terminal.run("curl -s -o /dev/null -w '%{http_code}' -H \"Authorization: token "
                        "$JUPYTERHUB_API_TOKEN\" $JUPYTERHUB_API_URL/user")
    if "not found" in seen:
        seen = terminal.run("python -c \"import os, urllib.request as u; print(u.urlopen(u.Request("
                            "os.environ['JUPYTERHUB_API_URL'] + '/user', headers={'Authorization': "
                            "'token ' + os.environ['JUPYTERHUB_API_TOKEN']})).status)\"")
    assert "200" in seen


def test_a_kernel_of_the_lab_works(hub):
    headers = {"Authorization": f"token {TOKEN}"}
    root = f"{hub.url}/user/amina/api/kernels"
    kernel = httpx.post(root, headers=headers, json={"name": "python3"}, timeout=60)
    kernel.raise_for_status()
    url = f"{root}/{kernel.json()['id']}/channels".replace("http", "ws", 1)
    header = {"msg_id": "1", "msg_type": "execute_request", "session": "s", "username": "", "version": "5.3"}
    content = {"code": "import os; print(os.getcwd(), 6 * 7)", "silent": False, "allow_stdin": False,
               "store_history": False, "user_expressions": {}, "stop_on_error": True}
    with connect(url, additional_headers=headers, max_size=None) as socket:
        socket.send(json.dumps({"header": header, "parent_header": {}, "metadata": {},
                                "content": content, "channel": "shell", "buffers": []}))
        while True:
            message = json.loads(socket.recv(timeout=60))
            if message["header"]["msg_type"] == "stream":
                break
    assert message["content"]["text"] == "/home/me 42\n"
    assert httpx.delete(f"{root}/{kernel.json()['id']}", headers=headers, timeout=60).status_code == 204


def test_nobody_passes_for_a_service_or_for_another_lab(hub, terminal):
    told = terminal.run(f"python3 -m http.server {away_port('127.0.0.1')}")
    assert "Permission denied" in told
    assert "on any" in terminal.run(
        "python3 -c \"import socket; s = socket.create_server(('127.0.0.1', 0)); "
        "print('on', 'any')\"")


def test_notebooks_run_from_the_terminal(hub, terminal):
    notebook = {"cells": [{"cell_type": "code", "id": "a", "execution_count": None, "metadata": {},
                           "outputs": [], "source": "print(6 * 7)"}],
                "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (hub.home("amina") / "run.ipynb").write_text(json.dumps(notebook))
    seen = terminal.run(f"{sys.executable} -m nbconvert --execute --to markdown --stdout ~/run.ipynb", 90)
    assert "    42" in seen, seen


def test_three_gigabytes_hit_the_limit_and_only_the_program_that_wants_them(hub, terminal):
    seen = terminal.run("python3 -c \"x = b'x' * (3 << 30)\"")
    assert "MemoryError" in seen
    many = textwrap.dedent("""
        import os, time
        for n in range(6):
            if os.fork() == 0:
                x = os.urandom(1 << 20) * 500
                time.sleep(3)
                os._exit(0)
        print("killed", sum(os.WIFSIGNALED(os.wait()[1]) for n in range(6)))
    """)
    (hub.home("amina") / "many.py").write_text(many)
    seen = terminal.run("python3 ~/many.py")
    assert int(seen.split("killed")[1].split()[0]) >= 3, seen
    assert hub.answers("đào") < 5 and hub.answers("amina") < 5
    assert "1024 MB of memory was reached" in LabLog(hub.layout, "amina").tail(200)


def test_a_fork_bomb_is_bounded_others_go_on_and_the_hub_ends_it(hub):
    Terminal(hub.url, "amina").type("b() { b | b & }; b")
    time.sleep(3)
    assert 30 < len(list(descendants(lab_pid(hub, "amina")))) < 300
    assert hub.answers("đào") < 10
    assert Terminal(hub.url, "đào").run("echo fi''ne").strip() == "fine"
    assert hub.close("amina") < 25
    hub.open("amina")
    assert (hub.home("amina") / "note").read_text() == "mine\n"


def test_a_template_that_is_gone_is_replaced_and_one_that_can_not_be_had_is_not_missed(hub):
    before = template_pid(hub)
    os.kill(before, signal.SIGKILL)
    hub.open("ben")
    assert template_pid(hub) != before and command_line(lab_pid(hub, "ben")).startswith("coteach lab: ")
    hub.close("ben")
    shutil.rmtree(hub.layout.run / "fork-labs")
    (hub.layout.run / "fork-labs").write_text("no folder")
    os.kill(template_pid(hub), signal.SIGKILL)
    hub.open("ben")
    assert "jupyterhub-singleuser" in command_line(lab_pid(hub, "ben"))
    assert "launcher" in command_line(lab_pid(hub, "ben"))
    assert "without a fork for now" in (hub.folder / "hub.log").read_text()
    hub.close("ben")
    (hub.layout.run / "fork-labs").unlink()


def test_a_lab_outlives_a_killed_hub_and_is_known_again(hub):
    pid = json.loads((hub.layout.run / "lab-amina.json").read_text())[0]
    hub.kill()
    assert sandbox.started(pid) is not None
    hub.start()
    assert hub.server("amina").get("ready") and hub.answers("amina") < 10
    assert sandbox.started(pid) is not None
    hub.close("amina")
    assert sandbox.started(pid) is None
    assert hub.server("đào").get("ready")


def test_a_lab_that_does_not_start_says_why(hub):
    hub.client.post("/users/broken")
    hub.client.post("/users/broken/server")
    with hub.client.stream("GET", "/users/broken/server/progress") as events:
        last = [json.loads(line[6:]) for line in events.iter_lines() if line.startswith("data: ")][-1]
    assert last["failed"] and "code 3" in last["message"] and "the disk fell out" in last["message"]
    assert not hub.server("broken")


def test_a_forked_lab_that_ends_says_why_and_the_next_try_works(hub):
    hub.client.post("/users/crooked")
    hub.client.post("/users/crooked/server")
    with hub.client.stream("GET", "/users/crooked/server/progress") as events:
        last = [json.loads(line[6:]) for line in events.iter_lines() if line.startswith("data: ")][-1]
    assert last["failed"] and "ended while it started (code 1)" in last["message"] and "Name or service" in last["message"], last
    hub.open("crooked")
    assert command_line(lab_pid(hub, "crooked")).startswith("coteach lab: ")
    hub.close("crooked")


def test_a_log_keeps_the_present_and_the_one_before(tmp_path):
    layout = Layout(tmp_path)
    layout.create()
    log = LabLog(layout, file_name("../đào"))
    assert log.file.parent == layout.logs
    with log.open() as out:
        out.write(b"x" * (5 << 20) + b"\nold\n")
    with log.open() as out:
        out.write(b"\nnew 1\nnew 2\n")
    assert log.tail() == "new 1\nnew 2" and log.tail(1) == "new 2"
    assert log.file.with_suffix(".log.1").exists() and log.file.stat().st_mode & 0o077 == 0
