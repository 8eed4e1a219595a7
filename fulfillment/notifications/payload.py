"""The payload of a notification: what is said, as data. Wording is made of it, and webhooks carry it.

Its names are a contract with whoever receives webhooks; `docs/notifications.schema.json` has its schema.
"""

from datetime import UTC, datetime
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer
from pydantic.alias_generators import to_camel

from fulfillment.domain.assignment.state import Assignment
from fulfillment.domain.messages import CalendarMethod, Facts, ReminderKind
from fulfillment.domain.money import Money
from fulfillment.domain.people import Role
from fulfillment.domain.window import VisitWindow


def _rfc3339(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


Instant = Annotated[datetime, PlainSerializer(_rfc3339, when_used="json")]
"""An instant in UTC, as RFC 3339 with `Z`."""


class Told(BaseModel):
    """Part of a payload: camelCase outside, nothing in it that is not named here."""

    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, extra="forbid", frozen=True, from_attributes=True
    )


class WindowTold(Told):
    """A half-open span [start, end)."""

    start: Instant
    end: Instant

    @classmethod
    def of(cls, window: VisitWindow | None) -> Self | None:
        return cls(start=window.start, end=window.end) if window else None


class MoneyTold(Told):
    """`amount` in minor units."""

    amount: int
    currency: str

    @classmethod
    def of(cls, money: Money | None) -> Self | None:
        return cls(amount=money.amount, currency=money.currency) if money else None


class RecipientTold(Told):
    """Whom it is for: a person by id, or `ops` and `admins` for all of them."""

    role: Role
    id: str


class AssignmentTold(Told):
    """The assignment as it is when the message is made."""

    id: str
    status: str
    schedule_version: int
    customer_id: str
    provider_id: str
    reminder_overdue: bool

    @classmethod
    def of(cls, assignment: Assignment) -> Self:
        return cls(
            id=assignment.id,
            status=assignment.status,
            schedule_version=assignment.schedule_version,
            customer_id=assignment.customer_id,
            provider_id=assignment.provider_id,
            reminder_overdue=assignment.overdue_at is not None,
        )


class JobTold(Told):
    id: str
    status: str | None = None
    title: str | None = None


class ReminderTold(Told):
    """Which reminder it is: of which promise (`basis`), the how manieth (`n`), and when it was due."""

    kind: ReminderKind
    basis: str
    n: int
    due: Instant


class CalendarTold(Told):
    """What becomes of the visit in the recipient's calendar, and where its file and links are."""

    method: CalendarMethod
    sequence: int
    ics_url: str | None = None
    google_url: str | None = None
    outlook_url: str | None = None


class Payload(Told):
    """One message to one recipient. `id` is the same for every delivery of it, `type` is the event's name."""

    id: str
    type: str
    occurred_at: Instant
    request_id: str = ""
    recipient: RecipientTold
    job: JobTold
    assignment: AssignmentTold | None = None
    schedule_version: Annotated[
        int | None, Field(description="The version of the schedule that the message is about.")
    ] = None
    window: WindowTold | None = None
    previous_window: WindowTold | None = None
    until: Annotated[
        Instant | None, Field(description="By when an answer is due, or how long something lasts.")
    ] = None
    amount: MoneyTold | None = None
    reason: str = ""
    reminder: ReminderTold | None = None
    calendar: CalendarTold | None = None
    link: Annotated[
        str, Field(description="Where the recipient sees it and acts; opening it changes nothing.")
    ]

    @classmethod
    def facts(cls, facts: Facts) -> dict[str, object]:
        """Return the fields that the facts of an event fill, by name."""
        return {
            "schedule_version": facts.version,
            "window": WindowTold.of(facts.window),
            "previous_window": WindowTold.of(facts.previous),
            "until": facts.until,
            "amount": MoneyTold.of(facts.amount),
            "reason": facts.reason,
        }
