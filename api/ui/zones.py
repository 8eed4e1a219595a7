"""The zones that pages let people choose from."""

from functools import lru_cache
from zoneinfo import available_timezones

LEFT_OUT = ("Etc/", "SystemV/", "US/", "Mexico/", "Brazil/", "Canada/", "Chile/")
"""Other names for what is there by its city, and zones of no place."""

Choice = tuple[str, str]


def zones_with(known: str) -> tuple[Choice, ...]:
    """Return pairs of an IANA name and how it is shown; `known` is among them, whatever it is."""
    listed = _listed()
    return listed if known in dict(listed) or not known else ((known, known), *listed)


@lru_cache(maxsize=1)
def _listed() -> tuple[Choice, ...]:
    cities = (name for name in available_timezones() if "/" in name and not name.startswith(LEFT_OUT))
    return tuple((name, name.replace("_", " ")) for name in (*sorted(cities), "UTC"))
