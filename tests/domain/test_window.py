from datetime import UTC, datetime, timedelta, timezone

import pytest

from fulfillment.domain.errors import DomainError, DstAmbiguous, DstGap, ValueInvalid, WindowInvalid
from fulfillment.domain.window import VisitWindow, expect_bookable, instant, zone_of
from tests.domain.people import DAY, HOUR, MINUTE, NOON, POLICY, visit

NEW_YORK, BERLIN, SYDNEY = "America/New_York", "Europe/Berlin", "Australia/Sydney"
LORD_HOWE, TOKYO, APIA = "Australia/Lord_Howe", "Asia/Tokyo", "Pacific/Apia"
SECOND = timedelta(seconds=1)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("zone", "local", "fold", "utc"),
    [
        pytest.param(NEW_YORK, "2027-03-14T01:59", None, "2027-03-14T06:59Z", id="NY last before the gap"),
        pytest.param(NEW_YORK, "2027-03-14T03:00", None, "2027-03-14T07:00Z", id="NY first after the gap"),
        pytest.param(NEW_YORK, "2027-03-14T12:00", None, "2027-03-14T16:00Z", id="NY noon of the gap's day"),
        pytest.param(NEW_YORK, "2027-11-07T00:59", None, "2027-11-07T04:59Z", id="NY before the overlap"),
        pytest.param(NEW_YORK, "2027-11-07T01:30", 0, "2027-11-07T05:30Z", id="NY first 01:30"),
        pytest.param(NEW_YORK, "2027-11-07T01:30", 1, "2027-11-07T06:30Z", id="NY second 01:30"),
        pytest.param(NEW_YORK, "2027-11-07T02:00", None, "2027-11-07T07:00Z", id="NY after the overlap"),
        pytest.param(BERLIN, "2026-03-29T01:59", None, "2026-03-29T00:59Z", id="Berlin before the gap"),
        pytest.param(BERLIN, "2026-03-29T03:00", None, "2026-03-29T01:00Z", id="Berlin after the gap"),
        pytest.param(BERLIN, "2026-10-25T02:30", 0, "2026-10-25T00:30Z", id="Berlin first 02:30"),
        pytest.param(BERLIN, "2026-10-25T02:30", 1, "2026-10-25T01:30Z", id="Berlin second 02:30"),
        pytest.param(BERLIN, "2026-10-25T03:00", None, "2026-10-25T02:00Z", id="Berlin after the overlap"),
        pytest.param(
            LORD_HOWE, "2026-10-04T02:30", None, "2026-10-03T15:30Z", id="Lord Howe after 30 min gap"
        ),
        pytest.param(LORD_HOWE, "2026-04-05T01:45", 0, "2026-04-04T14:45Z", id="Lord Howe first 01:45"),
        pytest.param(LORD_HOWE, "2026-04-05T01:45", 1, "2026-04-04T15:15Z", id="Lord Howe second 01:45"),
        pytest.param(SYDNEY, "2026-10-04T03:00", None, "2026-10-03T16:00Z", id="Sydney, spring in October"),
        pytest.param(TOKYO, "2026-03-29T02:30", None, "2026-03-28T17:30Z", id="Tokyo knows no such thing"),
        pytest.param(TOKYO, "2026-10-25T02:30", 1, "2026-10-24T17:30Z", id="Tokyo, fold without a meaning"),
        pytest.param("UTC", "2026-10-25T02:30", None, "2026-10-25T02:30Z", id="UTC itself"),
    ],
)
def test_a_local_time_is_the_instant_at_which_clocks_there_show_it(
    zone: str, local: str, fold: int | None, utc: str
) -> None:
    assert instant(at(local), timezone=zone, fold=fold) == at(utc)


@pytest.mark.parametrize(
    ("zone", "local", "fold", "refusal"),
    [
        pytest.param(NEW_YORK, "2027-03-14T02:00", None, DstGap, id="NY first of the gap"),
        pytest.param(NEW_YORK, "2027-03-14T02:59:59", None, DstGap, id="NY last of the gap"),
        pytest.param(NEW_YORK, "2027-03-14T02:30", 0, DstGap, id="NY in the gap, fold 0 does not help"),
        pytest.param(NEW_YORK, "2027-03-14T02:30", 1, DstGap, id="NY in the gap, fold 1 does not help"),
        pytest.param(NEW_YORK, "2027-11-07T01:00", None, DstAmbiguous, id="NY first of the overlap"),
        pytest.param(NEW_YORK, "2027-11-07T01:59:59", None, DstAmbiguous, id="NY last of the overlap"),
        pytest.param(BERLIN, "2026-03-29T02:30", None, DstGap, id="Berlin in the gap"),
        pytest.param(BERLIN, "2026-10-25T02:00", None, DstAmbiguous, id="Berlin first of the overlap"),
        pytest.param(LORD_HOWE, "2026-10-04T02:15", None, DstGap, id="Lord Howe in the half-hour gap"),
        pytest.param(
            LORD_HOWE, "2026-04-05T01:30", None, DstAmbiguous, id="Lord Howe in the half-hour overlap"
        ),
        pytest.param(APIA, "2011-12-30T12:00", None, DstGap, id="Apia on the day it skipped"),
        pytest.param(BERLIN, "2026-10-25T02:30", 2, ValueInvalid, id="a third passing"),
        pytest.param(TOKYO, "0001-01-01T00:00", None, ValueInvalid, id="before the calendar"),
        pytest.param(NEW_YORK, "9999-12-31T23:00", None, ValueInvalid, id="after the calendar"),
    ],
)
def test_a_local_time_that_never_comes_or_comes_twice_is_refused(
    zone: str, local: str, fold: int | None, refusal: type[DomainError]
) -> None:
    with pytest.raises(refusal):
        instant(at(local), timezone=zone, fold=fold)


