"""How things stand at this moment, counted for whoever watches over it: gauges, and the monitor."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import BigInteger, ColumnElement, TextClause, cast, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from fulfillment.domain.assignment.state import CLOSED, Status
from fulfillment.domain.job.state import JobStatus
from fulfillment.store.outbox import OPEN
from fulfillment.store.tables import (
    IS_ENDED,
    IS_OPEN_HOLD,
    OPEN_PAYOUTS,
    REMINDER_ENDED,
    AssignmentRow,
    CardHoldRow,
    Entity,
    HoldStatus,
    OpsTaskRow,
    OutboxRow,
    PayoutRow,
    ReminderRow,
    ReminderStatus,
)
from fulfillment.store.views.counts import OVERDUE, tally

SOON = timedelta(hours=24)
"""A hold that ends within this has to be seen to today."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pile:
    """How many there are, and the age of the oldest; nought when there is none."""

    count: int = 0
    oldest: timedelta = timedelta()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How many holds on cards end soon, and how much money they hold, in minor units."""

    count: int
    minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulse:
    """Assignments and jobs by where they stand; what is open by its status, type or currency."""

    assignments: Mapping[str, int]
    overdue: int
    jobs: Mapping[str, int]
    payouts: Mapping[str, Pile]
    outbox: Mapping[str, Pile]
    tasks: Mapping[str, Pile]
    ending: Mapping[str, Ending]


async def pulse(session: AsyncSession) -> Pulse:
    """Return how things stand; each number is read off an index of what is open, or kept by the rows."""
    stand = await tally(session)
    payouts = await _piles(
        session, PayoutRow.status, PayoutRow.submitted_at, PayoutRow.status.in_(OPEN_PAYOUTS)
    )
    outbox = await _piles(session, OutboxRow.status, OutboxRow.created_at, OutboxRow.status.in_(OPEN))
    return Pulse(
        assignments={state: stand.get((Entity.ASSIGNMENT, state), 0) for state in Status},
        overdue=stand.get((Entity.ASSIGNMENT, OVERDUE), 0),
        jobs={state: stand.get((Entity.JOB, state), 0) for state in JobStatus},
        payouts={status: payouts.get(status, Pile()) for status in OPEN_PAYOUTS},
        outbox={status: outbox.get(status, Pile()) for status in OPEN},
        tasks=await _piles(session, OpsTaskRow.type, OpsTaskRow.created_at, OpsTaskRow.closed_at.is_(None)),
        ending=await _ending(session),
    )


async def failed_reminders(session: AsyncSession, *, within: timedelta) -> int:
    """Return how many reminders have failed for good in the time just past."""
    query = select(func.count()).where(
        IS_ENDED,
        ReminderRow.status == ReminderStatus.FAILED,
        func.now() - within < REMINDER_ENDED,
    )
    return await session.scalar(query.select_from(ReminderRow)) or 0


async def _piles(
    session: AsyncSession,
    kind: InstrumentedAttribute[str],
    since: InstrumentedAttribute[object],
    is_open: ColumnElement[bool] | TextClause,
) -> dict[str, Pile]:
    age = func.greatest(func.now() - func.min(since), text("interval '0'"))
    query = select(kind, func.count(), age).where(is_open).group_by(kind)
    return {name: Pile(count=n, oldest=oldest) for name, n, oldest in await session.execute(query)}


async def _ending(session: AsyncSession) -> dict[str, Ending]:
    minor = cast(func.sum(CardHoldRow.amount), BigInteger)
    query = (
        select(CardHoldRow.currency, func.count(), minor)
        .join(AssignmentRow, AssignmentRow.id == CardHoldRow.assignment_id)
        .where(
            IS_OPEN_HOLD,
            CardHoldRow.status == HoldStatus.HELD,
            CardHoldRow.capture_before.between(func.now(), func.now() + SOON),
            CardHoldRow.currency.is_not(None),
            AssignmentRow.status.not_in(CLOSED),
        )
        .group_by(CardHoldRow.currency)
    )
    return {
        str(currency): Ending(count=n, minor=minor or 0)
        for currency, n, minor in await session.execute(query)
    }
