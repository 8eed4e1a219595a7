"""What the tables say, asked without the views."""

import asyncio
from typing import Any

import psycopg
from sqlalchemy import select, text

from fulfillment.store.tables import Table
from tests.store import server
from tests.store.diaries import Sessions


async def rows(sessions: Sessions, table: type[Table], *columns: str, **where: Any) -> list[tuple[Any, ...]]:
    """Return these columns of the rows that match, in the order of the columns."""
    query = select(*(getattr(table, name) for name in columns))
    query = query.where(*(getattr(table, name) == value for name, value in where.items()))
    async with sessions() as session:
        return sorted(tuple(row) for row in await session.execute(query))


async def in_the_queue(sessions: Sessions) -> None:
    """Return as soon as somebody waits for their turn; fail if nobody ever does."""
    queue = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
    async with asyncio.timeout(2):
        while True:
            async with sessions() as session:
                if await session.scalar(queue):
                    return
            await asyncio.sleep(0.01)


def sql(url: str, statement: str, *values: object) -> Any:
    """Run one statement in a transaction of its own and return its rows, if it has any."""
    with psycopg.connect(server.plain(url), autocommit=True) as connection:
        cursor = connection.execute(statement.encode(), values)
        return cursor.fetchall() if cursor.description else None
