"""In which form a reader wants an answer: JSON, or CSV where a route has it."""

import re
from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Annotated, Any

from fastapi import Depends, Query, Request

from api.visit import add_header

QUALITY = re.compile(r"(0(\.\d{0,3})?|1(\.0{0,3})?)", re.ASCII)


class Form(StrEnum):
    JSON = "json"
    CSV = "csv"


MEDIA_TYPES = {Form.JSON: "application/json", Form.CSV: "text/csv"}
ALSO_CSV: dict[int | str, dict[str, Any]] = {
    200: {"content": {MEDIA_TYPES[Form.CSV]: {"schema": {"type": "string"}}}}
}
"""What the contract says of a route that has both."""


async def _form_of(
    request: Request,
    format: Annotated[
        Form | None, Query(description="The same as Accept, for links; it comes first.")
    ] = None,
) -> Form:
    add_header(request.scope, "Vary", "Accept")
    return format or preferred(request.headers.getlist("accept"))


TheForm = Annotated[Form, Depends(_form_of)]


def preferred(accept: Iterable[str]) -> Form:
    """Return the form that the Accept headers prefer (RFC 9110, 12.5.1).

    JSON where they have no preference, or take neither: an answer that was not asked for is worth more than
    none.
    """
    ranges = tuple(_ranges(",".join(accept)))
    csv, json = (_quality(MEDIA_TYPES[form], ranges) for form in (Form.CSV, Form.JSON))
    return Form.CSV if csv > json else Form.JSON


def _ranges(accept: str) -> Iterator[tuple[str, float]]:
    """Yield each media range with its quality; one whose quality is no number is left out."""
    for each in accept.split(","):
        name, *parameters = (part.strip().lower() for part in each.split(";"))
        told = [value for key, _, value in (it.partition("=") for it in parameters) if key.strip() == "q"]
        quality = told[0].strip() if told else "1"
        if name and QUALITY.fullmatch(quality):
            yield name, float(quality)


def _quality(media_type: str, ranges: Iterable[tuple[str, float]]) -> float:
    """Return what the most specific range says of a media type; 0 if none says anything."""
    kind = media_type.partition("/")[0]
    for wanted in (media_type, f"{kind}/*", "*/*"):
        said = [quality for name, quality in ranges if name == wanted]
        if said:
            return max(said)
    return 0.0
