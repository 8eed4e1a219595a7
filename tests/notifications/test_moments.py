"""Moments are those of the reader's clock, and say so (R10)."""

import pytest

from fulfillment.domain.people import Role
from fulfillment.notifications.moments import Place, money
from fulfillment.notifications.payload import MoneyTold, WindowTold
from tests.notifications.examples import BERLIN, LONDON, NEW_YORK, instant, payload, read_aloud, window, words


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        (BERLIN, "Tue 2026-10-27 10:00 (Europe/Berlin, UTC+01:00)"),
        (NEW_YORK, "Tue 2026-10-27 05:00 (America/New_York, UTC-04:00)"),
        ("America/St_Johns", "Tue 2026-10-27 06:30 (America/St_Johns, UTC-02:30)"),
        ("Asia/Kathmandu", "Tue 2026-10-27 14:45 (Asia/Kathmandu, UTC+05:45)"),
        ("UTC", "Tue 2026-10-27 09:00 (UTC)"),
    ],
)
def test_a_moment_is_read_off_the_readers_clock(zone: str, expected: str) -> None:
    assert Place.of(zone).moment(instant("2026-10-27T09:00")) == expected


@pytest.mark.parametrize("zone", ["", "Mars/Olympus", "../../etc/passwd", "Europe/Berlin\n", "\x00"])
def test_a_zone_that_does_not_exist_is_utc(zone: str) -> None:
    place = Place.of(zone)

    assert not place.is_known
    assert place.moment(instant("2026-10-27T09:00")) == "Tue 2026-10-27 09:00 (UTC)"


@pytest.mark.parametrize(
    ("told", "zone", "expected"),
    [
        pytest.param(
            window("2026-10-27T09:00"),
            BERLIN,
            "Tue 2026-10-27 10:00 to 12:00 (Europe/Berlin, UTC+01:00)",
            id="within a day",
        ),
        pytest.param(
            window("2026-10-27T22:00"),
            BERLIN,
            "Tue 2026-10-27 23:00 to Wed 2026-10-28 01:00 (Europe/Berlin, UTC+01:00)",
            id="across midnight",
        ),
        pytest.param(
            window("2026-10-27T22:00"),
            LONDON,
            "Tue 2026-10-27 22:00 to Wed 2026-10-28 00:00 (Europe/London, UTC+00:00)",
            id="until midnight",
        ),
        pytest.param(
            window("2026-10-24T23:30", hours=3),
            BERLIN,
            "Sun 2026-10-25 01:30 to 03:30 (Europe/Berlin, UTC+02:00 to UTC+01:00)",
            id="while the clocks go back",
        ),
        pytest.param(
            window("2027-03-14T06:30", hours=1),
            NEW_YORK,
            "Sun 2027-03-14 01:30 to 03:30 (America/New_York, UTC-05:00 to UTC-04:00)",
            id="while the clocks go forward",
        ),
    ],
)
def test_a_window_is_read_off_the_readers_clock(told: WindowTold, zone: str, expected: str) -> None:
    assert Place.of(zone).span(told) == expected


@pytest.mark.parametrize(
    ("amount", "currency", "expected"),
    [
        (24_000, "EUR", "240.00 EUR"),
        (5, "EUR", "0.05 EUR"),
        (0, "USD", "0.00 USD"),
        (24_000, "JPY", "24000 JPY"),
        (24_005, "KWD", "24.005 KWD"),
        (123_456, "CLF", "12.3456 CLF"),
    ],
)
def test_money_has_the_decimals_of_its_currency(amount: int, currency: str, expected: str) -> None:
    assert money(MoneyTold(amount=amount, currency=currency)) == expected


@pytest.mark.parametrize(
    ("told", "in_berlin", "in_new_york"),
    [
        (
            window("2026-10-25T08:00"),
            "Sun 2026-10-25 09:00 to 11:00 (Europe/Berlin, UTC+01:00)",
            "Sun 2026-10-25 04:00 to 06:00 (America/New_York, UTC-04:00)",
        ),
        (
            window("2026-10-25T00:30"),
            "Sun 2026-10-25 02:30 to 03:30 (Europe/Berlin, UTC+02:00 to UTC+01:00)",
            "Sat 2026-10-24 20:30 to 22:30 (America/New_York, UTC-04:00)",
        ),
        (
            window("2027-03-14T14:00"),
            "Sun 2027-03-14 15:00 to 17:00 (Europe/Berlin, UTC+01:00)",
            "Sun 2027-03-14 10:00 to 12:00 (America/New_York, UTC-04:00)",
        ),
        (
            window("2027-03-14T06:00"),
            "Sun 2027-03-14 07:00 to 09:00 (Europe/Berlin, UTC+01:00)",
            "Sun 2027-03-14 01:00 to 04:00 (America/New_York, UTC-05:00 to UTC-04:00)",
        ),
    ],
)
def test_each_side_sees_its_own_clock_on_the_days_when_clocks_change(
    told: WindowTold, in_berlin: str, in_new_york: str
) -> None:
    to_customer = payload("notifyScheduleConfirmed", window=told)
    to_provider = payload("notifyScheduleConfirmed", to=Role.PROVIDER, window=told)

    for said, moment in (
        (words(to_customer, timezone=BERLIN), in_berlin),
        (words(to_provider, timezone=NEW_YORK), in_new_york),
    ):
        assert f"When: {moment}\n" in said.text
        assert moment in said.subject
        assert moment in read_aloud(said.html)
        assert moment in said.short
