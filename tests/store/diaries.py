"""Assignments and jobs with ids of their own, and their steps as workflows hand them to the ledger."""

import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from fulfillment.domain.assignment.commands import (
    AssignmentCommand,
    CheckIn,
    CompleteAssignment,
    OpenAssignment,
    PassDeadline,
    RejectAssignment,
)
from fulfillment.domain.assignment.deadlines import deadlines
from fulfillment.domain.assignment.deciding import decide
from fulfillment.domain.assignment.entries import Entry, entry
from fulfillment.domain.assignment.evolving import apply
from fulfillment.domain.assignment.state import Assignment
from fulfillment.domain.command import Command, Source
from fulfillment.domain.job.commands import JobCommand, SubmitQuote
from fulfillment.domain.job.entries import JobEntry, job_entry
from fulfillment.domain.job.events import JobEvent, JobPosted
from fulfillment.domain.job.evolving import apply_job
from fulfillment.domain.job.state import DispatchMode, Job, Quote
from fulfillment.domain.money import Money
from fulfillment.domain.people import SYSTEM, Actor
from fulfillment.domain.policy import Policy
from fulfillment.domain.steps import Refusal
from fulfillment.domain.window import VisitWindow
from fulfillment.store import ledger
from fulfillment.store.ledger import About
from fulfillment.store.tables import Entity
from tests.domain import jobs, people

Sessions = async_sessionmaker[AsyncSession]


def fresh_id(kind: str = "") -> str:
    return f"{kind}{uuid.uuid4().hex}"


def about(entity: Entity, id: str) -> About:
    return About(entity=entity, id=id, workflow_id=f"{entity}-{id}", run_id="run-1")


def named(command: Any) -> Any:
    """Return the command with ids, as the API would have given it."""
    given: Command = command
    return replace(
        given, command_id=given.command_id or fresh_id(), request_id=given.request_id or fresh_id()
    )


class Diary:
    """One assignment, opened at noon, and the entry of every step it took."""

    def __init__(self, *, policy: Policy = people.POLICY, **changes: Any) -> None:
        own = {"id": fresh_id("a-"), "job_id": fresh_id("j-"), "provider_id": fresh_id("p-")}
        self.policy = policy
        self.it: Assignment = people.assignment(**(own | changes))
        self.entries: list[Entry] = []
        self.at: datetime = self.it.created_at
        self.say(OpenAssignment(actor=SYSTEM, source=Source.CLOCK))

    @property
    def provider(self) -> Any:
        return replace(people.BOB, id=self.it.provider_id)

    def say(self, command: AssignmentCommand, *, at: datetime | None = None) -> Entry:
        """Carry the command out and return its entry."""
        self.at, before = at or self.at, self.it
        command = named(command)
        events = decide(before, command, at=self.at, policy=self.policy)
        assert events, f"{command} changes nothing"
        self.it = apply(before, events, policy=self.policy)
        self.entries.append(entry(before, command, events, self.it, at=self.at, policy=self.policy))
        return self.entries[-1]

    def wait(self, *, until: datetime) -> "Diary":
        """Let everything happen that is due by then, each at its instant."""
        while (coming := deadlines(self.it, self.policy)) and coming[0].due <= until:
            self.say(
                PassDeadline(actor=SYSTEM, deadline_id=coming[0].id, source=Source.CLOCK), at=coming[0].due
            )
        self.at = until
        return self

    def agree(self, window: VisitWindow = people.NEXT_WEEK) -> "Diary":
        """Let the provider propose `window` and the customer confirm it."""
        self.say(people.proposes(self.provider, window, seeing=self.it.schedule_version))
        self.say(people.confirms(people.ADA, self.it.schedule_version))
        return self

    def finish(self) -> "Diary":
        """Let the provider come, do the work, and ask for the payout."""
        assert self.it.agreed
        self.say(CheckIn(actor=self.provider), at=self.it.agreed.window.start)
        self.say(CompleteAssignment(actor=self.provider, evidence=("photo",)), at=self.it.agreed.window.end)
        return self

    def reject(self) -> "Diary":
        self.say(RejectAssignment(actor=self.provider, reason_code="sick"))
        return self

    async def write(
        self, sessions: Sessions, *entries: Entry, claim: int = 0, refusals: Sequence[Refusal] = ()
    ) -> None:
        """Write these entries, or all, in one transaction."""
        async with sessions.begin() as session:
            await ledger.record_assignment(
                session,
                about(Entity.ASSIGNMENT, self.it.id),
                entries=entries or self.entries,
                refusals=refusals,
                claim=claim,
            )


class JobDiary(jobs.Play):
    """One job, posted at noon, and the entry of every step it took."""

    def __init__(self, mode: DispatchMode = DispatchMode.QUOTES, *, pool: Sequence[str] = ()) -> None:
        super().__init__(mode, pool=pool)
        self.entries: list[JobEntry] = []
        posted = JobPosted(job=replace(self.job, id=fresh_id("j-")))
        self.job: Job = apply_job(posted.job, (posted,), policy=self.policy)
        command = named(replace(jobs.posting(mode), job_id=self.job.id))
        self.entries.append(job_entry("", command, (posted,), self.job, at=self.at))

    def do(self, command: JobCommand) -> Sequence[JobEvent]:
        was, command = self.job.status, named(command)
        events = super().do(command)
        if events:
            self.entries.append(job_entry(was, command, events, self.job, at=self.at))
        return events

    def quote(self, who: Actor, price: Money = jobs.PRICE, **more: object) -> Quote:
        self.do(SubmitQuote(actor=who, quote_id=fresh_id("q-"), price=price, **more))  # type: ignore[arg-type]  # as `Play`
        return self.quote_of(who)

    async def write(self, sessions: Sessions, *entries: JobEntry) -> int:
        """Write these entries, or all, in one transaction; return how many returns were new."""
        async with sessions.begin() as session:
            return await ledger.record_job(
                session, about(Entity.JOB, self.job.id), entries=entries or self.entries
            )
