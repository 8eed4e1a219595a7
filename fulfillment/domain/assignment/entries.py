"""What the ledger is handed about an assignment: numbered entries, each a step that was taken."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from fulfillment.domain.assignment.announcing import announce
from fulfillment.domain.assignment.events import Event, ReminderFellDue
from fulfillment.domain.assignment.money_moves import MoneyMove, moves
from fulfillment.domain.assignment.standing import Standing, standing
from fulfillment.domain.assignment.state import Assignment
from fulfillment.domain.command import Command
from fulfillment.domain.messages import Notice, Reminder
from fulfillment.domain.policy import Policy
from fulfillment.domain.steps import Step, step


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One accepted step of an assignment, how it stands after it, who is to be told, and what money moved."""

    step: Step
    standing: Standing
    reminders: tuple[Reminder, ...] = ()
    notices: tuple[Notice, ...] = ()
    moves: tuple[MoneyMove, ...] = ()


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
    stands = standing(after, policy)
    told = (announce(event, before=before, after=stands) for event in events)
    return Entry(
        step=step(before.status, command, events, after.status, number=after.state_version, at=at),
        standing=stands,
        reminders=tuple(_reminders(events)),
        notices=tuple(notice for notices in told for notice in notices),
        moves=moves(events, before=before, after=after),
    )


def _reminders(events: Sequence[Event]) -> Iterator[Reminder]:
    for event in events:
        if isinstance(event, ReminderFellDue):
            yield event.reminder
