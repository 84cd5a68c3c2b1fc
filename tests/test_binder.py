"""The binder's start script, run for real behind a base URL as binder does."""

from __future__ import annotations

import html
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import nbformat
import pytest
from nbclient import NotebookClient
from playwright.sync_api import sync_playwright
from ports import free_port

ROOT = Path(__file__).resolve().parent.parent
CHROMIUM = shutil.which("chromium")
BASE = "/user/visitor-7/"


@pytest.fixture(scope="module")
def binder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A server started by binder/start in a copy of the repository, in a clean home."""
    repository = tmp_path_factory.mktemp("binder") / "repository"
    shutil.copytree(ROOT / "binder", repository / "binder")
    home = repository.parent / "home"
    home.mkdir()
    port = free_port()
    # Nothing of this shell but the environment's programs, as in a container.
    environ = {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "HOME": str(home),
               "LANG": "C.UTF-8"}
    log = (repository.parent / "log").open("w")
    server = subprocess.Popen(
        [str(repository / "binder" / "start"), "jupyter", "lab", "--no-browser", "--allow-root",
         "--ip=127.0.0.1", f"--port={port}", f"--ServerApp.base_url={BASE}",
         "--IdentityProvider.token=pass"], cwd=repository, env=environ, stdout=log,
        stderr=subprocess.STDOUT, start_new_session=True)
    client = httpx.Client(base_url=f"http://127.0.0.1:{port}{BASE}", timeout=60,
                          headers={"Authorization": "token pass"})
    try:
        for _turn in range(300):
            try:
                if client.get("api").status_code == 200:
                    break
            except httpx.TransportError:
                pass
            assert server.poll() is None, (repository.parent / "log").read_text()[-3000:]
            time.sleep(0.2)
        client.repository = repository  # type: ignore[attr-defined]
        yield client
    finally:
        client.close()
        os.killpg(server.pid, signal.SIGTERM)
        try:
            server.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()


def test_the_welcome_notebook_opens_first(binder: httpx.Client):
    answer = binder.get("", follow_redirects=False)
    assert answer.status_code == 302
    assert answer.headers["location"].rstrip("?").endswith("lab/tree/demo/welcome.ipynb")
    assert binder.get("lab/tree/demo/welcome.ipynb").status_code == 200


@pytest.mark.parametrize(("language", "title"), [
    ("en", "# Set up the online classroom"), ("zh-Hant", "# 佈置線上教室"),
    ("vi", "# Chuẩn bị lớp học trực tuyến")])
def test_the_module_is_there_in_each_language(binder: httpx.Client, language: str, title: str):
    found = binder.get(f"api/contents/demo/{language}/module/module.ipynb").json()
    assert found["content"]["cells"][0]["source"].startswith(title)
    assert binder.get(f"files/demo/{language}/module/assets/light.svg").status_code == 200


@pytest.mark.parametrize(("language", "phrase"), [
    ("en", "lies Shell Island"), ("vi", "có đảo Vỏ Sò")])
def test_the_class_page_is_drawn_by_a_running_kernel(binder, language, phrase):
    page = html.unescape(binder.get(f"voila/render/demo/{language}/tides.ipynb").text)
    assert phrase in page
    assert page.count('src="data:image/svg+xml;base64,') == 3
    assert "application/vnd.jupyter.widget-view+json" in page
    kernel = re.search(r'"kernelId":\s*"([0-9a-f-]{36})"', page)
    assert kernel, "a running kernel belongs to the page"
    listed = [k["id"] for k in binder.get("api/kernels").json()]
    assert kernel[1] in listed


def test_the_welcome_notebooks_links_lead_there(binder: httpx.Client):
    file = binder.repository / "demo" / "welcome.ipynb"  # type: ignore[attr-defined]
    notebook = nbformat.read(file, as_version=4)
    os.environ["JUPYTERHUB_SERVICE_PREFIX"] = BASE
    try:
        NotebookClient(notebook, timeout=60, kernel_name="python3").execute()
    finally:
        del os.environ["JUPYTERHUB_SERVICE_PREFIX"]
    targets = re.findall(r'href="(/[^"]+)"', nbformat.writes(notebook).replace('\\"', '"'))
    assert len(targets) == 6
    for target in targets:
        if "/lab/" in target:
            assert binder.get(target.removeprefix(BASE)).status_code == 200


def test_starting_again_keeps_what_a_visitor_changed(binder: httpx.Client):
    file = binder.repository / "demo" / "en" / "module" / "module.ipynb"  # type: ignore[attr-defined]
    file.write_text(file.read_text().replace("About 40 minutes", "My own note"))
    subprocess.run([sys.executable, "binder/prepare.py", "demo"], check=True,
                   cwd=binder.repository)  # type: ignore[attr-defined]
    assert "My own note" in file.read_text()


def test_a_browser_sees_the_notebook_and_the_class_page(binder: httpx.Client):
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(f"{binder.base_url}?token=pass")
        page.get_by_role("heading", name="Welcome to coteach").wait_for(timeout=60_000)
        page.goto(f"{binder.base_url}voila/render/demo/zh-Hant/tides.ipynb")
        page.get_by_text("你可以走到貝殼島而不弄濕鞋子嗎？").wait_for(timeout=60_000)
        page.get_by_text("時間", exact=True).wait_for()
        assert page.locator("img[src^='data:image/svg']").count() == 3
        assert page.locator("img[src^='data:image/png']").count() >= 1, "the plot"
        browser.close()
