"""What the pages work with beside the desk, put together once when the process starts."""

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Request
from starlette.types import Scope

from api.ui.cookies import Cookies
from api.ui.entrance import Entrance
from api.ui.hub import Hub
from api.ui.sessions import Sessions


@dataclass(frozen=True, slots=True, kw_only=True)
class Counter:
    """`brand` is our name, `origin` where browsers find the pages: scheme, host and port.

    `entrance` is how people sign in, and `hub` tells open pages what has moved.
    """

    brand: str
    origin: str
    cookies: Cookies
    sessions: Sessions
    entrance: Entrance
    hub: Hub


def origin_of(address: str) -> str:
    """Return scheme, host and port of a web address, as browsers write an origin."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}".lower()


def counter_of(request: Request) -> Counter:
    counter: Counter = request.app.state.counter
    return counter


def counter_in(scope: Scope) -> Counter:
    """Return the counter where there is no request at hand, as in an answer of the guards."""
    counter: Counter = scope["app"].state.counter
    return counter


async def _the_counter(request: Request) -> Counter:
    return counter_of(request)


TheCounter = Annotated[Counter, Depends(_the_counter)]
