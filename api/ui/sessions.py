"""Who is signed in: opened, found again by a cookie, moved to another role, ended.

The browser has a random token, signed; the database has its hash. So neither a copy of the database nor the
key alone lets anybody in, and what ends here ends at once.
"""

import hashlib
import hmac
import secrets
from datetime import UTC, datetime, timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from starlette.requests import HTTPConnection
from starlette.responses import Response

from api.tokens import Principal
from api.ui.cookies import Cookies
from api.ui.visitor import Visitor
from fulfillment.domain.people import Role
from fulfillment.store import directory
from fulfillment.store import sessions as store
from fulfillment.store.sessions import Found, Opening

log = structlog.stdlib.get_logger(__name__)

COOKIE = "session"
TOKEN_BYTES = 32
NOWHERE = "UTC"
NAVIGATE = "navigate"
"""How a browser asks for a page that somebody goes to; what scripts ask for is called otherwise."""
"""The clock of somebody whom the directory does not know."""


class NotLetIn(Exception):
    """The directory says that this person is not to be let in; the text is for them."""


class Sessions:
    """Keeps sessions for `lifetime`, or until nobody has used one for as long as `idle`."""

    def __init__(
        self, database: AsyncEngine, cookies: Cookies, *, key: str, lifetime: timedelta, idle: timedelta
    ) -> None:
        self._database = database
        self._cookies = cookies
        self._key = key.encode()
        self._lifetime = lifetime
        self._idle = idle

    async def open(self, asked: HTTPConnection, response: Response, who: Principal, *, role: Role) -> None:
        """Sign somebody in, in that role, under a new token; the browser's last session is over.

        Raises:
            NotLetIn: they are in the directory, and not active there.
        """
        token = secrets.token_urlsafe(TOKEN_BYTES)
        async with AsyncSession(self._database) as session, session.begin():
            known = await directory.find(session, who.id)
            if known is not None and not known.active:
                log.warning("ui.sign_in.refused", reason="Inactive", actor=who.id)
                raise NotLetIn("Your account is not active. Please ask our team about it.")
            if old := self._token(asked):
                await store.end_session(session, _hash(old))
            opening = Opening(
                id=_hash(token),
                person_id=who.id,
                name=who.name or who.id,
                role=role,
                roles=who.roles,
                known_roles=frozenset(known.roles) if known else None,
                until=datetime.now(UTC) + self._lifetime,
            )
            await store.open_session(session, opening)
        log.info("ui.session.opened", actor=who.id, role=role)
        self._cookies.give(response, COOKIE, token)

    async def visitor(self, asked: HTTPConnection) -> Visitor | None:
        """Return who asks, if they are signed in; a session that no longer holds ends here."""
        token = self._token(asked)
        if token is None:
            return None
        id = _hash(token)
        async with AsyncSession(self._database) as session, session.begin():
            found = await store.find_session(session, id, idle=self._idle)
            if found is None:
                return None
            if not found.holds:
                log.warning("ui.session.ended", reason="RolesChanged", actor=found.person_id)
                await store.end_session(session, id)
                return None
            # What a page asks for by itself says nothing of anybody in front of it.
            came = asked.headers.get("sec-fetch-mode", NAVIGATE) == NAVIGATE
            if came and datetime.now(UTC) - found.seen_at > store.GRAIN:
                await store.note_seen(session, id)
        return self._visitor(found, token)

    def was_here(self, asked: HTTPConnection) -> bool:
        """Return whether the browser comes with a session, however that has fared since."""
        return self._token(asked) is not None

    async def act_as(self, response: Response, visitor: Visitor, role: Role) -> bool:
        """Let them go on in another of their roles, under a new token; return whether it is one of theirs."""
        token = secrets.token_urlsafe(TOKEN_BYTES)
        async with AsyncSession(self._database) as session, session.begin():
            changed = await store.act_as(session, visitor.session, anew=_hash(token), role=role)
        if changed:
            log.info("ui.session.moved", actor=visitor.id, role=role)
            self._cookies.give(response, COOKIE, token)
        return changed

    async def end(self, response: Response, visitor: Visitor) -> None:
        """Sign them out; the token is worth nothing from here on, whoever has kept it."""
        async with AsyncSession(self._database) as session, session.begin():
            await store.end_session(session, visitor.session)
        log.info("ui.session.closed", actor=visitor.id)
        self._cookies.take(response, COOKIE)

    def _token(self, asked: HTTPConnection) -> str | None:
        token = self._cookies.read(asked, COOKIE)
        return token if isinstance(token, str) else None

    def _visitor(self, found: Found, token: str) -> Visitor:
        return Visitor(
            id=found.person_id,
            name=found.name,
            role=found.role,
            roles=found.roles,
            timezone=found.timezone or NOWHERE,
            csrf=hmac.new(self._key, f"csrf:{token}".encode(), hashlib.sha256).hexdigest(),
            session=_hash(token),
        )


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
