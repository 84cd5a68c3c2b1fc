"""Fixtures for all tests: real databases, SQLite and Postgres; a class, and a browser for its pages.

What only some tests need is imported where it is made: the others start without a browser's tools.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from ports import free_port

from coteach import settings as settings_module
from coteach.settings import Settings
from coteach.store import Database

# A kernel started ahead is one more thing at work while a test looks; who tests them asks for them.
os.environ.setdefault("COTEACH_SPARE_KERNELS", "0")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of an empty deployment in a fresh folder."""
    made = settings_module.load(tmp_path / "data", environ={}, spare_kernels=0)
    made.layout.create()
    return made


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The SQLAlchemy URL of a real Postgres cluster that lives as long as the tests."""
    homes = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    assert homes, "Debian's package postgresql is missing; `make test` installs it as root"
    as_root = os.geteuid() == 0
    user = "postgres" if as_root else pwd.getpwuid(os.geteuid()).pw_name
    folder = Path(tempfile.mkdtemp(prefix="coteach-pg-"))
    if as_root:
        shutil.chown(folder, "postgres", "postgres")
    run = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if as_root else []
    port = free_port()
    subprocess.run([*run, str(homes[-1] / "initdb"), "-D", str(folder / "db"), "-A", "trust",
                    "-E", "UTF8", "--no-sync"], check=True, capture_output=True, cwd="/")
    control = [*run, str(homes[-1] / "pg_ctl"), "-D", str(folder / "db"), "-w"]
    options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
    subprocess.run([*control, "-o", options, "-l", str(folder / "log"), "start"], check=True,
                   stdout=subprocess.DEVNULL, cwd="/")
    try:
        yield f"postgresql+psycopg://{user}@127.0.0.1:{port}/postgres"
    finally:
        subprocess.run([*control, "-m", "immediate", "stop"], stdout=subprocess.DEVNULL, cwd="/")
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty, migrated database; each test runs on SQLite and on Postgres."""
    if request.param == "sqlite":
        made = Database(f"sqlite:///{tmp_path / 'store.sqlite'}")
    else:
        made = Database(request.getfixturevalue("postgres"))
        with made.engine.begin() as connection:
            connection.exec_driver_sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    made.migrate()
    yield made
    made.close()


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    """The classroom service as a process of its own; a file's tests share it."""
    from classroom_browser import serving

    with serving(tmp_path_factory.mktemp("class") / "data") as made:
        yield made


@pytest.fixture
def service(running):
    """The same, with a class of this test whose lesson asks all kinds of questions."""
    from kinds import open_kinds

    running.new_class()
    open_kinds(running.settings, running.ids)
    return running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def whole_chromium():
    """A browser that a file's tests share."""
    from classroom_browser import chromium_running

    async with chromium_running() as browser:
        yield browser


@pytest_asyncio.fixture(loop_scope="module")
async def chromium(whole_chromium):
    """A browser that nobody used before."""
    from classroom_browser import emptied

    yield whole_chromium
    await emptied(whole_chromium)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def whole_site(tmp_path_factory):
    """The classroom in this process, for a lesson that a test writes; a file's tests share it."""
    from lesson_visits import visited

    async with visited(tmp_path_factory.mktemp("pages") / "data") as made:
        yield made


@pytest_asyncio.fixture(loop_scope="module")
async def site(whole_site):
    """The same, without the kernels of the test before."""
    from lesson_visits import end_kernels

    yield whole_site
    await end_kernels(whole_site)
