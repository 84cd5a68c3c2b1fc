"""`coteach page`: the page of any notebook, its visitors, what it follows, and how it ends."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import nbformat
import psutil
import pytest
from ports import free_port
from typer.testing import CliRunner

from coteach.cli import _ARGUMENT_STATUS, _voila, app
from coteach.errors import UserError
from coteach.solo.run import base_url, listen
from coteach.solo.service import Solo
from coteach.solo.shelf import Look, Shelf

COTEACH = str(Path(sys.executable).parent / "coteach")


def notebook(file: Path, *cells: tuple[str, str]) -> Path:
    made = nbformat.v4.new_notebook()
    for name, source in cells:
        cell = (nbformat.v4.new_markdown_cell if source.startswith("#") else
                nbformat.v4.new_code_cell)(source)
        cell.id = name
        made.cells.append(cell)
    file.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(made, file)
    return file


class Shown:
    """A running `coteach page`."""

    def __init__(self, folder: Path, path: Path, *options: str) -> None:
        self.ready = folder / "ready.json"
        self.log = folder / "log"
        self.process = subprocess.Popen(
            [COTEACH, "page", *options, str(path), "--ready-file", str(self.ready)],
            stdout=subprocess.DEVNULL, stderr=self.log.open("wb"),
            env={**os.environ, "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"})
        until = time.monotonic() + 90
        while not self.ready.exists():
            assert self.process.poll() is None and time.monotonic() < until, self.log.read_text()
            time.sleep(0.05)
        about = json.loads(self.ready.read_text())
        assert about["pid"] == self.process.pid
        self.url = about["url"]
        self.client = httpx.Client(base_url=self.url, trust_env=False, timeout=60)

    def whole(self, path: str = "") -> str:
        """Return a page once its outputs are there."""
        until = time.monotonic() + 90
        while True:
            html = self.client.get(self.url + path).text
            if '"pending"' not in html:
                return html
            assert time.monotonic() < until, html
            time.sleep(0.2)

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and return the exit code."""
        self.client.close()
        self.process.send_signal(number)
        return self.process.wait(20)


SLIDER = "from ipywidgets import IntSlider\nIntSlider(value=40 + 2, description='Answer')"
QUESTION = "from coteach_widgets import Choice\nChoice('Which one?', ['This', 'That'], key='one')"


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Notebooks with things around them that are nobody's business."""
    made = tmp_path_factory.mktemp("shelf") / "notebooks"
    notebook(made / "first.ipynb", ("title", "# The first\n\n![x](look.png)"), ("slider", SLIDER),
             ("ask", QUESTION), ("sum", "print(6 * 7)"))
    notebook(made / "deep" / "second one.ipynb", ("title", "# The second"))
    notebook(made / ".hidden" / "third.ipynb", ("title", "# Hidden"))
    (made / "look.png").write_bytes(b"\x89PNG not really")
    (made / "data.csv").write_text("secret")
    (made / "broken.ipynb").write_text("{")
    outside = made.parent / "outside.png"
    outside.write_bytes(b"outside")
    (made / "link.png").symlink_to(outside)
    return made


@pytest.fixture(scope="module")
def shown(folder: Path, tmp_path_factory) -> Iterator[Shown]:
    made = Shown(tmp_path_factory.mktemp("run"), folder, "--port=0")
    yield made
    assert made.end() == 0


def test_a_folder_is_a_list_of_its_notebooks(shown):
    html = shown.client.get("").text
    assert 'href="/first.ipynb"' in html
    assert 'href="/deep/second%20one.ipynb"' in html
    assert "third" not in html


def test_a_page_holds_text_outputs_widgets_and_questions_but_no_code(shown):
    html = shown.whole("first.ipynb")
    assert "The first" in html
    assert "42" in html
    assert 'class="ct-widget"' in html
    assert 'data-question="choice"' in html
    assert "print(6 * 7)" not in html


