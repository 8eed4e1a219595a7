"""What has moved: told by the transaction that wrote it, to every process that listens.

A trigger calls `pg_notify` for each step that is written (migration 0012), so nothing has to be polled, and
nothing is told that is then rolled back. What was told while nobody listened is lost; who comes back asks.
"""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime

import psycopg
from sqlalchemy import exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from fulfillment.store.database import CONNECT, UNACKNOWLEDGED
from fulfillment.store.tables import AssignmentRow, JobRow

CHANNEL = "moved"
PULSE = 15.0
"""Seconds of silence after which the connection is asked whether it still lives."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """A job, or an assignment of that job, is written down at `version`."""

    job_id: str
    customer_id: str
    version: int
    assignment_id: str | None = None
    provider_id: str | None = None


async def moves(url: str) -> AsyncIterator[Moved | None]:
    """Yield what moves, for as long as the connection lasts; None says that from now on nothing is missed.

    Raises:
        psycopg.Error: there is no connection, or it is lost.
    """
    plain = url.replace("+psycopg", "", 1)
    connection = await psycopg.AsyncConnection.connect(
        plain, autocommit=True, connect_timeout=CONNECT, tcp_user_timeout=UNACKNOWLEDGED
    )
    async with connection:
        await connection.execute(f"LISTEN {CHANNEL}")
        yield None
        while True:
            async for told in connection.notifies(timeout=PULSE):
                yield _moved(told.payload)
            await connection.execute("SELECT 1")


def _moved(payload: str) -> Moved:
    said = json.loads(payload)
    return Moved(
        job_id=said["job"],
        customer_id=said["customer"],
        version=said["version"],
        assignment_id=said.get("assignment"),
        provider_id=said.get("provider"),
    )


async def has_moved(
    session: AsyncSession, *, at: datetime, customer_id: str | None = None, provider_id: str | None = None
) -> bool:
    """Return whether anything of that person has been written since `at`."""
    if provider_id is not None:
        theirs = exists().where(AssignmentRow.provider_id == provider_id, AssignmentRow.projected_at > at)
        return bool(await session.scalar(select(theirs)))
    visits = exists().where(AssignmentRow.customer_id == customer_id, AssignmentRow.projected_at > at)
    jobs = exists().where(JobRow.customer_id == customer_id, JobRow.projected_at > at)
    return bool(await session.scalar(select(or_(visits, jobs))))
