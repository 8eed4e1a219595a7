"""Who may see a page: everybody who is signed in as one of its roles.

    Customer = Annotated[Visitor, Depends(signed_in(Role.CUSTOMER))]

    @router.get("/jobs")
    async def list_jobs(visitor: Customer, ...) -> Response: ...

Whoever is not signed in is sent to do that, and comes back. A command is only taken from our own forms, so a
route that is a POST need not think of that either.
"""

from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

import structlog
from fastapi import Request

from api.auth import Guard
from api.desk import desk_of
from api.ui.counter import counter_of
from api.ui.csrf import expect_own_form
from api.ui.places import HOME, SIGN_IN, safe_next
from api.ui.visitor import Visitor
from api.visit import READS
from fulfillment.domain.errors import RoleForbidden
from fulfillment.domain.people import Role

log = structlog.stdlib.get_logger(__name__)

PEOPLE = (Role.CUSTOMER, Role.PROVIDER, Role.OPS, Role.ADMIN)


class SignInFirst(Exception):
    """They have to sign in; `to` is where that is done, and says where they wanted to go."""

    def __init__(self, to: str) -> None:
        super().__init__(to)
        self.to = to


@dataclass(frozen=True)
class SignedIn(Guard):
    """Admits people who are signed in as one of `roles`; what they send has to come from our own pages."""

    async def __call__(self, request: Request) -> Visitor:
        desk, counter = desk_of(request), counter_of(request)
        visitor = await counter.sessions.visitor(request)
        if visitor is None:
            await desk.limiter.count_stranger(request.scope)
            raise SignInFirst(_sign_in(request, ended=counter.sessions.was_here(request)))
        request.state.visitor = visitor
        request.state.actor, request.state.actor_role = visitor.id, visitor.role
        structlog.contextvars.bind_contextvars(actor=visitor.id, actor_role=visitor.role)
        await desk.limiter.count(request.scope, id=visitor.id, role=visitor.role)
        if request.method not in READS:
            await expect_own_form(request, visitor)
        if visitor.role not in self.roles:
            request.state.needed = self.roles
            log.warning("auth.role.refused", needed=self.roles, roles=sorted(visitor.roles))
            raise RoleForbidden(f"this takes the role {' or '.join(self.roles)}")
        return visitor


def signed_in(*roles: Role) -> SignedIn:
    """Return the guard of a page that is for `roles`; without any, for everybody who is signed in."""
    return SignedIn(roles or PEOPLE)


def _sign_in(request: Request, *, ended: bool) -> str:
    """Return where to sign in. A form cannot be taken up again; its page, which it came from, can."""
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    came_from = urlsplit(request.headers.get("referer", ""))
    wanted = here if request.method in READS else f"{came_from.path}?{came_from.query}".rstrip("?")
    query = {"next": wanted} if safe_next(wanted) == wanted != HOME else {}
    query |= {"why": "ended"} if ended else {}
    return SIGN_IN + (f"?{urlencode(query)}" if query else "")
