from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fulfillment.domain.clocks import Clock, QuietHours, quiet_hours
from fulfillment.domain.errors import ValueInvalid
from fulfillment.domain.zones import clock_of

SINCE, UNTIL = datetime(2026, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC)
NIGHT = QuietHours(start=time(21), end=time(8))
ODD = ("Australia/Lord_Howe", "Africa/Casablanca", "Asia/Kathmandu", "Pacific/Chatham", "America/Nuuk")

instants = st.integers(0, 729 * 24 * 60).map(lambda minutes: SINCE + timedelta(minutes=minutes))
zones = st.sampled_from(sorted(available_timezones())) | st.sampled_from(ODD)


def clock(zone: str) -> Clock:
    return clock_of(zone, since=SINCE, until=UNTIL)


def utc(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=UTC)


def shown(year: int, month: int, day: int, hour: int, minute: int) -> datetime:
    """Return what a clock on the wall shows, which has no zone."""
    return utc(year, month, day, hour, minute).replace(tzinfo=None)


class TestAClock:
    @given(zone=zones, at=instants)
    def test_shows_what_the_zone_database_says(self, zone: str, at: datetime) -> None:
        assert clock(zone).shown_at(at) == at.astimezone(ZoneInfo(zone)).replace(tzinfo=None)

    @given(zone=zones, at=instants)
    def test_passes_every_time_that_it_shows(self, zone: str, at: datetime) -> None:
        it = clock(zone)

        assert at in it.passes(it.shown_at(at))

    def test_passes_an_hour_twice_when_it_is_set_back(self) -> None:
        assert clock("Europe/Berlin").passes(shown(2026, 10, 25, 2, 30)) == (
            utc(2026, 10, 25, 0, 30),
            utc(2026, 10, 25, 1, 30),
        )

    def test_jumps_over_an_hour_at_one_instant(self) -> None:
        it = clock("Europe/Berlin")

        assert it.passes(shown(2026, 3, 29, 2, 30)) == (utc(2026, 3, 29, 1),)

    def test_of_a_zone_that_is_none_is_refused(self) -> None:
        with pytest.raises(ValueInvalid, match="timezone"):
            clock("Europe/Atlantis")


class TestQuietHours:
    @pytest.mark.parametrize(
        ("zone", "at", "span"),
        [
            pytest.param(
                "Europe/Berlin",
                utc(2026, 7, 1, 23),
                (utc(2026, 7, 1, 19), utc(2026, 7, 2, 6)),
                id="a summer night",
            ),
            pytest.param(
                "Europe/Berlin",
                utc(2026, 10, 25, 0, 30),
                (utc(2026, 10, 24, 19), utc(2026, 10, 25, 7)),
                id="twelve hours long when the clocks are set back",
            ),
            pytest.param(
                "America/New_York",
                utc(2027, 3, 14, 6),
                (utc(2027, 3, 14, 2), utc(2027, 3, 14, 12)),
                id="ten hours long when they are set forward",
            ),
            pytest.param(
                "Asia/Kathmandu",
                utc(2026, 5, 4, 15, 15),
                (utc(2026, 5, 4, 15, 15), utc(2026, 5, 5, 2, 15)),
                id="from their first minute",
            ),
            pytest.param("Asia/Kathmandu", utc(2026, 5, 5, 2, 15), None, id="not in the first minute after"),
            pytest.param("Europe/Berlin", utc(2026, 7, 1, 12), None, id="not at noon"),
        ],
    )
    def test_are_by_the_clock_on_the_wall(
        self, zone: str, at: datetime, span: tuple[datetime, datetime] | None
    ) -> None:
        assert NIGHT.around(at, clock(zone)) == span

    @given(zone=zones, at=instants, start=st.times(), end=st.times())
    def test_are_where_the_wall_clock_says_and_nowhere_else(
        self, zone: str, at: datetime, start: time, end: time
    ) -> None:
        start, end = (each.replace(second=0, microsecond=0) for each in (start, end))
        if start == end:
            return
        it, span = clock(zone), QuietHours(start=start, end=end).around(at, clock(zone))

        shown = it.shown_at(at).time()
        says = start <= shown < end if start < end else shown >= start or shown < end
        # On the day of a change the clock shows some hours twice and others never: there the span decides.
        steady = all(it.ahead_at(at + timedelta(days=days)) == it.ahead_at(at) for days in (-2, -1, 1, 2))
        assert not steady or (span is not None) == says

    @given(zone=zones, at=instants)
    def test_once_over_are_over(self, zone: str, at: datetime) -> None:
        span = NIGHT.around(at, clock(zone))

        assert span is None or NIGHT.around(span[1], clock(zone)) is None

    @pytest.mark.parametrize("text", ["21:00", "21-8-9", "21:00-21:00", "25:00-08:00", "21:00Z-08:00Z", ""])
    def test_that_make_no_sense_are_refused(self, text: str) -> None:
        with pytest.raises(ValueInvalid):
            quiet_hours(text)

    def test_are_spelled_as_two_times_or_none(self) -> None:
        assert quiet_hours("21:00-08:00") == NIGHT
        assert quiet_hours("none") is None


def test_a_change_is_known_to_the_second() -> None:
    offsets = clock("Europe/Berlin").offsets

    assert [each.since for each in offsets[1:]] == [
        utc(2026, 3, 29, 1),
        utc(2026, 10, 25, 1),
        utc(2027, 3, 28, 1),
        utc(2027, 10, 31, 1),
    ]
