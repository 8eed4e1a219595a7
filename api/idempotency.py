"""What makes a repeated request the same request: a key from the client, and a name made of it."""

import base64
import hashlib
import json
import re
import secrets
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Header, Request

from api.errors import BadIdempotencyKey
from api.visit import add_header, template

HEADER = "Idempotency-Key"
KEY = re.compile(r"[\x21-\x7e]{1,200}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """The key of a request, and the method and route (such as /jobs/{job_id}/cancel) it came by.

    `is_given` says that the client gave it; else it was made here.
    """

    value: str
    is_given: bool
    method: str
    route: str

    def command_id(self, *, actor_id: str, target: str) -> str:
        """Return the name of the command that this actor gives about `target` under this key."""
        return command_id(
            actor_id=actor_id, method=self.method, route=self.route, target=target, key=self.value
        )


def command_id(*, actor_id: str, method: str, route: str, target: str, key: str) -> str:
    """Return the name of a command: the same for a repeat, and for nothing else.

    Equal keys of two people, or about two things, are two commands. What the name is made of cannot be
    read from it: it becomes an id in the engine, and ids are not encrypted.
    """
    parts = json.dumps([actor_id, method, route, target, key])
    return base64.urlsafe_b64encode(hashlib.sha256(parts.encode()).digest()).decode().rstrip("=")


async def _key_of(
    request: Request,
    _documented: Annotated[
        str | None,
        Header(
            alias=HEADER,
            description="Names this request, so that a repeat has no second effect. Made when absent.",
            json_schema_extra={"minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"},
        ),
    ] = None,
) -> Key:
    """Return the key of this request, and tell it to the caller: without it nothing could be repeated.

    Raises:
        BadIdempotencyKey: the header is there, and is not one key.
    """
    given = request.headers.getlist(HEADER)
    if given and (len(given) > 1 or not KEY.fullmatch(given[0])):
        raise BadIdempotencyKey
    value = given[0] if given else secrets.token_urlsafe(24)
    add_header(request.scope, HEADER, value)
    return Key(value=value, is_given=bool(given), method=request.method, route=template(request.scope))


TheKey = Annotated[Key, Depends(_key_of)]
