"""A migration runs while everybody works, so it holds nobody up: it waits briefly for a lock, or fails."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from alembic import command
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from fulfillment.store import migrate
from tests.store import server
from tests.store.looking import sql

# What each statement of a migration is allowed, and whether it locks nobody out; said by the server itself.
# Rows would not do: CONCURRENTLY has to be the first to write.
WITNESS = """
    CREATE FUNCTION note() RETURNS event_trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE NOTICE 'limits: %% %% %%',
            current_setting('lock_timeout'), current_setting('statement_timeout'),
            CASE WHEN current_query() ~ 'CONCURRENTLY|VALIDATE' THEN 'beside others' ELSE 'alone' END;
    END $$;
    CREATE EVENT TRIGGER note ON ddl_command_start EXECUTE FUNCTION note();
"""
NOTICES = "sqlalchemy.dialects.postgresql"


class Interrupted(Exception):
    """Somebody has stopped the process."""


@contextmanager
def writing(url: str, table: str) -> Iterator[None]:
    """Be somebody whose transaction writes to `table` and is not over."""
    with psycopg.connect(server.plain(url)) as connection:
        connection.execute(f"LOCK TABLE {table} IN ROW EXCLUSIVE MODE".encode())
        yield


def to(url: str, revision: str) -> None:
    settings = migrate.config(url)
    with create_engine(url, poolclass=NullPool).connect() as connection:
        settings.attributes["connection"] = connection
        command.upgrade(settings, revision)


def limits(caplog: pytest.LogCaptureFixture) -> set[str]:
    """Return what the witness has said."""
    said = (record.getMessage().partition("limits: ") for record in caplog.records)
    return {what for _, is_ours, what in said if is_ours}


def test_every_statement_that_locks_others_out_has_its_limits(caplog: pytest.LogCaptureFixture) -> None:
    url = server.empty()
    sql(url, WITNESS)

    with caplog.at_level("INFO", NOTICES):
        migrate.upgrade(url)

    assert limits(caplog) == {f"{migrate.LOCK} {migrate.STATEMENT} alone", "0 0 beside others"}


def test_whoever_is_busy_is_not_waited_for_and_the_next_try_succeeds(monkeypatch: pytest.MonkeyPatch) -> None:
    url = server.empty()
    to(url, "0012_sessions")
    monkeypatch.setattr(migrate, "LOCK", "50ms")

    with writing(url, "quote"), pytest.raises(OperationalError, match="lock timeout"):
        migrate.upgrade(url)
    migrate.upgrade(url)

    assert sql(url, "SELECT version_num FROM alembic_version") == [(migrate.head(),)]


def test_a_database_with_limits_of_its_own_still_has_its_indexes_built(
    caplog: pytest.LogCaptureFixture,
) -> None:
    url = server.empty()
    to(url, "0014_own_work")
    sql(url, WITNESS)
    sql(url, f"ALTER DATABASE {url.rsplit('/', 1)[1]} SET statement_timeout = '3s'")

    with caplog.at_level("INFO", NOTICES):
        migrate.upgrade(url)

    assert "0 0 beside others" in limits(caplog)


def test_what_is_interrupted_outside_a_transaction_is_carried_on_with_by_the_next_try() -> None:
    url, met = server.empty(), set[str]()

    def interrupt(connection: Connection, _: object, statement: str, *__: object) -> None:
        outside = connection.get_execution_options().get("isolation_level") == "AUTOCOMMIT"
        if outside and statement not in met:
            met.add(statement)
            raise Interrupted

    event.listen(Engine, "before_cursor_execute", interrupt)
    try:
        while not _migrates(url):
            pass
    finally:
        event.remove(Engine, "before_cursor_execute", interrupt)

    assert sum("CONCURRENTLY" in each for each in met) > 5
    assert sql(url, "SELECT version_num FROM alembic_version") == [(migrate.head(),)]


def _migrates(url: str) -> bool:
    """Tell whether the database is at the head now, or somebody has interrupted that."""
    try:
        migrate.upgrade(url)
    except Interrupted:
        return False
    return True
