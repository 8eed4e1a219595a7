"""How a route has a command carried out: named, asked of the right run, and answered alike when repeated."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Annotated, Any, TypeVar

import structlog
from fastapi import Depends, Request
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from api.desk import Desk, TheDesk
from api.errors import Missing, RunClosed, RunMissing, Unavailable
from api.idempotency import Key, TheKey
from api.problems import snapshot_of, with_snapshot
from api.schemas.jobs import JobShown
from api.visit import add_header
from fulfillment.domain.assignment.commands import AssignmentCommand
from fulfillment.domain.assignment.deciding import decide
from fulfillment.domain.assignment.standing import Standing
from fulfillment.domain.command import Command, Source, fingerprint
from fulfillment.domain.errors import DomainError, IdempotencyMismatch
from fulfillment.domain.job.commands import JobCommand, PostJob
from fulfillment.domain.job.deciding import decide_job
from fulfillment.domain.job.parties import may_see
from fulfillment.domain.job.state import Job
from fulfillment.domain.people import Actor
from fulfillment.patience import within
from fulfillment.store import wire
from fulfillment.store.views import assignments, history, jobs
from workflows.job import JobAnswer
from workflows.names import aftercare_run, assignment_run, job_run
from workflows.reports import Answer
from workflows.starting import looking_after, posting

T = TypeVar("T")

log = structlog.stdlib.get_logger(__name__)

PATIENCE = 0.5
"""Seconds that a look for an old answer may take; without a database a command goes on without it."""


class Commands:
    """Carries out the commands of one request, and minds its key."""

    def __init__(self, request: Request, desk: Desk, key: Key, *, source: Source = Source.API) -> None:
        self._request = request
        self._desk = desk
        self._key = key
        self._source = source

    def envelope(self, actor: Actor, target: str) -> dict[str, Any]:
        """Return what every command of this request carries beside what it asks, as keyword arguments."""
        return {
            "actor": actor,
            "command_id": self._key.command_id(actor_id=actor.id, target=target),
            "request_id": self._request.state.request_id,
            "call": uuid.uuid4().hex,
            "source": self._source,
        }

    async def of_assignment(self, update: str, assignment_id: str, command: AssignmentCommand) -> Standing:
        """Have an assignment carry out `command`, and return how it stands after it.

        Raises:
            DomainError, ApiError: why not; a conflict shows the assignment as it is.
        """
        if old := await self._old_answer(command, Standing):
            return old
        viewing = self._desk.viewing(command.actor)
        with _conflicts_show(lambda raw: viewing.assignment(wire.STANDING.validate_python(raw))):
            try:
                answer = await self._desk.engine.ask(
                    assignment_run(assignment_id),
                    update,
                    command,
                    command_id=_update_id(command),
                    result_type=Answer,
                )
            except (RunClosed, RunMissing) as gone:
                return await self._of_ended_assignment(assignment_id, command, gone)
        if self.is_repeat(command, answer.call) and (old := await self._old_answer(command, Standing)):
            return old
        return answer.standing

    async def of_ended_payout(self, update: str, payout_id: str, command: AssignmentCommand) -> Standing:
        """Have whoever looks after a payout carry out `command`, and return how it stands after it.

        What the rules refuse as things are written down starts no run.

        Raises:
            DomainError, ApiError: why not; a conflict shows the assignment as it is.
        """
        if old := await self._old_answer(command, Standing):
            return old
        viewing = self._desk.viewing(command.actor)
        with _conflicts_show(lambda raw: viewing.assignment(wire.STANDING.validate_python(raw))):
            self._judged(await self._known(payout_id), command)
            try:
                answer = await self._desk.engine.ask_new(
                    partial(looking_after, payout_id),
                    update,
                    command,
                    workflow_id=aftercare_run(payout_id),
                    command_id=_update_id(command),
                    result_type=Answer,
                )
            except (RunClosed, RunMissing):
                # It has ended while we asked, and another one may be started.
                raise Unavailable from None
        if self.is_repeat(command, answer.call) and (old := await self._old_answer(command, Standing)):
            return old
        return answer.standing

    async def of_job(self, update: str, job_id: str, command: JobCommand) -> JobAnswer:
        """Have a job carry out `command`, and return what it answers.

        Raises:
            DomainError, ApiError: why not; a conflict shows the job as it is.
        """
        if old := await self._old_answer(command, Job):
            return JobAnswer(job=old, number=old.state_version, call="")
        with _conflicts_show(partial(self._job_shown, to=command.actor)):
            try:
                answer = await self._desk.engine.ask(
                    job_run(job_id),
                    update,
                    command,
                    command_id=_update_id(command),
                    result_type=JobAnswer,
                )
            except (RunClosed, RunMissing) as gone:
                return await self._of_ended_job(job_id, command, gone)
        if self.is_repeat(command, answer.call) and (old := await self._old_answer(command, Job)):
            return JobAnswer(job=old, number=answer.number, call="")
        return answer

    def _job_shown(self, raw: object, *, to: Actor) -> JobShown:
        """Return the job that a refusal carries, as the one who is refused may see it.

        Raises:
            Missing: for them there is no such job. Who gave it back knows that there is one.
        """
        job = wire.JOB.validate_python(raw)
        if not may_see(job, to) and to.id not in job.excluded:
            raise Missing
        return self._desk.viewing(to).job(job)

    async def of_new_job(self, command: PostJob) -> Job:
        """Start the story of a job, and return the job at its beginning; a repeat finds the same one.

        Raises:
            DomainError, ApiError: why not.
        """
        if old := await self._old_answer(command, Job):
            return old
        try:
            answer = await self._desk.engine.ask_new(
                partial(posting, command, self._desk.policy),
                "post_job",
                command,
                workflow_id=job_run(command.job_id),
                command_id=_update_id(command),
                result_type=JobAnswer,
            )
        except RunClosed:
            # The job of this very key has ended, and what answered it then is not to be found.
            raise Unavailable from None
        if self.is_repeat(command, answer.call) and (old := await self._old_answer(command, Job)):
            return old
        return answer.job

    async def _old_answer(self, command: Command, kind: type[T]) -> T | None:
        """Return what this very command was answered before, if that has been written down.

        Raises:
            IdempotencyMismatch: its key stood for another request.
        """
        if not self._key.is_given:
            return None
        try:
            async with AsyncSession(self._desk.database) as session:
                old = await within(PATIENCE, history.outcome(session, command.command_id))
        except (SQLAlchemyError, OSError, TimeoutError):
            return None
        if old is None or not isinstance(old.answer, kind):
            return None
        if old.fingerprint != fingerprint(command):
            raise IdempotencyMismatch("this Idempotency-Key was used for another request; take a new one")
        self.is_repeat(command, call="")
        return old.answer

    def is_repeat(self, command: Command, call: str) -> bool:
        """Tell whether `call` was an earlier delivery of `command`, and let the answer say so."""
        repeated = call != command.call
        if repeated:
            add_header(self._request.scope, "Idempotent-Replayed", "true")
        return repeated

    async def _of_ended_assignment(
        self, id: str, command: AssignmentCommand, gone: RunClosed | RunMissing
    ) -> Standing:
        """Let the rules answer for a run that has ended: a late repeat of a ruling is told what stands."""
        standing = await self._known(id)
        _expect_ended(standing.assignment.is_closed, gone, run=assignment_run(id))
        return self._judged(standing, command)

    async def _known(self, assignment_id: str) -> Standing:
        async with AsyncSession(self._desk.database) as session:
            known = await assignments.assignment(session, assignment_id)
        if known is None:
            raise Missing
        return known.standing

    def _judged(self, standing: Standing, command: AssignmentCommand) -> Standing:
        """Return `standing` unless the rules refuse `command` by what is written down."""
        it = standing.assignment
        try:
            decide(it, command, at=it.status_entered_at, policy=self._desk.policy)
        except DomainError as refusal:
            raise with_snapshot(refusal, wire.standing_to_json(standing)) from None
        return standing

    async def _of_ended_job(self, id: str, command: JobCommand, gone: RunClosed | RunMissing) -> JobAnswer:
        async with AsyncSession(self._desk.database) as session:
            known = await jobs.job(session, id)
        if known is None:
            raise Missing
        _expect_ended(known.job.is_ended, gone, run=job_run(id))
        try:
            decide_job(known.job, command, at=known.job.status_entered_at, policy=self._desk.policy)
        except DomainError as refusal:
            raise with_snapshot(refusal, wire.job_to_json(known.job)) from None
        return JobAnswer(job=known.job, number=known.job.state_version, call=command.call)


async def _commands_of(request: Request, desk: TheDesk, key: TheKey) -> Commands:
    return Commands(request, desk, key)


TheCommands = Annotated[Commands, Depends(_commands_of)]


def _update_id(command: Command) -> str:
    """Return the update's id; another body under the same key has to reach the run, to be refused there."""
    return f"{command.command_id}.{fingerprint(command)[:8]}"


def _expect_ended(ended: bool, gone: RunClosed | RunMissing, *, run: str) -> None:  # noqa: FBT001 - one fact
    """Refuse to answer for a run that should be there: the read model says that its story goes on.

    Raises:
        Unavailable: it lags behind, or the run was lost and operations have to look.
    """
    if not ended:
        log.error("engine.run.missing", run=run, kind=type(gone).__name__)
        raise Unavailable


@contextmanager
def _conflicts_show(shown: Callable[[Any], object]) -> Iterator[None]:
    """Let a refusal carry the thing as it is, in the shape in which clients see it."""
    try:
        yield
    except DomainError as refusal:
        raw = snapshot_of(refusal)
        raise (with_snapshot(refusal, shown(raw)) if raw else refusal) from None
