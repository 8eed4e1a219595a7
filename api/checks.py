"""What a process of ours needs in order to work, each asked in one question."""

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

import fulfillment.store
from api.health import Check, NotReady

REVISIONS = Path(fulfillment.store.__file__).parent / "migrations" / "versions"
# Read as text: Alembic would give the same answer and take half a second of every start to load.
REVISION = re.compile(r"^revision\b.*= *[\"'](.+)[\"']", re.MULTILINE)
DOWN_REVISION = re.compile(r"^down_revision\b.*= *[\"'](.+)[\"']", re.MULTILINE)


def database_answers(database: AsyncEngine) -> Check:
    async def check() -> None:
        async with database.connect() as connection:
            await connection.execute(text("SELECT 1"))

    return check


def schema_is_current(database: AsyncEngine) -> Check:
    """Return a check that the migrations this code knows have been applied.

    A revision it does not know is newer than itself: in a rolling deploy the database goes first, and
    the processes that are still to be replaced go on working.
    """
    head, older = known_revisions()

    async def check() -> None:
        try:
            async with database.connect() as connection:
                revision = await connection.scalar(text("SELECT version_num FROM alembic_version"))
        except ProgrammingError:
            revision = None
        if revision is None or revision in older:
            raise NotReady(f"the schema is at {revision or 'nothing'}, and this needs {head}")

    return check


def known_revisions() -> tuple[str, frozenset[str]]:
    """Return the newest revision in the source, and those before it."""
    sources = [path.read_text() for path in REVISIONS.glob("*.py")]
    all_of_them = {found for source in sources for found in REVISION.findall(source)}
    older = frozenset(found for source in sources for found in DOWN_REVISION.findall(source))
    (head,) = all_of_them - older
    return head, older


def engine_answers(client: Callable[[], Client]) -> Check:
    """Return a check of the server behind `client()`, which may raise while there is none."""

    async def check() -> None:
        if not await client().service_client.check_health(timeout=timedelta(seconds=1)):
            raise NotReady("it is up and does not serve")

    return check