@pytest.mark.parametrize(
    "name",
    ["", "Berlin", "Europe", "Europe/berlin ", "../etc/passwd", "/etc/localtime", "\0", "\ud800", "x" * 5000],
    ids=["empty", "a city", "a folder", "a blank", "a way out", "a file", "a NUL", "a surrogate", "too long"],
)
def test_a_zone_nobody_has_heard_of_is_refused(name: str) -> None:
    with pytest.raises(ValueInvalid):
        zone_of(name)


@pytest.mark.parametrize(
    ("zone", "start", "end", "lasts"),
    [
        pytest.param(BERLIN, "2026-10-25T01:30", "2026-10-25T03:30", 3 * HOUR, id="Berlin, back an hour"),
        pytest.param(BERLIN, "2026-03-29T01:30", "2026-03-29T03:30", 1 * HOUR, id="Berlin, on an hour"),
        pytest.param(NEW_YORK, "2027-11-07T00:30", "2027-11-07T02:30", 3 * HOUR, id="NY, back an hour"),
        pytest.param(NEW_YORK, "2027-03-14T01:30", "2027-03-14T03:30", 1 * HOUR, id="NY, on an hour"),
        pytest.param(LORD_HOWE, "2026-04-05T01:00", "2026-04-05T02:30", 2 * HOUR, id="Lord Howe, half back"),
        pytest.param(TOKYO, "2026-10-25T01:30", "2026-10-25T03:30", 2 * HOUR, id="Tokyo, as everywhere"),
    ],
)
def test_a_window_is_as_long_as_it_lasts_and_not_as_the_clocks_on_the_wall_say(
    zone: str, start: str, end: str, lasts: timedelta
) -> None:
    by_instants = VisitWindow(start=instant(at(start), timezone=zone), end=instant(at(end), timezone=zone))
    on_the_wall = VisitWindow(
        start=at(start).replace(tzinfo=zone_of(zone)), end=at(end).replace(tzinfo=zone_of(zone))
    )

    assert by_instants.length == lasts
    assert on_the_wall == by_instants
    assert on_the_wall.length == lasts


def test_a_window_is_the_same_whatever_offset_it_was_given_in() -> None:
    east = timezone(timedelta(hours=5, minutes=45))
    given = VisitWindow(start=NOON.astimezone(east), end=(NOON + HOUR).astimezone(east))

    assert repr(given) == repr(VisitWindow(start=NOON, end=NOON + HOUR))
    assert given.start.tzinfo is UTC


@pytest.mark.parametrize(
    ("start", "end"),
    [
        pytest.param(NOON, NOON, id="empty"),
        pytest.param(NOON, NOON - SECOND, id="backwards"),
        pytest.param(NOON.replace(tzinfo=None), NOON + HOUR, id="start without a zone"),
        pytest.param(NOON, (NOON + HOUR).replace(tzinfo=None), id="end without a zone"),
        pytest.param(at("0001-01-01T00:00+14:00"), NOON, id="before the calendar"),
        pytest.param(NOON, at("9999-12-31T23:00-12:00"), id="after the calendar"),
        pytest.param(
            at("2026-10-25T02:00+02:00"), at("2026-10-25T02:30+03:00"), id="backwards by its offsets"
        ),
    ],
)
def test_a_window_that_is_none_does_not_come_to_be(start: datetime, end: datetime) -> None:
    with pytest.raises(WindowInvalid):
        VisitWindow(start=start, end=end)


@pytest.mark.parametrize(
    ("window", "beyond"),
    [
        pytest.param(
            visit(NOON + DAY, lasting=15 * MINUTE),
            visit(NOON + DAY, lasting=15 * MINUTE - SECOND),
            id="short",
        ),
        pytest.param(
            visit(NOON + DAY, lasting=8 * HOUR), visit(NOON + DAY, lasting=8 * HOUR + SECOND), id="long"
        ),
        pytest.param(visit(NOON + 2 * HOUR), visit(NOON + 2 * HOUR - SECOND), id="soon"),
        pytest.param(visit(NOON + 180 * DAY), visit(NOON + 180 * DAY + SECOND), id="far ahead"),
    ],
)
def test_a_window_is_bookable_up_to_the_bound_and_not_a_second_beyond(
    window: VisitWindow, beyond: VisitWindow
) -> None:
    expect_bookable(window, at=NOON, policy=POLICY)

    with pytest.raises(WindowInvalid):
        expect_bookable(beyond, at=NOON, policy=POLICY)


def test_windows_that_touch_do_not_overlap_and_those_that_share_a_second_do() -> None:
    first = visit(NOON, lasting=HOUR)

    assert not first.overlaps(visit(NOON + HOUR))
    assert not visit(NOON + HOUR).overlaps(first)
    assert first.overlaps(visit(NOON + HOUR - SECOND))
    assert visit(NOON + HOUR - SECOND).overlaps(first)
    assert first.overlaps(visit(NOON - HOUR, lasting=DAY))
