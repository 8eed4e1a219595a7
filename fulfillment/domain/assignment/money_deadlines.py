"""The deadlines that money has: the ruling on a payout, the way out of a denial, the hold on the card."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from fulfillment.domain.assignment.card import Card, CardStatus
from fulfillment.domain.assignment.deadline import HALF, WHOLE, Deadline, DeadlineKind
from fulfillment.domain.assignment.ladder import ladder
from fulfillment.domain.assignment.moving import put_off, too_late_to_capture
from fulfillment.domain.assignment.payout import Payout, PayoutStatus
from fulfillment.domain.assignment.state import Assignment, Status
from fulfillment.domain.people import Party
from fulfillment.domain.policy import Policy

AUTH_WARNINGS = (timedelta(hours=48), timedelta(hours=24), timedelta(hours=2))
PAYMENT_NUDGES = 3
CHECK_EVERY = timedelta(minutes=10)
CAPTURE_CHECKS = timedelta(hours=24) // CHECK_EVERY
HELD_ANEW = frozenset({CardStatus.EXPIRED, CardStatus.RELEASED})
"""Such a card is no obstacle to another hold before the visit; one that was declined waits for its owner."""
HELD_AGAIN_AFTER = timedelta(hours=6)
"""However short holds on a card are, another follows no sooner than this."""
AHEAD_OF_THE_PAYOUT = frozenset({Status.SCHEDULED, Status.IN_PROGRESS})


def payout_deadlines(assignment: Assignment, policy: Policy) -> Iterator[Deadline]:
    payout = assignment.payout
    if payout is None:
        return
    basis = f"p{payout.attempt}-{payout.returned + 1}" if payout.returned else f"p{payout.attempt}"
    if payout.status is PayoutStatus.CAPTURE_UNKNOWN and payout.stalled_at:
        yield from _check(payout, since=payout.stalled_at)
    if payout.status is PayoutStatus.PENDING_APPROVAL:
        yield from ladder(
            assignment,
            DeadlineKind.SLA_PAYOUT,
            since=payout.submitted_at,
            patience=policy.sla_payout,
            to=Party.ADMIN,
            basis=basis,
        )
    if payout.status is PayoutStatus.DENIED and payout.ruling:
        yield from _resubmission(assignment, payout, denied=payout.ruling.at, policy=policy)


def card_deadlines(assignment: Assignment, policy: Policy) -> Iterator[Deadline]:
    """Yield when money is to be held, the warnings that a hold is about to end (P16), and its end."""
    card = assignment.card
    if policy.card_payments and (card is None or card.status in HELD_ANEW):
        yield from _authorise(assignment, number=card.n + 1 if card else 1, policy=policy)
    if card is None:
        return
    if card.status is CardStatus.NEEDS_CUSTOMER or _nothing_to_pay_with(assignment):
        yield from _payment_nudges(assignment, card)
    if assignment.capture_before is None:
        return
    basis = f"i{card.intent_id}"
    for n, before in enumerate(AUTH_WARNINGS, start=1):
        yield Deadline(
            id=f"auth_expiring/{basis}/{n}",
            kind=DeadlineKind.AUTH_EXPIRING,
            due=assignment.capture_before - before,
            to=Party.ADMIN,
            basis=basis,
            n=n,
        )
    yield Deadline(
        id=f"auth_expiry/{basis}",
        kind=DeadlineKind.AUTH_EXPIRY,
        due=assignment.capture_before,
        to=Party.ADMIN,
        basis=basis,
    )


def _authorise(assignment: Assignment, *, number: int, policy: Policy) -> Iterator[Deadline]:
    """Yield when the visit's price is held: so late that the hold lasts until the payout is ruled on."""
    agreed = assignment.agreed
    if agreed is None or assignment.payout or assignment.status not in AHEAD_OF_THE_PAYOUT:
        return
    moments = [agreed.window.end + policy.sla_payout - policy.auth_lifetime, agreed.at]
    if assignment.card and assignment.card.status is CardStatus.EXPIRED:
        moments.append(assignment.card.since + HELD_AGAIN_AFTER)
    basis = f"v{agreed.version}"
    yield Deadline(
        id=f"authorise/{basis}/{number}",
        kind=DeadlineKind.AUTHORISE,
        due=max(moments),
        to=Party.ADMIN,
        basis=basis,
        n=number,
    )


def _nothing_to_pay_with(assignment: Assignment) -> bool:
    """Return whether a payout waits for a customer who has no card on file."""
    missing = assignment.card is not None and assignment.card.status is CardStatus.MISSING
    waits = assignment.payout and assignment.payout.status is PayoutStatus.AWAITING_CUSTOMER_PAYMENT
    return missing and bool(waits)


def _payment_nudges(assignment: Assignment, card: Card) -> Iterator[Deadline]:
    """Yield the daily word to the customer that their card has to be seen to (P9)."""
    for n in range(1, PAYMENT_NUDGES + 1):
        yield Deadline(
            id=f"payment_nudge/c{card.n}/{n}",
            kind=DeadlineKind.PAYMENT_NUDGE,
            due=put_off(assignment, card.since + timedelta(days=n), since=card.since),
            to=Party.CUSTOMER,
            basis=f"c{card.n}",
            n=n,
        )


def _check(payout: Payout, *, since: datetime) -> Iterator[Deadline]:
    """Yield the next look for the outcome of a capture that nobody answered; at last a person has to (P7)."""
    n = payout.checks + 1
    basis = f"p{payout.attempt}.t{payout.tries}"
    if n <= CAPTURE_CHECKS:
        yield Deadline(
            id=f"capture_check/{basis}/{n}",
            kind=DeadlineKind.CAPTURE_CHECK,
            due=since + n * CHECK_EVERY,
            to=Party.ADMIN,
            basis=basis,
            n=n,
        )


def _resubmission(
    assignment: Assignment, payout: Payout, *, denied: datetime, policy: Policy
) -> Iterator[Deadline]:
    """Yield the end of the time to resubmit, and half-way there a nudge if an attempt is left (P11, P13)."""
    room, latest = policy.resubmit_window, too_late_to_capture(assignment)
    if latest:
        room = max(min(room, latest - denied), timedelta())
    shares = {DeadlineKind.RESUBMIT_NUDGE: HALF, DeadlineKind.RESUBMIT_EXPIRY: WHOLE}
    if payout.submissions >= policy.max_attempts:
        del shares[DeadlineKind.RESUBMIT_NUDGE]
    for kind, share in shares.items():
        due = put_off(assignment, denied + room * share, since=denied)
        yield Deadline(
            id=f"{kind}/p{payout.attempt}",
            kind=kind,
            due=min(due, max(latest, denied)) if latest else due,
            to=Party.PROVIDER,
            basis=f"p{payout.attempt}",
        )
