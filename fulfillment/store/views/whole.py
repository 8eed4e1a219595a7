"""Rows that keep whole what their columns say in parts: which there are, and what is written of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Result, Text, cast, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from fulfillment.domain.errors import DomainError
from fulfillment.domain.job.state import Job
from fulfillment.store import wire
from fulfillment.store.tables import AssignmentRow, AuditRow, Entity, JobRow, OfferRow, QuoteRow

Row = Mapping[str, Any]
TABLES: Mapping[Entity, tuple[type[AssignmentRow | JobRow], Any]] = {
    Entity.ASSIGNMENT: (AssignmentRow, AssignmentRow.standing),
    Entity.JOB: (JobRow, JobRow.snapshot),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptJob:
    """What the tables have of one job; `job` is None if what is kept there cannot be read as that job."""

    id: str
    job: Job | None
    head: Row
    quotes: Mapping[str, Row]
    offers: Mapping[str, Row]


async def size(session: AsyncSession, entity: Entity, *, after: str = "") -> int:
    """Return how many rows there are after that id."""
    table, whole = TABLES[entity]
    count = select(func.count()).select_from(table).where(table.id > after, whole.is_not(None))
    return await session.scalar(count) or 0


async def in_turn(session: AsyncSession, entity: Entity, *, after: str, limit: int) -> tuple[str, ...]:
    """Return ids in their order, beginning after that one."""
    table, whole = TABLES[entity]
    query = select(table.id).where(table.id > after, whole.is_not(None)).order_by(table.id).limit(limit)
    return tuple((await session.scalars(query)).all())


async def jobs(session: AsyncSession, ids: Sequence[str]) -> tuple[KeptJob, ...]:
    """Return what the tables have of these, all of it as of one moment; ids that are not there are left out.

    To be called in a session that has asked nothing yet.
    """
    await session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
    kept = cast(JobRow.snapshot, Text).label("text")
    whole = select(JobRow.__table__, kept).where(JobRow.id.in_(ids), JobRow.snapshot.is_not(None))
    heads = _by_name(await session.execute(whole.order_by(JobRow.id)))
    quotes = _by_name(await session.execute(select(QuoteRow.__table__).where(QuoteRow.job_id.in_(ids))))
    offers = _by_name(await session.execute(select(OfferRow.__table__).where(OfferRow.job_id.in_(ids))))
    return tuple(
        KeptJob(
            id=head["id"],
            job=_job(head["id"], head["text"]),
            head=head,
            quotes={row["id"]: row for row in quotes if row["job_id"] == head["id"]},
            offers={row["id"]: row for row in offers if row["job_id"] == head["id"]},
        )
        for head in heads
    )


async def step_of(session: AsyncSession, entity: Entity, id: str) -> int:
    """Return the step that a row is of; -1 if there is no row."""
    table, _ = TABLES[entity]
    number = await session.scalar(select(table.state_version).where(table.id == id))
    return -1 if number is None else number


async def steps_of(session: AsyncSession, entity: Entity, id: str) -> frozenset[int]:
    """Return the numbers of the steps that the audit has."""
    query = select(AuditRow.state_version).where(
        AuditRow.entity == entity, AuditRow.entity_id == id, AuditRow.applied
    )
    return frozenset(number for number in await session.scalars(query) if number is not None)


def _job(id: str, text: str) -> Job | None:
    try:
        job = wire.job_from_json(text)
    except (ValueError, DomainError):
        return None
    return job if job.id == id else None


def _by_name(found: Result[Any]) -> list[Row]:
    return [dict(row) for row in found.mappings()]
