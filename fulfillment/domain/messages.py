"""Messages: notices of what happened, and reminders of what is owed; each to one person, once."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from fulfillment.domain.money import Money
from fulfillment.domain.people import Role
from fulfillment.domain.window import VisitWindow


class Channel(StrEnum):
    """A way to reach somebody. A calendar is written to, a webhook is told; people are mailed or texted."""

    EMAIL = "email"
    SMS = "sms"
    WEBHOOK = "webhook"
    CALENDAR = "calendar"


class CalendarMethod(StrEnum):
    """What a calendar file asks of whoever receives it (RFC 5546)."""

    REQUEST = "REQUEST"
    CANCEL = "CANCEL"
    PUBLISH = "PUBLISH"


class ReminderKind(StrEnum):
    PROPOSE_NUDGE = "propose_nudge"
    CONFIRM_NUDGE = "confirm_nudge"
    VISIT_24H = "visit_24h"
    VISIT_2H = "visit_2h"
    VISIT = "visit"
    START_CHECK = "start_check"
    COMPLETION_NUDGE = "completion_nudge"
    PAYOUT_REVIEW = "payout_review"
    AUTH_EXPIRING = "auth_expiring"
    PAYMENT_NUDGE = "payment_nudge"
    RESUBMIT_NUDGE = "resubmit_nudge"
    OFFER_EXPIRING = "offer_expiring"


class Verdict(StrEnum):
    """What becomes of a reminder at its moment. Nothing is dropped without a word (traps R3, R16)."""

    PLANNED = "planned"
    SKIPPED_COVERED = "skipped_covered"
    SKIPPED_LATE = "skipped_late"
    SKIPPED_OBSOLETE = "skipped_obsolete"
    SKIPPED_QUIET = "skipped_quiet"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """A person by id and the role they are addressed in; `admins` and `ops` stand for all of them."""

    role: Role
    id: str

    def __str__(self) -> str:
        return f"{self.role}:{self.id}"


ADMINS = Recipient(role=Role.ADMIN, id="admins")
OPS = Recipient(role=Role.OPS, id="ops")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminder:
    """One reminder of kind `kind`; `basis` says which promise it belongs to, `n` counts from 1 within it.

    The rest is why it came when it did: `rule` is the deadline it hangs on, `moved_from` the instant it
    would have had without quiet hours, and `zone` the recipient's own, by which those were judged.
    """

    kind: ReminderKind
    to: Recipient
    basis: str
    n: int
    due: datetime
    verdict: Verdict = Verdict.PLANNED
    rule: str = ""
    moved_from: datetime | None = None
    zone: str = ""

    def dedupe_key(self, about: str, *, channel: str) -> str:
        """Return the key under which this reminder is sent at most once; `about` is the assignment or job."""
        return f"{about}|{self.kind}|{self.to}|{self.basis}|{self.n}|{channel}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a notice says of its event, as it was; names, addresses and zones are looked up when it is sent.

    `version` is the schedule's, `window` the one it is about, `previous` the one that it replaces;
    `until` is by when an answer is due, or how long something lasts. `calendar` says what becomes of the
    visit in the recipient's calendar, as revision `sequence` of it.
    """

    version: int | None = None
    window: VisitWindow | None = None
    previous: VisitWindow | None = None
    until: datetime | None = None
    amount: Money | None = None
    reason: str = ""
    calendar: CalendarMethod | None = None
    sequence: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One message owed to one person. `event` is its name for the outside; the text is made when it is sent.

    `key` makes a repeat harmless: it names what the notice is about, the event, the person and the
    step that caused it.
    """

    key: str
    event: str
    to: Recipient
    facts: Facts = Facts()
