"""How many: the numbers of the dashboard, which the rows keep themselves."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import BigInteger, cast, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from fulfillment.domain.assignment.state import Status
from fulfillment.domain.job.state import JobStatus
from fulfillment.store.tables import Entity, TallyRow

OVERDUE = "reminder_overdue"


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Open assignments by status, those overdue, and the jobs that look for a provider."""

    awaiting_schedule: int
    scheduled: int
    in_progress: int
    payout_pending: int
    reminder_overdue: int
    jobs_quoting: int
    jobs_offering: int
    jobs_requeued: int
    jobs_unfilled: int


async def counts(session: AsyncSession) -> Counts:
    """Return the numbers as they are written down, all of one moment."""
    found = await tally(session)

    def assignments(state: str) -> int:
        return found.get((Entity.ASSIGNMENT, state), 0)

    def jobs(state: str) -> int:
        return found.get((Entity.JOB, state), 0)

    return Counts(
        awaiting_schedule=assignments(Status.AWAITING_SCHEDULE),
        scheduled=assignments(Status.SCHEDULED),
        in_progress=assignments(Status.IN_PROGRESS),
        payout_pending=assignments(Status.PAYOUT_PENDING),
        reminder_overdue=assignments(OVERDUE),
        jobs_quoting=jobs(JobStatus.QUOTING),
        jobs_offering=jobs(JobStatus.OFFERING),
        jobs_requeued=jobs(JobStatus.REQUEUED),
        jobs_unfilled=jobs(JobStatus.UNFILLED),
    )


async def tally(session: AsyncSession) -> Mapping[tuple[str, str], int]:
    """Return how many stand where, by noun and state; where nobody has ever stood is left out."""
    total = cast(func.sum(TallyRow.n), BigInteger)
    query = select(TallyRow.noun, TallyRow.state, total).group_by(TallyRow.noun, TallyRow.state)
    return {(noun, state): n for noun, state, n in await session.execute(query)}
