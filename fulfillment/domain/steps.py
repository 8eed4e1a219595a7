"""What the audit keeps of every step that was taken, and of every refusal that has to be seen."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from fulfillment.domain.command import Command, Source, fingerprint
from fulfillment.domain.people import Actor


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
