"""Writing down, for a workflow, what it has decided: one transaction per batch, safe to repeat."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog
from sqlalchemy.exc import DataError, IntegrityError, StatementError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from temporalio import activity
from temporalio.exceptions import ApplicationError

from fulfillment.domain.assignment.entries import Entry
from fulfillment.domain.job.entries import JobEntry
from fulfillment.domain.steps import Refusal, Step
from fulfillment.store import ledger, news
from fulfillment.store.ledger import About
from fulfillment.store.news import Moved
from fulfillment.store.tables import Entity
from fulfillment.telemetry import ASSIGNMENTS_REQUEUED, PROJECTION_LAG

log = structlog.stdlib.get_logger(__name__)

MOST_TOLD = 50
"""Providers who hear of a job's step by themselves; what is told at once has to stay under 8 kB."""
REJECTED = "ProjectionRejected"
"""The type of the failure that no repeat will cure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRef:
    """The run that took the steps, for the audit."""

    workflow_id: str
    run_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignmentBatch:
    """Steps of one assignment in the order of their numbers, and refusals that have to be seen.

    `claim` is the last number drawn for the provider's time while no attempt at it was under way; 0
    says that there never was one.
    """

    assignment_id: str
    run: RunRef
    entries: tuple[Entry, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    claim: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class JobBatch:
    """Steps of one job in the order of their numbers, and refusals that have to be seen."""

    job_id: str
    run: RunRef
    entries: tuple[JobEntry, ...] = ()
    refusals: tuple[Refusal, ...] = ()


class Ledger:
    def __init__(self, sessions: async_sessionmaker[AsyncSession]) -> None:
        self._sessions = sessions

    @activity.defn(name="project_assignment")
    async def project_assignment(self, batch: AssignmentBatch) -> None:
        """Write `batch`, and with it what people are owed. A repeat changes nothing.

        What the database will never accept is final (ProjectionRejected) and becomes a task for
        operations; everything else is tried again.
        """
        about = _about(Entity.ASSIGNMENT, batch.assignment_id, batch.run)
        steps = [entry.step for entry in batch.entries]
        async with self._writing(about, steps) as session:
            await ledger.record_assignment(
                session, about, entries=batch.entries, refusals=batch.refusals, claim=batch.claim
            )
        if batch.entries:
            await news.tell(self._sessions, _assignment_moved(batch.entries))

    @activity.defn(name="project_job")
    async def project_job(self, batch: JobBatch) -> None:
        """Write `batch`, and with it what people are owed. A repeat changes nothing and counts nothing.

        What the database will never accept is final (ProjectionRejected) and becomes a task for
        operations; everything else is tried again.
        """
        about = _about(Entity.JOB, batch.job_id, batch.run)
        steps = [entry.step for entry in batch.entries]
        async with self._writing(about, steps) as session:
            returns = await ledger.record_job(session, about, entries=batch.entries, refusals=batch.refusals)
        ASSIGNMENTS_REQUEUED.inc(returns)
        if batch.entries:
            await news.tell(self._sessions, _job_moved(batch.entries))

    @asynccontextmanager
    async def _writing(self, about: About, steps: Sequence[Step]) -> AsyncIterator[AsyncSession]:
        """Yield a session whose transaction commits in the end, and sort out what went wrong if it did."""
        try:
            async with self._sessions.begin() as session:
                yield session
        except IntegrityError as error:
            if ledger.may_yet_fit(error):
                raise
            raise await self._rejected(about, steps, error) from None
        except (DataError, ValueError, TypeError) as error:
            raise await self._rejected(about, steps, error) from None
        except StatementError as error:
            if not isinstance(error.orig, ValueError | TypeError):
                raise
            raise await self._rejected(about, steps, error) from None
        for step in steps:
            PROJECTION_LAG.observe(max(0.0, (datetime.now(UTC) - step.at).total_seconds()))

    async def _rejected(self, about: About, steps: Sequence[Step], error: Exception) -> ApplicationError:
        # Neither the log nor the engine gets the error's own text: it quotes what people wrote.
        why = _why(error)
        log.error("projection.rejected", entity=about.entity, id=about.id, why=why)
        async with self._sessions.begin() as session:
            await ledger.shelve(session, about, step=steps[0].number if steps else 0, why=why)
        return ApplicationError(
            f"the database will not accept this batch ({why})", type=REJECTED, non_retryable=True
        )


def _about(entity: Entity, id: str, run: RunRef) -> About:
    return About(entity=entity, id=id, workflow_id=run.workflow_id, run_id=run.run_id)


def _assignment_moved(entries: Sequence[Entry]) -> Moved:
    it = entries[-1].standing.assignment
    return Moved(
        job_id=it.job_id,
        customer_id=it.customer_id,
        version=it.state_version,
        assignment_id=it.id,
        provider_id=it.provider_id,
    )


def _job_moved(entries: Sequence[JobEntry]) -> Moved:
    it = entries[-1].job
    asked = sorted(it.asked_this_round())
    return Moved(
        job_id=it.id,
        customer_id=it.customer_id,
        version=it.state_version,
        asked=tuple(asked[:MOST_TOLD]),
    )


def _why(error: Exception) -> str:
    """Return what kind of mishap this is, in words of ours and the database's, never of a person's."""
    cause = error.orig if isinstance(error, StatementError) and error.orig else error
    diagnosis = getattr(cause, "diag", None)
    told = (
        type(cause).__name__,
        getattr(cause, "sqlstate", None),
        getattr(diagnosis, "constraint_name", None),
    )
    return " ".join(str(word) for word in told if word)
