"""Absences of providers: whom one would touch, how one gets on, and all that a provider has had."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from fulfillment.domain.absence.consequences import Consequence, What
from fulfillment.domain.absence.results import (
    AbsenceStatus,
    Affected,
    Outcome,
    Result,
    soonest_first,
    touched,
)
from fulfillment.domain.assignment.state import Status
from fulfillment.domain.people import Role
from fulfillment.domain.window import VisitWindow
from fulfillment.store import wire
from fulfillment.store.tables import IS_LIVE, AbsenceResultRow, AbsenceRow, AssignmentRow, PersonRow
from fulfillment.store.views.assignments import STANDING
from fulfillment.store.views.paging import FIRST, Line, Page, Turn, newest_first, page


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """Who ended an absence before its time, when and why, and by which command."""

    at: datetime
    by: str
    reason: str
    command_id: str
    fingerprint: str
    request_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """An absence as it is written down; `counts` are its assignments by what became of them."""

    id: str
    provider_id: str
    span: VisitWindow
    reason: str
    reason_code: str
    status: AbsenceStatus
    reported_by: str
    reporter_role: Role
    reported_at: datetime
    command_id: str
    fingerprint: str
    request_id: str
    done_at: datetime | None
    ending: Ending | None
    counts: Mapping[Outcome, int] = field(default_factory=dict)

    @property
    def version(self) -> int:
        """How often something about it has been written down since it began: results, and its end."""
        return version_of(self.status, self.counts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Touched:
    """An assignment that an absence touches, and what became of it, if its turn has come."""

    affected: Affected
    result: Result | None


def version_of(status: AbsenceStatus, counts: Mapping[Outcome, int]) -> int:
    """Return how far an absence has come, as a number that only grows."""
    settled = sum(n for outcome, n in counts.items() if outcome is not Outcome.WAITING)
    return settled + list(AbsenceStatus).index(status)


async def affected(
    session: AsyncSession, provider_id: str, span: VisitWindow, *, reported_at: datetime
) -> tuple[Affected, ...]:
    """Return the open assignments of a provider that an absence in `span` touches, soonest first."""
    query = select(STANDING).where(
        AssignmentRow.provider_id == provider_id, IS_LIVE, AssignmentRow.standing.is_not(None)
    )
    standings = [wire.standing_from_json(text) for text in await session.scalars(query)]
    found = (touched(each.assignment, span, reported_at=reported_at) for each in standings)
    return soonest_first([each for each in found if each])


async def is_provider(session: AsyncSession, id: str) -> bool:
    """Return whether that is a provider: by the directory, or by an assignment that was theirs."""
    known = select(PersonRow.id).where(PersonRow.id == id, PersonRow.roles.contains([Role.PROVIDER]))
    busy = select(AssignmentRow.id).where(AssignmentRow.provider_id == id)
    found: bool | None = await session.scalar(select(or_(known.exists(), busy.exists())))
    return bool(found)


async def absence(session: AsyncSession, id: str) -> Reported | None:
    """Return the absence of that id."""
    row = (await session.execute(select(AbsenceRow.__table__).where(AbsenceRow.id == id))).one_or_none()
    if row is None:
        return None
    counts = await _counts(session, [id])
    return _line(row, counts.get(id, {}))


async def absences(session: AsyncSession, provider_id: str, turn: Turn = FIRST) -> Page[Reported]:
    """Return a page of a provider's absences, the one reported last first.

    Raises:
        ValueInvalid: the cursor is none of ours.
    """
    query = select(AbsenceRow.__table__).where(AbsenceRow.provider_id == provider_id)
    query = newest_first(query, turn, at=AbsenceRow.reported_at, id=AbsenceRow.id)
    found = await page(
        session, query, turn, line=lambda it: _line(it, {}), place=lambda it: (it.reported_at, it.id)
    )
    counts = await _counts(session, [each.id for each in found.items])
    items = tuple(replace(each, counts=counts.get(each.id, {})) for each in found.items)
    return Page(items=items, next_cursor=found.next_cursor)


async def touched_by(session: AsyncSession, absence_id: str) -> tuple[Touched, ...]:
    """Return the assignments that an absence touches, in their turn."""
    query = (
        select(AbsenceResultRow.__table__)
        .where(AbsenceResultRow.absence_id == absence_id)
        .order_by(AbsenceResultRow.place)
    )
    return tuple(_touched(row) for row in await session.execute(query))


async def _counts(session: AsyncSession, ids: Sequence[str]) -> Mapping[str, Mapping[Outcome, int]]:
    query = (
        select(AbsenceResultRow.absence_id, AbsenceResultRow.outcome, func.count().label("n"))
        .where(AbsenceResultRow.absence_id.in_(ids))
        .group_by(AbsenceResultRow.absence_id, AbsenceResultRow.outcome)
    )
    counts: dict[str, dict[Outcome, int]] = {}
    for row in await session.execute(query):
        counts.setdefault(row.absence_id, {})[Outcome(row.outcome)] = row.n
    return counts


def _line(row: Line, counts: Mapping[Outcome, int]) -> Reported:
    return Reported(
        id=row.id,
        provider_id=row.provider_id,
        span=VisitWindow(start=row.since, end=row.until),
        reason=row.reason,
        reason_code=row.reason_code,
        status=AbsenceStatus(row.status),
        reported_by=row.reported_by,
        reporter_role=Role(row.reporter_role),
        reported_at=row.reported_at,
        command_id=row.command_id,
        fingerprint=row.fingerprint,
        request_id=row.request_id,
        done_at=row.done_at,
        ending=_ending(row) if row.ended_at else None,
        counts=counts,
    )


def _ending(row: Line) -> Ending:
    return Ending(
        at=row.ended_at,
        by=row.ended_by,
        reason=row.end_reason,
        command_id=row.end_command_id,
        fingerprint=row.end_fingerprint,
        request_id=row.end_request_id,
    )


def _touched(row: Line) -> Touched:
    window = VisitWindow(start=row.window_start, end=row.window_end)
    wanted = Consequence(what=What(row.what), window=window, version=row.version, why=row.why)
    affected = Affected(
        assignment_id=row.assignment_id,
        job_id=row.job_id,
        customer_id=row.customer_id,
        status=Status(row.status),
        wanted=wanted,
        late=row.late,
    )
    return Touched(affected=affected, result=_result(row) if row.settled_at else None)


def _result(row: Line) -> Result:
    return Result(
        assignment_id=row.assignment_id,
        outcome=Outcome(row.outcome),
        at=row.settled_at,
        did=What(row.did) if row.did else None,
        command_id=row.command_id or "",
        number=row.state_version,
        code=row.code or "",
        detail=row.detail or "",
    )
