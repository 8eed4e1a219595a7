import pytest

from fulfillment.gateways.calendar import feed
from tests.gateways.calendars.readers import expect_sound
from tests.gateways.calendars.visits import many


@pytest.mark.parametrize("count", [0, 1, 50])
def test_a_feed_shows_all_visits_and_invites_nobody(count: int) -> None:
    visits = many(count)

    (read,) = expect_sound([feed(visits, name="My visits")])

    assert read.method == "PUBLISH"
    assert [(each.uid, each.start, each.end) for each in read.events] == [
        (each.uid, each.start, each.end) for each in visits
    ]
    assert {each.attendees for each in read.events} <= {()}


def test_a_feed_says_its_name_and_when_to_come_back() -> None:
    said = feed(many(1), name="Visits, of\r\nMETHOD:CANCEL").split(b"\r\n")

    assert rb"NAME:Visits\, of METHOD:CANCEL" in said
    assert rb"X-WR-CALNAME:Visits\, of METHOD:CANCEL" in said
    assert b"REFRESH-INTERVAL;VALUE=DURATION:PT1H" in said
    assert b"X-PUBLISHED-TTL:PT1H" in said


def test_a_feed_that_has_not_changed_is_the_same_to_the_byte() -> None:
    assert feed(many(3), name="My visits") == feed(many(3), name="My visits")
