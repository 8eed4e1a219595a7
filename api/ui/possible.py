"""What somebody could do now, as the rules themselves say when they are asked.

Nothing is carried out: the rules are pure. They are asked again when a form is sent, and have the last word.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from fulfillment.domain.assignment.commands import (
    AnswerIncident,
    AssignmentCommand,
    CancelAssignment,
    ConfirmWindow,
    DeclineWindow,
    HoldAssignment,
    OpenDispute,
    ProposeWindow,
    Reauthorise,
    ReportNoShow,
    ResumeAssignment,
    WithdrawWindow,
)
from fulfillment.domain.assignment.deciding import decide
from fulfillment.domain.assignment.events import Cancelled, Event
from fulfillment.domain.assignment.state import Assignment
from fulfillment.domain.errors import DomainError
from fulfillment.domain.people import Actor
from fulfillment.domain.policy import Policy
from fulfillment.domain.window import VisitWindow

SOME = "."
"""A reason or a statement, where the rules want one."""
A_WHILE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deeds:
    """What one side may do with an assignment now. `cancels_late` says what a cancellation would count as."""

    propose: bool
    confirm: bool
    decline: bool
    withdraw: bool
    cancel: bool
    cancels_late: bool
    hold: bool
    resume: bool
    report: bool
    answer: bool
    dispute: bool
    retry: bool


def deeds_of(assignment: Assignment, actor: Actor, *, at: datetime, policy: Policy) -> Deeds:
    """Return what `actor` may do at the moment `at`."""

    def events(command: AssignmentCommand) -> Sequence[Event] | None:
        try:
            return decide(assignment, command, at=at, policy=policy)
        except DomainError:
            return None

    def may(command: AssignmentCommand) -> bool:
        return bool(events(command))

    soon = at + policy.min_notice
    window = VisitWindow(start=soon, end=soon + policy.shortest_window)
    version = assignment.schedule_version
    cancelled = events(CancelAssignment(actor=actor, reason=SOME)) or ()
    return Deeds(
        propose=may(ProposeWindow(actor=actor, window=window, expected_version=version)),
        confirm=may(ConfirmWindow(actor=actor, version=version)),
        decline=may(DeclineWindow(actor=actor, version=version)),
        withdraw=may(WithdrawWindow(actor=actor, version=version)),
        cancel=bool(cancelled),
        cancels_late=any(each.late for each in cancelled if isinstance(each, Cancelled)),
        hold=may(HoldAssignment(actor=actor, until=at + A_WHILE, reason=SOME)),
        resume=may(ResumeAssignment(actor=actor)),
        report=may(ReportNoShow(actor=actor)),
        answer=may(AnswerIncident(actor=actor, statement=SOME)),
        dispute=may(OpenDispute(actor=actor, reason=SOME)),
        retry=may(Reauthorise(actor=actor)),
    )
