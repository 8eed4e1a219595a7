"""Who may use a route: each names its roles, or says that it is open to everybody.

    @router.post("/jobs")
    async def post_job(actor: Annotated[Actor, Depends(allow(Role.CUSTOMER))], ...): ...

A test walks all routes and fails on one that does neither.
"""

from dataclasses import dataclass
from typing import Annotated

import structlog
from fastapi import Depends, Request, Security
from fastapi.dependencies.models import Dependant
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from api.desk import Desk, desk_of
from api.errors import Unauthenticated
from api.tokens import Principal
from fulfillment.domain.errors import RoleForbidden
from fulfillment.domain.people import Actor, Role

log = structlog.stdlib.get_logger(__name__)

bearer = HTTPBearer(
    scheme_name="bearer", bearerFormat="JWT", auto_error=False, description="A token of the issuer."
)
Credentials = Annotated[HTTPAuthorizationCredentials | None, Security(bearer)]


@dataclass(frozen=True)
class Guard:
    """Admits people in one of `roles`; by what they show for it differs."""

    roles: tuple[Role, ...]


@dataclass(frozen=True)
class Allow(Guard):
    """Admits holders of a valid token who have one of `roles`; the first they have is the one they act in."""

    async def __call__(self, request: Request, credentials: Credentials) -> Actor:
        desk = desk_of(request)
        principal = await _authenticate(request, credentials, desk)
        role = next((role for role in self.roles if role in principal.roles), None)
        await _count(request, desk, principal, role)
        if role is None:
            log.warning("auth.role.refused", needed=self.roles, roles=sorted(principal.roles))
            raise RoleForbidden(f"this takes the role {' or '.join(self.roles)}")
        request.state.actor_role = role
        structlog.contextvars.bind_contextvars(actor_role=role)
        return Actor(id=principal.id, role=role)


def allow(*roles: Role) -> Allow:
    """Return the guard of a route that is for `roles`, the preferred one first."""
    return Allow(roles)


async def open_to_all(request: Request) -> None:
    """Admit everybody, though nobody too often."""
    await desk_of(request).limiter.count_stranger(request.scope)


OPEN_TO_ALL = Depends(open_to_all)


async def _authenticate(request: Request, credentials: Credentials, desk: Desk) -> Principal:
    try:
        principal = await desk.verifier.verify(_only_token(request, credentials))
    except Unauthenticated:
        await desk.limiter.count_stranger(request.scope)
        raise
    request.state.principal = principal
    request.state.actor = principal.id
    structlog.contextvars.bind_contextvars(actor=principal.id)
    return principal


def _only_token(request: Request, credentials: HTTPAuthorizationCredentials | None) -> str:
    if credentials is None or len(request.headers.getlist("authorization")) > 1:
        raise Unauthenticated
    return credentials.credentials


async def _count(request: Request, desk: Desk, principal: Principal, role: Role | None) -> None:
    """Count the request under the role it acts in; one that may not act, under any role it has."""
    counted = role or min(principal.roles, default=None)
    if counted is None:
        await desk.limiter.count_stranger(request.scope)
    else:
        await desk.limiter.count(request.scope, id=principal.id, role=counted)


def guard_of(dependant: Dependant) -> Guard | None:
    """Return the guard among the dependencies of a route, if it has one."""
    for needed in dependant.dependencies:
        found = needed.call if isinstance(needed.call, Guard) else guard_of(needed)
        if found is not None:
            return found
    return None


def is_open(dependant: Dependant) -> bool:
    """Tell whether a route says of itself that everybody may use it."""
    return any(needed.call is open_to_all for needed in dependant.dependencies)
