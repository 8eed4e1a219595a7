"""Calendar files (RFC 5545, 5546): an invitation, its cancellation, one visit to keep, and a feed of many.

Times are UTC: a zone by name needs its rules beside it, and who lacks them shows another hour (trap I5).
Nothing rings (I11): the reminders are ours, and a calendar's would come twice.
"""

from collections.abc import Iterable
from datetime import timedelta
from urllib.parse import quote

from icalendar import Calendar, Event, vCalAddress, vDuration, vText, vUri

from fulfillment.domain.messages import CalendarMethod
from fulfillment.gateways.calendar.visit import Mailbox, Visit, lines, one_line

PRODUCT = "-//Fulfillment//Visits//EN"
HOURLY = timedelta(hours=1)
NAMELESS = "Visit"
"""The title of an event without one, which would not be a valid event (RFC 5546, 3.2)."""
ESCAPED = str.maketrans({"\\": r"\\", ";": r"\;", ",": r"\,", "\n": r"\n"})
BESIDE_AN_ADDRESS = str.maketrans({'"': "'", "\\": "/", "^": None})
"""Readers disagree on how a name escapes these, so that none is left to escape."""
IN_AN_ADDRESS = "@!$&'*+-=.^_`{|}~/?"
"""What an address may hold and its link carries as it is, beside letters and digits (RFC 6068)."""
IN_A_URL = ":/?#[]@!$&'()*+,;=%~"


def invitation(visit: Visit) -> bytes:
    """Return the file that puts `visit` into its attendee's calendar, or moves it there."""
    return _written(_calendar(CalendarMethod.REQUEST, [visit]))


def cancellation(visit: Visit) -> bytes:
    """Return the file that takes `visit` out again: the same visit, with a higher `sequence` (trap I1)."""
    return _written(_calendar(CalendarMethod.CANCEL, [visit]))


def download(visit: Visit) -> bytes:
    """Return `visit` as a file to keep. It has the invitation's uid, so whoever has both sees one event."""
    return _written(_calendar(CalendarMethod.PUBLISH, [visit]))


def feed(visits: Iterable[Visit], *, name: str, refresh: timedelta = HOURLY) -> bytes:
    """Return a calendar to subscribe to, called `name`, which asks to be fetched again after `refresh`."""
    calendar = _calendar(CalendarMethod.PUBLISH, visits)
    # Each thing is said twice: in the standard's word (RFC 7986), and in the one that is widely understood.
    calendar.add("name", _Text(one_line(name) or NAMELESS))
    calendar.add("x-wr-calname", _Text(one_line(name) or NAMELESS))
    calendar.add("refresh-interval", vDuration(refresh), parameters={"value": "DURATION"})
    calendar.add("x-published-ttl", vDuration(refresh))
    return _written(calendar)


class _Text(vText):
    """A text that keeps its backslashes; icalendar 7.3 takes one before a capital N for a line break."""

    def to_ical(self) -> bytes:
        return self.translate(ESCAPED).encode()


def _written(calendar: Calendar) -> bytes:
    content: bytes = calendar.to_ical()
    return content


def _calendar(method: CalendarMethod, visits: Iterable[Visit]) -> Calendar:
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", method.value)
    for visit in visits:
        calendar.add_component(_event(visit, method))
    return calendar


def _event(visit: Visit, method: CalendarMethod) -> Event:
    """Return `visit` as an event. Every file gets it from here, so that no path forgets a field (trap I4)."""
    event = Event()
    event.add("uid", visit.uid)
    event.add("sequence", visit.sequence)
    event.add("dtstamp", visit.stamp)
    event.add("last-modified", visit.stamp)
    event.add("dtstart", visit.start)
    event.add("dtend", visit.end)
    event.add("status", "CANCELLED" if method is CalendarMethod.CANCEL else "CONFIRMED")
    event.add("transp", "OPAQUE")
    event.add("organizer", _address(visit.organizer))
    if method is not CalendarMethod.PUBLISH:  # what is published invites nobody (RFC 5546, 3.2.1)
        event.add("attendee", _guest(visit.attendee))
    _describe(event, visit)
    return event


def _describe(event: Event, visit: Visit) -> None:
    texts = {
        "summary": one_line(visit.summary) or NAMELESS,
        "description": lines(visit.description),
        "location": one_line(visit.location),
    }
    for key, text in texts.items():
        if text:
            event.add(key, _Text(text))
    if url := one_line(visit.url):
        event.add("url", vUri(quote(url, safe=IN_A_URL)))


def _guest(mailbox: Mailbox) -> vCalAddress:
    """Return the party as somebody who comes.

    They have agreed with us already. To ask again would let them decline in a calendar, where we never
    hear of it.
    """
    address = _address(mailbox)
    address.params.update({"ROLE": "REQ-PARTICIPANT", "PARTSTAT": "ACCEPTED", "RSVP": "FALSE"})
    return address


def _address(mailbox: Mailbox) -> vCalAddress:
    """Return a bare mailto, whatever the address holds (traps I7, I10), with the name beside it."""
    address = vCalAddress("mailto:" + quote(one_line(mailbox.address), safe=IN_AN_ADDRESS))
    if name := one_line(mailbox.name).translate(BESIDE_AN_ADDRESS):
        address.params["CN"] = name
    return address
