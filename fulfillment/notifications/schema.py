"""The shapes of what leaves us, as JSON Schema: for each event, the webhook, the mail and the text.

`python -m fulfillment.notifications.schema` writes them to `docs/notifications.schema.json`. Everything is
below `$defs`; what an event is on a channel is called `notifyScheduleProposed.webhook`.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field
from pydantic.json_schema import models_json_schema

from fulfillment.domain.messages import CalendarMethod
from fulfillment.notifications.payload import Payload, Told
from fulfillment.notifications.sentences import CATALOGUE, REMINDER
from fulfillment.notifications.wording import LONGEST_SHORT, LONGEST_SUBJECT

FILE = Path(__file__).resolve().parents[2] / "docs" / "notifications.schema.json"
DIALECT = "https://json-schema.org/draft/2020-12/schema"

Schema = dict[str, Any]
"""A JSON Schema is any JSON there is."""

EVENTS = tuple(sorted({key.partition("/")[0] for key in CATALOGUE}))

ALWAYS: Mapping[str, tuple[str, ...]] = {
    "notifyAssignmentCancelled": ("assignment",),
    "notifyAssignmentCompleted": ("assignment", "amount"),
    "notifyAssignmentOpened": ("assignment",),
    "notifyAssignmentRejected": ("assignment",),
    "notifyAuthorisationExpired": ("assignment", "amount"),
    "notifyCaptureFailed": ("assignment", "amount"),
    "notifyCaptureUnknown": ("assignment", "amount"),
    "notifyCardAuthorised": ("assignment", "amount"),
    "notifyCardCharged": ("assignment", "amount"),
    "notifyChargebackClosed": ("assignment", "amount"),
    "notifyChargebackOpened": ("assignment", "amount"),
    "notifyCheckedIn": ("assignment", "window"),
    "notifyDisputeResolved": ("assignment",),
    "notifyHeld": ("assignment", "until"),
    "notifyIncidentAnswered": ("assignment", "window"),
    "notifyIncidentResolved": ("assignment", "window"),
    "notifyIncidentUnanswered": ("assignment", "window"),
    "notifyJobExpired": ("until",),
    "notifyJobUnfilled": ("until",),
    "notifyChoiceOverdue": ("until",),
    "notifyLateCancel": ("assignment",),
    "notifyNoShowReported": ("assignment", "window", "until"),
    "notifyNoShowSuspected": ("assignment", "window"),
    "notifyOfferSent": ("amount", "until"),
    "notifyOverdue": ("assignment",),
    "notifyPaymentNeeded": ("assignment",),
    "notifyPayoutClosed": ("assignment", "amount"),
    "notifyPayoutDenied": ("assignment", "amount"),
    "notifyPayoutDisputed": ("assignment", "amount"),
    "notifyPayoutFirstMark": ("assignment", "amount"),
    "notifyPayoutPaid": ("assignment", "amount"),
    "notifyPayoutPending": ("assignment", "amount"),
    "notifyQuoteReceived": ("amount",),
    "notifyRefundFailed": ("assignment", "amount"),
    "notifyRefundFirstMark": ("assignment", "amount"),
    "notifyRefundGiven": ("assignment", "amount"),
    "notifyResumed": ("assignment",),
    "notifyScheduleConfirmed": ("assignment", "schedule_version", "window"),
    "notifyScheduleDeclined": ("assignment", "schedule_version", "window"),
    "notifyScheduleExpired": ("assignment", "schedule_version", "window"),
    "notifyScheduleProposed": ("assignment", "schedule_version", "window", "until"),
    "notifyScheduleWithdrawn": ("assignment", "schedule_version", "window"),
    REMINDER: ("reminder",),
}
"""What an event never goes without, beside what every payload has."""

CALENDARS: Mapping[str, CalendarMethod] = {
    "notifyAssignmentCancelled": CalendarMethod.CANCEL,
    "notifyAssignmentRejected": CalendarMethod.CANCEL,
    "notifyIncidentResolved": CalendarMethod.CANCEL,
    "notifyScheduleConfirmed": CalendarMethod.REQUEST,
}
"""The events that may change a calendar, and how; reminders carry no file (trap I3)."""


class CalendarFile(Told):
    """The calendar file in a mail (RFC 5545), and what it asks for: its own METHOD."""

    method: CalendarMethod
    ics: str


class Email(Told):
    """A mail as it goes out; a repeat has the same `messageId`."""

    to: Annotated[
        list[str], Field(min_length=1, description="Addresses: one person's, or all of our staff's.")
    ]
    subject: Annotated[str, Field(min_length=1, max_length=LONGEST_SUBJECT, pattern=r"^[^\r\n]+$")]
    text: Annotated[str, Field(min_length=1)]
    html: Annotated[str, Field(min_length=1)]
    message_id: Annotated[str, Field(pattern=r"^<[^<>\s]+@[^<>\s]+>$")]
    calendar: CalendarFile | None


class Sms(Told):
    """A text to one phone; it ends with the link."""

    to: Annotated[str, Field(pattern=r"^\+[1-9][0-9]{6,14}$", description="A number in E.164.")]
    body: Annotated[str, Field(max_length=LONGEST_SHORT, pattern=r"^([^\r\n]* )?https?://\S+$")]


def schemas() -> Schema:
    """Return the schema of everything, by names below `$defs`."""
    modes = [(Payload, "validation"), (Email, "validation"), (Sms, "validation")]
    _, shared = models_json_schema(modes, by_alias=True, ref_template="#/$defs/{model}")  # type: ignore[arg-type]  # a list of pairs is what it takes
    told = shared["$defs"]
    per_event = {
        f"{event}.{channel}": schema
        for event in EVENTS
        for channel, schema in {
            "webhook": _webhook(event, told),
            "email": _email(event),
            "sms": {"$ref": "#/$defs/Sms"},
        }.items()
    }
    return {
        "$schema": DIALECT,
        "title": "Notifications",
        "description": "What leaves us, by event and channel: see `$defs/notifyScheduleProposed.webhook`.",
        "$defs": told | per_event,
    }


def text() -> str:
    """Return the schemas as they stand in the file."""
    return json.dumps(schemas(), indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def _webhook(event: str, told: Schema) -> Schema:
    """Return the payload with this `type`, and with what the event never goes without."""
    fields = {_outside(name): _given(name, told) for name in ALWAYS.get(event, ())}
    return {
        "allOf": [{"$ref": "#/$defs/Payload"}],
        "properties": {"type": {"const": event}, **fields},
        "required": ["type", *fields],
    }


def _given(name: str, told: Schema) -> Schema:
    """Return the schema of a field of the payload that is there and not null."""
    either = told["Payload"]["properties"][_outside(name)]["anyOf"]
    given: Schema = next(each for each in either if each.get("type") != "null")
    return given


def _outside(name: str) -> str:
    return str(Payload.model_fields[name].alias)


def _email(event: str) -> Schema:
    method = CALENDARS.get(event)
    nothing = {"type": "null"}
    file = {"allOf": [{"$ref": "#/$defs/CalendarFile"}], "properties": {"method": {"const": method}}}
    calendar = {"anyOf": [file, nothing]} if method else nothing
    return {"allOf": [{"$ref": "#/$defs/Email"}], "properties": {"calendar": calendar}}


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
