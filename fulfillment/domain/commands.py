"""What may be asked of an assignment: commands, in the imperative. `deciding.decide` answers them."""

import hashlib
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from enum import StrEnum

from fulfillment.domain.errors import ValueInvalid
from fulfillment.domain.money import Money
from fulfillment.domain.people import Actor, Party
from fulfillment.domain.text import LONGEST_WORD, expect_text
from fulfillment.domain.window import VisitWindow


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


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAssignment(Command):
    """A provider was chosen: the assignment's first step, taken by the system (A0)."""


# The schedule.


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposeWindow(Command):
    """Put a window forward; while one is open this is the counter-proposal."""

    window: VisitWindow
    expected_version: int
    note: str = ""
    timezone: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmWindow(Command):
    """Say yes to the open proposal; staff `force` it with a reason when they have it by phone."""

    version: int
    force: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclineWindow(Command):
    version: int
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawWindow(Command):
    version: int
    reason: str = ""


# The visit.


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectAssignment(Command):
    reason_code: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelAssignment(Command):
    """End it from the customer's side; with `keep_job` the job looks for another provider."""

    reason: str
    keep_job: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckIn(Command):
    """The provider is at the door."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CompleteAssignment(Command):
    evidence: tuple[str, ...] = ()
    final_amount: Money | None = None


# The payout.


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovePayout(Command):
    """Release the money. `voucher` is the API's sealed word that this admin asked for this amount."""

    attempt: int
    amount: int | None = None
    currency: str | None = None
    reason: str = ""
    voucher: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DenyPayout(Command):
    attempt: int
    reason_code: str
    note: str
    final: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ResubmitPayout(Command):
    evidence: tuple[str, ...]
    amount: int | None = None
    currency: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordSettlement(Command):
    """The payments door has answered: the money moved, or was settled by hand under `reference`."""

    attempt: int
    status: str
    reference: str


# Control over time.


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldAssignment(Command):
    until: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeAssignment(Command):
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SkipDeadline(Command):
    deadline_id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtendDeadline(Command):
    deadline_id: str
    to: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PassDeadline(Command):
    """The clock reports that a deadline has come."""

    deadline_id: str


AssignmentCommand = (
    OpenAssignment
    | ProposeWindow
    | ConfirmWindow
    | DeclineWindow
    | WithdrawWindow
    | RejectAssignment
    | CancelAssignment
    | CheckIn
    | CompleteAssignment
    | ApprovePayout
    | DenyPayout
    | ResubmitPayout
    | RecordSettlement
    | HoldAssignment
    | ResumeAssignment
    | SkipDeadline
    | ExtendDeadline
    | PassDeadline
)


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


def in_the_name_of(actor: Actor) -> Party | None:
    """Return the side an actor's role speaks for, before anyone has checked who they are."""
    sides = {"customer": Party.CUSTOMER, "provider": Party.PROVIDER}
    return sides.get(actor.role) or actor.on_behalf_of or (Party.ADMIN if actor.is_staff else None)
