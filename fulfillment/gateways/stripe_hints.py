"""What Stripe sends us by itself, taken as a hint only: it says what to look at, not what to believe (R20).

HintRefused
├── SignatureWrong   none of our secrets made it
├── HintTooOld       it was signed too long ago, so it may be somebody's recording
└── NotAnEvent       well signed, and not in the shape of an event
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from stripe import SignatureVerificationError, WebhookSignature

TOLERANCE = 300
"""Seconds between a signature and its arrival. Stripe signs anew for each of its own repeats."""


class HintRefused(Exception):
    """A hint that nothing should be done about."""


class SignatureWrong(HintRefused):
    """None of our secrets made this signature."""


class HintTooOld(HintRefused):
    """It was signed too long ago."""


class NotAnEvent(HintRefused):
    """It was signed, but it is no event as Stripe describes them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hint:
    """Something may have happened to `intent_id` (pi_…), or to nothing we know if that is None.

    `event_id` (evt_…) is the same for each repeat of it, `type` is Stripe's word, `created` is when it
    happened, in UTC. Hints come more than once and in any order.
    """

    event_id: str
    type: str
    intent_id: str | None
    charge_id: str | None
    created: datetime


def read_hint(
    body: bytes,
    signature: str,
    secrets: tuple[str, ...],
    *,
    now: datetime,
    tolerance: float = TOLERANCE,
) -> Hint:
    """Return what `body` hints at, if one of `secrets` (whsec_…) made the `signature` at most a while ago.

    `body` is what arrived, byte for byte, and `signature` the header `Stripe-Signature`. While secrets
    are exchanged there are two. `tolerance` is in seconds.

    Raises:
        SignatureWrong, HintTooOld, NotAnEvent: see above.
    """
    if not any(_is_signed(body, signature, secret) for secret in secrets):
        raise SignatureWrong("none of our secrets made this signature")
    age = now.timestamp() - _signed_at(signature)
    if age > tolerance:
        raise HintTooOld(f"signed {age:.0f} s ago")
    return _hint(_event(body))


def _is_signed(body: bytes, signature: str, secret: str) -> bool:
    try:
        # The SDK would compare the time with its own clock; ours is given.
        return bool(WebhookSignature.verify_header(body, signature, secret, tolerance=None))
    except (SignatureVerificationError, UnicodeDecodeError, TypeError):
        # It compares texts of ASCII only, and says so by a TypeError.
        return False


def _signed_at(signature: str) -> int:
    """Return the time in a signature that was found good, read as the SDK read it: the first `t`."""
    items = (item.split("=", 2) for item in signature.split(","))
    return next(int(item[1]) for item in items if item[0] == "t")


def _event(body: bytes) -> Mapping[str, Any]:
    try:
        event = json.loads(body)
    except (ValueError, RecursionError):
        raise NotAnEvent("not JSON") from None
    if not isinstance(event, dict) or event.get("object") != "event":
        raise NotAnEvent("no event")
    return event


def _hint(event: Mapping[str, Any]) -> Hint:
    about = event.get("data")
    subject = about.get("object") if isinstance(about, dict) else None
    match event:
        case {"id": str(id), "type": str(type), "created": int(created)} if isinstance(subject, dict):
            intent_id, charge_id = _subject(subject)
            return Hint(
                event_id=id, type=type, intent_id=intent_id, charge_id=charge_id, created=_moment(created)
            )
        case _:
            raise NotAnEvent("an event without id, type, time or object")


def _subject(subject: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """Return the intent and the charge that `subject` is, or is about."""
    match subject.get("object"):
        case "payment_intent":
            return _id(subject), _id(subject.get("latest_charge"))
        case "charge":
            return _id(subject.get("payment_intent")), _id(subject)
        case "dispute" | "refund":
            return _id(subject.get("payment_intent")), _id(subject.get("charge"))
        case _:
            return None, None


def _id(it: object) -> str | None:
    """Return the id of something that is named or, if it was expanded, included."""
    id = it.get("id") if isinstance(it, dict) else it
    return id if isinstance(id, str) else None


def _moment(created: int) -> datetime:
    try:
        return datetime.fromtimestamp(created, UTC)
    except (ValueError, OverflowError, OSError):
        raise NotAnEvent("an event out of time") from None
