"""Which version a caller has seen: said in the body, or by the header If-Match."""

import re
from typing import Annotated

from fastapi import Depends, Header

from api.errors import FieldError, InvalidBody

ETAG = re.compile(r'"(\d{1,9})"')


async def _if_match(
    if_match: Annotated[
        str | None,
        Header(description='The version seen, as the ETag gave it: `"7"`.', examples=['"7"']),
    ] = None,
) -> int | None:
    """Return the version in the header.

    Raises:
        InvalidBody: it is none of ours.
    """
    if if_match is None:
        return None
    found = ETAG.fullmatch(if_match.strip())
    if found is None:
        raise InvalidBody(errors=(FieldError(field="If-Match", message='this takes one version: "7"'),))
    return int(found[1])


IfMatch = Annotated[int | None, Depends(_if_match)]


def seen(field: str, said: int | None, if_match: int | None) -> int:
    """Return the version the caller has seen; `field` is its name in the body.

    Raises:
        InvalidBody: it is not said, or said in two ways that differ.
    """
    version = if_match if said is None else said
    if version is None:
        raise InvalidBody(errors=(FieldError(field=field, message="this is needed, or the header If-Match"),))
    if if_match not in {None, version}:
        raise InvalidBody(errors=(FieldError(field=field, message="this differs from the header If-Match"),))
    return version
