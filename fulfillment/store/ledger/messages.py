"""Reminders, and the outbox: what people are owed commits with the step that owes it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fulfillment.domain.assignment.entries import Entry
from fulfillment.domain.job.entries import JobEntry
from fulfillment.domain.messages import Recipient, Reminder
from fulfillment.domain.steps import Step
from fulfillment.store.ledger import sql
from fulfillment.store.ledger.history import About
from fulfillment.store.tables import Entity, ReminderStatus

CHANNEL = "email"
REMINDED = "notifyReminderSent"
"""The outside's name for the event that a reminder is."""

Entries = Sequence[Entry] | Sequence[JobEntry]

REMINDERS = (
    sql.once(
        "reminder",
        """assignment_id, job_id, kind, recipient_role, recipient_id, channel, basis, n, due_at, planned_at,
        dedupe_key, status, late_by_s""",
        rows="reminders",
    )
    + "RETURNING dedupe_key, status"
)
# A reminder is owed only by whoever planned it first. A skipped one is kept and owes nobody anything.
OUTBOX = f"""
    INSERT INTO notification_outbox (dedupe_key, entity, entity_id, state_version, event, reminder_kind,
        recipient_role, recipient_id, request_id, at)
    SELECT dedupe_key, entity, entity_id, state_version, event, reminder_kind,
        recipient_role, recipient_id, request_id, at
    FROM {sql.taken_apart("notification_outbox", rows="outbox")} AS owed
    WHERE reminder_kind IS NULL OR EXISTS (
        SELECT FROM reminders WHERE reminders.dedupe_key = owed.dedupe_key AND reminders.status = 'planned'
    )
    ON CONFLICT DO NOTHING
"""  # noqa: S608 - every name in it is ours

SQL = {"reminders": REMINDERS, "outbox": OUTBOX}


def messages(about: About, entries: Entries) -> dict[str, str]:
    """Return the reminders and messages that `entries` owe, each under its own key."""
    due = {
        reminder.dedupe_key(about.id, channel=CHANNEL): (each.step, reminder)
        for each in entries
        for reminder in each.reminders
    }
    planned = (_reminder(about, key, step, reminder) for key, (step, reminder) in due.items())
    return {"reminders": sql.rows(*planned), "outbox": sql.rows(*_owed(about, entries, due))}


def _reminder(about: About, key: str, step: Step, reminder: Reminder) -> dict[str, Any]:
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
        "planned_at": step.at,
        "dedupe_key": key,
        "status": ReminderStatus(reminder.verdict),
        "late_by_s": max(0, int((step.at - reminder.due).total_seconds())),
    }


def _owed(
    about: About, entries: Entries, due: Mapping[str, tuple[Step, Reminder]]
) -> Iterator[dict[str, Any]]:
    for each in entries:
        for notice in each.notices:
            yield _message(about, each.step, key=notice.key, event=notice.event, to=notice.to)
    for key, (step, reminder) in due.items():
        yield _message(about, step, key=key, event=REMINDED, to=reminder.to, kind=reminder.kind)


def _message(
    about: About, step: Step, *, key: str, event: str, to: Recipient, kind: str | None = None
) -> dict[str, Any]:
    return {
        "dedupe_key": key,
        "entity": about.entity,
        "entity_id": about.id,
        "state_version": step.number,
        "event": event,
        "reminder_kind": kind,
        "recipient_role": to.role,
        "recipient_id": to.id,
        "request_id": step.request_id,
        "at": step.at,
    }
