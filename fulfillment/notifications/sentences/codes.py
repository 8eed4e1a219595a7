"""Reasons that are codes, in words. Any other reason was written by somebody, and is shown as it is."""

import re
from collections.abc import Mapping

from fulfillment.domain.assignment.incident import IncidentVerdict
from fulfillment.domain.assignment.state import RejectReason
from fulfillment.domain.job.events import Unfilled
from fulfillment.domain.people import STAFF, Role

ACTIONS: Mapping[str, str] = {
    "propose_schedule": "propose a time",
    "confirm_schedule": "answer the proposed time",
    "check_in": "check in at the visit",
    "complete": "say that the work is done",
    "rule_on_payout": "decide on the payout",
    "resubmit_payout": "send the payout in again",
    "answer_incident": "say how the visit went",
    "resolve_incident": "resolve the incident",
    "resolve_dispute": "settle the dispute",
    "retry_capture": "look at the charge that failed",
    "reauthorise": "have the card authorised again",
    "pay": "see to the card that pays",
}
"""What somebody owes, by the `action` of an obligation."""

REASONS: Mapping[str, str] = {
    RejectReason.CONFLICT: "another appointment",
    RejectReason.EQUIPMENT: "the right equipment is missing",
    RejectReason.LOCATION: "the place is out of reach",
    RejectReason.OTHER: "another reason",
    RejectReason.SLA_PROVIDER: "no answer in time",
    RejectReason.NO_SHOW: "the visit did not take place",
    "sla_customer": "no answer in time",
    "amount_mismatch": "another amount was taken than the one approved",
    "authentication_required": "your bank wants you to confirm it",
    "card_declined": "the card was declined",
    "insufficient_funds": "there was not enough money on it",
    "expired_card": "the card has expired",
    Unfilled.NO_QUOTE: "no quote came in",
    Unfilled.NO_PROVIDER: "no provider was free",
    Unfilled.TOO_MANY_REQUEUES: "it came back too often",
    Unfilled.OUT_OF_TIME: "its time ran out",
}

PRIVATE: Mapping[str, str] = {RejectReason.SICK: "illness", RejectReason.ON_LEAVE: "leave"}
"""What is nobody's business but the provider's own and operations': the other side reads `UNAVAILABLE`."""
UNAVAILABLE = "not available"
CODE_BEFORE = re.compile(r"^[a-z0-9]+(_[a-z0-9]+)+(?=: )")
"""A code in front of what somebody wrote, as in `no_photo: Show the pipe.`"""


def reason_in_words(reason: str, *, to: Role) -> str:
    """Return a reason as that role reads it."""
    if reason in PRIVATE and to is Role.CUSTOMER:
        return UNAVAILABLE
    known = REASONS.get(reason) or PRIVATE.get(reason)
    if known is None:
        return CODE_BEFORE.sub(lambda code: code[0].replace("_", " "), reason)
    return f"{known} ({reason})" if to in STAFF else known


def verdict_of(reason: str) -> tuple[IncidentVerdict | None, str]:
    """Return the verdict that a reason begins with (`provider_fault: nobody came`), and the rest."""
    head, _, rest = reason.partition(":")
    if head in set(IncidentVerdict):
        return IncidentVerdict(head), rest.strip()
    return None, reason
