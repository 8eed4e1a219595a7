"""Which requests are honoured: `decide` returns what becomes true, or refuses by name."""

from collections.abc import Sequence
from datetime import datetime
from typing import assert_never

from fulfillment.domain.assignment import (
    aftercare,
    capturing,
    cards,
    control,
    disputes,
    incidents,
    patience,
    refunds,
    rulings,
    schedule,
    visit,
)
from fulfillment.domain.assignment.commands import (
    AnswerIncident,
    ApprovePayout,
    AssignmentCommand,
    CancelAssignment,
    CheckIn,
    CompleteAssignment,
    ConfirmWindow,
    DeclineWindow,
    DenyPayout,
    DoubtCard,
    ExtendDeadline,
    HoldAssignment,
    OpenAssignment,
    OpenDispute,
    PassDeadline,
    ProposeWindow,
    Reauthorise,
    RecordCard,
    RecordChargeback,
    RecordRefusal,
    RecordRelease,
    RecordSettlement,
    RecordSilence,
    RecordTransfer,
    RejectAssignment,
    ReportNoShow,
    ResolveDispute,
    ResolveIncident,
    ResubmitPayout,
    ResumeAssignment,
    RetryCapture,
    SkipDeadline,
    WithdrawWindow,
)
from fulfillment.domain.assignment.events import AssignmentOpened, Event, WindowConfirmed
from fulfillment.domain.assignment.parties import side_of
from fulfillment.domain.assignment.refund_commands import RecordRefund, RefundPayout
from fulfillment.domain.assignment.state import Assignment
from fulfillment.domain.command import expect_sound
from fulfillment.domain.errors import WrongState
from fulfillment.domain.people import Role
from fulfillment.domain.policy import Policy


def decide(  # noqa: C901, PLR0911, PLR0912 - the table of verbs
    assignment: Assignment, command: AssignmentCommand, *, at: datetime, policy: Policy
) -> Sequence[Event]:
    """Return the events that `command` causes at the moment `at`; none if it repeats what already holds.

    Raises:
        NotAParty: a stranger asks; whatever else is wrong, they are told it does not exist.
        DomainError: by its class, why not; each rule's own docstring lists its refusals.
    """
    expect_sound(command)
    side_of(assignment, command.actor)
    match command:
        case OpenAssignment():
            return _open(assignment, command, at=at)
        case ProposeWindow():
            return schedule.propose(assignment, command, at=at, policy=policy)
        case ConfirmWindow():
            return _confirm(assignment, command, at=at, policy=policy)
        case DeclineWindow():
            return schedule.decline(assignment, command, at=at)
        case WithdrawWindow():
            return schedule.withdraw(assignment, command, at=at)
        case RejectAssignment():
            return visit.reject(assignment, command, at=at, policy=policy)
        case CancelAssignment():
            return visit.cancel(assignment, command, at=at, policy=policy)
        case CheckIn():
            return visit.check_in(assignment, command, at=at, policy=policy)
        case CompleteAssignment():
            return visit.complete(assignment, command, at=at, policy=policy)
        case ReportNoShow():
            return incidents.report(assignment, command, at=at, policy=policy)
        case AnswerIncident():
            return incidents.answer(assignment, command, at=at)
        case ResolveIncident():
            return incidents.resolve(assignment, command, at=at, policy=policy)
        case ApprovePayout():
            return rulings.approve(assignment, command, at=at, policy=policy)
        case DenyPayout():
            return rulings.deny(assignment, command, at=at)
        case ResubmitPayout():
            return rulings.resubmit(assignment, command, at=at, policy=policy)
        case RecordSettlement():
            return rulings.settle(assignment, command, at=at)
        case OpenDispute():
            return disputes.open_dispute(assignment, command, at=at, policy=policy)
        case ResolveDispute():
            return disputes.resolve(assignment, command, at=at, policy=policy)
        case RetryCapture():
            return capturing.retry(assignment, command, at=at)
        case Reauthorise():
            return capturing.reauthorise(assignment, command, at=at, policy=policy)
        case RecordCard():
            return cards.record(assignment, command, at=at)
        case RecordRelease():
            return cards.record_release(assignment, command, at=at)
        case RecordRefusal():
            return capturing.record_refusal(assignment, command, at=at)
        case RecordSilence():
            return capturing.record_silence(assignment, command, at=at)
        case DoubtCard():
            return cards.doubt(assignment, command, at=at)
        case RecordTransfer():
            return capturing.record_transfer(assignment, command, at=at)
        case RecordChargeback():
            return aftercare.record_chargeback(assignment, command, at=at)
        case RefundPayout():
            return refunds.refund(assignment, command, at=at, policy=policy)
        case RecordRefund():
            return refunds.record_refund(assignment, command, at=at)
        case HoldAssignment():
            return control.hold(assignment, command, at=at, policy=policy)
        case ResumeAssignment():
            return control.resume(assignment, command, at=at)
        case SkipDeadline():
            return control.skip(assignment, command, at=at, policy=policy)
        case ExtendDeadline():
            return control.extend(assignment, command, at=at, policy=policy)
        case PassDeadline():
            return patience.pass_deadline(assignment, command, at=at, policy=policy)
        case _:
            assert_never(command)


def _confirm(
    assignment: Assignment, command: ConfirmWindow, *, at: datetime, policy: Policy
) -> Sequence[Event]:
    """Confirm, and let a hold on the card go that would end before the new visit could be paid for."""
    events = schedule.confirm(assignment, command, at=at, policy=policy)
    windows = [event.agreed.window for event in events if isinstance(event, WindowConfirmed)]
    unfit = (cards.let_go_if_unfit(assignment, window, at=at, policy=policy) for window in windows)
    return (*events, *(event for events in unfit for event in events))


def _open(assignment: Assignment, command: OpenAssignment, *, at: datetime) -> Sequence[Event]:
    command.actor.expect(Role.SYSTEM)
    if assignment.state_version:
        raise WrongState("the assignment is open already")
    return (AssignmentOpened(at=at),)
