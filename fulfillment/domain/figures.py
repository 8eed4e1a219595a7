"""Figures over time: which spans are counted, and what was counted in them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from fulfillment.domain.errors import ValueInvalid

SHORTEST, LONGEST = timedelta(hours=1), timedelta(days=90)
FINEST = timedelta(minutes=1)
MOST_POINTS = 500
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spans:
    """`count` spans of time, each `step` long: the first begins at `first`, and each where another ends."""

    first: datetime
    step: timedelta
    count: int

    @property
    def starts(self) -> tuple[datetime, ...]:
        return tuple(self.first + n * self.step for n in range(self.count))

    @property
    def end(self) -> datetime:
        return self.first + self.count * self.step


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """How many reminders were `sent`, and how many `failed` for good, in the span that begins at `at`."""

    at: datetime
    sent: int
    failed: int


def spans(range: timedelta, step: timedelta, *, until: datetime) -> Spans:
    """Return the spans that cover `range` up to the one that `until` lies in.

    They begin at whole multiples of `step` in UTC, so that who looks again finds the same ones.

    Raises:
        ValueInvalid: the range is not 1 hour to 90 days, or the step makes no sense of it.
    """
    if not SHORTEST <= range <= LONGEST:
        raise ValueInvalid("range: it takes 1h to 90d")
    if not FINEST <= step <= range:
        raise ValueInvalid("step: it takes 1m up to the range")
    count = -(-range // step)
    if count > MOST_POINTS:
        least = -(-range // (MOST_POINTS * FINEST))
        raise ValueInvalid(
            f"step: this makes {count} points, and {MOST_POINTS} can be had; take {least}m or more"
        )
    last = EPOCH + (until - EPOCH) // step * step
    return Spans(first=last - (count - 1) * step, step=step, count=count)


def series(spans: Spans, counted: Mapping[datetime, tuple[int, int]]) -> tuple[Point, ...]:
    """Return a point for each span, of what was `counted` (sent, failed) by its start; else it is nought."""
    return tuple(
        Point(at=at, sent=sent, failed=failed)
        for at in spans.starts
        for sent, failed in [counted.get(at, (0, 0))]
    )
