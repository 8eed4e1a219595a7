"""One PostgreSQL for all tests that need a database, and fresh databases on it."""

import atexit
import tempfile
import uuid
from functools import cache
from pathlib import Path

import psycopg

from devstack.postgres import EmbeddedPostgres
from fulfillment.store import migrate


@cache
def server() -> EmbeddedPostgres:
    """Return the server of this test session, started on first use and stopped with the process."""
    home = tempfile.TemporaryDirectory(prefix="store-")
    running = EmbeddedPostgres(Path(home.name) / "postgres", durable=False).start()
    atexit.register(home.cleanup)
    atexit.register(running.stop)  # the last registered is the first called
    return running


@cache
def migrated() -> str:
    """Return the address of a database at the head, which nobody connects to: others are copied from it."""
    url = empty()
    migrate.upgrade(url)
    return url


def empty() -> str:
    """Return the address of a new database without tables."""
    return _create("CREATE DATABASE {name}")


def fresh() -> str:
    """Return the address of a new database at the head."""
    template = migrated().rsplit("/", 1)[1]
    return _create("CREATE DATABASE {name} TEMPLATE " + template)


def plain(url: str) -> str:
    """Return the address as psycopg itself writes it."""
    return url.replace("+psycopg", "", 1)


def _create(statement: str) -> str:
    name = f"test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(plain(server().url()), autocommit=True) as connection:
        connection.execute(statement.format(name=name).encode())
    return server().url(name)
