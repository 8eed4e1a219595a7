"""What an event of the payment provider's can tell us, and whom it concerns."""

from collections.abc import Mapping
from enum import StrEnum

from fulfillment.store.tables import HoldStatus
from fulfillment.store.views.card_holds import KnownHold

SAYS: Mapping[str, frozenset[HoldStatus]] = {
    "payment_intent.amount_capturable_updated": frozenset({HoldStatus.HELD}),
    "payment_intent.succeeded": frozenset({HoldStatus.CAPTURED}),
    "payment_intent.canceled": frozenset({HoldStatus.EXPIRED, HoldStatus.RELEASED, HoldStatus.LETTING_GO}),
    "charge.expired": frozenset({HoldStatus.EXPIRED}),
    "payment_intent.payment_failed": frozenset({HoldStatus.NEEDS_CUSTOMER}),
    "payment_intent.requires_action": frozenset({HoldStatus.NEEDS_CUSTOMER}),
}
"""Events by which a hold may have changed without us, and how we would know it already if we did it."""
COMPLAINTS = "charge.dispute."
GIVEN_BACK = "charge.refunded"
"""Somebody gave money back; whoever has the say by now looks how much is left."""


class Concerns(StrEnum):
    """Who has to look at the payment provider because of an event."""

    NOBODY = "nobody"
    THE_RUN = "the_run"
    AFTERCARE = "aftercare"


def is_news(type: str) -> bool:
    """Return whether an event of that type can concern anybody."""
    return type in SAYS or type == GIVEN_BACK or type.startswith(COMPLAINTS)


def concerns(type: str, known: KnownHold) -> Concerns:
    """Return whom an event of that type concerns, the hold being known so."""
    if type.startswith(COMPLAINTS):
        return Concerns.AFTERCARE
    if type == GIVEN_BACK:
        return Concerns.AFTERCARE if known.is_over else Concerns.THE_RUN
    if type not in SAYS or known.status in SAYS[type] or known.is_over:
        return Concerns.NOBODY
    return Concerns.THE_RUN
