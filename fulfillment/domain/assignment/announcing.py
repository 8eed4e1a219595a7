"""Who hears of what: for each event the people who are told, once each."""

from collections.abc import Iterator
from typing import assert_never

from fulfillment.domain.assignment.events import (
    AssignmentEnded,
    AssignmentOpened,
    BecameOverdue,
    Cancelled,
    CheckedIn,
    Completed,
    DeadlineExtended,
    DeadlinePassed,
    Escalated,
    Event,
    Held,
    PayoutClosed,
    PayoutResubmitted,
    PayoutRuled,
    PayoutSettled,
    ProposalEnded,
    ProposalMarked,
    Rejected,
    ReminderFellDue,
    Resumed,
    WindowConfirmed,
    WindowProposed,
)
from fulfillment.domain.assignment.patience import recipient
from fulfillment.domain.assignment.payout import Ruling
from fulfillment.domain.assignment.state import Assignment, ProposalStatus, Status
from fulfillment.domain.messages import ADMINS, OPS, Notice, Recipient
from fulfillment.domain.people import Party

BOTH = (Party.CUSTOMER, Party.PROVIDER)


def announce(assignment: Assignment, event: Event) -> tuple[Notice, ...]:
    """Return whom `event` concerns, the assignment being as it is after the step that caused it."""
    return tuple(
        Notice(key=f"{assignment.id}|{name}|{to}|{assignment.state_version}", event=name, to=to)
        for name, to in dict.fromkeys(_told(assignment, event))
    )


def _told(assignment: Assignment, event: Event) -> Iterator[tuple[str, Recipient]]:  # noqa: C901, PLR0912
    match event:
        case AssignmentOpened():
            for party in BOTH:
                yield "notifyAssignmentOpened", recipient(assignment, party)
            for party in assignment.open_proposal.awaited if assignment.open_proposal else ():
                yield "notifyScheduleProposed", recipient(assignment, party)
        case WindowProposed(proposal=proposal):
            for party in proposal.awaited:
                yield "notifyScheduleProposed", recipient(assignment, party)
        case WindowConfirmed():
            for party in BOTH:
                yield "notifyScheduleConfirmed", recipient(assignment, party)
        case ProposalEnded():
            yield from _proposal_ended(assignment, event)
        case Rejected():
            yield "notifyAssignmentRejected", recipient(assignment, Party.CUSTOMER)
            yield "notifyAssignmentRejected", OPS
        case Cancelled(late=late):
            for party in BOTH:
                yield "notifyAssignmentCancelled", recipient(assignment, party)
            if late:
                yield "notifyLateCancel", OPS
        case CheckedIn():
            yield "notifyCheckedIn", recipient(assignment, Party.CUSTOMER)
        case Completed():
            yield "notifyAssignmentCompleted", recipient(assignment, Party.CUSTOMER)
            yield "notifyPayoutPending", ADMINS
        case PayoutRuled(decision=decision):
            if decision.ruling is Ruling.FIRST_MARK:
                yield "notifyPayoutFirstMark", ADMINS
            if decision.ruling is Ruling.DENIED:
                yield "notifyPayoutDenied", recipient(assignment, Party.PROVIDER)
        case PayoutResubmitted():
            yield "notifyPayoutPending", ADMINS
        case AssignmentEnded(status=Status.PAID):
            yield "notifyPayoutPaid", recipient(assignment, Party.PROVIDER)
        case AssignmentEnded():
            yield "notifyPayoutClosed", recipient(assignment, Party.CUSTOMER)
            # A final denial has told the provider already, with its reason.
            if not _finally_denied(assignment):
                yield "notifyPayoutClosed", recipient(assignment, Party.PROVIDER)
        case BecameOverdue(owed_by=party, nudged=nudged):
            yield "notifyOverdue", OPS
            if not nudged:
                yield "notifyOverdue", recipient(assignment, party)
        case Escalated():
            yield "notifyEscalated", OPS
        case Held() | Resumed():
            for party in BOTH:
                yield f"notify{type(event).__name__}", recipient(assignment, party)
        case (
            ProposalMarked()
            | PayoutSettled()
            | PayoutClosed()
            | DeadlinePassed()
            | DeadlineExtended()
            | ReminderFellDue()
        ):
            return
        case _:
            assert_never(event)


def _finally_denied(assignment: Assignment) -> bool:
    ruling = assignment.payout.ruling if assignment.payout else None
    return ruling is not None and ruling.final


def _proposal_ended(assignment: Assignment, event: ProposalEnded) -> Iterator[tuple[str, Recipient]]:
    proposal = assignment.proposal
    if proposal is None:
        return
    if event.how is ProposalStatus.DECLINED:
        # Whoever declined owes the next proposal, and knows; the other side of an admin's proposal does not.
        for party in (proposal.proposed_by, *proposal.asked):
            if party is not event.turn:
                yield "notifyScheduleDeclined", recipient(assignment, party)
    elif event.how is ProposalStatus.WITHDRAWN:
        for party in proposal.asked:
            yield "notifyScheduleWithdrawn", recipient(assignment, party)
    else:
        for party in BOTH:
            yield "notifyScheduleExpired", recipient(assignment, party)
