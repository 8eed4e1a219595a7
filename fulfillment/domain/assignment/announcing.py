"""Who hears of what: for each event the people who are told, once each."""

from collections.abc import Iterator
from typing import assert_never

from fulfillment.domain.assignment.card_events import (
    CaptureFailed,
    CaptureUnanswered,
    CardAuthorised,
    CardEvent,
    CardExpired,
    CardMissing,
    CardNeedsCustomer,
    ChargebackClosed,
    ChargebackOpened,
)
from fulfillment.domain.assignment.events import (
    AssignmentEnded,
    AssignmentOpened,
    BecameOverdue,
    Cancelled,
    CheckedIn,
    Completed,
    DeadlineExtended,
    DeadlinePassed,
    DisputeResolved,
    Escalated,
    Event,
    Held,
    IncidentAnswered,
    IncidentOpened,
    IncidentResolved,
    IncidentUnanswered,
    PayoutClosed,
    PayoutDisputed,
    PayoutResubmitted,
    PayoutRuled,
    PayoutSettled,
    PayoutTransferred,
    ProposalEnded,
    ProposalMarked,
    Rejected,
    ReminderFellDue,
    Resumed,
    WindowCleared,
    WindowConfirmed,
    WindowProposed,
)
from fulfillment.domain.assignment.facts import facts_of
from fulfillment.domain.assignment.incident import IncidentVerdict
from fulfillment.domain.assignment.patience import recipient
from fulfillment.domain.assignment.payout import PayoutStatus, Ruling
from fulfillment.domain.assignment.refund_events import (
    RefundAsked,
    RefundEvent,
    RefundFailed,
    RefundGiven,
    RefundMarked,
)
from fulfillment.domain.assignment.standing import Standing
from fulfillment.domain.assignment.state import Assignment, ProposalStatus, Status
from fulfillment.domain.messages import ADMINS, OPS, Notice, Recipient
from fulfillment.domain.people import Party

BOTH = (Party.CUSTOMER, Party.PROVIDER)


def announce(event: Event, *, before: Assignment, after: Standing) -> tuple[Notice, ...]:
    """Return whom `event` concerns and what they are told, it having led from `before` to `after`."""
    it, facts = after.assignment, facts_of(event, before=before, after=after)
    return tuple(
        Notice(key=f"{it.id}|{name}|{to}|{it.state_version}", event=name, to=to, facts=facts)
        for name, to in dict.fromkeys(_told(it, event))
    )


def _told(assignment: Assignment, event: Event) -> Iterator[tuple[str, Recipient]]:  # noqa: C901, PLR0912, PLR0915
    if isinstance(event, CardEvent):
        yield from _card(assignment, event)
        return
    if isinstance(event, RefundEvent):
        yield from _refund(assignment, event)
        return
    match event:
        case AssignmentOpened():
            # Whoever is asked to answer at once learns of both from that (trap R15).
            asked = assignment.open_proposal.awaited if assignment.open_proposal else ()
            for party in BOTH:
                named = "notifyScheduleProposed" if party in asked else "notifyAssignmentOpened"
                yield named, recipient(assignment, party)
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
            # Whoever gives it back knows, but their calendar does not (trap D8).
            if assignment.agreed:
                yield "notifyAssignmentRejected", recipient(assignment, Party.PROVIDER)
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
        case IncidentOpened() | IncidentAnswered() | IncidentUnanswered():
            yield from _incident(assignment, event)
        case IncidentResolved() | WindowCleared():
            yield from _incident_resolved(assignment, event)
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
            # Whoever settled a dispute for the customer has told both, with the reason.
            if assignment.payout and assignment.payout.dispute:
                return
            yield "notifyPayoutClosed", recipient(assignment, Party.CUSTOMER)
            # A final denial has told the provider already, with its reason.
            if not _finally_denied(assignment):
                yield "notifyPayoutClosed", recipient(assignment, Party.PROVIDER)
        case PayoutDisputed():
            yield "notifyPayoutDisputed", ADMINS
            yield "notifyPayoutDisputed", recipient(assignment, Party.PROVIDER)
        case DisputeResolved():
            for party in BOTH:
                yield "notifyDisputeResolved", recipient(assignment, party)
        case PayoutSettled(status=PayoutStatus.CAPTURED):
            yield "notifyCardCharged", recipient(assignment, Party.CUSTOMER)
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
            | PayoutTransferred()
            | PayoutClosed()
            | DeadlinePassed()
            | DeadlineExtended()
            | ReminderFellDue()
        ):
            return
        case _:
            assert_never(event)


def _card(assignment: Assignment, event: CardEvent) -> Iterator[tuple[str, Recipient]]:
    """Yield who hears of the card: its owner of what is held and asked, admins of what they cannot have."""
    payout = assignment.payout
    match event:
        case CardAuthorised():
            yield "notifyCardAuthorised", recipient(assignment, Party.CUSTOMER)
        case CardNeedsCustomer():
            yield "notifyPaymentNeeded", recipient(assignment, Party.CUSTOMER)
        case CardMissing() if payout and payout.status is PayoutStatus.AWAITING_CUSTOMER_PAYMENT:
            yield "notifyPaymentNeeded", recipient(assignment, Party.CUSTOMER)
        case CardExpired() if payout:
            yield "notifyAuthorisationExpired", ADMINS
        case CaptureFailed():
            yield "notifyCaptureFailed", ADMINS
        case ChargebackOpened():
            yield "notifyChargebackOpened", ADMINS
            yield "notifyChargebackOpened", OPS
        case ChargebackClosed():
            yield "notifyChargebackClosed", ADMINS
            yield "notifyChargebackClosed", OPS
        case CaptureUnanswered(at=at) if payout and payout.stalled_at == at:
            # Only the first of a silence: we try again and again in it.
            yield "notifyCaptureUnknown", ADMINS
        case _:
            return


def _refund(assignment: Assignment, event: RefundEvent) -> Iterator[tuple[str, Recipient]]:
    """Yield who hears of money that goes back: both sides once it has, admins of what is theirs to do."""
    match event:
        case RefundMarked():
            yield "notifyRefundFirstMark", ADMINS
        case RefundGiven():
            yield "notifyRefundGiven", recipient(assignment, Party.CUSTOMER)
            # Whoever was never paid for it has no part in it.
            if assignment.status is Status.PAID:
                yield "notifyRefundGiven", recipient(assignment, Party.PROVIDER)
        case RefundFailed():
            yield "notifyRefundFailed", ADMINS
        case RefundAsked():
            return
        case _:
            assert_never(event)


def _incident(
    assignment: Assignment, event: IncidentOpened | IncidentAnswered | IncidentUnanswered
) -> Iterator[tuple[str, Recipient]]:
    if not isinstance(event, IncidentOpened):
        yield f"notify{type(event).__name__}", OPS
    elif event.incident.is_suspected:
        yield "notifyNoShowSuspected", OPS
    else:
        yield "notifyNoShowReported", recipient(assignment, event.incident.accused)
        yield "notifyNoShowReported", OPS


def _incident_resolved(
    assignment: Assignment, event: IncidentResolved | WindowCleared
) -> Iterator[tuple[str, Recipient]]:
    # Where neither is at fault the visit is cleared, which says it: word and calendar come in one message.
    if isinstance(event, WindowCleared) or event.verdict is not IncidentVerdict.NEITHER:
        for party in BOTH:
            yield "notifyIncidentResolved", recipient(assignment, party)


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
