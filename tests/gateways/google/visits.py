"""A visit as the tests put it into calendars."""

from datetime import UTC, datetime, timedelta
from typing import Any

from fulfillment.domain.window import VisitWindow
from fulfillment.gateways.google import CalendarEntry, event_id

ID = event_id("a1", "customer:ada")
NINE = datetime(2026, 3, 9, 9, 0, tzinfo=UTC)


def entry(sequence: int = 0, *, start: datetime = NINE, **other: Any) -> CalendarEntry:
    said: dict[str, Any] = {
        "id": ID,
        "summary": "Boiler service",
        "description": "Bob comes by.",
        "location": "12 Elm Street, Springfield",
        "window": VisitWindow(start=start, end=start + timedelta(hours=2)),
        "timezone": "America/New_York",
        "url": "https://us.example/assignments/a1",
    }
    return CalendarEntry(sequence=sequence, **{**said, **other})
