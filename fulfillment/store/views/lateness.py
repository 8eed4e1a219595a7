"""Assignments whose clock has to be looked after: those that are late, soon due, or simply next in turn."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Text, TextClause, cast, func, literal, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from fulfillment.domain.assignment.standing import Standing
from fulfillment.store import wire
from fulfillment.store.tables import IS_LIVE, AssignmentRow

STANDING = cast(AssignmentRow.standing, Text)
GRACE = text("interval '2 minutes'")
"""A run that is this late is not just busy."""

Condition = ColumnElement[bool] | TextClause


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """An open assignment as it is written down, and the database's own time when it was read."""

    standing: Standing
    due: datetime | None
    read_at: datetime

    @property
    def id(self) -> str:
        return self.standing.assignment.id


async def late(
    session: AsyncSession, *, after: Watched | None = None, limit: int = 100
) -> tuple[Watched, ...]:
    """Return a page of open assignments whose next reminder should have gone out by now, the latest first.

    `after` is the last of the page before.
    """
    conditions: list[Condition] = [AssignmentRow.next_reminder_at < func.now() - GRACE]
    if after:
        place = tuple_(AssignmentRow.next_reminder_at, AssignmentRow.id)
        conditions.append(place > tuple_(literal(after.due), literal(after.id)))
    return await _watched(session, conditions, limit=limit)


async def soon_due(session: AsyncSession, *, until: datetime, limit: int) -> tuple[Watched, ...]:
    """Return open assignments that have to remind somebody between now and `until`, the soonest first."""
    span = AssignmentRow.next_reminder_at.between(func.now() - GRACE, until)
    return await _watched(session, [span], limit=limit)


async def in_turn(session: AsyncSession, *, since: str, until: str, limit: int) -> tuple[Watched, ...]:
    """Return open assignments whose ids lie in [since, until): a slice of all, whatever they wait for."""
    return await _watched(
        session, [AssignmentRow.id >= since, AssignmentRow.id < until], limit=limit, order="id"
    )


async def _watched(
    session: AsyncSession, conditions: Sequence[Condition], *, limit: int, order: str = "due"
) -> tuple[Watched, ...]:
    by_due = (AssignmentRow.next_reminder_at, AssignmentRow.id)
    query = (
        select(
            STANDING.label("standing"), AssignmentRow.next_reminder_at.label("due"), func.now().label("now")
        )
        .where(IS_LIVE, AssignmentRow.standing.is_not(None), *conditions)
        .order_by(*(by_due if order == "due" else (AssignmentRow.id,)))
        .limit(limit)
    )
    return tuple(
        Watched(standing=wire.standing_from_json(row.standing), due=row.due, read_at=row.now)
        for row in await session.execute(query)
    )
