"""Where the lines of a chart stand: round numbers, and round hours and days by the clock of its reader."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
STEPS = (
    *(n * MINUTE for n in (5, 10, 15, 30)),
    *(n * HOUR for n in (1, 2, 3, 6, 12)),
    *(n * DAY for n in (1, 2, 7, 14, 28)),
)
MOST_TIMES = 9
MOST_NUMBERS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A line at an instant. `is_day` says that a day begins there, and its label names that day."""

    at: datetime
    label: str
    is_day: bool


def numbers(most: int) -> tuple[int, ...]:
    """Return round numbers from nought to one that is no less than `most`: at least nought and one."""
    step, tens = 1, 1
    while -(-most // step) >= MOST_NUMBERS:
        step = next(n * tens for n in (1, 2, 5, 10) if n * tens > step)
        tens = tens * 10 if step == tens * 10 else tens
    return tuple(range(0, max(1, -(-most // step)) * step + 1, step))


def times(first: datetime, end: datetime, zone: ZoneInfo) -> tuple[Tick, ...]:
    """Return the ticks from `first` up to, not including, `end`, some nine at most."""
    step = next((each for each in STEPS if (end - first) / each <= MOST_TIMES), STEPS[-1])
    found = _days(first, end, zone, step // DAY) if step >= DAY else _hours(first, end, zone, step)
    return tuple(tick for tick in found if first <= tick.at < end)


def day(local: datetime) -> str:
    return f"{local.day} {local:%b}"


def _days(first: datetime, end: datetime, zone: ZoneInfo, every: int) -> Iterator[Tick]:
    """Yield each day whose number takes the step: weeks begin with Monday, and none slips with the range."""
    date = first.astimezone(zone).date()
    while date <= end.astimezone(zone).date():
        if (date.toordinal() - 1) % every == 0:
            begins = datetime.combine(date, time(), zone)
            yield Tick(at=begins.astimezone(UTC), label=day(begins), is_day=True)
        date += DAY


def _hours(first: datetime, end: datetime, zone: ZoneInfo, every: timedelta) -> Iterator[Tick]:
    """Yield round times of the clock on the wall, but for those that it jumps over."""
    wall = datetime.combine(first.astimezone(zone).date(), time())
    last = end.astimezone(zone).replace(tzinfo=None)
    while wall <= last:
        at = wall.replace(tzinfo=zone).astimezone(UTC)
        if at.astimezone(zone).replace(tzinfo=None) == wall:
            is_day = wall.time() == time()
            yield Tick(at=at, label=day(wall) if is_day else f"{wall:%H:%M}", is_day=is_day)
        wall += every
