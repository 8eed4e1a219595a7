"""The visit window: when the provider arrives."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from fulfillment.domain.errors import DstAmbiguous, DstGap, ValueInvalid, WindowInvalid
from fulfillment.domain.policy import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitWindow:
    """A half-open span [start, end) of UTC instants; whatever offset they came with, UTC is kept.

    Raises:
        WindowInvalid: an end lacks a zone or lies beyond the calendar, or the window does not end after
            it starts.
    """

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.end.tzinfo is None:
            raise WindowInvalid("start and end need a UTC offset, or a timezone beside them")
        # Two instants of one zone are subtracted by the clock on the wall, so both become UTC first.
        object.__setattr__(self, "start", _utc(self.start))
        object.__setattr__(self, "end", _utc(self.end))
        if self.end <= self.start:
            raise WindowInvalid(f"end: the window must end after it starts at {self.start.isoformat()}")

    @property
    def length(self) -> timedelta:
        """Real elapsed time, whatever the clocks on the wall do in between."""
        return self.end - self.start

    def overlaps(self, other: "VisitWindow") -> bool:
        return self.start < other.end and other.start < self.end


def expect_bookable(window: VisitWindow, *, at: datetime, policy: Policy) -> None:
    """Refuse a window nobody should be asked to keep, as seen at the moment `at`.

    Raises:
        WindowInvalid: too short, too long, too soon, or too far ahead; the message says which.
    """
    if window.length < policy.shortest_window:
        raise WindowInvalid(f"end: a visit takes at least {policy.shortest_window}, this is {window.length}")
    if window.length > policy.longest_window:
        raise WindowInvalid(f"end: a window is at most {policy.longest_window} long, this is {window.length}")
    if window.start < at + policy.min_notice:
        raise WindowInvalid(f"start: visits need {policy.min_notice} of notice; it is {at.isoformat()} now")
    if window.start > at + policy.max_ahead:
        raise WindowInvalid(f"start: visits are agreed at most {policy.max_ahead.days} days ahead")


def instant(local: datetime, *, timezone: str, fold: int | None = None) -> datetime:
    """Return the UTC instant at which clocks in `timezone` show `local` (a naive datetime).

    `fold` chooses between the first (0) and the second (1) passing of an hour that the end of
    daylight saving repeats (PEP 495).

    Raises:
        ValueInvalid: there is no such IANA timezone, no such fold, or the time lies beyond the calendar.
        DstGap: the clocks jump over this time.
        DstAmbiguous: the clocks pass this time twice and `fold` does not say which is meant.
    """
    if fold not in {None, 0, 1}:
        raise ValueInvalid(f"fold: it takes 0 for the first passing or 1 for the second, not {fold}")
    zone = zone_of(timezone)
    try:
        first = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
        second = local.replace(tzinfo=zone, fold=1).astimezone(UTC)
    except OverflowError as error:
        raise ValueInvalid(f"{local.isoformat()} in {timezone} lies beyond the calendar") from error
    if first.astimezone(zone).replace(tzinfo=None) != local:
        raise DstGap(f"clocks in {timezone} skip {local.isoformat()}; choose a time before or after the jump")
    if first != second and fold is None:
        raise DstAmbiguous(
            f"clocks in {timezone} show {local.isoformat()} twice; say fold 0 for the first, 1 for the second"
        )
    return second if fold == 1 else first


def zone_of(timezone: str) -> ZoneInfo:
    """Return the zone of that IANA name.

    Raises:
        ValueInvalid: there is none.
    """
    try:
        return ZoneInfo(timezone)
    except (KeyError, ValueError, OSError) as error:
        raise ValueInvalid(f"timezone: {timezone!r} is not an IANA timezone such as Europe/Berlin") from error


def _utc(instant: datetime) -> datetime:
    try:
        return instant.astimezone(UTC)
    except OverflowError as error:
        raise WindowInvalid(f"{instant.isoformat()} lies beyond the calendar") from error
