"""What all bodies have in common: camelCase names, instants in UTC, and no guessing what was meant.

What arrives is read strictly: `"1"` is no number, `0` is no date, an unknown field is an error. Two kinds
of value have no JSON type of their own and are read from text: moments, and choices (`OneOf`).
"""

import re
from datetime import UTC, datetime
from typing import Annotated, TypeVar

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    Strict,
    WithJsonSchema,
)
from pydantic.alias_generators import to_camel

Choice = TypeVar("Choice")

RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?([Zz]|[+-]\d\d:\d\d)?", re.ASCII)
FIRST_YEAR, LAST_YEAR = 2020, 2100


class Sent(BaseModel):
    """What a client sends. Name the fields in snake_case; on the wire they are camelCase, and only that."""

    model_config = ConfigDict(
        alias_generator=to_camel, extra="forbid", strict=True, frozen=True, hide_input_in_errors=True
    )


class Shown(BaseModel):
    """What we show. It can be read off any object with attributes of the same names."""

    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, from_attributes=True, frozen=True
    )


def _moment(value: object) -> datetime:
    if not isinstance(value, str) or not RFC3339.fullmatch(value):
        raise ValueError("this is no time such as 2026-05-04T09:00:00Z")
    try:
        moment = datetime.fromisoformat(value.upper())
    except ValueError:
        raise ValueError("there is no such day or time") from None
    if not FIRST_YEAR <= moment.year < LAST_YEAR:
        raise ValueError(f"the year has to be from {FIRST_YEAR} to {LAST_YEAR - 1}")
    return moment


def _instant(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("this needs an offset from UTC, such as Z or +02:00")
    return moment.astimezone(UTC)


OneOf = Annotated[Choice, Strict(strict=False)]
"""A choice from an enum, sent by its text: `mode: OneOf[DispatchMode]`."""

Moment = Annotated[
    datetime,
    Strict(strict=False),
    BeforeValidator(_moment),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
"""A time as it was sent: with an offset from UTC, or without one where a timezone stands beside it."""

SentInstant = Annotated[Moment, AfterValidator(_instant)]
"""A time sent with its offset; arrives in UTC."""

Instant = Annotated[
    AwareDatetime,
    PlainSerializer(lambda at: at.astimezone(UTC).isoformat().replace("+00:00", "Z"), when_used="json"),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
"""A time that we show: RFC 3339, in UTC, with a Z."""

Line = Annotated[str, Field(min_length=1, max_length=200)]
Note = Annotated[str, Field(min_length=1, max_length=2000)]
Id = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]
"""An opaque id, in a path or a body. One that does not look like this cannot be one of ours."""
