"""Instants, spans and sums as pages show them: by the reader's own clock, whose zone is said."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from markupsafe import Markup, escape

from fulfillment.notifications.moments import Place, money
from fulfillment.notifications.payload import MoneyTold

# Not from the locale: a server may have any.
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
UNITS = (
    (timedelta(days=1), 2, "day", "days"),
    (timedelta(hours=1), 1, "h", "h"),
    (timedelta(minutes=1), 1, "min", "min"),
)
"""Each with how many of it there have to be: 47 hours are hours, 48 are days."""
INSTANT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:Z|\+00:00))", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """The reader's clock, and what it shows `now`."""

    place: Place
    now: datetime

    def day(self, at: datetime) -> str:
        """Return `Tue 27 Oct`, with the year if that is another."""
        local = at.astimezone(self.place.zone)
        year = "" if local.year == self.now.astimezone(self.place.zone).year else f" {local.year}"
        return f"{DAYS[local.weekday()]} {local.day} {MONTHS[local.month - 1]}{year}"

    def time(self, at: datetime) -> str:
        return f"{at.astimezone(self.place.zone):%H:%M}"

    def moment(self, at: datetime | None) -> Markup:
        """Return an instant as `Tue 27 Oct, 10:00 Europe/Berlin`, for machines too."""
        return self._stamped(at, with_zone=True) if at else Markup()

    def brief(self, at: datetime | None) -> Markup:
        """Return the same without the zone, for where many stand together; the zone is in its title."""
        return self._stamped(at, with_zone=False) if at else Markup()

    def there(self, window: object, timezone: str) -> Markup:
        """Return a window by the clocks of another zone."""
        return Clock(place=Place.of(timezone), now=self.now).span(window)

    def hours(self, window: object, timezone: str) -> Markup:
        """Return a window by the clocks of another zone, without its day if that is the day here, too."""
        start, end = _bounds(window)
        there = Clock(place=Place.of(timezone), now=self.now)
        day = start.astimezone(self.place.zone).date()
        if any(at.astimezone(there.place.zone).date() != day for at in (start, end)):
            return there.span(window)
        return Markup('<span class="when">{} to {} <span class="zone">{}</span></span>').format(
            there._time(start, there.time(start)), there._time(end, there.time(end)), there.place.name
        )

    def span(self, window: object) -> Markup:
        """Return a window as `Tue 27 Oct, 10:00 to 12:00 Europe/Berlin`, saying both days across midnight."""
        start, end = _bounds(window)
        same_day = start.astimezone(self.place.zone).date() == end.astimezone(self.place.zone).date()
        until = self.time(end) if same_day else f"{self.day(end)}, {self.time(end)}"
        changes = self._offset(start) != self._offset(end)
        zones = f"{self._full_zone(start)} to {self._offset(end)}" if changes else self.place.name
        return Markup('<span class="when">{} to {} <span class="zone">{}</span></span>').format(
            self._time(start, f"{self.day(start)}, {self.time(start)}"), self._time(end, until), zones
        )

    def ahead(self, at: datetime | None) -> Markup:
        """Return how far off an instant is, as `in 2 h` or `3 days ago`."""
        if at is None:
            return Markup()
        off = at - self.now
        said = _length(abs(off))
        words = ("in " + said if off > timedelta() else said + " ago") if said else "now"
        return self._time(at, words)

    def instants(self, text: str) -> Markup:
        """Return a text with the instants in it by this clock; we write them as `2026-10-27T09:00:00Z`."""
        parts = INSTANT.split(text)
        told = (
            self.moment(datetime.fromisoformat(part)) if n % 2 else escape(part)
            for n, part in enumerate(parts)
        )
        return Markup().join(told)

    def field(self, at: datetime | None) -> str:
        """Return an instant as an input of the type datetime-local takes it."""
        return f"{at.astimezone(self.place.zone):%Y-%m-%dT%H:%M}" if at else ""

    def _stamped(self, at: datetime, *, with_zone: bool) -> Markup:
        told = self._time(at, f"{self.day(at)}, {self.time(at)}")
        if not with_zone:
            return told
        return Markup('<span class="when">{} <span class="zone">{}</span></span>').format(
            told, self.place.name
        )

    def _time(self, at: datetime, words: str) -> Markup:
        machine = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        title = f"{self.day(at)}, {self.time(at)} ({self._full_zone(at)})"
        return Markup('<time datetime="{}" title="{}">{}</time>').format(machine, title, words)

    def _full_zone(self, at: datetime) -> str:
        return f"{self.place.name}, {self._offset(at)}" if self.place.name != "UTC" else "UTC"

    def _offset(self, at: datetime) -> str:
        offset = at.astimezone(self.place.zone).utcoffset() or timedelta()
        sign = "-" if offset < timedelta() else "+"
        hours, minutes = divmod(abs(offset) // timedelta(minutes=1), 60)
        return f"UTC{sign}{hours:02}:{minutes:02}"


def price(told: object) -> Markup:
    """Return an amount as `240.00 EUR`, on one line."""
    said = money(MoneyTold.model_validate(told))
    return Markup('<span class="money">{}</span>').format(said.replace(" ", "\N{NO-BREAK SPACE}"))


def duration(span: timedelta) -> str:
    """Return a span as `15 min`, `8 h`, `180 days`."""
    return _length(span) or "a moment"


def _length(span: timedelta) -> str:
    for size, least, one, several in UNITS:
        if span >= least * size:
            count = round(span / size)
            return f"{count} {one if count == 1 else several}"
    return ""


def _bounds(window: object) -> tuple[datetime, datetime]:
    start, end = getattr(window, "start", None), getattr(window, "end", None)
    if not isinstance(start, datetime) or not isinstance(end, datetime):
        raise TypeError(f"{type(window).__name__} is no window")
    return start, end
