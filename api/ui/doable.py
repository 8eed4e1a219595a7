"""What a provider can do just now: the rules themselves are asked, and nothing comes of it.

What is offered on a page by this may be refused all the same: a run keeps the policy it began with, and
the world moves on while somebody reads.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from api.ui.possible import SOME, Deeds, deeds_of
from fulfillment.domain.assignment.commands import (
    AssignmentCommand,
    CheckIn,
    CompleteAssignment,
    RejectAssignment,
    ResubmitPayout,
)
from fulfillment.domain.assignment.deciding import decide
from fulfillment.domain.assignment.events import Event, Rejected
from fulfillment.domain.assignment.incidents import report_opens
from fulfillment.domain.assignment.state import Assignment, RejectReason, Status
from fulfillment.domain.assignment.visit import check_in_opens
from fulfillment.domain.errors import DomainError
from fulfillment.domain.job.commands import JobCommand
from fulfillment.domain.job.deciding import decide_job
from fulfillment.domain.job.state import Job
from fulfillment.domain.people import Actor
from fulfillment.domain.policy import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Doable:
    """What a provider may do: with what both sides may (`deeds`), and what is theirs alone.

    `rejects_late` says what giving it back would count as. The instants are from when on something can be
    done, while they are still to come.
    """

    deeds: Deeds
    reject: bool
    rejects_late: bool
    check_in: bool
    check_in_from: datetime | None
    complete: bool
    complete_from: datetime | None
    report_from: datetime | None
    resubmit: bool

    @property
    def forms(self) -> frozenset[str]:
        """The names of the forms that are drawn."""
        shared = ("propose", "confirm", "decline", "withdraw", "report", "answer", "hold", "resume")
        own = ("reject", "check_in", "complete", "resubmit")
        drawn = [name for name in shared if getattr(self.deeds, name)]
        return frozenset([*drawn, *(name for name in own if getattr(self, name))])


class Rules:
    """Asks the rules what `actor` may do with an assignment now."""

    def __init__(self, assignment: Assignment, actor: Actor, *, policy: Policy, now: datetime) -> None:
        self._it = assignment
        self._actor = actor
        self._policy = policy
        self._at = moment_of(assignment, now=now)

    def doable(self) -> Doable:
        agreed, policy = self._it.agreed, self._policy
        given_back = self._events(RejectAssignment, reason_code=RejectReason.OTHER.value)
        return Doable(
            deeds=deeds_of(self._it, self._actor, at=self._at, policy=policy),
            reject=bool(given_back),
            rejects_late=any(each.late for each in given_back if isinstance(each, Rejected)),
            check_in=bool(self._events(CheckIn)),
            check_in_from=self._still_to_come(check_in_opens(agreed, policy)) if agreed else None,
            complete=bool(self._events(CompleteAssignment)),
            complete_from=self._still_to_come(agreed.window.start) if agreed else None,
            report_from=self._still_to_come(report_opens(agreed, policy)) if agreed else None,
            resubmit=bool(self._events(ResubmitPayout, evidence=(SOME,))),
        )

    def _events(self, kind: type[AssignmentCommand], **asked: Any) -> Sequence[Event]:
        """Return what a command of that kind would lead to; nothing if it would be refused."""
        command = kind(actor=self._actor, **asked)
        try:
            return decide(self._it, command, at=self._at, policy=self._policy)
        except DomainError:
            return ()

    def _still_to_come(self, at: datetime) -> datetime | None:
        """Return `at` if that is later, and there is a visit to come or under way."""
        is_on = self._it.status in {Status.SCHEDULED, Status.IN_PROGRESS}
        return at if is_on and at > self._at else None


def may_in_job(job: Job, command: JobCommand, *, at: datetime, policy: Policy) -> bool:
    """Return whether a job would honour `command` at the moment `at`."""
    try:
        decide_job(job, command, at=at, policy=policy)
    except DomainError:
        return False
    return True


def moment_of(assignment: Assignment, *, now: datetime) -> datetime:
    """Return what time it is for an assignment: `now`, or later where its own clock was moved on.

    In dev a run can be ahead of the clock on the wall, and shows it by what has happened to it.
    """
    return max(now, assignment.status_entered_at, assignment.last_reminder_at or now)
