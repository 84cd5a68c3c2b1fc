"""The wheel alone: installed into an empty environment it runs, and nobody needs npm."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import httpx
import pytest
from running import start

ROOT = Path(__file__).resolve().parents[2]


def run(*command: str | Path, **options) -> subprocess.CompletedProcess[str]:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True,
                          check=False, **options)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """The wheel, built from the sdist as an installer would, with no npm to be found."""
    out = tmp_path_factory.mktemp("dist")
    uv = [sys.executable, "-m", "uv"]
    run(*uv, "build", "--sdist", "--out-dir", out, ROOT)
    # An npm that is asked anything fails: what the wheel needs must be in the sdist already.
    offline = {**os.environ, "npm_config_registry": "http://127.0.0.1:9/"}
    run(*uv, "build", "--wheel", "--out-dir", out, next(out.glob("*.tar.gz")), env=offline)
    return next(out.glob("*.whl"))


def test_the_wheel_holds_what_was_built_and_nothing_of_the_tests(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    assert "coteach/proxy/lib/configurable-http-proxy.js" in names
    assert "coteach/proxy/LICENSES.txt" in names
    assert any(name.endswith("share/coteach/hub_config/jupyterhub_config.py") for name in names)
    assert not [name for name in names if "node_modules" in name or name.startswith("tests/")]
    for po in (ROOT / "src/coteach/locale").glob("*/coteach.po"):
        assert f"coteach/locale/{po.parent.name}/coteach.mo" in names
    for script in (ROOT / "widgets/coteach_widgets").glob("[!_]*.js"):
        assert f"coteach_widgets/bundles/{script.name}" in names


def test_an_empty_environment_with_the_wheel_serves_its_first_page(wheel, tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    uv = [sys.executable, "-m", "uv"]
    run(*uv, "venv", "--python", sys.executable, folder / "venv")
    python = folder / "venv/bin/python"
    run(*uv, "pip", "install", "--python", python, "-c", ROOT / "constraints.txt", wheel)
    # Away from the checkout, and with nothing on PATH that could build anything.
    started = start(folder / "data", "--demo", command=[str(folder / "venv/bin/coteach")],
                    environ={"PATH": "/usr/bin:/bin", "PYTHONPATH": ""})
    try:
        with httpx.Client(base_url=started.url, trust_env=False, follow_redirects=True) as client:
            assert "username" in client.get("/login").text
            assert client.get("/c/").status_code == 200
        assert started.logins
        assert started.class_code
    finally:
        assert started.stop() < 12
