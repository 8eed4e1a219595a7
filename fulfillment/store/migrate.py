"""Bringing a database to the newest revision, from inside a process and whoever else is trying to."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, event, text
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import NullPool

MIGRATIONS = Path(__file__).parent / "migrations"
TURN = 0x6675_6C66_696C  # any number will do, as long as nobody else locks it
LOOK_AGAIN = 0.2  # seconds
LOCK = "5s"
"""Who waits longer for a lock holds up everybody who comes after; better to fail, and to be tried again."""
STATEMENT = "30s"
"""What takes longer has a table to itself for too long; it belongs outside a transaction."""


def upgrade(database_url: str) -> None:
    """Bring the database at `database_url` to the head; where it is already, nothing happens.

    Several processes may do this at once: one works, the others wait for it and find nothing to do.
    """
    settings = config(database_url)
    with create_engine(database_url, poolclass=NullPool).connect() as connection, alone(connection):
        settings.attributes["connection"] = connection
        command.upgrade(settings, "head")


def head() -> str:
    """Return the newest revision this code knows, and works with."""
    newest = ScriptDirectory(str(MIGRATIONS)).get_current_head()
    if newest is None:
        raise RuntimeError(f"there are no revisions in {MIGRATIONS}")
    return newest


async def current(engine: AsyncEngine) -> str | None:
    """Return the revision the database is at; None if nobody ever migrated it."""
    async with engine.connect() as connection:
        return await connection.run_sync(
            lambda own: MigrationContext.configure(own).get_current_revision(),
        )


def config(database_url: str) -> Config:
    """Return what `[tool.alembic]` in pyproject.toml says, for any working directory."""
    settings = Config()
    settings.set_main_option("script_location", _escaped(str(MIGRATIONS)))
    settings.set_main_option("sqlalchemy.url", _escaped(database_url))
    return settings


def bounded(connection: Connection) -> None:
    """Have each transaction of `connection` give up on a lock after LOCK and on a statement after STATEMENT.

    What runs outside of one (an index that is built CONCURRENTLY, a guard that is validated, rows that are
    filled in by the batch) locks nobody out and may take hours, whatever the role's own limits are.
    """
    connection.execute(text("SET lock_timeout = 0; SET statement_timeout = 0"))
    connection.commit()
    event.listen(connection, "begin", _bound)


def _bound(connection: Connection) -> None:
    if connection.get_execution_options().get("isolation_level") != "AUTOCOMMIT":
        limits = f"SET LOCAL lock_timeout = '{LOCK}'; SET LOCAL statement_timeout = '{STATEMENT}'"
        connection.exec_driver_sql(limits)


@contextmanager
def alone(connection: Connection) -> Iterator[None]:
    """Hold the right to migrate, which one connection at a time has.

    It asks again and again instead of waiting inside one statement: a statement keeps its snapshot, and
    CREATE INDEX CONCURRENTLY waits for every older snapshot, so the two would wait for each other.
    """
    while not _ask(connection, "SELECT pg_try_advisory_lock(:turn)"):
        time.sleep(LOOK_AGAIN)
    try:
        yield
    finally:
        connection.rollback()
        _ask(connection, "SELECT pg_advisory_unlock(:turn)")


def _ask(connection: Connection, question: str) -> bool:
    answer = bool(connection.scalar(text(question), {"turn": TURN}))
    connection.commit()
    return answer


def _escaped(value: str) -> str:
    """Return `value` for an option of Alembic's, which reads % as the start of a name."""
    return value.replace("%", "%%")
