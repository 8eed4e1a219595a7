"""Figures over time, as staff see them."""

import re
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from api.schemas.base import Instant, Shown

UNITS = {
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}
DURATION = re.compile(rf"(?P<n>\d{{1,6}})(?P<unit>[{''.join(UNITS)}])", re.ASCII)


def _duration(text: str) -> str:
    if not DURATION.fullmatch(text):
        raise ValueError("this is no span of time such as 15m, 24h or 30d")
    return text


Duration = Annotated[str, AfterValidator(_duration), Field(max_length=7, examples=["15m", "24h", "30d"])]
"""A span of time as a number and m, h, d or w."""


def length(duration: str) -> timedelta:
    """Return how long a `Duration` is."""
    found = DURATION.fullmatch(duration)
    if found is None:
        raise AssertionError("it has been looked at before")
    return int(found["n"]) * UNITS[found["unit"]]


class PointShown(Shown):
    at: Annotated[Instant, Field(description="When the span begins; the next one begins where it ends.")]
    sent: int
    failed: int


class RemindersShown(Shown):
    """Numbers from `prometheus` are reckoned from samples and may be off by a few; the `history` is exact."""

    range: str
    step: str
    source: Literal["prometheus", "history"]
    points: list[PointShown]
