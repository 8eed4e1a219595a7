"""What pages call things: statuses, turns and refusals, in words and in one of five tones.

Templates say `{{ assignment.status | status }}` and get a `Badge`; `turn` says who has to do what.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from fulfillment.domain.assignment.payout import PayoutStatus
from fulfillment.domain.assignment.state import Status
from fulfillment.domain.job.state import JobStatus, OfferStatus, QuoteStatus
from fulfillment.domain.people import Party, Role
from fulfillment.notifications.sentences.codes import ACTIONS


class Tone(StrEnum):
    """How something looks: it asks for something, is good, is calmly under way, is over, or is wrong."""

    ASKS = "asks"
    GOOD = "good"
    CALM = "calm"
    OFF = "off"
    ALARM = "alarm"


@dataclass(frozen=True, slots=True)
class Badge:
    says: str
    tone: Tone


STATUSES: Mapping[type[StrEnum], Mapping[str, Badge]] = {
    Status: {
        Status.AWAITING_SCHEDULE: Badge("Time to be agreed", Tone.ASKS),
        Status.SCHEDULED: Badge("Visit booked", Tone.GOOD),
        Status.IN_PROGRESS: Badge("Visit under way", Tone.GOOD),
        Status.PAYOUT_PENDING: Badge("Done, payout to be approved", Tone.CALM),
        Status.PAID: Badge("Done and paid", Tone.OFF),
        Status.CLOSED_UNPAID: Badge("Closed without payment", Tone.OFF),
        Status.REJECTED: Badge("Given back", Tone.OFF),
        Status.CANCELLED: Badge("Cancelled", Tone.OFF),
    },
    JobStatus: {
        JobStatus.OPEN: Badge("Just posted", Tone.CALM),
        JobStatus.QUOTING: Badge("Collecting quotes", Tone.CALM),
        JobStatus.OFFERING: Badge("Looking for a provider", Tone.CALM),
        JobStatus.ACCEPTED: Badge("In good hands", Tone.GOOD),
        JobStatus.REQUEUED: Badge("Looking for another provider", Tone.ALARM),
        JobStatus.UNFILLED: Badge("Nobody found yet, our team is on it", Tone.ALARM),
        JobStatus.COMPLETED: Badge("Completed", Tone.OFF),
        JobStatus.CANCELLED: Badge("Cancelled", Tone.OFF),
        JobStatus.EXPIRED: Badge("Expired", Tone.OFF),
    },
    QuoteStatus: {
        QuoteStatus.OPEN: Badge("Open", Tone.ASKS),
        QuoteStatus.STANDBY: Badge("On standby", Tone.CALM),
        QuoteStatus.ACCEPTED: Badge("Accepted", Tone.GOOD),
        QuoteStatus.DECLINED: Badge("Declined", Tone.OFF),
        QuoteStatus.WITHDRAWN: Badge("Withdrawn", Tone.OFF),
        QuoteStatus.EXPIRED: Badge("Expired", Tone.OFF),
    },
    OfferStatus: {
        OfferStatus.OPEN: Badge("Open", Tone.ASKS),
        OfferStatus.ACCEPTED: Badge("Accepted", Tone.GOOD),
        OfferStatus.DECLINED: Badge("Declined", Tone.OFF),
        OfferStatus.EXPIRED: Badge("Expired", Tone.OFF),
        OfferStatus.FILLED: Badge("Somebody else was quicker", Tone.OFF),
        OfferStatus.WITHDRAWN: Badge("Withdrawn", Tone.OFF),
    },
    PayoutStatus: {
        PayoutStatus.PENDING_APPROVAL: Badge("To be approved", Tone.ASKS),
        PayoutStatus.APPROVED: Badge("Approved", Tone.GOOD),
        PayoutStatus.CAPTURING: Badge("Being taken", Tone.CALM),
        PayoutStatus.CAPTURED: Badge("Paid by card", Tone.GOOD),
        PayoutStatus.SETTLED_MANUAL: Badge("Paid by transfer", Tone.GOOD),
        PayoutStatus.DENIED: Badge("Denied", Tone.ALARM),
        PayoutStatus.ON_HOLD: Badge("Disputed", Tone.ALARM),
        PayoutStatus.CAPTURE_FAILED: Badge("The charge failed", Tone.ALARM),
        PayoutStatus.CAPTURE_UNKNOWN: Badge("The charge is in doubt", Tone.ALARM),
        PayoutStatus.AUTHORIZATION_EXPIRED: Badge("The hold on the card ended", Tone.ALARM),
        PayoutStatus.AWAITING_CUSTOMER_PAYMENT: Badge("Waiting for the customer's card", Tone.ALARM),
        PayoutStatus.CLOSED_DENIED: Badge("Closed without payment", Tone.OFF),
        PayoutStatus.DISPUTED: Badge("Disputed at the bank", Tone.ALARM),
        PayoutStatus.REVERSED: Badge("Taken back by the bank", Tone.ALARM),
    },
}
"""By their type first: members of two enums that have one value are equal."""

ROLES: Mapping[Role, str] = {
    Role.CUSTOMER: "customer",
    Role.PROVIDER: "provider",
    Role.OPS: "operations",
    Role.ADMIN: "admin",
    Role.SYSTEM: "the clock",
}
SIDES: Mapping[Party, str] = {
    Party.CUSTOMER: "the customer",
    Party.PROVIDER: "the provider",
    Party.ADMIN: "our team",
}


def status(member: StrEnum) -> Badge:
    """Return what a status is called, and how it looks."""
    return STATUSES[type(member)][member.value]


def role(member: Role) -> str:
    return ROLES[member]


CAN_WAIT = frozenset({"check_in"})
"""What is somebody's turn long before its time has come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """Whose turn it is, in words: `who` has to do `what`, as in "propose a time".

    `can_wait` says that its time will come.
    """

    who: str
    what: str
    is_yours: bool
    can_wait: bool = False

    @property
    def asks(self) -> bool:
        """Whether the reader has something to do, and now."""
        return self.is_yours and not self.can_wait


def turn(party: Party, action: str, *, reader: Party, other: str) -> Turn:
    """Return whose turn it is as `reader` reads it, who calls the other side `other`."""
    what = ACTIONS.get(action, action.replace("_", " "))
    if party is reader:
        return Turn(who="you", what=what, is_yours=True, can_wait=action in CAN_WAIT)
    return Turn(who=SIDES[party] if party is Party.ADMIN else other, what=what, is_yours=False)
