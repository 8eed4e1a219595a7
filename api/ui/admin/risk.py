"""Money at risk: how the hold on a customer's card stands, and when it is gone."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from api.schemas.payouts import CardShown
from api.ui.moments import duration
from api.ui.words import Badge, Tone
from fulfillment.domain.assignment.card import CardStatus
from fulfillment.domain.assignment.money_deadlines import AUTH_WARNINGS

SOON, AT_ONCE = AUTH_WARNINGS[0], AUTH_WARNINGS[1]
"""With so much time left admins are warned, and what comes then cannot wait for the next day."""

NO_CARD = Badge("No card", Tone.OFF)
BADGES = {
    CardStatus.WANTED: Badge("Hold asked for", Tone.CALM),
    CardStatus.HELD: Badge("Held", Tone.CALM),
    CardStatus.CAPTURED: Badge("Taken", Tone.GOOD),
    CardStatus.NEEDS_CUSTOMER: Badge("Card declined", Tone.ALARM),
    CardStatus.EXPIRED: Badge("Hold is gone", Tone.ALARM),
    CardStatus.RELEASED: Badge("Hold let go", Tone.OFF),
    CardStatus.MISSING: NO_CARD,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Risk:
    """How a hold stands, in words and a tone; `until` is when it ends, or has ended."""

    badge: Badge
    until: datetime | None = None


def risk_of(card: CardShown | None, *, now: datetime) -> Risk:
    """Return what is at risk; without a card nothing is, as money is moved by hand."""
    if card is None:
        return Risk(badge=NO_CARD)
    if card.status is not CardStatus.HELD or card.capture_before is None:
        gone = card.capture_before if card.status is CardStatus.EXPIRED else None
        return Risk(badge=BADGES[card.status], until=gone)
    return Risk(badge=_ending(card.capture_before - now), until=card.capture_before)


def _ending(left: timedelta) -> Badge:
    if left <= timedelta():
        return Badge("Hold has ended", Tone.ALARM)
    says = f"Hold ends in {duration(left)}"
    if left <= AT_ONCE:
        return Badge(says, Tone.ALARM)
    return Badge(says, Tone.ASKS if left <= SOON else Tone.CALM)