def test_a_page_that_did_not_change_is_not_sent_again(shown):
    shown.whole("first.ipynb")
    first = shown.client.get("first.ipynb")
    again = shown.client.get("first.ipynb", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304


def test_every_visitor_has_a_kernel_of_her_own_and_reaches_no_other(shown):
    html = shown.whole("first.ipynb")
    about = json.loads(html.split('id="coteach-page">')[1].split("</script>")[0])
    kernels = []
    with httpx.Client(base_url=shown.url, trust_env=False, timeout=60) as other:
        other.get("first.ipynb")
        for visitor in (shown.client, other):
            while (answer := visitor.post(about["kernel"])).status_code == 202:
                time.sleep(0.2)
            kernels.append(answer.json()["kernel"])
        assert kernels[0] != kernels[1]
        assert other.get(f"page/kernels/{kernels[1]}").status_code == 204
        assert other.get(f"page/kernels/{kernels[0]}").status_code == 404
    assert shown.client.post(about["kernel"]).json()["kernel"] == kernels[0]
    [(name, _value)] = shown.client.cookies.items()
    for cookies in ({}, {name: "a" * 32}, {name: f"{'a' * 32}.{'b' * 32}"}):
        with httpx.Client(trust_env=False, cookies=cookies) as stranger:
            answer = stranger.post(shown.url.rstrip("/") + about["kernel"])
        assert answer.status_code in (401, 403, 404), "nobody makes up a name"


@pytest.mark.parametrize("path", [
    "data.csv", "link.png", "../outside.png", "%2e%2e/outside.png", ".hidden/third.ipynb",
    "none.ipynb", "deep", "deep/../look.png%00"])
def test_only_what_pages_show_is_given(shown, path):
    answer = shown.client.get(path)
    assert answer.status_code in (400, 404)
    assert "secret" not in answer.text and answer.text != "outside"


def test_a_picture_beside_the_notebook_is_given_and_kept(shown):
    answer = shown.client.get("look.png")
    assert answer.headers["Content-Type"] == "image/png"
    again = shown.client.get("look.png", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


def test_a_notebook_that_can_not_be_read_is_said_on_its_page_and_the_rest_goes_on(shown):
    answer = shown.client.get("broken.ipynb")
    assert answer.status_code == 422
    assert "it is no JSON" in answer.text
    assert shown.client.get("first.ipynb").status_code == 200


def test_an_address_of_voila_leads_to_the_page(shown):
    answer = shown.client.get("voila/render/first.ipynb", follow_redirects=True)
    assert answer.url.path == "/first.ipynb"


def test_an_edited_notebook_is_a_new_page_and_half_a_file_is_not_shown(shown, folder):
    file = notebook(folder / "edited.ipynb", ("title", "# Before"))
    shown.whole("edited.ipynb")
    first = shown.client.get("api/state/edited.ipynb").json()
    assert first["open"] is True
    file.write_text("{ half")
    time.sleep(1.2)
    assert "Before" in shown.client.get("edited.ipynb").text
    notebook(file, ("title", "# After"))
    time.sleep(1.2)
    assert shown.client.get("api/state/edited.ipynb").json()["lesson"] != first["lesson"]
    assert "After" in shown.whole("edited.ipynb")


def test_what_a_reader_will_miss_is_said_in_the_terminal(shown, folder):
    notebook(folder / "wrong.ipynb", ("title", "# W"), ("bad", "1 / 0"))
    html = shown.whole("wrong.ipynb")
    assert "ZeroDivisionError" not in html
    until = time.monotonic() + 30
    while "ZeroDivisionError" not in shown.log.read_text():
        assert time.monotonic() < until
        time.sleep(0.1)
    assert "wrong.ipynb, bad:" in shown.log.read_text()


async def test_a_callback_that_fails_on_a_page_is_one_line_in_the_terminal(settings, folder):
    said: list[str] = []
    solo = Solo(settings, Shelf(folder / "first.ipynb", Look()), "/", "visitor", said.append)
    digest = solo.pages.add(solo.shelf.page("first.ipynb"))
    for cell in ("slider", "\x1b[2J"):
        solo.pages.troubles.add(
            digest, "first.ipynb", json.dumps({"error": "ValueError: mine", "cell": cell}).encode(),
            {"ValueError": "Traceback:\n  raise\nValueError: not yet"}, {"slider"})
    assert said == ["first.ipynb, slider: A moving part stopped with ValueError: not yet."]
    await solo.close()


def test_voilas_options_are_honoured_and_a_signal_leaves_nothing(tmp_path):
    file = notebook(tmp_path / "one.ipynb", ("title", "# One"), ("code", "print(40 + 2)"),
                    ("bad", "1 / 0"))
    shown = Shown(tmp_path, file, "--strip_sources=False", "--show_tracebacks=True",
                  "--Voila.base_url=/under/here", "--VoilaConfiguration.theme=dark",
                  "--enable_nbextensions=True", f"--Voila.port={free_port()}", "--no-browser")
    try:
        assert shown.url.endswith("/under/here/")
        html = shown.whole()
        assert "40" in html and "print" in html
        assert "ZeroDivisionError" in html
        assert "/under/here/theme.css" in html
        assert "(prefers-color-scheme" not in shown.client.get("theme.css").text
        assert "enable_nbextensions is not needed" in shown.log.read_text()
        started = psutil.Process(shown.process.pid).children(recursive=True)
        places = [p for p in Path("/tmp").glob("ct-*") if owner(p) == shown.process.pid]
        assert started and places
    finally:
        assert shown.end(signal.SIGINT) == 0
    assert not shown.ready.exists()
    _gone, alive = psutil.wait_procs(started, timeout=5)
    assert [p for p in alive if p.status() != psutil.STATUS_ZOMBIE] == []
    assert [p for p in places if p.exists()] == []


def owner(folder: Path) -> int | None:
    try:
        return json.loads((folder / ".owner").read_text())[0]
    except (OSError, ValueError):
        return None


@pytest.mark.parametrize(("arguments", "code", "said"), [
    (["nowhere.ipynb"], 2, "nowhere.ipynb"),
    (["{broken}"], 2, "no JSON"),
    (["{empty}"], 2, "no notebook"),
    (["{good}", "other.ipynb"], 2, "other.ipynb"),
    (["--template=gridstack", "{good}"], 2, "--template=gridstack"),
    (["{good}", "--Voila.token=abc"], 2, "--Voila.token"),
    (["{good}", "--frobnicate"], 2, "--frobnicate"),
    (["{good}", "--strip_sources=perhaps"], 2, "perhaps"),
    (["{good}", "--theme", "pink"], 2, "pink"),
    (["{good}", "--ip", "192.0.2.1"], 2, "192.0.2.1"),
    (["{good}", "--port", "{taken}"], 1, "{taken}"),
    ([], 2, "NOTEBOOK")])
def test_what_can_not_be_shown_is_one_sentence_and_an_exit_code(tmp_path, monkeypatch, arguments, code, said):
    (tmp_path / "broken.ipynb").write_text("{")
    (tmp_path / "empty").mkdir()
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        known = {"broken": tmp_path / "broken.ipynb", "empty": tmp_path / "empty",
                 "good": notebook(tmp_path / "good.ipynb", ("title", "# G")),
                 "taken": other.getsockname()[1]}
        monkeypatch.chdir(tmp_path)
        done = CliRunner().invoke(app, ["page", "--no-browser", *(
            a.format(**known) for a in arguments)])
    if isinstance(done.exception, UserError):
        found = 2 if done.exception.status in _ARGUMENT_STATUS else 1
    else:
        found = done.exit_code
    assert found == code
    assert said.format(**known) in f"{done.exception} {done.output}"


def test_an_error_is_a_sentence_on_the_terminal_and_never_a_traceback(tmp_path):
    done = subprocess.run([COTEACH, "page", str(tmp_path / "nowhere.ipynb")], capture_output=True,
                          text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "nowhere.ipynb" in done.stderr


def test_the_usual_port_gives_way_to_the_next_one(monkeypatch):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        monkeypatch.setattr("coteach.solo.run.DEFAULT_PORT", port)
        (found,), chosen = listen("127.0.0.1", None)
        found.close()
        assert chosen > port
        with pytest.raises(UserError, match=str(port)):
            listen("127.0.0.1", port)


@pytest.mark.parametrize(("typed", "made"), [
    ("/", "/"), ("", "/"), ("x", "/x/"), ("/a/b/", "/a/b/")])
def test_an_address_has_slashes_at_both_ends(typed, made):
    assert base_url(typed) == made


@pytest.mark.parametrize("typed", ["a?b", "../x", "<x>", "a b"])
def test_what_is_no_path_is_refused(typed):
    with pytest.raises(UserError):
        base_url(typed)


def test_options_come_before_or_after_the_notebook_with_or_without_equals():
    heard = _voila.read(["--Voila.ip", "0.0.0.0", "lesson.ipynb", "--strip-sources=False",
                         "--enable_nbextensions", "True", "--VoilaConfiguration.show_margins=True"])
    assert heard.paths == ["lesson.ipynb"]
    assert heard.values == {"ip": "0.0.0.0", "strip_sources": "False"}
    assert heard.needless == ["--enable_nbextensions", "--VoilaConfiguration.show_margins"]
