"""Reminders, and the outbox: what people are owed commits with the step that owes it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from fulfillment.domain.assignment.entries import Entry
from fulfillment.domain.job.entries import JobEntry
from fulfillment.domain.messages import Channel, Facts, Notice, Reminder
from fulfillment.domain.steps import Step
from fulfillment.store import wire
from fulfillment.store.ledger import sql
from fulfillment.store.ledger.history import About
from fulfillment.store.tables import Entity, ReminderStatus

CHANNEL = Channel.EMAIL
"""What a reminder is planned for; the key it is deduplicated by says so, whatever way it goes in the end."""
REMINDED = "notifyReminderSent"
"""The outside's name for the event that a reminder is."""

Entries = Sequence[Entry] | Sequence[JobEntry]

REMINDERS = (
    sql.once(
        "reminder",
        """assignment_id, job_id, kind, recipient_role, recipient_id, channel, basis, n, due_at, planned_at,
        dedupe_key, status, late_by_s, rule, moved_from, zone, state_version, swept""",
        rows="reminders",
    )
    + "RETURNING dedupe_key, status"
)
# A reminder is owed only by whoever planned it first. A skipped one is kept and owes nobody anything.
OUTBOX = f"""
    INSERT INTO notification_outbox (dedupe_key, entity, entity_id, state_version, event, reminder_kind,
        recipient_role, recipient_id, request_id, at, facts, swept)
    SELECT dedupe_key, entity, entity_id, state_version, event, reminder_kind,
        recipient_role, recipient_id, request_id, at, facts, swept
    FROM {sql.taken_apart("notification_outbox", rows="outbox")} AS owed
    WHERE reminder_kind IS NULL OR EXISTS (
        SELECT FROM reminders WHERE reminders.dedupe_key = owed.dedupe_key AND reminders.status = 'planned'
    )
    ON CONFLICT DO NOTHING
"""  # noqa: S608 - every name in it is ours

SQL = {"reminders": REMINDERS, "outbox": OUTBOX}
SWEPT = sql.together("SELECT count(*) FROM reminders", **SQL)


def messages(about: About, entries: Entries) -> dict[str, str]:
    """Return the reminders and messages that `entries` owe, each under its own key."""
    fell_due = tuple(
        Due(reminder=reminder, number=each.step.number, request_id=each.step.request_id, at=each.step.at)
        for each in entries
        for reminder in each.reminders
    )
    notices = (_notice(about, each.step, notice) for each in entries for notice in each.notices)
    owed = reminders(about, fell_due)
    return {"reminders": sql.rows(*owed.reminders), "outbox": sql.rows(*notices, *owed.messages)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A reminder whose moment has come by step `number`, or by the sweep, which is no step."""

    reminder: Reminder
    at: datetime
    number: int = 0
    request_id: str = ""
    swept: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """Rows of reminders, and of the messages that they are if they are not skipped."""

    reminders: tuple[dict[str, Any], ...]
    messages: tuple[dict[str, Any], ...]


def reminders(about: About, fell_due: Sequence[Due]) -> Owed:
    """Return what the reminders that have come leave in both tables; the first account of a key stands."""
    by_key = {each.reminder.dedupe_key(about.id, channel=CHANNEL): each for each in fell_due}
    return Owed(
        reminders=tuple(_reminder(about, key, each) for key, each in by_key.items()),
        messages=tuple(_message(about, key, each) for key, each in by_key.items()),
    )


async def record_swept(session: AsyncSession, about: About, fell_due: Sequence[Due]) -> int:
    """Write reminders that no run has written yet, with the messages they are; return how many were new.

    The run that wakes later finds them there, and owes nobody a second one.
    """
    await sql.take_turns(session, about.turn)
    owed = reminders(about, fell_due)
    rows = {"reminders": sql.rows(*owed.reminders), "outbox": sql.rows(*owed.messages)}
    new: int = (await session.execute(SWEPT, rows)).scalar_one()
    return new


def _reminder(about: About, key: str, due: Due) -> dict[str, Any]:
    reminder = due.reminder
    return {
        "assignment_id": about.id if about.entity is Entity.ASSIGNMENT else None,
        "job_id": about.id if about.entity is Entity.JOB else None,
        "kind": reminder.kind,
        "recipient_role": reminder.to.role,
        "recipient_id": reminder.to.id,
        "channel": CHANNEL,
        "basis": reminder.basis,
        "n": reminder.n,
        "due_at": reminder.due,
        "planned_at": due.at,
        "dedupe_key": key,
        "status": ReminderStatus(reminder.verdict),
        "late_by_s": max(0, int((due.at - reminder.due).total_seconds())),
        "rule": reminder.rule,
        "moved_from": reminder.moved_from,
        "zone": reminder.zone,
        "state_version": due.number,
        "swept": due.swept,
    }


def _message(about: About, key: str, due: Due) -> dict[str, Any]:
    reminder = due.reminder
    return {
        "dedupe_key": key,
        "entity": about.entity,
        "entity_id": about.id,
        "state_version": due.number,
        "event": REMINDED,
        "reminder_kind": reminder.kind,
        "recipient_role": reminder.to.role,
        "recipient_id": reminder.to.id,
        "request_id": due.request_id,
        "at": due.at,
        "facts": wire.facts_to_json(Facts()),
        "swept": due.swept,
    }


def _notice(about: About, step: Step, notice: Notice) -> dict[str, Any]:
    return {
        "dedupe_key": notice.key,
        "entity": about.entity,
        "entity_id": about.id,
        "state_version": step.number,
        "event": notice.event,
        "recipient_role": notice.to.role,
        "recipient_id": notice.to.id,
        "request_id": step.request_id,
        "at": step.at,
        "facts": wire.facts_to_json(notice.facts),
        "swept": False,
    }
