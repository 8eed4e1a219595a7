"""What is open and has to be looked after: what is late, what is soon due, and all the rest in turn."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Text, TextClause, cast, func, literal, select, text, tuple_, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from fulfillment.domain.assignment.standing import Standing
from fulfillment.store import wire
from fulfillment.store.tables import IS_LIVE, IS_UNENDED, AssignmentRow, Entity, JobRow

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Something open that has to have a run."""

    entity: Entity
    id: str
    status: str

    @property
    def run(self) -> str:
        """What its run is called."""
        return f"{self.entity}-{self.id}"


def seen(watched: Watched) -> Seen:
    return Seen(entity=Entity.ASSIGNMENT, id=watched.id, status=watched.standing.assignment.status)


async def is_open(session: AsyncSession, it: Seen) -> bool:
    """Return whether it is open now."""
    assignment = select(AssignmentRow.id).where(AssignmentRow.id == it.id, IS_LIVE)
    job = select(JobRow.id).where(JobRow.id == it.id, IS_UNENDED)
    return await session.scalar(assignment if it.entity is Entity.ASSIGNMENT else job) is not None


async def late(
    session: AsyncSession, *, after: Watched | None = None, limit: int = 100
) -> tuple[Watched, ...]:
    """Return a page of open assignments whose next reminder should have gone out by now, the latest first.

    `after` is the last of the page before.
    """
    conditions: list[Condition] = [AssignmentRow.next_reminder_at < func.now() - GRACE]
    if after:
        place = tuple_(AssignmentRow.next_reminder_at, AssignmentRow.id)
        conditions.append(
            place > tuple_(literal(after.due, AssignmentRow.next_reminder_at.type), literal(after.id))
        )
    return await _watched(session, conditions, limit=limit)


async def soon_due(session: AsyncSession, *, until: datetime, limit: int) -> tuple[Watched, ...]:
    """Return open assignments that have to remind somebody between now and `until`, the soonest first."""
    span = AssignmentRow.next_reminder_at.between(func.now() - GRACE, until)
    return await _watched(session, [span], limit=limit)


async def in_turn(session: AsyncSession, *, after: str, limit: int) -> tuple[Seen, ...]:
    """Return what is open in the order of its ids, after that one: all of it, a few at a time.

    Assignments and jobs stand in one row, and only their ids and statuses are read.
    """
    assignments = select(
        literal(Entity.ASSIGNMENT.value).label("entity"), AssignmentRow.id, AssignmentRow.status
    ).where(IS_LIVE, AssignmentRow.id > after)
    jobs = select(literal(Entity.JOB.value).label("entity"), JobRow.id, JobRow.status).where(
        IS_UNENDED, JobRow.id > after
    )
    both = union_all(
        assignments.order_by(AssignmentRow.id).limit(limit).subquery().select(),
        jobs.order_by(JobRow.id).limit(limit).subquery().select(),
    ).subquery()
    found = await session.execute(select(both).order_by(both.c.id).limit(limit))
    return tuple(Seen(entity=Entity(row.entity), id=row.id, status=row.status) for row in found)


async def _watched(
    session: AsyncSession, conditions: Sequence[Condition], *, limit: int
) -> tuple[Watched, ...]:
    query = (
        select(
            STANDING.label("standing"), AssignmentRow.next_reminder_at.label("due"), func.now().label("now")
        )
        .where(IS_LIVE, AssignmentRow.standing.is_not(None), *conditions)
        .order_by(AssignmentRow.next_reminder_at, AssignmentRow.id)
        .limit(limit)
    )
    return tuple(
        Watched(standing=wire.standing_from_json(row.standing), due=row.due, read_at=row.now)
        for row in await session.execute(query)
    )
