"""What every command carries, and what makes two of them the same request."""

import hashlib
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from enum import StrEnum

from fulfillment.domain.errors import ValueInvalid
from fulfillment.domain.people import Actor
from fulfillment.domain.text import LONGEST_WORD, expect_text


class Source(StrEnum):
    """By which door a command came in. Only the API knows who is asking, so only it says `api` or `page`."""

    API = "api"
    PAGE = "page"
    UPDATE = "update"
    SIGNAL = "signal"
    CLOCK = "clock"


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What every command carries.

    `command_id` makes a repeat harmless: the same id is carried out once and answered alike.
    `call` tells one delivery from the next, so that the caller learns whether its answer is a repeat.
    """

    actor: Actor
    command_id: str = ""
    request_id: str = ""
    call: str = ""
    source: Source = Source.UPDATE


LONGEST_ID = 300
"""Of a command's id: the clock's name the assignment, the deadline and its instant."""

ENVELOPE = frozenset({field.name for field in fields(Command)} - {"actor"}) | {"voucher"}


def fingerprint(command: Command) -> str:
    """Return what tells this request from another under the same key, whoever delivers it and how often."""
    asked = sorted(
        (field.name, _spelled(getattr(command, field.name)))
        for field in fields(command)
        if field.name not in ENVELOPE
    )
    return hashlib.sha256(repr((type(command).__name__, asked)).encode()).hexdigest()[:32]


def _spelled(value: object) -> str:
    """Return a value as text. An instant has one spelling, whichever library's UTC it came out of."""
    if isinstance(value, datetime) and value.tzinfo:
        return value.astimezone(UTC).isoformat()
    return repr(value)


def expect_sound(command: Command) -> None:
    """Refuse an envelope that no store could keep: the doors check it too, but not all doors are ours.

    Raises:
        ValueInvalid: names the part, and what is wrong with it.
    """
    if not command.actor.id:
        raise ValueInvalid("actor: it takes the id of whoever acts")
    expect_text("actor", command.actor.id, most=LONGEST_WORD)
    expect_text("commandId", command.command_id, most=LONGEST_ID)
    expect_text("requestId", command.request_id, most=LONGEST_ID)
