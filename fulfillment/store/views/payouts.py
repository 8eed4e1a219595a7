"""Payouts: those that wait for a ruling, money at risk first, and all of them, newest first."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Text, cast, literal, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from fulfillment.domain.assignment.payout import Payout, PayoutStatus, Ruling
from fulfillment.domain.assignment.standing import Standing
from fulfillment.domain.money import Money
from fulfillment.store import wire
from fulfillment.store.tables import (
    IS_OPEN_PAYOUT,
    RISK,
    SIZE,
    AssignmentRow,
    DecisionRow,
    JobRow,
    PayoutRow,
)
from fulfillment.store.views.paging import (
    FIRST,
    Line,
    Page,
    Query,
    Turn,
    instant,
    name,
    newest_first,
    number,
    page,
    read,
    unknown,
)

STANDING = cast(AssignmentRow.standing, Text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """A payout, the assignment it is for, and the title of its job, once that is written down."""

    payout: Payout
    standing: Standing
    job_title: str | None
    projected_at: datetime
    capture_before: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Approved:
    """What was approved for an attempt, and where the payout stands by now."""

    status: PayoutStatus
    amount: Money


async def approved(session: AsyncSession, id: str, *, attempt: int) -> Approved | None:
    """Return the approval of that attempt, if it is written down."""
    query = (
        select(PayoutRow.status, DecisionRow.amount, DecisionRow.currency)
        .join_from(DecisionRow, PayoutRow, DecisionRow.payout_id == PayoutRow.id)
        .where(
            DecisionRow.payout_id == id,
            DecisionRow.attempt == attempt,
            DecisionRow.ruling == Ruling.APPROVED,
        )
    )
    row = (await session.execute(query)).one_or_none()
    if row is None:
        return None
    return Approved(status=PayoutStatus(row.status), amount=Money(amount=row.amount, currency=row.currency))


async def payout(session: AsyncSession, id: str) -> Owed | None:
    """Return the payout of that id, as far as it has been written down."""
    row = (await session.execute(_lines().where(PayoutRow.id == id))).one_or_none()
    return _line(row) if row else None


async def pending(session: AsyncSession, turn: Turn = FIRST) -> Page[Owed]:
    """Return a page of the payouts that are not over, money at risk first.

    That is the authorisation that ends soonest, then the largest sum, then whoever has waited longest.

    Raises:
        ValueInvalid: the cursor is none of ours.
    """
    order = (RISK, SIZE, PayoutRow.submitted_at, PayoutRow.id)
    query = _lines().where(IS_OPEN_PAYOUT).order_by(*order).limit(turn.limit + 1)
    if turn.cursor:
        query = query.where(tuple_(*order) > tuple_(*_after(turn.cursor)))
    return await page(session, query, turn, line=_line, place=_urgency)


async def payouts(
    session: AsyncSession, turn: Turn = FIRST, *, status: PayoutStatus | None = None
) -> Page[Owed]:
    """Return a page of all payouts, or those in one status, newest first.

    Raises:
        ValueInvalid: the cursor is none of ours.
    """
    query = _lines() if status is None else _lines().where(PayoutRow.status == status)
    query = newest_first(query, turn, at=PayoutRow.submitted_at, id=PayoutRow.id)
    return await page(
        session, query, turn, line=_line, place=lambda line: (line.payout.submitted_at, line.payout.id)
    )


def _lines() -> Query:
    return (
        select(STANDING.label("standing"), JobRow.title, PayoutRow.projected_at, PayoutRow.capture_before)
        .join_from(PayoutRow, AssignmentRow, AssignmentRow.id == PayoutRow.assignment_id)
        .outerjoin(JobRow, JobRow.id == AssignmentRow.job_id)
    )


def _line(row: Line) -> Owed:
    standing = wire.standing_from_json(row.standing)
    if standing.assignment.payout is None:
        raise RuntimeError(f"assignment {standing.assignment.id} has a row in `payout` and no payout")
    return Owed(
        payout=standing.assignment.payout,
        standing=standing,
        job_title=row.title,
        projected_at=row.projected_at,
        capture_before=row.capture_before,
    )


def _urgency(line: Owed) -> tuple[datetime | None, int, datetime, str]:
    it = line.payout
    return line.capture_before, -it.amount.amount, it.submitted_at, it.id


def _after(cursor: str) -> tuple[Any, ...]:
    match read(cursor):
        case [before, size, at, id]:
            last = "infinity" if before is None else instant(before).isoformat()
            risk = cast(literal(last, Text), RISK.type)
            return risk, literal(number(size), SIZE.type), literal(instant(at)), literal(name(id))
        case _:
            raise unknown()
