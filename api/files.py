"""Files as answers: whoever has the same one already is told so, and is not sent it again (RFC 9110, 13)."""

import hashlib
from collections.abc import Mapping
from typing import Any

from fastapi import Request, Response, status

Documented = dict[int | str, dict[str, Any]]


def answer(
    request: Request, content: bytes, *, media_type: str, headers: Mapping[str, str] | None = None
) -> Response:
    """Return `content`, or 304 when the request names it; its ETag is a hash of the bytes."""
    tag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    told = {**(headers or {}), "ETag": tag}
    if _knows(request, tag):
        return Response(status_code=status.HTTP_304_NOT_MODIFIED, headers=told)
    return Response(content, headers={**told, "Content-Type": media_type})


def documented(media_type: str, description: str) -> Documented:
    """Return what the contract says of a route that answers with a file."""
    text = {"schema": {"type": "string"}}
    return {
        200: {"description": description, "content": {media_type: text}},
        304: {"description": "It is the one that If-None-Match names."},
    }


def _knows(request: Request, tag: str) -> bool:
    """Return whether If-None-Match names the tag; a weak one counts, and so does `*`."""
    named = ",".join(request.headers.getlist("if-none-match")).split(",")
    return any(each.strip().removeprefix("W/") in {tag, "*"} for each in named)
