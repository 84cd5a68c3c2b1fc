"""Fixtures for all tests: real databases, SQLite and Postgres."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
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
