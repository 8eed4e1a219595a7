"""Jobs, newest first: a customer's own, those a provider may quote for, or all; their quotes and offers."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Text, TextClause, cast, not_, select
from sqlalchemy.ext.asyncio import AsyncSession

from fulfillment.domain.job.state import DispatchMode, Job, JobStatus
from fulfillment.store import wire
from fulfillment.store.tables import IS_LIVE, IS_OPEN_TO_PROVIDERS, AssignmentRow, JobRow, OfferRow, QuoteRow
from fulfillment.store.views.paging import FIRST, Line, Page, Query, Turn, newest_first, page

SNAPSHOT = cast(JobRow.snapshot, Text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A job as of step `job.state_version`, written at `projected_at`."""

    job: Job
    projected_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which jobs; what is None does not matter. `open_to` is a provider who may quote for them."""

    customer_id: str | None = None
    open_to: str | None = None
    status: JobStatus | None = None
    dispatch_mode: DispatchMode | None = None


ALL = Wanted()


async def job(session: AsyncSession, id: str) -> Listed | None:
    """Return the job of that id, as far as it has been written down."""
    row = (await session.execute(_lines().where(JobRow.id == id))).one_or_none()
    return _line(row) if row else None


async def jobs(session: AsyncSession, wanted: Wanted = ALL, turn: Turn = FIRST) -> Page[Listed]:
    """Return a page of the jobs that are `wanted`, newest first.

    Raises:
        ValueInvalid: the cursor is none of ours.
    """
    query = newest_first(_lines().where(*_conditions(wanted)), turn, at=JobRow.created_at, id=JobRow.id)
    return await page(session, query, turn, line=_line, place=_place)


async def some(session: AsyncSession, ids: Collection[str]) -> Mapping[str, Listed]:
    """Return the jobs of those ids, as far as they have been written down, by id."""
    found = (_line(row) for row in await session.execute(_lines().where(JobRow.id.in_(ids))))
    return {each.job.id: each for each in found}


async def version(session: AsyncSession, id: str) -> int | None:
    """Return the step that the job is written down to; None if nothing is."""
    number: int | None = await session.scalar(select(JobRow.state_version).where(JobRow.id == id))
    return number


async def of_offer(session: AsyncSession, offer_id: str) -> str | None:
    """Return the id of the job that an offer is for."""
    id: str | None = await session.scalar(select(OfferRow.job_id).where(OfferRow.id == offer_id))
    return id


async def involves(session: AsyncSession, id: str, *, provider_id: str) -> bool:
    """Return whether the provider has a part in the job: quoted for it, was offered it, or has it now.

    Somebody who gave it back has no part any more (trap D8), unless operations have readmitted them.
    """
    quoted = select(QuoteRow.id).where(QuoteRow.job_id == id, QuoteRow.provider_id == provider_id)
    offered = select(OfferRow.id).where(OfferRow.job_id == id, OfferRow.provider_id == provider_id)
    has_it = select(AssignmentRow.id).where(
        AssignmentRow.job_id == id, AssignmentRow.provider_id == provider_id, IS_LIVE
    )
    excluded = select(JobRow.id).where(JobRow.id == id, _excludes(provider_id))
    asked = (quoted.exists() | offered.exists()) & ~excluded.exists()
    return bool(await session.scalar(select(asked | has_it.exists())))


def _excludes(provider_id: str) -> ColumnElement[bool]:
    return JobRow.excluded_providers.contains([provider_id])


def _lines() -> Query:
    # A row without its snapshot is from before M4 and waits for the backfill.
    return select(SNAPSHOT.label("snapshot"), JobRow.projected_at).where(JobRow.snapshot.is_not(None))


def _conditions(wanted: Wanted) -> Iterator[ColumnElement[bool] | TextClause]:
    equal = (
        (JobRow.customer_id, wanted.customer_id),
        (JobRow.status, wanted.status),
        (JobRow.dispatch_mode, wanted.dispatch_mode),
    )
    for column, value in equal:
        if value is not None:
            yield column == value
    if wanted.open_to is not None:
        yield IS_OPEN_TO_PROVIDERS
        yield not_(_excludes(wanted.open_to))


def _line(row: Line) -> Listed:
    return Listed(job=wire.job_from_json(row.snapshot), projected_at=row.projected_at)


def _place(line: Listed) -> tuple[datetime, str]:
    return line.job.created_at, line.job.id
