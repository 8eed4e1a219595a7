"""Pages made of templates: `show("jobs/list.html", jobs=...)`, and the way back to one after a command.

A template gets frozen lines and what the API shows, never a row, and `here`: who looks at it, and where.
What people wrote is escaped by itself; a name that nobody has given is an error, not a gap.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup
from starlette.types import Scope

from api.ui import words
from api.ui.amounts import typed
from api.ui.assets import static
from api.ui.cookies import Cookies
from api.ui.counter import Counter, counter_in
from api.ui.headers import PAGE
from api.ui.moments import Clock, duration, price
from api.ui.places import ACT_AS, NAVIGATION, SIGN_IN, SIGN_OUT, Place
from api.ui.visitor import Visitor
from fulfillment.notifications.moments import Place as Zone

FLASH = "flash"
FLASH_SECONDS = 60
"""How long what was done is worth saying; whoever comes later sees it on the page itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Here:
    """What every template knows: whose page it is, and how it got here.

    `live` is the address that says when the page has changed; `status` is that of the answer.
    """

    brand: str
    path: str
    request_id: str
    clock: Clock
    visitor: Visitor | None = None
    places: tuple[Place, ...] = ()
    said: str = ""
    live: str = ""
    status: int = 200
    csrf: str = field(default="", repr=False)

    @property
    def is_refusal(self) -> bool:
        return self.status >= REFUSALS

    def is_at(self, place: Place) -> bool:
        """Return whether the page lies under `place`."""
        return self.path == place.path or self.path.startswith(f"{place.path}/")


REFUSALS = 400


def redirect(path: str) -> RedirectResponse:
    """Return the way to another page of ours, which is asked for by GET."""
    return RedirectResponse(path, status_code=303, headers=dict(PAGE))


class Show:
    """Draws the pages of one request."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._counter: Counter = counter_in(scope)

    def __call__(self, template: str, *, status: int = 200, live: str = "", **told: Any) -> HTMLResponse:
        """Return the page that `template` makes of what is `told`."""
        said = self._said()
        here = self._here(status=status, live=live, said=said or "")
        drawn = TEMPLATES.get_template(template).render(here=here, **told)
        response = HTMLResponse(drawn, status_code=status, headers=dict(PAGE))
        if said is not None:
            self._cookies.take(response, FLASH)
        return response

    def done(self, path: str, says: str, **since: int) -> RedirectResponse:
        """Return the way to the page of what was just done, which `says` so.

        `since` is what the page waits for: `since=7`, a version it has to show.
        """
        response = redirect(path + (f"?{urlencode(since)}" if since else ""))
        self._cookies.give(response, FLASH, says, seconds=FLASH_SECONDS)
        return response

    @property
    def clock(self) -> Clock:
        timezone = self._visitor.timezone if self._visitor else "UTC"
        return Clock(place=Zone.of(timezone), now=datetime.now(UTC))

    @property
    def _visitor(self) -> Visitor | None:
        # Looked up late: the guard of the route may come after us.
        found: Visitor | None = self._scope["state"].get("visitor")
        return found

    @property
    def _cookies(self) -> Cookies:
        return self._counter.cookies

    def _said(self) -> str | None:
        said = self._cookies.read(Request(self._scope), FLASH, seconds=FLASH_SECONDS)
        return said if isinstance(said, str) else None

    def _here(self, *, status: int, live: str, said: str) -> Here:
        visitor = self._visitor
        return Here(
            brand=self._counter.brand,
            path=self._scope["path"],
            request_id=self._scope["state"].get("request_id", ""),
            clock=self.clock,
            visitor=visitor,
            places=NAVIGATION[visitor.role] if visitor else (),
            said=said,
            live=live,
            status=status,
            csrf=visitor.csrf if visitor else "",
        )


async def _show(request: Request) -> Show:
    return Show(request.scope)


TheShow = Annotated[Show, Depends(_show)]


def _by_clock(say: Callable[..., Markup]) -> Callable[..., Markup]:
    """Return a filter that asks the clock of whoever looks at the page."""

    @pass_context
    def told(context: Context, *arguments: Any) -> Markup:
        here: Here = context["here"]
        return say(here.clock, *arguments)

    return told


FILTERS: Mapping[str, Callable[..., Any]] = {
    "moment": _by_clock(Clock.moment),
    "brief": _by_clock(Clock.brief),
    "span": _by_clock(Clock.span),
    "there": _by_clock(Clock.there),
    "hours": _by_clock(Clock.hours),
    "ahead": _by_clock(Clock.ahead),
    "instants": _by_clock(Clock.instants),
    "price": price,
    "duration": duration,
    "typed": typed,
    "status": words.status,
    "role": words.role,
}


WEB_ADDRESS = re.compile(r"https?://[^\s<>\"']+")


def _is_web_address(text: str) -> bool:
    """Return whether a text is an address on the web and nothing else; of no other kind is a link made."""
    return WEB_ADDRESS.fullmatch(text) is not None


def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters.update(FILTERS)
    made.tests["web_address"] = _is_web_address
    made.globals.update(static=static, SIGN_IN=SIGN_IN, SIGN_OUT=SIGN_OUT, ACT_AS=ACT_AS)
    return made


TEMPLATES = _environment()
