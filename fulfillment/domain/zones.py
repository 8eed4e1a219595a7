"""Zones, read from the zone database as data for runs, which must not ask it themselves (`clocks.py`)."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from fulfillment.domain.clocks import Clock, Offset
from fulfillment.domain.window import zone_of

STEP = timedelta(days=1)
"""Shorter than any zone keeps an offset, so no change is stepped over (Morocco's Ramadan takes a month)."""
GRAIN = timedelta(seconds=1)


@lru_cache(maxsize=2048)
def clock_of(zone: str, *, since: datetime, until: datetime) -> Clock:
    """Return the clocks of an IANA zone with every change between two UTC instants.

    Raises:
        ValueInvalid: there is no such zone.
    """
    known = zone_of(zone)
    offsets = [Offset(since=since, ahead=_ahead(known, since))]
    at = since
    while at < until:
        following = min(at + STEP, until)
        if _ahead(known, following) != offsets[-1].ahead:
            change = _change(known, at, following)
            offsets.append(Offset(since=change, ahead=_ahead(known, change)))
        at = following
    return Clock(zone=zone, offsets=tuple(offsets))


def _ahead(zone: ZoneInfo, at: datetime) -> timedelta:
    return at.astimezone(zone).utcoffset() or timedelta()


def _change(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """Return the first second between two instants at which the later offset holds."""
    then = _ahead(zone, after)
    while after - before > GRAIN:
        middle = (before + (after - before) / 2).replace(microsecond=0).astimezone(UTC)
        if middle <= before:
            break
        before, after = (before, middle) if _ahead(zone, middle) == then else (middle, after)
    return after
