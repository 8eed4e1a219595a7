"""Visits as calendars show them: what was agreed, with its job, and what a person has subscribed to."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, Select, Text, cast, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from fulfillment.domain.assignment.calendar import CALLED_OFF
from fulfillment.domain.assignment.standing import Standing
from fulfillment.domain.job.state import Job
from fulfillment.domain.people import Role
from fulfillment.domain.window import VisitWindow
from fulfillment.store import wire
from fulfillment.store.tables import LIVE, AssignmentRow, CalendarAccountRow, FeedRow, JobRow

LOOKING_BACK = timedelta(days=30)
MOST_VISITS = 500
LONGEST_VISIT = timedelta(days=2)
"""More than any policy lets a visit last: none that began earlier reaches into a span."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """An assignment as it is written down, and its job; None from before there were rows of jobs."""

    standing: Standing
    job: Job | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Connected:
    """Since when a person has a feed in that role, if they have one, and whether we may write to Google."""

    feed_since: datetime | None
    google: bool


async def planned(session: AsyncSession, assignment_id: str) -> Planned | None:
    """Return the assignment of that id with its job, as far as it has been written down."""
    row = (await session.execute(_lines().where(AssignmentRow.id == assignment_id))).one_or_none()
    return _planned(row) if row else None


async def of_person(session: AsyncSession, person_id: str, role: Role) -> tuple[Planned, ...]:
    """Return a person's agreed visits in that role, from a month ago on, the earliest first."""
    theirs = AssignmentRow.customer_id if role is Role.CUSTOMER else AssignmentRow.provider_id
    query = (
        _lines()
        .where(
            theirs == person_id,
            AssignmentRow.scheduled_start >= func.now() - LOOKING_BACK,
            AssignmentRow.status.not_in(CALLED_OFF),
        )
        .order_by(AssignmentRow.scheduled_start, AssignmentRow.id)
        .limit(MOST_VISITS)
    )
    found = (_planned(row) for row in await session.execute(query))
    return tuple(each for each in found if each.standing.assignment.agreed)


async def between(session: AsyncSession, provider_id: str, span: VisitWindow) -> tuple[Planned, ...]:
    """Return the provider's visits that lie in `span` or reach into it, the earliest first.

    What was called off is left out; what is over is not.
    """
    query = (
        _lines()
        .where(
            AssignmentRow.provider_id == provider_id,
            AssignmentRow.scheduled_start >= span.start - LONGEST_VISIT,
            AssignmentRow.scheduled_start < span.end,
            AssignmentRow.scheduled_end > span.start,
            AssignmentRow.status.not_in(CALLED_OFF),
        )
        .order_by(AssignmentRow.scheduled_start, AssignmentRow.id)
        .limit(MOST_VISITS)
    )
    found = (_planned(row) for row in await session.execute(query))
    return tuple(each for each in found if each.standing.assignment.agreed)


async def proposed(session: AsyncSession, provider_id: str) -> tuple[Planned, ...]:
    """Return what the provider has taken on where a proposal is open, in no order."""
    theirs = AssignmentRow.provider_id == provider_id
    query = _lines().where(theirs, AssignmentRow.status.in_(LIVE)).limit(MOST_VISITS)
    found = (_planned(row) for row in await session.execute(query))
    return tuple(each for each in found if each.standing.assignment.open_proposal)


async def connected(session: AsyncSession, person_id: str, role: Role) -> Connected:
    """Return what a person has connected."""
    feed = select(FeedRow.created_at).where(FeedRow.person_id == person_id, FeedRow.role == role)
    account = select(CalendarAccountRow.secret.is_not(None)).where(CalendarAccountRow.person_id == person_id)
    row = (
        await session.execute(
            select(feed.scalar_subquery().label("since"), account.scalar_subquery().label("google"))
        )
    ).one()
    return Connected(feed_since=row.since, google=bool(row.google))


def _lines() -> Select[*tuple[Any, ...]]:
    standing, snapshot = cast(AssignmentRow.standing, Text), cast(JobRow.snapshot, Text)
    return (
        select(standing.label("standing"), snapshot.label("job"))
        .outerjoin_from(AssignmentRow, JobRow, JobRow.id == AssignmentRow.job_id)
        .where(AssignmentRow.standing.is_not(None))
    )


def _planned(row: Row[*tuple[Any, ...]]) -> Planned:
    job = wire.job_from_json(row.job) if row.job else None
    return Planned(standing=wire.standing_from_json(row.standing), job=job)
