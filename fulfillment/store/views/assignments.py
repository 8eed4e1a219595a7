"""Assignments: one, or lists of them, newest first."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Text, TextClause, cast, func, not_, select
from sqlalchemy.ext.asyncio import AsyncSession

from fulfillment.domain.assignment.standing import Standing
from fulfillment.domain.assignment.state import Status
from fulfillment.store import wire
from fulfillment.store.tables import HAS_ENDED, IS_LIVE, AssignmentRow, JobRow
from fulfillment.store.views.paging import FIRST, Line, Page, Query, Turn, newest_first, page

# As text: the driver would make dictionaries of it, only for pydantic to take them apart again.
STANDING = cast(AssignmentRow.standing, Text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """An assignment as of step `standing.assignment.state_version`, written at `projected_at`."""

    standing: Standing
    projected_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which assignments; what is None does not matter.

    `since` and `until` bound the start of the agreed visit, half-open; whoever has no agreed visit is
    left out once one of them is given. `live` ones have not ended.
    """

    customer_id: str | None = None
    provider_id: str | None = None
    job_id: str | None = None
    status: Status | None = None
    reminder_overdue: bool | None = None
    live: bool | None = None
    since: datetime | None = None
    until: datetime | None = None


ALL = Wanted()


async def assignment(session: AsyncSession, id: str) -> Listed | None:
    """Return the assignment of that id, as far as it has been written down."""
    query = lines().where(AssignmentRow.id == id)
    row = (await session.execute(query)).one_or_none()
    return line(row) if row else None


async def assignments(session: AsyncSession, wanted: Wanted = ALL, turn: Turn = FIRST) -> Page[Listed]:
    """Return a page of the assignments that are `wanted`, newest first.

    Raises:
        ValueInvalid: the cursor is none of ours.
    """
    query = newest_first(
        lines().where(*conditions(wanted)), turn, at=AssignmentRow.created_at, id=AssignmentRow.id
    )
    return await page(session, query, turn, line=line, place=place)


async def some(session: AsyncSession, ids: Collection[str]) -> Mapping[str, Listed]:
    """Return the assignments of those ids, as far as they have been written down, by id."""
    found = (line(row) for row in await session.execute(lines().where(AssignmentRow.id.in_(ids))))
    return {each.standing.assignment.id: each for each in found}


async def version(session: AsyncSession, id: str) -> int | None:
    """Return the step that the assignment is written down to; None if nothing is."""
    query = select(AssignmentRow.state_version).where(AssignmentRow.id == id)
    number: int | None = await session.scalar(query)
    return number


async def live_of_job(session: AsyncSession, job_id: str) -> str | None:
    """Return the id of the assignment the job is in at present.

    The two are written by workflows of their own, so either may be ahead of the other: an assignment
    that only the job speaks of counts, one that is written down as closed does not.
    """
    live = select(AssignmentRow.id).where(AssignmentRow.job_id == job_id, IS_LIVE)
    known = select(AssignmentRow.id).where(AssignmentRow.id == JobRow.live_assignment_id)
    said = select(JobRow.live_assignment_id).where(JobRow.id == job_id, ~known.exists())
    id: str | None = await session.scalar(
        select(func.coalesce(live.scalar_subquery(), said.scalar_subquery()))
    )
    return id


def lines() -> Query:
    # A row without its standing is from before M4 and waits for the backfill.
    return select(STANDING.label("standing"), AssignmentRow.projected_at).where(
        AssignmentRow.standing.is_not(None)
    )


def conditions(wanted: Wanted) -> Iterator[ColumnElement[bool] | TextClause]:
    equal = (
        (AssignmentRow.customer_id, wanted.customer_id),
        (AssignmentRow.provider_id, wanted.provider_id),
        (AssignmentRow.job_id, wanted.job_id),
        (AssignmentRow.status, wanted.status),
    )
    for column, value in equal:
        if value is not None:
            yield column == value
    if wanted.reminder_overdue is not None:
        # Not `IS TRUE`: the planner would not see that the index of the overdue ones covers it.
        overdue = AssignmentRow.reminder_overdue
        yield overdue.expression if wanted.reminder_overdue else not_(overdue)
    if wanted.live is not None:
        yield IS_LIVE if wanted.live else HAS_ENDED
    if wanted.since is not None:
        yield AssignmentRow.scheduled_start >= wanted.since
    if wanted.until is not None:
        yield AssignmentRow.scheduled_start < wanted.until


def line(row: Line) -> Listed:
    return Listed(standing=wire.standing_from_json(row.standing), projected_at=row.projected_at)


def place(line: Listed) -> tuple[datetime, str]:
    return line.standing.assignment.created_at, line.standing.assignment.id
