"""Read calendar files by libical, the one that also holds them against the rules of their METHOD."""

import ctypes
import re
from collections.abc import Iterator
from ctypes import c_char_p, c_int, c_void_p
from functools import cache

from tests.gateways.calendars.reading import Event, Reading, Unsound, instant, reading

LIBRARY = "libical.so.3"
ANY_COMPONENT = 1
ANY_PROPERTY = 0
SIGNATURES = {
    "icalparser_parse_string": (c_void_p, [c_char_p]),
    "icalrestriction_check": (c_int, [c_void_p]),
    "icalcomponent_count_errors": (c_int, [c_void_p]),
    "icalcomponent_free": (None, [c_void_p]),
    "icalcomponent_as_ical_string": (c_char_p, [c_void_p]),
    "icalcomponent_isa": (c_int, [c_void_p]),
    "icalcomponent_kind_to_string": (c_char_p, [c_int]),
    "icalcomponent_get_first_component": (c_void_p, [c_void_p, c_int]),
    "icalcomponent_get_next_component": (c_void_p, [c_void_p, c_int]),
    "icalcomponent_get_first_property": (c_void_p, [c_void_p, c_int]),
    "icalcomponent_get_next_property": (c_void_p, [c_void_p, c_int]),
    "icalcomponent_get_summary": (c_char_p, [c_void_p]),
    "icalcomponent_get_description": (c_char_p, [c_void_p]),
    "icalcomponent_get_location": (c_char_p, [c_void_p]),
    "icalproperty_get_property_name": (c_char_p, [c_void_p]),
    "icalproperty_get_value_as_string": (c_char_p, [c_void_p]),
}
"""Result and arguments. Every string that comes back is the library's own, and copied at once."""


def is_there() -> bool:
    try:
        _library()
    except OSError:
        return False
    return True


def read(file: bytes) -> Reading:
    """Return what libical understands.

    Raises:
        Unsound: it cannot read the file, or a rule for its METHOD is broken.
    """
    library = _library()
    calendar = library.icalparser_parse_string(file)
    if not calendar:
        raise Unsound("libical: this is no calendar")
    try:
        sound = library.icalrestriction_check(calendar)
        if not sound or library.icalcomponent_count_errors(calendar):
            raise Unsound(f"libical: {_complaints(calendar)}")
        _expect_kind(calendar, "VCALENDAR")
        ((_, method),) = (each for each in _values(calendar) if each[0] == "METHOD")
        return reading(method, [_event(each) for each in _components(calendar)])
    finally:
        library.icalcomponent_free(calendar)


@cache
def _library() -> ctypes.CDLL:
    library = ctypes.CDLL(LIBRARY)
    for name, (result, arguments) in SIGNATURES.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library


def _event(component: int) -> Event:
    _expect_kind(component, "VEVENT")
    library = _library()
    values = dict(_values(component))
    return Event(
        uid=values["UID"],
        sequence=int(values["SEQUENCE"]),
        status=values["STATUS"],
        start=instant(values["DTSTART"]),
        end=instant(values["DTEND"]),
        summary=_text(library.icalcomponent_get_summary(component)),
        description=_text(library.icalcomponent_get_description(component)),
        location=_text(library.icalcomponent_get_location(component)),
        organizer=values["ORGANIZER"],
        attendees=tuple(value for name, value in _values(component) if name == "ATTENDEE"),
    )


def _expect_kind(component: int, kind: str) -> None:
    library = _library()
    found = _text(library.icalcomponent_kind_to_string(library.icalcomponent_isa(component)))
    if found != kind:
        raise Unsound(f"libical: {found} where {kind} belongs")


def _components(calendar: int) -> Iterator[int]:
    library = _library()
    component = library.icalcomponent_get_first_component(calendar, ANY_COMPONENT)
    while component:
        yield component
        component = library.icalcomponent_get_next_component(calendar, ANY_COMPONENT)


def _values(component: int) -> list[tuple[str, str]]:
    """Return names and values of the properties. The component keeps the place, so it is walked in one go."""
    library = _library()
    values: list[tuple[str, str]] = []
    found = library.icalcomponent_get_first_property(component, ANY_PROPERTY)
    while found:
        name = _text(library.icalproperty_get_property_name(found))
        values.append((name, _text(library.icalproperty_get_value_as_string(found))))
        found = library.icalcomponent_get_next_property(component, ANY_PROPERTY)
    return values


def _complaints(calendar: int) -> str:
    """Return the reasons, which libical writes into the component it complains of."""
    written = _text(_library().icalcomponent_as_ical_string(calendar)).replace("\r\n ", "")
    return (
        "; ".join(re.findall(r"^X-LIC-ERROR[^:]*:(.+?)\r?$", written, re.MULTILINE))
        or "errors it does not name"
    )


def _text(raw: bytes | None) -> str:
    return (raw or b"").decode()
