"""What became true of the money on the customer's card."""

from dataclasses import dataclass
from datetime import datetime

from fulfillment.domain.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureBegun:
    """From now on the card may be charged; `tries` counts the times that somebody meant it to be."""

    tries: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureFailed:
    """The payment provider said no for good, by its `code`; an admin has to look."""

    code: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureUnanswered:
    """Nobody knows whether the card was charged; we keep asking."""

    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CardWanted:
    """`amount` is to be held on the customer's card, as hold number `n`; an earlier one is let go."""

    n: int
    amount: Money
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CardAuthorised:
    """The money is held, until `capture_before`."""

    intent_id: str
    amount: Money
    capture_before: datetime | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CardNeedsCustomer:
    """The card was declined, or the bank wants its customer's consent; `problem` is the provider's code."""

    intent_id: str | None
    problem: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CardMissing:
    """The customer has no card on file."""

    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CardExpired:
    """The hold is gone, and with it the money that it kept for us."""

    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CardCaptured:
    """Money was taken from the card, as much as `captured`, whoever did it."""

    intent_id: str
    charge_id: str
    captured: Money
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CardLetGo:
    """Nobody needs this hold any more; it is to be released."""

    intent_id: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldReleased:
    """The payment provider has let a hold go."""

    intent_id: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CardDoubted:
    """Somebody should look at how the money stands."""

    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CardChecked:
    """Somebody has looked, and it stands as we knew it."""

    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargebackOpened:
    """The customer's bank asks for `amount` back; our evidence counts until `evidence_due`."""

    id: str
    amount: Money
    reason: str
    evidence_due: datetime | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargebackClosed:
    """The bank has decided: `lost` says that the money went back to the customer."""

    id: str
    amount: Money
    lost: bool
    at: datetime


CardEvent = (
    CardWanted
    | CardAuthorised
    | CardNeedsCustomer
    | CardMissing
    | CardExpired
    | CardCaptured
    | CardLetGo
    | HoldReleased
    | CardDoubted
    | CardChecked
    | CaptureBegun
    | CaptureFailed
    | CaptureUnanswered
    | ChargebackOpened
    | ChargebackClosed
)
