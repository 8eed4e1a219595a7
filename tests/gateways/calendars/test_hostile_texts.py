"""People write what they like; a calendar file stays one event, of those who belong to it."""

from dataclasses import replace
from urllib.parse import unquote

import pytest
import vobject  # type: ignore[import-untyped]  # it has no types, and no stubs
from hypothesis import given, settings
from hypothesis import strategies as st

from fulfillment.gateways.calendar import Mailbox, Visit, cancellation, download, feed, invitation, uid_of
from fulfillment.gateways.calendar.visit import lines, one_line
from tests.gateways.calendars import libical
from tests.gateways.calendars.readers import expect_readers, expect_sound
from tests.gateways.calendars.reading import Event
from tests.gateways.calendars.visits import DOMAIN, LEAK

PIECES = [
    "BEGIN:VEVENT", "END:VEVENT", "END:VCALENDAR", "METHOD:CANCEL", "UID:other", "SEQUENCE:99", ";CN=",
    "ATTENDEE:mailto:eve@evil.example", ";PARTSTAT=DECLINED", "\r\n", "\n", "\r", "\r\n ", "\\n", "\\N",
    "\\", "\\,", ";", ",", ":", "=", '"', "'", "^n", "^'", "^", "%0D%0A", "=0D=0A", "<b>", "&amp;", " ", "\t",
    "\x00", "\x07", "\x0b", "\x0c", "\x1b[31m", "\x7f", "\x85", "\u2028", "\u2029", "\ufeff", "\ufffe",
    "\ud800", "\u202e", "שלום", "مرحبا", "👩🏽\u200d🔧", "e\u0301", "水" * 90, "x" * 200, " " * 80, "Ada",
]  # fmt: skip
TEXTS = st.lists(st.sampled_from(PIECES) | st.text(max_size=8), max_size=8).map("".join)
MAILBOXES = st.builds(Mailbox, name=TEXTS, address=TEXTS)
VISITS = st.builds(
    replace,
    st.just(LEAK),
    summary=TEXTS,
    description=TEXTS,
    location=TEXTS,
    url=TEXTS,
    organizer=MAILBOXES,
    attendee=MAILBOXES,
)
WRITERS = (invitation, cancellation, download)


def test_no_text_changes_anything_but_itself() -> None:
    expect_readers()
    written: list[tuple[Visit, bytes]] = []

    @settings(max_examples=200)
    @given(VISITS)
    def write(visit: Visit) -> None:
        for file in (writer(visit) for writer in WRITERS):
            expect_it_says(visit, libical.read(file).event)
            written.append((visit, file))

    write()

    # Node is started once for all of them.
    read = expect_sound([file for _, file in written])
    assert len(read) == len(written) >= len(WRITERS)


def test_no_text_reaches_from_one_visit_of_a_feed_into_the_next() -> None:
    expect_readers()

    @settings(max_examples=20)
    @given(st.lists(VISITS, min_size=2, max_size=4), TEXTS)
    def write(visits: list[Visit], name: str) -> None:
        apart = [replace(visit, uid=uid_of(str(number), DOMAIN)) for number, visit in enumerate(visits)]
        read = libical.read(feed(apart, name=name))
        for visit, event in zip(apart, read.events, strict=True):
            expect_it_says(visit, event)

    write()


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ('Ada";PARTSTAT=DECLINED;X="', "Ada';PARTSTAT=DECLINED;X='"),
        ("Ada:mailto:eve@evil.example", "Ada:mailto:eve@evil.example"),
        ("Ada\r\nATTENDEE:mailto:eve@evil.example", "Ada ATTENDEE:mailto:eve@evil.example"),
        ("Ada\\", "Ada/"),
        ("Ada^'^n^^", "Ada'n"),
        ("12", "12"),
    ],
)
def test_a_name_stays_beside_its_address(name: str, shown: str) -> None:
    file = invitation(replace(LEAK, attendee=Mailbox(name=name, address="ada@people.example")))

    (event,) = vobject.readOne(file.decode()).vevent_list
    assert event.attendee.value == "mailto:ada@people.example"
    assert event.attendee.params == {
        "CN": [shown],
        "PARTSTAT": ["ACCEPTED"],
        "ROLE": ["REQ-PARTICIPANT"],
        "RSVP": ["FALSE"],
    }


def expect_it_says(visit: Visit, event: Event) -> None:
    assert (event.uid, event.sequence, event.start, event.end) == (
        visit.uid,
        visit.sequence,
        visit.start,
        visit.end,
    )
    assert (event.summary, event.location) == (one_line(visit.summary) or "Visit", one_line(visit.location))
    assert event.description == lines(visit.description)
    assert unquote(event.organizer) == f"mailto:{one_line(visit.organizer.address)}"
    assert [unquote(guest) for guest in event.attendees] in (
        [],
        [f"mailto:{one_line(visit.attendee.address)}"],
    )
