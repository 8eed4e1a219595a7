"""What Stripe has told us: each event once, however often and in whatever order it comes (trap M8).

An event is a hint that something at Stripe has changed, and no word on what it is now. It is kept first, then
passed on to whom it concerns; what could not be passed on is found again here (trap M10).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from fulfillment.store.tables import StripeEventRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """An event by Stripe's names: its own (evt_…), its type, and the intent (pi_…) it is about, if any.

    `created_at` is by Stripe's clock.
    """

    id: str
    type: str
    intent_id: str | None
    created_at: datetime


async def keep(session: AsyncSession, event: Event) -> bool:
    """Keep `event`, and return whether it is new; a repeat changes nothing.

    One that is about no intent concerns nobody, so there is nothing left to do about it.
    """
    row = insert(StripeEventRow).values(
        event_id=event.id,
        type=event.type,
        intent_id=event.intent_id,
        created_at=event.created_at,
        handled_at=func.clock_timestamp() if event.intent_id is None else None,
    )
    kept = await session.scalar(row.on_conflict_do_nothing().returning(StripeEventRow.event_id))
    return kept is not None


async def handled(session: AsyncSession, event_id: str) -> None:
    """Note that whom it concerns was told; the first time counts."""
    this = (StripeEventRow.event_id == event_id) & StripeEventRow.handled_at.is_(None)
    await session.execute(update(StripeEventRow).where(this).values(handled_at=func.clock_timestamp()))


async def unhandled(session: AsyncSession, *, limit: int, older_than: timedelta) -> tuple[Event, ...]:
    """Return events that were not passed on for that long after they came, first come first."""
    query = (
        select(
            StripeEventRow.event_id,
            StripeEventRow.type,
            StripeEventRow.intent_id,
            func.coalesce(StripeEventRow.created_at, StripeEventRow.received_at).label("created_at"),
        )
        .where(StripeEventRow.handled_at.is_(None), StripeEventRow.received_at < func.now() - older_than)
        .order_by(StripeEventRow.received_at, StripeEventRow.event_id)
        .limit(limit)
    )
    return tuple(
        Event(id=row.event_id, type=row.type, intent_id=row.intent_id, created_at=row.created_at)
        for row in await session.execute(query)
    )
