"""Whether a reminder still has something to say, as things stand when it is sent (traps R1, R5)."""

from datetime import datetime, timedelta
from typing import assert_never

from fulfillment.domain.assignment.card import CardStatus
from fulfillment.domain.assignment.payout import PayoutStatus
from fulfillment.domain.assignment.state import Assignment, Status
from fulfillment.domain.messages import Recipient, ReminderKind
from fulfillment.domain.people import Party, Role

UNPAID = frozenset({CardStatus.NEEDS_CUSTOMER, CardStatus.MISSING})
LEAST_LEAD = timedelta(minutes=1)
"""A visit that begins within this is not announced any more."""


def is_obsolete(
    assignment: Assignment, *, kind: ReminderKind, basis: str, to: Recipient, at: datetime
) -> bool:
    """Return whether what the reminder asks has been done, or what it announces is no more.

    `basis` is the promise it belongs to; one that was replaced by another is not reminded of.
    """
    return not _holds(assignment, kind, basis.partition("-")[0], to, at)


def _holds(  # noqa: C901, PLR0911 - one line a kind
    it: Assignment, kind: ReminderKind, basis: str, to: Recipient, at: datetime
) -> bool:
    match kind:
        case ReminderKind.PROPOSE_NUDGE:
            return _has_to_propose(it, to) and basis == f"e{it.epoch}"
        case ReminderKind.CONFIRM_NUDGE:
            return _has_to_answer(it, to) == basis
        case ReminderKind.VISIT_24H | ReminderKind.VISIT_2H | ReminderKind.VISIT:
            return _is_agreed(it, basis) and it.status is Status.SCHEDULED and _is_ahead(it, at)
        case ReminderKind.START_CHECK:
            return _is_agreed(it, basis) and it.status is Status.SCHEDULED
        case ReminderKind.COMPLETION_NUDGE:
            return _is_agreed(it, basis) and it.status in {Status.SCHEDULED, Status.IN_PROGRESS}
        case ReminderKind.PAYOUT_REVIEW:
            return _payout_is(it, PayoutStatus.PENDING_APPROVAL, basis)
        case ReminderKind.RESUBMIT_NUDGE:
            return _payout_is(it, PayoutStatus.DENIED, basis)
        case ReminderKind.AUTH_EXPIRING:
            return it.capture_before is not None and not it.is_closed
        case ReminderKind.PAYMENT_NUDGE:
            return it.card is not None and it.card.status in UNPAID and not it.is_closed
        case ReminderKind.OFFER_EXPIRING:
            return False  # an offer is a job's, and no assignment's
        case _:
            assert_never(kind)


def _has_to_propose(it: Assignment, to: Recipient) -> bool:
    owes = it.status is Status.AWAITING_SCHEDULE and it.open_proposal is None
    return owes and _side(to) is it.turn


def _has_to_answer(it: Assignment, to: Recipient) -> str | None:
    """Return the promise that an answer is owed on by that side, if one is."""
    proposal = it.open_proposal
    return f"v{proposal.version}" if proposal and _side(to) in proposal.awaited else None


def _is_agreed(it: Assignment, basis: str) -> bool:
    return it.agreed is not None and basis == f"v{it.agreed.version}"


def _is_ahead(it: Assignment, at: datetime) -> bool:
    return it.agreed is not None and it.agreed.window.start > at + LEAST_LEAD


def _payout_is(it: Assignment, status: PayoutStatus, basis: str) -> bool:
    return it.payout is not None and it.payout.status is status and basis == f"p{it.payout.attempt}"


def _side(to: Recipient) -> Party:
    return {Role.CUSTOMER: Party.CUSTOMER, Role.PROVIDER: Party.PROVIDER}.get(to.role, Party.ADMIN)
