"""What has moved: told as soon as it is written, to every process that listens, so that nothing is polled.

It is told after the transaction that wrote it, and not by it: NOTIFY takes a lock over the whole commit, so
writers would wait for each other's disk (measured with eight of them: a fifth of the commits; told
afterwards and without waiting for the disk, five sixths). What is told while nobody listens, or dies with
its teller, is lost: who watches something compares versions now and then.
"""

import json
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import datetime

import psycopg
import structlog
from sqlalchemy import exists, or_, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from fulfillment.store.database import CONNECT, UNACKNOWLEDGED
from fulfillment.store.tables import AssignmentRow, JobRow, OfferRow

log = structlog.stdlib.get_logger(__name__)

CHANNEL = "moved"
PULSE = 15.0
"""Seconds of silence after which the connection is asked whether it still lives."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """A job, an assignment of that job, or a provider's absence is written down at `version`."""

    version: int
    job_id: str | None = None
    customer_id: str | None = None
    assignment_id: str | None = None
    provider_id: str | None = None
    absence_id: str | None = None
    asked: tuple[str, ...] = ()
    """Providers who have an offer of that job, or had one in its latest round."""


FIELDS = {
    "version": "version",
    "job": "job_id",
    "customer": "customer_id",
    "assignment": "assignment_id",
    "provider": "provider_id",
    "absence": "absence_id",
    "asked": "asked",
}
"""By what each is called on the channel; what is not said is None."""
# One statement, so one transaction without a round trip for its begin and end. It has nothing to keep.
TELL = text("SELECT set_config('synchronous_commit', 'off', true), pg_notify(:channel, :told)")


async def tell(sessions: async_sessionmaker[AsyncSession], moved: Moved) -> None:
    """Tell whoever listens; a database that does not take it changes nothing."""
    told = {name: getattr(moved, field) for name, field in FIELDS.items()}
    said = {name: value for name, value in told.items() if value not in (None, ())}
    try:
        async with sessions() as session:
            await session.connection(execution_options={"isolation_level": "AUTOCOMMIT"})
            await session.execute(TELL, {"channel": CHANNEL, "told": json.dumps(said)})
    except (SQLAlchemyError, OSError) as error:
        log.warning("news.untold", reason=type(error).__name__)


async def hear(url: str) -> AsyncGenerator[Moved | None, None]:
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
    known = {field: said[name] for name, field in FIELDS.items() if name in said}
    return Moved(**known | {"asked": tuple(said.get("asked", ()))})


async def has_moved(
    session: AsyncSession, *, at: datetime, customer_id: str | None = None, provider_id: str | None = None
) -> bool:
    """Return whether anything of that person has been written since `at`."""
    if provider_id is not None:
        theirs = exists().where(AssignmentRow.provider_id == provider_id, AssignmentRow.projected_at > at)
        offers = exists().where(
            OfferRow.provider_id == provider_id, or_(OfferRow.sent_at > at, OfferRow.responded_at > at)
        )
        return bool(await session.scalar(select(or_(theirs, offers))))
    visits = exists().where(AssignmentRow.customer_id == customer_id, AssignmentRow.projected_at > at)
    jobs = exists().where(JobRow.customer_id == customer_id, JobRow.projected_at > at)
    return bool(await session.scalar(select(or_(visits, jobs))))
