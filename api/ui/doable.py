"""What a provider can do just now: the rules themselves are asked, and nothing comes of it.

What is offered on a page by this may be refused all the same: a run keeps the policy it began with, and
the world moves on while somebody reads.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from fulfillment.domain.assignment.commands import (
    AnswerIncident,
    AssignmentCommand,
    CheckIn,
    CompleteAssignment,
    DeclineWindow,
    HoldAssignment,
    RejectAssignment,
    ReportNoShow,
    ResubmitPayout,
    ResumeAssignment,
    WithdrawWindow,
)
from fulfillment.domain.assignment.deciding import decide
from fulfillment.domain.assignment.events import Rejected
from fulfillment.domain.assignment.incidents import report_opens
from fulfillment.domain.assignment.state import Assignment, RejectReason, Status
from fulfillment.domain.assignment.visit import check_in_opens
from fulfillment.domain.errors import DomainError
from fulfillment.domain.job.commands import JobCommand
from fulfillment.domain.job.deciding import decide_job
from fulfillment.domain.job.state import Job
from fulfillment.domain.people import Actor
from fulfillment.domain.policy import Policy

SOME = "."
"""Stands for words that somebody has yet to write."""
A_WHILE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Doable:
    """What a provider may do with an assignment. `check_in_from` and `report_from` are still to come.

    `rejects_late` says what giving it back would count as.
    """

    decline: bool
    withdraw: bool
    reject: bool
    rejects_late: bool
    check_in: bool
    check_in_from: datetime | None
    complete: bool
    complete_from: datetime | None
    report: bool
    report_from: datetime | None
    answer: bool
    hold: bool
    resume: bool
    resubmit: bool

    @property
    def forms(self) -> frozenset[str]:
        """The names of the forms that can be sent."""
        names = ("decline", "withdraw", "reject", "check_in", "complete", "report", "answer")
        return frozenset(name for name in (*names, "hold", "resume", "resubmit") if getattr(self, name))


class Rules:
    """Asks the rules what `actor` may do with an assignment now."""

    def __init__(self, assignment: Assignment, actor: Actor, *, policy: Policy, now: datetime) -> None:
        self._it = assignment
        self._actor = actor
        self._policy = policy
        self._at = moment_of(assignment, now=now)

    def doable(self) -> Doable:
        it, version = self._it, self._it.schedule_version
        check_in, complete, report = self.may(CheckIn), self.may(CompleteAssignment), self.may(ReportNoShow)
        return Doable(
            decline=self.may(DeclineWindow, version=version),
            withdraw=self.may(WithdrawWindow, version=version),
            reject=self.may(RejectAssignment, reason_code=RejectReason.OTHER.value),
            rejects_late=self._rejects_late(),
            check_in=check_in,
            check_in_from=self._still_to_come(check_in_opens(it.agreed, self._policy) if it.agreed else None),
            complete=complete,
            complete_from=self._still_to_come(it.agreed.window.start if it.agreed else None),
            report=report,
            report_from=self._still_to_come(report_opens(it.agreed, self._policy) if it.agreed else None),
            answer=self.may(AnswerIncident, statement=SOME),
            hold=self.may(HoldAssignment, until=self._at + A_WHILE, reason=SOME),
            resume=self.may(ResumeAssignment),
            resubmit=self.may(ResubmitPayout, evidence=(SOME,)),
        )

    def may(self, kind: type[AssignmentCommand], **asked: Any) -> bool:
        """Return whether a command of that kind would be honoured."""
        return self._events(kind, **asked) is not None

    def _rejects_late(self) -> bool:
        events = self._events(RejectAssignment, reason_code=RejectReason.OTHER.value)
        return any(each.late for each in events or () if isinstance(each, Rejected))

    def _events(self, kind: type[AssignmentCommand], **asked: Any) -> tuple[object, ...] | None:
        command = kind(actor=self._actor, **asked)
        try:
            return tuple(decide(self._it, command, at=self._at, policy=self._policy))
        except DomainError:
            return None

    def _still_to_come(self, at: datetime | None) -> datetime | None:
        """Return `at` if that is later, and there is a visit to come or under way."""
        is_on = self._it.status in {Status.SCHEDULED, Status.IN_PROGRESS}
        return at if at and is_on and at > self._at else None


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
