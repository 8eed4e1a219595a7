"""Whole lives of a visit in a calendar, in zones that change their clocks in between."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import icalendar
import pytest

from fulfillment.domain.errors import ValueInvalid
from fulfillment.gateways.calendar import Visit, cancellation, download, feed, invitation, uid_of
from tests.gateways.calendars.readers import expect_lines, expect_sound
from tests.gateways.calendars.visits import DOMAIN, LEAK

ZONES = [
    pytest.param("Europe/Berlin", date(2026, 10, 25), id="Berlin falls back"),
    pytest.param("Europe/Berlin", date(2027, 3, 28), id="Berlin springs forward"),
    pytest.param("America/New_York", date(2027, 3, 14), id="New York springs forward"),
    pytest.param("America/New_York", date(2026, 11, 1), id="New York falls back"),
    pytest.param("Australia/Lord_Howe", date(2027, 4, 4), id="Lord Howe falls back by half an hour"),
    pytest.param("Asia/Kathmandu", date(2027, 3, 28), id="Kathmandu is 5:45 ahead, always"),
    pytest.param("Africa/Casablanca", date(2027, 2, 7), id="Casablanca changes for Ramadan"),
]


def windows(zone: str, night: date) -> list[tuple[datetime, datetime]]:
    """Return the windows of a visit that is moved about, around the change of the clocks that night."""
    change = datetime.combine(night, time(tzinfo=ZoneInfo(zone))).astimezone(UTC)
    starts = [change + timedelta(minutes=minutes) for minutes in (-600, 45, 90, 150, 195, 600)]
    return [(start, start + timedelta(hours=2)) for start in starts]


def life(visit: Visit, spans: list[tuple[datetime, datetime]]) -> list[Visit]:
    """Return the revisions of `visit` that is agreed, moved on and on, and in the end called off."""
    return [
        replace(visit, sequence=sequence, start=start, end=end, stamp=visit.stamp + timedelta(hours=sequence))
        for sequence, (start, end) in enumerate([*spans, spans[-1]])
    ]


@pytest.mark.parametrize(("zone", "night"), ZONES)
def test_every_reader_follows_a_visit_from_its_confirmation_to_its_end(zone: str, night: date) -> None:
    spans = windows(zone, night)
    *kept, called_off = life(LEAK, spans)

    read = expect_sound([*(invitation(each) for each in kept), cancellation(called_off)])

    assert [each.method for each in read] == ["REQUEST"] * len(spans) + ["CANCEL"]
    assert [each.event.status for each in read] == ["CONFIRMED"] * len(spans) + ["CANCELLED"]
    assert [each.event.sequence for each in read] == list(range(len(spans) + 1))
    assert {each.event.uid for each in read} == {"assignment-a1@visits.example"}
    assert [(each.event.start, each.event.end) for each in read] == [*spans, spans[-1]]


@pytest.mark.parametrize(("zone", "night"), ZONES)
def test_an_instant_is_the_same_in_whatever_zone_it_came(zone: str, night: date) -> None:
    start, end = windows(zone, night)[1]
    local = replace(LEAK, start=start.astimezone(ZoneInfo(zone)), end=end.astimezone(ZoneInfo(zone)))

    assert invitation(local) == invitation(replace(LEAK, start=start, end=end))


def test_every_reader_understands_what_we_meant() -> None:
    files = [
        invitation(LEAK),
        cancellation(replace(LEAK, sequence=1)),
        download(LEAK),
        feed([LEAK], name="My visits"),
    ]

    read = expect_sound(files)

    assert [each.method for each in read] == ["REQUEST", "CANCEL", "PUBLISH", "PUBLISH"]
    assert {each.event.summary for each in read} == {LEAK.summary}
    assert {each.event.description for each in read} == {LEAK.description}
    assert {each.event.location for each in read} == {LEAK.location}
    assert {each.event.organizer for each in read} == {"mailto:visits@visits.example"}


def test_only_what_invites_names_the_invited() -> None:
    invited, called_off, downloaded = expect_sound([invitation(LEAK), cancellation(LEAK), download(LEAK)])

    assert invited.event.attendees == called_off.event.attendees == ("mailto:ada+visits@people.example",)
    assert downloaded.event.attendees == ()


def test_who_has_agreed_is_not_asked_again() -> None:
    attendee = written(invitation(LEAK))["ATTENDEE"]

    assert dict(attendee.params) == {
        "CN": "Müller, Ada",
        "PARTSTAT": "ACCEPTED",
        "ROLE": "REQ-PARTICIPANT",
        "RSVP": "FALSE",
    }


def test_the_files_of_a_visit_differ_in_nothing_but_what_they_ask() -> None:
    invited, called_off = written(invitation(LEAK)), written(cancellation(LEAK))
    downloaded, listed = written(download(LEAK)), written(feed([LEAK], name="My visits"))

    assert downloaded == listed
    assert differing(invited, called_off) == {"STATUS"}
    assert differing(invited, downloaded) == {"ATTENDEE"}


def test_no_calendar_rings_beside_our_reminders() -> None:
    files = [invitation(LEAK), cancellation(LEAK), download(LEAK), feed([LEAK], name="My visits")]

    assert not any(b"VALARM" in file for file in files)


def test_what_is_not_known_is_left_out_but_for_the_title_that_every_event_needs() -> None:
    bare = replace(LEAK, summary="", description=" ", location="\n", url="")

    (read,) = expect_sound([invitation(bare)])

    assert (read.event.summary, read.event.description, read.event.location) == ("Visit", "", "")
    assert not {"DESCRIPTION", "LOCATION", "URL"} & set(written(invitation(bare)))


def test_a_backslash_stays_one() -> None:
    path = replace(LEAK, description=r"\\server\New\notes, C:\Notes; D:\nine")

    (read,) = expect_sound([invitation(path)])

    assert read.event.description == path.description


def test_a_file_of_long_texts_has_short_lines() -> None:
    wordy = replace(LEAK, summary="ß" * 500, description="👩🏽‍🔧" * 200, location="x" * 1000)

    expect_lines(invitation(wordy))


def test_a_time_that_could_be_any_of_twenty_four_is_no_visit() -> None:
    with pytest.raises(ValueInvalid, match="start: it takes an instant"):
        replace(LEAK, start=datetime(2027, 3, 27, 9))  # noqa: DTZ001 - the point


def test_a_visit_has_one_name_for_life() -> None:
    assert uid_of("a1", DOMAIN) == "assignment-a1@visits.example"


def written(file: bytes) -> icalendar.Event:
    """Return the only event of the file, with its properties as they stand there."""
    (event,) = icalendar.Calendar.from_ical(file).events
    return event


def differing(one: icalendar.Event, other: icalendar.Event) -> set[str]:
    return {key for key in {*one, *other} if one.get(key) != other.get(key)}
