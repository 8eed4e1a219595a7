"""What a reader of calendar files makes of one: the words in which four libraries are compared."""

from dataclasses import dataclass
from datetime import UTC, datetime


class Unsound(AssertionError):
    """A reader refuses a calendar file; the message says which one, and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One event as read: texts without their escapes, people as the links that stand in the file."""

    uid: str
    sequence: int
    status: str
    start: datetime
    end: datetime
    summary: str
    description: str
    location: str
    organizer: str
    attendees: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One file as read; the events come in the order of their uids, because some readers keep none."""

    method: str
    events: tuple[Event, ...]

    @property
    def event(self) -> Event:
        """The only event of a file that has one."""
        (event,) = self.events
        return event


def reading(method: str, events: list[Event]) -> Reading:
    return Reading(method=method, events=tuple(sorted(events, key=lambda event: event.uid)))


def instant(basic: str) -> datetime:
    """Return the instant that stands in a file as UTC; any other form is one that we do not write."""
    return datetime.strptime(basic, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
