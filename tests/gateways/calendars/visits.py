"""A visit to write calendar files of."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from fulfillment.gateways.calendar import Mailbox, Visit, uid_of

DOMAIN = "visits.example"
AGREED_AT = datetime(2026, 9, 1, 8, 30, tzinfo=UTC)
EVE_OF_SPRING = datetime(2027, 3, 27, 9, tzinfo=UTC)

LEAK = Visit(
    uid=uid_of("a1", DOMAIN),
    sequence=0,
    start=EVE_OF_SPRING,
    end=EVE_OF_SPRING + timedelta(hours=2),
    summary="Fix the tap, then the sink; all of it",
    description="Ring twice.\nThe dog is kind.",
    location="Große Straße 7, Zürich",
    url="https://visits.example/assignments/a1",
    stamp=AGREED_AT,
    organizer=Mailbox(name="Fulfillment", address="visits@visits.example"),
    attendee=Mailbox(name="Müller, Ada", address="ada+visits@people.example"),
)


def many(count: int) -> list[Visit]:
    """Return visits of as many assignments, one a day."""
    return [
        replace(
            LEAK,
            uid=uid_of(f"a{number:03}", DOMAIN),
            start=LEAK.start + timedelta(days=number),
            end=LEAK.end + timedelta(days=number),
        )
        for number in range(count)
    ]
