"""After the end: the customer's bank asks for the money back, and decides (P18)."""

from collections.abc import Sequence
from datetime import datetime

from fulfillment.domain.assignment.card_events import ChargebackClosed, ChargebackOpened
from fulfillment.domain.assignment.commands import RecordChargeback
from fulfillment.domain.assignment.events import Event
from fulfillment.domain.assignment.payout import PayoutStatus
from fulfillment.domain.assignment.state import Assignment
from fulfillment.domain.errors import WrongState
from fulfillment.domain.people import Role

TAKEN = frozenset({PayoutStatus.CAPTURED, PayoutStatus.DISPUTED, PayoutStatus.REVERSED})


def record_chargeback(assignment: Assignment, command: RecordChargeback, *, at: datetime) -> Sequence[Event]:
    """Take in how a chargeback stands; what is known already changes nothing.

    Raises:
        RoleForbidden: only the system knows.
        WrongState: no money was taken from a card.
    """
    command.actor.expect(Role.SYSTEM)
    payout = assignment.payout
    if payout is None or payout.status not in TAKEN:
        raise WrongState("no money was taken from a card for this")
    closed = ChargebackClosed(id=command.chargeback_id, amount=command.amount, lost=command.is_lost, at=at)
    if command.is_open:
        opened = ChargebackOpened(
            id=command.chargeback_id,
            amount=command.amount,
            reason=command.reason,
            evidence_due=command.evidence_due,
            at=at,
        )
        return (opened,) if payout.status is PayoutStatus.CAPTURED else ()
    if command.is_lost:
        return () if payout.status is PayoutStatus.REVERSED else (closed,)
    return (closed,) if payout.status is PayoutStatus.DISPUTED else ()
