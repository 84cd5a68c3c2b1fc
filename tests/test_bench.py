"""The benchmarks: their shape, and that their figures are measured; never how fast this machine is."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import time
from collections.abc import AsyncIterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from rich.console import Console

from coteach.bench import browser, classpage, line, openings, report, seeing, viewing, visitors
from coteach.cli.bench import quality
from coteach.errors import UserError

SHAPE = {"name", "work", "ours", "stock", "ratio", "machine"}
PAGE = b"""<!doctype html><html><body><h1>A page to read</h1>
<img src="/x.png" alt=""><script>setTimeout(() => document.body.append("late"), 50)</script>
</body></html>"""
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360"
    "606060000000050001a5f645400000000049454e44ae426082")


@pytest.fixture
async def port() -> AsyncIterator[int]:
    """A small server of one page with a picture."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            body = PNG if self.path.endswith(".png") else PAGE
            self.send_response(200)
            self.send_header("Content-Type", "image/png" if body is PNG else "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *about):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


async def test_two_visitors_of_both_sides_read_and_move_the_slider():
    said: list[str] = []
    found = await classpage.run(classpage.Work(visitors=2, browser=False, quiet=2.5), said.append)
    assert set(found) == SHAPE
    assert json.loads(json.dumps(found)) == found
    for side in ("ours", "stock"):
        figures = found[side]
        # Stock Voila leaves a visitor without a page now and then; that is its own result.
        assert figures["failed"] <= (side == "stock"), said
        assert 0 < figures["readable_s"] <= figures["answered_s"]
        assert figures["kernel_uss_mb"] > 5
        assert figures["cpu_s"] > 0
    assert found["ours"]["ahead"] >= 1 and found["stock"]["ahead"] == 0
    assert found["ours"]["ahead_cpu_s"] > 0.01
    assert 0 < found["ours"]["floor_s"] < found["ours"]["answered_cold_s"]
    assert found["ratio"]["answered_cold_s"] > 0
    # True on any machine: a copy of a lesson costs less than running it.
    assert found["ratio"]["cpu_s"] < 0.7
    assert found["ratio"]["kernel_uss_mb"] < 0.8
    assert found["ratio"]["readable_s"] == pytest.approx(
        found["ours"]["readable_s"] / found["stock"]["readable_s"], abs=0.001)
    assert any("2 visitors" in one for one in said)
    shown = Console(width=150, record=True, file=io.StringIO())
    shown.print(report.table(found, classpage.rows()))
    assert "all readable" in shown.export_text()


async def test_openings_are_spread_over_the_time_and_their_waits_are_ordered():
    begun = time.monotonic()
    found = await openings.run(8, 2.0)
    assert time.monotonic() - begun > 1.7
    ours = found["ours"]
    assert (ours["openings"], ours["openings_failed"]) == (8, 0)
    assert 0 < ours["p50_s"] <= ours["p95_s"] <= ours["longest_s"]
    assert set(found) == SHAPE and found["stock"] == {}


async def test_a_line_counts_what_passes_and_takes_its_time(port):
    async def get() -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", over.port)
        writer.write(b"GET /x.png HTTP/1.0\r\n\r\n")
        answer = await reader.read()
        writer.close()
        return answer

    async with line.Line(port) as over:
        answer = await get()
        assert over.down == len(answer) and over.up == 23
        over.quality = line.Quality(kbit=8, delay=0.2)
        begun = time.monotonic()
        await get()
        # The handshake is one round, the request and its answer another; then 1 kB a second.
        assert time.monotonic() - begun > 0.35 + len(answer) / 1100
        over.cut = True
        before = over.down
        with contextlib.suppress(ConnectionResetError):
            assert await get() == b""
        assert over.down == before


async def test_chromium_reads_a_page_and_its_bytes_are_counted(port):
    async with browser.opened() as chromium, line.Line(port) as over, chromium.visitor() as tab:
        await tab.go(f"http://127.0.0.1:{over.port}/")
        assert await tab.until("document.body.innerText.includes('late')", 20)
        assert over.down > len(PAGE) + len(PNG)
        assert tab.pictures >= len(PNG)
        assert [r.rsplit("/", 1)[1] for r in tab.requests][:2] == ["", "x.png"]
        with pytest.raises(browser.BrowserError):
            await tab.value("nothing.at.all")
        with pytest.raises(TimeoutError):
            await tab.until("false", 0.2)


async def test_a_page_without_a_slider_is_said_to_have_none(port):
    async with browser.opened() as chromium:
        seen = await viewing.view(chromium, port, "/", "A page to read", seconds=4)
    assert seen.readable_s is not None and seen.readable_s > 0
    assert seen.error.startswith("not within")
    assert seen.first_widget_kb is None


def test_a_slider_is_found_and_goes_to_another_value_that_it_can_have():
    states = {"a": {"state": {"_view_name": "LabelView"}},
              "b": {"state": {"_view_name": "IntSliderView", "value": 6, "max": 6, "step": 2}}}
    model, state = visitors.slider_in(states)
    assert (model, visitors.moved(state)) == ("b", 4.0)
    assert visitors.moved({**state, "value": 2}) == 4.0
    with pytest.raises(visitors.Failed):
        visitors.slider_in({})


def test_only_figures_that_both_have_get_a_ratio():
    found = report.result("x", {}, {"a": 1.0, "b": 2, "c": None, "d": 1}, {"a": 4.0, "b": 0, "c": 1})
    assert found["ratio"] == {"a": 0.25}
    assert found["machine"]["cores"] >= 1


@pytest.mark.parametrize(("text", "found"), [
    ("256kbit", line.Quality(256, 0.4, 0)), ("128kbit, 600ms, 2%", line.Quality(128, 0.6, 0.02))])
def test_a_line_is_described_in_words(text, found):
    assert quality(text) == found


def test_what_describes_no_line_is_named():
    with pytest.raises(UserError, match="fast"):
        quality("fast")


@pytest.mark.parametrize(("content", "code"), [
    (None, "no-file"), ("{", "no-notebook"),
    ('{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []}', "nothing-to-read")])
def test_a_notebook_that_can_not_be_measured_is_named_before_anything_starts(
        tmp_path, content, code):
    file = tmp_path / "lesson.ipynb"
    if content is not None:
        file.write_text(content)
    with pytest.raises(UserError) as told:
        classpage.check(file)
    assert (told.value.code, str(file) in str(told.value)) == (code, True)


def test_differences_between_two_pages_are_told_in_words():
    stock = seeing.Seen(kinds={"slider": 2}, pictures=1, words=["Hello", "there", "3"],
                        reaction="slider: yes")
    assert seeing.differences(stock, stock) == []
    ours = seeing.Seen(kinds={"slider": 1, "text": 1}, words=["hello"], reaction="slider: no",
                       errors=["did not work"])
    assert seeing.differences(stock, ours) == [
        "slider 1 instead of 2", "text 1 instead of 0", "pictures 0 instead of 1",
        "1 words missing: there", "1 error notices instead of 0",
        "touched: slider: no instead of slider: yes"]
