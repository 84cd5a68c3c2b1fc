"""The command line: exit codes, sentences, and the parts of `coteach up` that need no deployment."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from coteach.cli import _welcome, build, terminal_language
from coteach.cli._status import Screen
from coteach.cli._terminal import write_ready_file
from coteach.cli.up import is_loopback
from coteach.errors import UserError
from coteach.settings import load
from coteach.store import people
from coteach.store.database import Database
from coteach.supervisor.run import Change
from coteach.supervisor.service import State

COTEACH = str(Path(sys.executable).parent / "coteach")


def coteach(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    import os

    clean = {k: v for k, v in os.environ.items() if not k.startswith("COTEACH_")}
    return subprocess.run([COTEACH, *arguments], capture_output=True, text=True, timeout=60,
                          env={**clean, "LANG": "C.UTF-8", **environ}, check=False)


def test_no_command_is_without_a_description():
    from typer.main import get_command

    for name, command in get_command(build()).commands.items():
        assert command.get_short_help_str(), name
        for below, one in getattr(command, "commands", {}).items():
            assert one.get_short_help_str(), f"{name} {below}"


def test_a_command_starts_without_the_tables_the_store_and_the_rendering_of_others():
    heavy = ("pandas", "sqlalchemy", "voila", "jupyter_server", "aiortc", "nbgrader")
    done = subprocess.run(
        [sys.executable, "-c", f"import sys, coteach.cli; print([n for n in {heavy} if n in sys.modules])"],
        capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize(("arguments", "said"), [
    (["up", "--demo", "--bind", "0.0.0.0"], "0.0.0.0"),
    (["up", "--tls", "magic"], "magic"),
    (["up", "--tls-cert", "/nowhere.crt"], "--tls-key"),
    (["up", "--demo-password", "x"], "--demo"),
    (["up", "--port", "70000"], "--port"),
    (["dance"], "dance"),
])
def test_a_wrong_argument_is_code_2_and_names_the_value(tmp_path, arguments, said):
    extra = ["--data", str(tmp_path / "data")] if arguments[0] == "up" else []
    done = coteach(*arguments, *extra)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_port_in_use_is_code_1_and_one_sentence(tmp_path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        done = coteach("up", "--data", str(tmp_path / "data"), "--port", port)
    assert done.returncode == 1
    assert done.stderr.strip().count("\n") == 0
    assert f"Port {port} is in use" in done.stderr


def test_a_folder_that_can_not_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    done = coteach("up", "--data", str(tmp_path / "file" / "data"))
    assert done.returncode == 2
    assert str(tmp_path / "file" / "data") in done.stderr


def test_a_wrong_setting_is_named_with_its_file(tmp_path):
    (tmp_path / "coteach.toml").write_text('prot = 9000\n')
    done = coteach("doctor", "--data", str(tmp_path))
    assert done.returncode == 2
    assert "'prot'" in done.stderr


@pytest.mark.parametrize("command", [["up"], ["doctor"], ["report", "cohort-outcomes"]])
def test_somebody_elses_folder_is_never_taken(tmp_path, command):
    (tmp_path / "run").mkdir()
    (tmp_path / "letter.txt").write_text("Dear")
    tmp_path.chmod(0o755)
    done = coteach(*command, "--data", str(tmp_path))
    assert (done.returncode, str(tmp_path) in done.stderr) == (2, True)
    assert tmp_path.stat().st_mode & 0o777 == 0o755
    assert sorted(p.name for p in tmp_path.iterdir()) == ["letter.txt", "run"]
    nameless = coteach(*command, "--data", "")
    assert (nameless.returncode, "--data" in nameless.stderr) == (2, True)


def test_doctor_says_what_it_found_for_people_and_for_programs(tmp_path):
    found = json.loads(coteach("doctor", "--json", "--data", str(tmp_path)).stdout)
    assert {"sandbox", "forks", "inner-walls", "fonts", "proxy", "port", "disk", "camera",
            "clock"} <= {
        check["name"] for check in found["checks"]}
    assert all(check["sentence"] for check in found["checks"])
    assert "GB" in coteach("doctor", "--data", str(tmp_path)).stdout


def test_doctor_names_a_database_that_does_not_answer(tmp_path):
    done = coteach("doctor", "--json", "--data", str(tmp_path),
                   COTEACH_DATABASE_URL="postgresql+psycopg://nobody@127.0.0.1:9/none")
    states = {check["name"]: check["state"] for check in json.loads(done.stdout)["checks"]}
    assert states["database"] == "failed"
    assert done.returncode == 1


def test_the_first_start_invites_one_trainer_and_the_next_link_replaces_it(settings):
    first = _welcome.prepare(settings, None)["invitation"]
    second = _welcome.prepare(settings, None)["invitation"]
    assert first.startswith(settings.url + "/invite/")
    database = Database.of(settings)
    with database.session() as session:
        with pytest.raises(Exception, match="withdrawn"):
            people.invitation(session, first.rsplit("/", 1)[1])
        person = people.redeem(session, second.rsplit("/", 1)[1], username="first",
                               display_name="First")
        assert person.role == "trainer"
    database.close()
    assert _welcome.prepare(settings, None) == {}


def said_by(settings, act) -> str:
    out = StringIO()
    screen = Screen(settings, Console(file=out, width=200))
    act(screen)
    return out.getvalue()


def test_without_https_beyond_this_machine_it_says_first_that_cameras_will_not_work(tmp_path):
    def start(screen):
        screen.starting()

    assert "no camera" in said_by(load(tmp_path, environ={}, bind="0.0.0.0"), start)
    assert "no camera" not in said_by(load(tmp_path, environ={}), start)
    caddy = load(tmp_path, environ={}, public_url="https://coteach.school.example")
    assert "no camera" not in said_by(caddy, start)


def test_the_terminal_shows_address_people_and_class_code_of_a_demo(tmp_path):
    text = said_by(load(tmp_path, environ={}), lambda screen: screen.ready(
        {"logins": {"amina": "[bold]pw"}, "class_code": "TIDE42"}))
    assert "http://127.0.0.1:8000" in text
    assert "amina" in text
    assert "[bold]pw" in text
    assert "TIDE42" in text


def test_a_part_that_ended_is_said_only_once_everything_was_up(tmp_path):
    change = Change("live", State.DOWN, 0, "signal SIGKILL", tmp_path / "live.log")
    assert said_by(load(tmp_path, environ={}), lambda s: s.changed(change)) == ""
    text = said_by(load(tmp_path, environ={}), lambda s: (s.ready({}), s.changed(change)))
    assert "live ended (signal SIGKILL)" in text


def test_the_ready_file_is_whole_and_private(tmp_path):
    write_ready_file(tmp_path / "deep" / "ready.json", {"url": "u"})
    file = tmp_path / "deep" / "ready.json"
    assert json.loads(file.read_text()) == {"url": "u"}
    assert file.stat().st_mode & 0o077 == 0


def test_the_language_of_the_terminal_is_used(monkeypatch):
    monkeypatch.setenv("LC_ALL", "zh_TW.UTF-8")
    assert terminal_language() == "zh-Hant"
    monkeypatch.setenv("LC_ALL", "C")
    monkeypatch.setenv("LANG", "C")
    assert terminal_language() == "en"


@pytest.mark.parametrize(("host", "expected"), [
    ("127.0.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("", False),
    ("192.168.1.5", False)])
def test_loopback_is_known(host, expected):
    assert is_loopback(host) is expected


def test_the_database_file_is_its_owners_only(settings):
    settings.layout.database.unlink(missing_ok=True)
    _welcome.prepare(settings, None)
    files = list(settings.data.glob("coteach.sqlite*"))
    assert files and all(file.stat().st_mode & 0o077 == 0 for file in files)


def test_a_damaged_database_file_is_named_and_no_server_is_looked_for(settings):
    settings.layout.database.write_bytes(b"no database at all " * 100)
    with pytest.raises(UserError) as told:
        _welcome.prepare(settings, None)
    assert str(settings.layout.database) in str(told.value)
    assert "server" not in str(told.value)
