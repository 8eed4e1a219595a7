"""What messages tell other systems: a queue of its own, so that no system holds up what a person is told.

Each entry is one message on one channel. It waits from when the message is first looked at; whoever sends it
begins it before and ends it after, and one that has begun and not ended is up for sending again in a while,
for these receivers can tell a repeat.
"""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, literal, or_, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from fulfillment.domain.messages import Channel
from fulfillment.store.outbox import OLDEST_FIRST, UNMARKED, Waiting, owed, waiting_of
from fulfillment.store.tables import DeliveryRow, DeliveryStatus, Entity, OutboxRow

CHANNELS = (Channel.WEBHOOK, Channel.CALENDAR)

IDLE = DeliveryRow.status.in_((DeliveryStatus.WAITING, DeliveryStatus.DELAYED))
LEFT_BEHIND = (DeliveryRow.status == DeliveryStatus.BEGUN) & (DeliveryRow.begun_at < func.now() - UNMARKED)
FREE = DeliveryRow.channel.in_(CHANNELS) & or_(IDLE, LEFT_BEHIND)


@dataclass(frozen=True, slots=True, kw_only=True)
class Aside:
    """A message that is to be told on one of the channels beside the person's."""

    owed: Waiting
    channel: Channel


async def open_all(session: AsyncSession, key: str, channels: Collection[Channel]) -> None:
    """Let the message wait on these channels; where it has been, nothing happens."""
    if not channels:
        return
    rows = [
        {
            "dedupe_key": key,
            "channel": channel,
            "status": DeliveryStatus.WAITING,
            "attempts": 0,
            "begun_at": func.clock_timestamp(),
        }
        for channel in sorted(channels)
    ]
    await session.execute(insert(DeliveryRow).values(rows).on_conflict_do_nothing())


async def waiting(session: AsyncSession, about: str, *, limit: int = 100) -> tuple[Aside, ...]:
    """Return what is to be told beside about an assignment or job, in the order in which it happened."""
    mine = OutboxRow.entity.in_(tuple(Entity)) & (OutboxRow.entity_id == about)
    return await _asides(session, mine, limit=limit)


async def forgotten(session: AsyncSession, *, after: Aside | None = None, limit: int) -> tuple[Aside, ...]:
    """Return a page of what nobody has told for a while, whoever it is about; `after` is the last before."""
    stale = DeliveryRow.begun_at < func.now() - UNMARKED
    if after:
        since = literal(after.owed.owed_since, OutboxRow.created_at.type)
        last = (since, literal(after.owed.number), literal(after.owed.key), literal(after.channel.value))
        stale &= tuple_(*OLDEST_FIRST, DeliveryRow.channel) > tuple_(*last)
    return await _asides(session, stale, limit=limit)


async def begin(session: AsyncSession, aside: Aside) -> bool:
    """Take it for telling, and return whether nobody else has. Commit before it leaves the house."""
    this = (DeliveryRow.dedupe_key == aside.owed.key) & (DeliveryRow.channel == aside.channel)
    begun = await session.scalar(
        update(DeliveryRow)
        .where(this, FREE)
        .values(
            status=DeliveryStatus.BEGUN,
            attempts=DeliveryRow.attempts + 1,
            begun_at=func.clock_timestamp(),
        )
        .returning(DeliveryRow.dedupe_key)
    )
    return begun is not None


async def _asides(session: AsyncSession, condition: ColumnElement[bool], *, limit: int) -> tuple[Aside, ...]:
    query = (
        owed()
        .add_columns(DeliveryRow.channel)
        .join(DeliveryRow, DeliveryRow.dedupe_key == OutboxRow.dedupe_key)
        .where(FREE, condition)
        .order_by(*OLDEST_FIRST, DeliveryRow.channel)
        .limit(limit)
    )
    return tuple(
        Aside(owed=waiting_of(row), channel=Channel(row.channel)) for row in await session.execute(query)
    )
