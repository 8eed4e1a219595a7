"""Payloads, readers and settings that tests of notifications begin with."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

from fulfillment.domain.messages import Notice, ReminderKind
from fulfillment.domain.people import Role
from fulfillment.notifications.payload import (
    AssignmentTold,
    CalendarTold,
    JobTold,
    Payload,
    RecipientTold,
    ReminderTold,
    WindowTold,
)
from fulfillment.notifications.sentences import REMINDER
from fulfillment.notifications.wording import Reader, Setting, Worded, worded

BERLIN, LONDON, NEW_YORK = "Europe/Berlin", "Europe/London", "America/New_York"
LINK = "https://nearby.example/visits/a1?version=3"
TITLE = "Mend the pipe"
PLACE = "Lindenallee 7, 10115 Berlin"
NAMES = {Role.CUSTOMER: "Ada Lovelace", Role.PROVIDER: "Bob Baumann", Role.OPS: "", Role.ADMIN: ""}
ACROSS = {Role.CUSTOMER: "Bob Baumann", Role.PROVIDER: "Ada Lovelace"}
IDS = {Role.CUSTOMER: "ada", Role.PROVIDER: "bob", Role.OPS: "ops", Role.ADMIN: "admins"}

LINKS = {
    "ics_url": "https://nearby.example/a1/calendar.ics",
    "google_url": "https://calendar.example/google?text=a&dates=b",
    "outlook_url": "https://calendar.example/outlook?subject=a&body=b",
}
INVITES = CalendarTold(method="REQUEST", sequence=0, **LINKS)
CALLS_OFF = CalendarTold(method="CANCEL", sequence=1, **LINKS)


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def window(start: str, *, hours: float = 2) -> WindowTold:
    begins = instant(start)
    return WindowTold(start=begins, end=begins + timedelta(hours=hours))


VISIT = window("2026-10-27T09:00")
OTHER_VISIT = window("2026-10-29T13:00")


def assignment(**changes: Any) -> AssignmentTold:
    fields: dict[str, Any] = {
        "id": "a1",
        "status": "scheduled",
        "schedule_version": 3,
        "customer_id": "ada",
        "provider_id": "bob",
        "reminder_overdue": False,
    }
    return AssignmentTold(**fields | changes)


def payload(type: str, *, to: Role = Role.CUSTOMER, **changes: Any) -> Payload:
    """Return a payload of an assignment; `changes` are fields of it."""
    fields: dict[str, Any] = {
        "id": f"a1|{type}|{to}:{IDS[to]}|7",
        "type": type,
        "occurred_at": instant("2026-10-20T08:00"),
        "recipient": RecipientTold(role=to, id=IDS[to]),
        "job": JobTold(id="j1", status="accepted", title=TITLE),
        "assignment": assignment(),
        "link": LINK,
    }
    return Payload(**fields | changes)


def reminder(kind: ReminderKind, *, to: Role = Role.CUSTOMER, **changes: Any) -> Payload:
    told = ReminderTold(kind=kind, basis="v3", n=1, due=instant("2026-10-26T09:00"))
    return payload(REMINDER, to=to, reminder=told, **changes)


def told_by(notice: Notice, *, about_job: bool, status: str = "scheduled") -> Payload:
    """Return the payload that a notice of the domain becomes."""
    facts: dict[str, Any] = Payload.facts(notice.facts)
    calendar = None
    if notice.facts.calendar and notice.to.role in ACROSS:
        calendar = CalendarTold(method=notice.facts.calendar, sequence=notice.facts.sequence or 0, **LINKS)
    return payload(
        notice.event,
        to=notice.to.role,
        assignment=None if about_job else assignment(status=status),
        calendar=calendar,
        **facts,
    )


def reader(role: Role = Role.CUSTOMER, *, timezone: str = BERLIN, name: str | None = None) -> Reader:
    return Reader(name=NAMES[role] if name is None else name, role=role, timezone=timezone)


def setting(role: Role = Role.CUSTOMER, **changes: Any) -> Setting:
    fields: dict[str, Any] = {"brand": "Nearby", "other": ACROSS.get(role), "title": TITLE, "place": PLACE}
    return Setting(**fields | changes)


def words(told: Payload, *, timezone: str = BERLIN, **changes: Any) -> Worded:
    """Return what the recipient of the payload reads."""
    role = told.recipient.role
    return worded(told, reader=reader(role, timezone=timezone), setting=setting(role, **changes))


def read_aloud(html: str) -> str:
    """Return what is read of a page by somebody who sees no style."""
    body = html.split("<body>")[1]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())
