"""What a notice says of its event: the facts, as they were when it happened."""

from fulfillment.domain.assignment.calendar import calendar_revision, revision_that_clears
from fulfillment.domain.assignment.card_events import (
    CaptureFailed,
    CardAuthorised,
    CardNeedsCustomer,
    ChargebackClosed,
    ChargebackOpened,
)
from fulfillment.domain.assignment.deadline import DeadlineKind
from fulfillment.domain.assignment.events import (
    AssignmentOpened,
    BecameOverdue,
    Cancelled,
    CheckedIn,
    Completed,
    DisputeResolved,
    Escalated,
    Event,
    Held,
    IncidentAnswered,
    IncidentOpened,
    IncidentResolved,
    PayoutDisputed,
    PayoutResubmitted,
    PayoutRuled,
    ProposalEnded,
    Rejected,
    WindowCleared,
    WindowConfirmed,
    WindowProposed,
)
from fulfillment.domain.assignment.incident import IncidentVerdict
from fulfillment.domain.assignment.payout import DisputeOutcome
from fulfillment.domain.assignment.refund_events import RefundFailed, RefundGiven, RefundMarked
from fulfillment.domain.assignment.standing import Standing
from fulfillment.domain.assignment.state import Assignment
from fulfillment.domain.messages import CalendarMethod, Facts
from fulfillment.domain.money import Money
from fulfillment.domain.window import VisitWindow


def facts_of(event: Event, *, before: Assignment, after: Standing) -> Facts:  # noqa: C901, PLR0911, PLR0912
    """Return what is to be said of `event`, which led from `before` to `after`."""
    it = after.assignment
    match event:
        case AssignmentOpened() | WindowProposed():
            return _proposal(before, after)
        case WindowConfirmed(agreed=agreed):
            return Facts(
                version=agreed.version,
                window=agreed.window,
                previous=_agreed(before),
                reason=event.forced_reason or "",
                calendar=CalendarMethod.REQUEST,
                sequence=calendar_revision(it),
            )
        case ProposalEnded(reason=reason):
            proposal = it.proposal
            return Facts(
                version=proposal.version if proposal else None,
                window=proposal.window if proposal else None,
                previous=_agreed(before),
                reason=reason,
            )
        case Rejected(reason=reason) | Cancelled(reason=reason):
            return _called_off(before, reason=reason)
        case WindowCleared(reason=reason):
            return _called_off(before, reason=f"{IncidentVerdict.NEITHER}: {reason}")
        case CheckedIn():
            return Facts(window=_agreed(it))
        case Completed(payout=payout) | PayoutResubmitted(payout=payout):
            return Facts(amount=payout.amount, window=_agreed(before))
        case PayoutRuled(decision=decision):
            until = after.due(DeadlineKind.RESUBMIT_EXPIRY)
            return Facts(amount=decision.amount, reason=decision.reason, until=until)
        case PayoutDisputed(dispute=dispute):
            return Facts(amount=before.payout.amount if before.payout else None, reason=dispute.reason)
        case DisputeResolved(payout=payout, outcome=outcome):
            amount = None if outcome is DisputeOutcome.REFUND else payout.amount
            return Facts(window=_agreed(before), amount=amount, reason=event.reason)
        case CardAuthorised():
            return Facts(window=_agreed(it), amount=event.amount, until=event.capture_before)
        case CardNeedsCustomer(problem=problem):
            return Facts(window=_agreed(it), amount=it.card.amount if it.card else None, reason=problem)
        case ChargebackOpened():
            return Facts(
                window=_agreed(it), amount=event.amount, until=event.evidence_due, reason=event.reason
            )
        case ChargebackClosed(lost=lost):
            return Facts(window=_agreed(it), amount=event.amount, reason="lost" if lost else "won")
        case CaptureFailed(code=code):
            return Facts(window=_agreed(it), amount=_approved(it), reason=code)
        case RefundMarked(refund=refund):
            return Facts(window=_agreed(it), amount=refund.amount, reason=refund.reason)
        case RefundGiven(amount=amount):
            # Why is between the admins: they write it for the audit.
            return Facts(window=_agreed(it), amount=amount)
        case RefundFailed(amount=amount, code=code):
            return Facts(window=_agreed(it), amount=amount, reason=code)
        case Held(hold=hold):
            return Facts(until=hold.until, reason=hold.reason)
        case IncidentOpened(incident=incident):
            return Facts(window=_agreed(before), until=incident.answer_due, reason=incident.note)
        case IncidentAnswered(statement=statement):
            return Facts(window=_agreed(before), reason=statement)
        case IncidentResolved(reason=reason):
            fee = it.payout.amount if it.payout else None
            return Facts(window=_agreed(before), amount=fee, reason=f"{event.verdict}: {reason}")
        case BecameOverdue() | Escalated():
            owed = after.obligation
            return Facts(until=owed.sla_due if owed else None, reason=owed.action if owed else "")
        case _:
            amount = it.payout.amount if it.payout else None
            return Facts(window=_agreed(it), amount=amount)


def _proposal(before: Assignment, after: Standing) -> Facts:
    proposal = after.assignment.open_proposal
    if proposal is None:
        return Facts()
    return Facts(
        version=proposal.version,
        window=proposal.window,
        previous=_agreed(before),
        until=after.proposal_expires_at,
        reason=proposal.note,
    )


def _called_off(before: Assignment, *, reason: str) -> Facts:
    """Return the facts of a visit that will not be; what was never agreed is in nobody's calendar."""
    if before.agreed is None:
        return Facts(reason=reason)
    return Facts(
        version=before.agreed.version,
        window=before.agreed.window,
        reason=reason,
        calendar=CalendarMethod.CANCEL,
        sequence=revision_that_clears(before),
    )


def _approved(assignment: Assignment) -> Money | None:
    approval = assignment.payout.approval if assignment.payout else None
    return approval.amount if approval else None


def _agreed(assignment: Assignment) -> VisitWindow | None:
    return assignment.agreed.window if assignment.agreed else None
