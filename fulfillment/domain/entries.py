"""What the ledger is handed: numbered entries, each a step that was taken, and refusals to be seen."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from fulfillment.domain.announcing import Notice, announce
from fulfillment.domain.assignment import Assignment
from fulfillment.domain.commands import Command, Source, fingerprint
from fulfillment.domain.events import Event, ReminderFellDue
from fulfillment.domain.people import Actor
from fulfillment.domain.policy import Policy
from fulfillment.domain.reminders import Reminder
from fulfillment.domain.standing import Standing, standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Who asked for what, when, by which door; the part of an entry that the audit keeps.

    `number` counts the accepted steps from 1 without a gap. `was` and `now` are the statuses around it.
    """

    number: int
    command: str
    command_id: str
    fingerprint: str
    request_id: str
    actor: Actor
    source: Source
    was: str
    now: str
    reason: str
    events: tuple[str, ...]
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A request that was refused and still has to be seen: signals get no other answer."""

    command: str
    command_id: str
    actor: Actor
    source: Source
    code: str
    detail: str
    at: datetime
    request_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One accepted step of an assignment, how it stands after it, and who is to be told."""

    step: Step
    standing: Standing
    reminders: tuple[Reminder, ...] = ()
    notices: tuple[Notice, ...] = ()


def entry(
    before: Assignment,
    command: Command,
    events: Sequence[Event],
    after: Assignment,
    *,
    at: datetime,
    policy: Policy,
) -> Entry:
    """Return the entry that `command` leaves in the ledger."""
    return Entry(
        step=step(before.status, command, events, after.status, number=after.state_version, at=at),
        standing=standing(after, policy),
        reminders=tuple(_reminders(events)),
        notices=tuple(notice for event in events for notice in announce(after, event)),
    )


def step(
    was: str, command: Command, events: Sequence[object], now: str, *, number: int, at: datetime
) -> Step:
    """Return the audit's part of an entry."""
    return Step(
        number=number,
        command=type(command).__name__,
        command_id=command.command_id,
        fingerprint=fingerprint(command),
        request_id=command.request_id,
        actor=command.actor,
        source=command.source,
        was=was,
        now=now,
        reason=reason_of(command),
        events=tuple(type(event).__name__ for event in events),
        at=at,
    )


def reason_of(command: Command) -> str:
    """Return why, in the words of whoever asked; deadlines give their own id."""
    words = (getattr(command, field, "") for field in ("reason_code", "reason", "note", "deadline_id"))
    return ": ".join(word for word in words if word)


def _reminders(events: Sequence[Event]) -> Iterator[Reminder]:
    for event in events:
        if isinstance(event, ReminderFellDue):
            yield event.reminder
