"""Read calendar files by vobject."""

from datetime import UTC, datetime
from typing import Any

import vobject  # type: ignore[import-untyped]  # it has no types, and no stubs

from tests.gateways.calendars.reading import Event, Reading, Unsound, reading


def read(file: bytes) -> Reading:
    """Return what vobject understands.

    Raises:
        Unsound: it cannot read the file, or misses something in it.
    """
    try:
        (calendar,) = vobject.readComponents(file.decode())
        calendar.validate(raiseException=True)
    except (vobject.base.VObjectError, ValueError) as error:
        raise Unsound(f"vobject: {error}") from error
    return reading(calendar.method.value, [_event(each) for each in calendar.components()])


# vobject makes attributes of whatever is in the file, so nothing can be said of their types.
def _event(component: Any) -> Event:
    if component.name != "VEVENT":
        raise Unsound(f"vobject: {component.name} where an event belongs")
    return Event(
        uid=component.uid.value,
        sequence=int(component.sequence.value),
        status=component.status.value,
        start=_utc(component.dtstart.value),
        end=_utc(component.dtend.value),
        summary=component.getChildValue("summary", ""),
        description=component.getChildValue("description", ""),
        location=component.getChildValue("location", ""),
        organizer=component.organizer.value,
        attendees=tuple(each.value for each in component.contents.get("attendee", ())),
    )


def _utc(found: datetime) -> datetime:
    if found.tzinfo is None:
        raise Unsound(f"vobject: {found} could be anywhere")
    return found.astimezone(UTC)
