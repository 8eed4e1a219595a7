"""An assignment: one job in one provider's hands, from acceptance to paid.

Read this file first, then `deciding.py`: `decide` says which requests are honoured and what then
becomes true; `evolve` says what the assignment looks like afterwards. Both are pure: the clock
comes in as `at`, nothing goes out but the return value.

    awaiting_schedule --confirm--> scheduled --check in--> in_progress
         |      ^                   |   |  ^                    |
         |      +------------------+    |  +--reschedule        |
         |                         |    +-------complete--------+--> payout_pending --approve--> paid
         +---reject---> rejected <-+                                      |  ^
         +---cancel---> cancelled <+                                    deny |
                                                                          |  resubmit
                                                                          +--+--> closed_unpaid

An incident leads from scheduled and in_progress to rejected, to payout_pending, or back to
awaiting_schedule (`incidents.py`).
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from fulfillment.domain.assignment.card import ON_THE_WAY, Card, CardStatus
from fulfillment.domain.assignment.incident import Incident
from fulfillment.domain.assignment.payout import Payout
from fulfillment.domain.money import Money
from fulfillment.domain.people import Party
from fulfillment.domain.window import VisitWindow


class Status(StrEnum):
    AWAITING_SCHEDULE = "awaiting_schedule"
    SCHEDULED = "scheduled"
    IN_PROGRESS = "in_progress"
    PAYOUT_PENDING = "payout_pending"
    PAID = "paid"
    CLOSED_UNPAID = "closed_unpaid"
    REJECTED = "rejected"
    CANCELLED = "cancelled"


CLOSED = frozenset({Status.PAID, Status.CLOSED_UNPAID, Status.REJECTED, Status.CANCELLED})


class Origin(StrEnum):
    """How the provider came to the job."""

    QUOTE = "quote"
    OFFER = "offer"
    OPS = "ops"


class ProposalStatus(StrEnum):
    OPEN = "open"
    CONFIRMED = "confirmed"
    SUPERSEDED = "superseded"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    VOID = "void"


class RejectReason(StrEnum):
    """Why a provider gives an assignment back; nobody gives the last two for themselves."""

    SICK = "sick"
    ON_LEAVE = "on_leave"
    CONFLICT = "conflict"
    EQUIPMENT = "equipment"
    LOCATION = "location"
    OTHER = "other"
    SLA_PROVIDER = "sla_provider"
    NO_SHOW = "no_show"


NOBODYS_OWN = frozenset({RejectReason.SLA_PROVIDER, RejectReason.NO_SHOW})
"""Reasons that the clock or operations give."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A window one side put forward; `version` is the schedule version it was made at.

    `marks` holds who has said yes so far; an admin's own proposal needs both sides.
    `late` marks a reschedule inside the cut-off.
    """

    version: int
    proposed_by: Party
    by: str
    window: VisitWindow
    made_at: datetime
    note: str = ""
    timezone: str | None = None
    late: bool = False
    marks: tuple[Party, ...] = ()
    status: ProposalStatus = ProposalStatus.OPEN
    responded_by: str | None = None
    responded_at: datetime | None = None
    forced_reason: str | None = None

    @property
    def is_open(self) -> bool:
        return self.status is ProposalStatus.OPEN

    @property
    def asked(self) -> tuple[Party, ...]:
        """The sides whose yes it takes; an admin's own proposal takes both."""
        both = (Party.CUSTOMER, Party.PROVIDER)
        return both if self.proposed_by is Party.ADMIN else (self.proposed_by.other,)

    @property
    def awaited(self) -> tuple[Party, ...]:
        """The sides whose yes is still missing."""
        return tuple(party for party in self.asked if party not in self.marks)


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreed:
    """The window in force; `version` is that of the proposal it came from."""

    window: VisitWindow
    version: int
    at: datetime
    confirmed_by: tuple[Party, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Replaced:
    """An agreed start that a reschedule replaced; the late-cancel rule looks back at it."""

    start: datetime
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A span [since, until) in which patience does not run; `until` moves up when somebody resumes early."""

    since: datetime
    until: datetime
    by: Party
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Extension:
    """A deadline that staff moved to another instant; holds from `since` on move it further."""

    deadline: str
    to: datetime
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """One job in one provider's hands, as it stands after `state_version` accepted steps.

    `epoch` counts the agreements (reminder basis); `schedule_version` counts every accepted change
    of the schedule, so that nobody confirms a window they have not seen. `proposal` is the latest
    one, open or not; `incident` is there while it is open. `turn` is the side that must propose next,
    since `turn_since`, when no proposal is open. `passed` names the deadlines already dealt with,
    `nudged` the sides that were nudged to propose in this epoch, once for each time. `card` is the latest
    hold on the customer's card, `let_go` are the holds that nobody needs any more and that still have to
    be released.
    """

    id: str
    job_id: str
    customer_id: str
    provider_id: str
    origin: Origin
    price: Money
    site_timezone: str
    created_at: datetime
    status: Status = Status.AWAITING_SCHEDULE
    status_entered_at: datetime
    epoch: int = 1
    state_version: int = 0

    schedule_version: int = 0
    proposals_made: int = 0
    proposal: Proposal | None = None
    superseded: tuple[int, ...] = ()
    agreed: Agreed | None = None
    replaced: tuple[Replaced, ...] = ()
    turn: Party = Party.PROVIDER
    turn_since: datetime

    rejected_at: datetime | None = None
    reject_reason: str | None = None
    late_rejection: bool = False
    cancelled_at: datetime | None = None
    cancel_reason: str | None = None
    keep_job: bool = False
    late_cancel: bool = False
    checked_in_at: datetime | None = None
    completed_at: datetime | None = None
    payout: Payout | None = None

    overdue_at: datetime | None = None
    holds: tuple[Hold, ...] = ()
    held_by: tuple[Party, ...] = ()
    passed: tuple[str, ...] = ()
    extended: tuple[Extension, ...] = ()
    nudged: tuple[Party, ...] = ()
    reminder_count: int = 0
    last_reminder_at: datetime | None = None
    incident: Incident | None = None
    card: Card | None = None
    let_go: tuple[str, ...] = ()

    @property
    def is_closed(self) -> bool:
        return self.status in CLOSED

    @property
    def open_proposal(self) -> Proposal | None:
        return self.proposal if self.proposal and self.proposal.is_open else None

    @property
    def capture_before(self) -> datetime | None:
        """The instant from which the money held on the card is gone, while some is held."""
        return self.card.capture_before if self.card and self.card.status is CardStatus.HELD else None

    @property
    def authorised(self) -> Money | None:
        """What may be taken from the card at the most, if one is to pay."""
        return self.card.amount if self.card and self.card.status in ON_THE_WAY else None

    def held_until(self, at: datetime) -> datetime | None:
        """Return until when the clock stands still, if it does at the moment `at`."""
        last = self.holds[-1] if self.holds else None
        return last.until if last and last.since <= at < last.until else None

    def person(self, party: Party) -> str:
        """Return the id of the person on that side; all admins share the id `admins`."""
        return {
            Party.CUSTOMER: self.customer_id,
            Party.PROVIDER: self.provider_id,
            Party.ADMIN: "admins",
        }[party]
