"""A visit as one party's calendar shows it, and its texts made fit for files and links."""

from dataclasses import dataclass
from datetime import UTC, datetime

from fulfillment.domain.text import expect_instant, legible


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailbox:
    """Somebody whom mail reaches: a name as people write it, which may be empty, and the bare address."""

    name: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """What one party's calendar is told of a visit. Texts may be anything that somebody once stored.

    `uid` names the visit for life (trap I3), and `sequence` counts what was sent of it, from 0 (I4).
    `start` and `end` are instants, half-open; whatever offset they came with, UTC is kept. `stamp` is when
    this revision was made, `attendee` the party whose calendar it is, `organizer` ours, for everybody.

    Raises:
        ValueInvalid: an instant has no UTC offset.
    """

    uid: str
    sequence: int
    start: datetime
    end: datetime
    summary: str
    description: str
    location: str
    url: str
    stamp: datetime
    organizer: Mailbox
    attendee: Mailbox

    def __post_init__(self) -> None:
        for field in ("start", "end", "stamp"):
            instant: datetime = getattr(self, field)
            expect_instant(field, instant)
            object.__setattr__(self, field, instant.astimezone(UTC))


def uid_of(assignment_id: str, domain: str) -> str:
    """Return the name of an assignment's visit in every calendar; a second one would be a second event."""
    return f"assignment-{assignment_id}@{domain}"


def one_line(text: str) -> str:
    """Return `text` in a single line, without what no calendar should carry."""
    return " ".join(_clean(text).split())


def lines(text: str) -> str:
    """Return `text` with its line breaks as plain newlines, without what no calendar should carry."""
    return _clean(text).strip()


def _clean(text: str) -> str:
    # A byte order mark is no letter, and some readers drop it and others do not.
    return legible(text.replace("\r\n", "\n").replace("\r", "\n").replace("\ufeff", ""))
