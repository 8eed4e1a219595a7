"""Reminders, and the outbox: what people are owed commits with the step that owes it."""

from collections.abc import Iterator, Mapping, Sequence

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from fulfillment.domain.entries import Entry, Step
from fulfillment.domain.job_entries import JobEntry
from fulfillment.domain.reminders import Recipient, Reminder
from fulfillment.store.ledger.history import About
from fulfillment.store.tables import Entity, OutboxRow, ReminderRow, ReminderStatus

CHANNEL = "email"
REMINDED = "notifyReminderSent"
"""The outside's name for the event that a reminder is."""


async def write_messages(
    session: AsyncSession, about: About, entries: Sequence[Entry] | Sequence[JobEntry]
) -> None:
    """Plan each reminder once, by its key, and owe each message once.

    A skipped reminder is kept with its verdict and owes nobody anything. One that is there already,
    whoever put it there, is that one's to send.
    """
    due = {
        reminder.dedupe_key(about.id, channel=CHANNEL): (each.step, reminder)
        for each in entries
        for reminder in each.reminders
    }
    fresh = await _plan(session, about, due) if due else frozenset()
    owed = [*_noticed(about, entries)]
    owed += [_reminding(about, key, *due[key]) for key in due if key in fresh]
    if owed:
        await session.execute(insert(OutboxRow).values(owed).on_conflict_do_nothing())


async def _plan(
    session: AsyncSession, about: About, due: Mapping[str, tuple[Step, Reminder]]
) -> frozenset[str]:
    """Write the reminders and return the keys of those that were not there and are to be sent."""
    rows = [_row(about, key, step, reminder) for key, (step, reminder) in due.items()]
    written = await session.execute(
        insert(ReminderRow)
        .values(rows)
        .on_conflict_do_nothing(index_elements=[ReminderRow.dedupe_key])
        .returning(ReminderRow.dedupe_key, ReminderRow.status)
    )
    return frozenset(key for key, status in written if status == ReminderStatus.PLANNED)


def _row(about: About, key: str, step: Step, reminder: Reminder) -> dict[str, object]:
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


def _noticed(about: About, entries: Sequence[Entry] | Sequence[JobEntry]) -> Iterator[dict[str, object]]:
    for each in entries:
        for notice in each.notices:
            yield _owed(about, each.step, key=notice.key, event=notice.event, to=notice.to)


def _reminding(about: About, key: str, step: Step, reminder: Reminder) -> dict[str, object]:
    return _owed(about, step, key=key, event=REMINDED, to=reminder.to, kind=reminder.kind)


def _owed(
    about: About, step: Step, *, key: str, event: str, to: Recipient, kind: str | None = None
) -> dict[str, object]:
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
