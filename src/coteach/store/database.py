"""Opening, migrating and using the database, SQLite or Postgres through one code path."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, sessionmaker

from coteach.settings import Settings
from coteach.store.full import storage_full

MIGRATIONS = Path(__file__).parent / "migrations"


class Database:
    """A database with its engine and sessions.

    Parameters
    ----------
    url
        An SQLAlchemy URL: ``sqlite:///FILE`` or ``postgresql+psycopg://…``.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        made = make_url(url)
        sqlite = made.get_backend_name() == "sqlite"
        self._folder = Path(made.database).parent if sqlite and made.database else None
        self.engine = create_engine(url, pool_pre_ping=not sqlite)
        if sqlite:
            event.listen(self.engine, "connect", _prepare_sqlite)
            event.listen(self.engine, "begin", _begin_immediate)
        self._sessions = sessionmaker(self.engine, expire_on_commit=False)

    @classmethod
    def of(cls, settings: Settings) -> Database:
        """Return the database that the settings name."""
        return cls(settings.store_url)

    @contextmanager
    def session(self) -> Iterator[Session]:
        """Give a session; commit when the block ends well, roll back when it raises.

        Raises
        ------
        StorageFull
            The disk is full; nothing of the block was kept.
        """
        with self._telling_full(), self._sessions() as session, session.begin():
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Give a session that only reads; on SQLite it neither waits for writers nor stops them."""
        with self._telling_full(), self._sessions() as session, session.begin():
            session.connection(execution_options={"coteach_reading": True})
            yield session

    @contextmanager
    def _telling_full(self) -> Iterator[None]:
        try:
            yield
        except (DBAPIError, OSError) as error:
            full = storage_full(error, self._folder)
            if full is None:
                raise
            raise full from error

    def migrate(self) -> None:
        """Bring the schema to the newest version; safe to call at every start.

        Raises
        ------
        StorageFull
            The disk is full.
        """
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        with self._telling_full(), self.engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def _prepare_sqlite(connection, _record) -> None:  # type: ignore[no-untyped-def]
    # pysqlite must not begin transactions by itself, or BEGIN IMMEDIATE below can't (SQLAlchemy
    # docs, "Serializable isolation / Savepoints / Transactional DDL").
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    # FULL, not NORMAL: an acknowledged answer must survive a power cut, not only kill -9.
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA busy_timeout=15000")
    cursor.close()


def _begin_immediate(connection) -> None:  # type: ignore[no-untyped-def]
    # Several services write; a read that turns into a write would fail with SQLITE_BUSY at once.
    reading = connection.get_execution_options().get("coteach_reading")
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")
