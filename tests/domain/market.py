"""A small market in memory: what workflows, ledger and hold table do with the rules."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from fulfillment.domain.assignment.commands import AssignmentCommand, OpenAssignment, PassDeadline
from fulfillment.domain.assignment.deadlines import deadlines
from fulfillment.domain.assignment.deciding import decide
from fulfillment.domain.assignment.entries import Entry, entry
from fulfillment.domain.assignment.events import (
    CheckedIn,
    Event,
    ProposalEnded,
    WindowCleared,
    WindowConfirmed,
    WindowProposed,
)
from fulfillment.domain.assignment.evolving import apply
from fulfillment.domain.assignment.state import Assignment, Status
from fulfillment.domain.errors import DomainError
from fulfillment.domain.job.commands import NoteAssignmentClosed
from fulfillment.domain.job.deciding import decide_job
from fulfillment.domain.job.evolving import apply_job
from fulfillment.domain.job.state import DispatchMode, Job, JobStatus, Live
from fulfillment.domain.people import SYSTEM
from fulfillment.domain.policy import Policy
from fulfillment.domain.window import VisitWindow
from tests.domain.people import DAY, ENDLESS, NOON


@dataclass
class Life:
    """One assignment, its job, and the record of all that was accepted, the `newest` step apart."""

    born: Assignment
    it: Assignment
    job: Job
    before: Assignment
    newest: Sequence[Event] = ()
    journal: list[tuple[datetime, AssignmentCommand]] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    open_versions: set[int] = field(default_factory=set)


class Market:
    """Several assignments, one clock, and one table of who is where when."""

    def __init__(self, *born: Assignment, policy: Policy) -> None:
        self.policy = policy
        self.now = NOON
        self.holds: dict[str, VisitWindow] = {}
        self.lives: list[Life] = []
        for each in born:
            self.take_on(each)

    def take_on(self, born: Assignment) -> None:
        """Begin another assignment."""
        life = Life(born=born, it=born, job=job_of(born), before=born)
        self.lives.append(life)
        self.ask(life, OpenAssignment(actor=SYSTEM))

    def ask(self, life: Life, command: AssignmentCommand) -> Sequence[Event] | None:
        """Carry out `command`; return what happened, or none if a rule or the hold table refused it."""
        before = life.it
        try:
            events = decide(before, command, at=self.now, policy=self.policy)
        except DomainError:
            return None
        if not events:
            return ()
        if self.is_busy(life, events):
            return None
        life.it, life.before, life.newest = apply(before, events, policy=self.policy), before, events
        life.journal.append((self.now, command))
        life.events.extend(events)
        life.entries.append(entry(before, command, events, life.it, at=self.now, policy=self.policy))
        self._note(life, events)
        return events

    def is_busy(self, life: Life, events: Sequence[Event]) -> bool:
        """Return whether a confirmation among `events` meets another visit of the same provider (A2e)."""
        taken = [
            self.holds[other.it.id]
            for other in self.lives
            if other is not life and other.it.provider_id == life.it.provider_id and other.it.id in self.holds
        ]
        wanted = [each.agreed.window for each in events if isinstance(each, WindowConfirmed)]
        return any(each.overlaps(other) for each in wanted for other in taken)

    def pass_time(self, span: timedelta, *, worker: str = "punctual") -> None:
        """Let `span` go by: the worker is `punctual`, comes `late`, or is still `away` afterwards."""
        until = self.now + span
        if worker != "punctual":
            self.now = until
        if worker == "away":
            return
        for _ in range(ENDLESS):
            coming = [(each, life) for life in self.lives for each in deadlines(life.it, self.policy)[:1]]
            next_one = min(coming, key=lambda each: each[0].due, default=None)
            if next_one is None or next_one[0].due > until:
                self.now = until
                return
            deadline, life = next_one
            self.now = max(self.now, deadline.due)
            assert self.ask(life, PassDeadline(actor=SYSTEM, deadline_id=deadline.id))
        raise AssertionError("the clock runs in circles")

    def _note(self, life: Life, events: Sequence[Event]) -> None:
        for event in events:
            match event:
                case WindowConfirmed(agreed=agreed):
                    self.holds[life.it.id] = agreed.window
                    life.open_versions.clear()
                case WindowProposed(proposal=proposal):
                    life.open_versions = {proposal.version}
                case ProposalEnded() | CheckedIn():
                    life.open_versions.clear()
                case WindowCleared():
                    del self.holds[life.it.id]
                    life.open_versions.clear()
        if life.it.status not in {Status.AWAITING_SCHEDULE, Status.SCHEDULED, Status.IN_PROGRESS}:
            life.open_versions.clear()
        if life.it.status in {Status.REJECTED, Status.CANCELLED}:
            self.holds.pop(life.it.id, None)
        if life.it.is_closed:
            self._report(life)

    def _report(self, life: Life) -> None:
        """Tell the job, twice, as a signal may come (E17)."""
        news = NoteAssignmentClosed(
            actor=SYSTEM,
            assignment_id=life.it.id,
            outcome=life.it.status,
            at=self.now,
            reason=life.it.reject_reason or "",
            keep_job=life.it.keep_job,
            late=life.it.late_rejection,
        )
        for _ in range(2):
            if events := decide_job(life.job, news, at=self.now, policy=self.policy):
                life.job = apply_job(life.job, events, policy=self.policy)


def job_of(assignment: Assignment) -> Job:
    """Return the job as it stands when `assignment` begins."""
    live = Live(
        assignment_id=assignment.id,
        provider_id=assignment.provider_id,
        origin=assignment.origin,
        price=assignment.price,
        accepted_at=assignment.created_at,
    )
    return Job(
        id=assignment.job_id,
        customer_id=assignment.customer_id,
        title="Mend the pipe",
        site_timezone=assignment.site_timezone,
        price_cap=assignment.price,
        dispatch_mode=DispatchMode.AUTO,
        status=JobStatus.ACCEPTED,
        status_entered_at=assignment.created_at,
        created_at=assignment.created_at,
        expires_at=assignment.created_at + 400 * DAY,
        state_version=1,
        live=live,
    )


def replayed(life: Life, *, policy: Policy) -> Assignment:
    """Return the assignment that the accepted commands alone lead to."""
    it = life.born
    for at, command in life.journal:
        it = apply(it, decide(it, command, at=at, policy=policy), policy=policy)
    return it
