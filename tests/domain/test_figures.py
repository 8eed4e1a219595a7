"""Figures over time are counted in spans that cover what is asked for, and are found again later."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from fulfillment.domain.errors import ValueInvalid
from fulfillment.domain.figures import FINEST, LONGEST, MOST_POINTS, SHORTEST, Point, Spans, series, spans

NOW = datetime(2026, 3, 2, 12, 34, 56, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

minutes = st.integers(1, 90 * 24 * 60).map(lambda n: n * MINUTE)
instants = st.datetimes(datetime(2020, 1, 1), datetime(2099, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - they get it


def test_a_day_in_hours_ends_with_the_hour_that_is_not_over() -> None:
    found = spans(DAY, HOUR, until=NOW)

    assert (found.count, found.starts[-1], found.end) == (
        24,
        NOW.replace(minute=0, second=0),
        found.first + DAY,
    )


@pytest.mark.parametrize(
    ("range", "step", "why"),
    [
        pytest.param(HOUR - MINUTE, MINUTE, "range: it takes 1h to 90d", id="too short"),
        pytest.param(90 * DAY + MINUTE, DAY, "range: it takes 1h to 90d", id="too long"),
        pytest.param(DAY, timedelta(), "step: it takes 1m up to the range", id="no step"),
        pytest.param(HOUR, 2 * HOUR, "step: it takes 1m up to the range", id="longer than the range"),
        pytest.param(DAY, MINUTE, "take 3m or more", id="too many points"),
    ],
)
def test_what_makes_no_sense_is_refused_by_its_field(range: timedelta, step: timedelta, why: str) -> None:
    with pytest.raises(ValueInvalid) as refused:
        spans(range, step, until=NOW)

    assert str(refused.value).endswith(why)


@given(range=minutes, step=minutes, until=instants)
def test_the_spans_cover_the_range_up_to_now_and_hardly_more(
    range: timedelta, step: timedelta, until: datetime
) -> None:
    assume(SHORTEST <= range <= LONGEST and step <= range and range / step <= MOST_POINTS)

    found = spans(range, step, until=until)

    assert found.starts[-1] <= until < found.end
    assert range <= found.end - found.first < range + step
    assert 1 <= found.count <= MOST_POINTS


@given(range=minutes, until=instants)
def test_the_step_that_a_refusal_names_is_taken(range: timedelta, until: datetime) -> None:
    assume(range >= SHORTEST)
    try:
        spans(range, FINEST, until=until)
    except ValueInvalid as refusal:
        least = int(str(refusal).removesuffix("m or more").rpartition(" ")[2])
        assert spans(range, least * MINUTE, until=until).count <= MOST_POINTS
    else:
        assert range <= MOST_POINTS * FINEST


@given(step=minutes, until=instants, later=minutes)
def test_who_looks_again_finds_the_same_spans(step: timedelta, until: datetime, later: timedelta) -> None:
    assume(step <= DAY and DAY / step <= MOST_POINTS)

    now, then = spans(DAY, step, until=until), spans(DAY, step, until=until + later)

    assert (then.first - now.first) % step == timedelta()


def test_where_nothing_was_counted_it_is_nought() -> None:
    three = Spans(first=NOW, step=HOUR, count=3)

    points = series(three, {NOW + HOUR: (4, 1)})

    assert points == (
        Point(at=NOW, sent=0, failed=0),
        Point(at=NOW + HOUR, sent=4, failed=1),
        Point(at=NOW + 2 * HOUR, sent=0, failed=0),
    )
