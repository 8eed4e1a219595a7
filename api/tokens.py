"""Who a bearer token speaks for, and whether to believe it."""

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import jwt
import structlog
from jwt import PyJWK
from jwt.algorithms import AllowedPublicKeys

from api.errors import Unauthenticated
from fulfillment.domain.people import Role

log = structlog.stdlib.get_logger(__name__)

LEEWAY = 60
"""Seconds by which the clocks of two machines may differ."""
LONGEST = 8 * 1024
SUBJECT = re.compile(r"[\x21-\x7e]{1,128}")
NAME = re.compile(r"[^\x00-\x1f\x7f-\x9f]{1,100}")
PEOPLE = frozenset({Role.CUSTOMER, Role.PROVIDER, Role.OPS, Role.ADMIN})
"""The roles that a token can give; `system` is ours alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """The holder of a valid token. `id` is opaque; `name` is only for the eye.

    `until` is when the token expires, in seconds since 1970.
    """

    id: str
    roles: frozenset[Role]
    until: float
    name: str | None = None


class Verifier(Protocol):
    async def verify(self, token: str) -> Principal:
        """Return whom `token` speaks for.

        Raises:
            Unauthenticated: it is not one that we accept.
            Unavailable: the keys to check it with cannot be had at present.
        """


class Remembering:
    """Asks `verifier` once in `seconds` about each token: a signature costs as much as all the rest.

    So a key that the issuer withdraws is believed for so many seconds longer; expiry is never overlooked.
    """

    def __init__(self, verifier: Verifier, *, seconds: float = 30.0, most: int = 10_000) -> None:
        self._verifier = verifier
        self._seconds = seconds
        self._most = most
        self._known: dict[str, tuple[Principal, float]] = {}

    async def verify(self, token: str) -> Principal:
        now = time.time()
        principal, until = self._known.get(token, (None, 0.0))
        if principal is None or now >= until:
            principal = await self._verifier.verify(token)
            if len(self._known) >= self._most:
                self._known.clear()
            self._known[token] = principal, min(now + self._seconds, principal.until + LEEWAY)
        return principal


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What an acceptable token says about itself."""

    issuer: str
    audience: str
    algorithms: Sequence[str]

    def principal(self, token: str, *, key: AllowedPublicKeys | PyJWK) -> Principal:
        """Return whom `token` speaks for, once `key` has confirmed it.

        Raises:
            Unauthenticated: the signature, the algorithm, a date or a claim is not as expected.
        """
        return principal_of(self.claims(token, key=key))

    def claims(self, token: str, *, key: AllowedPublicKeys | PyJWK) -> Mapping[str, Any]:
        """Return what `token` says, once `key` has confirmed it.

        Raises:
            Unauthenticated: as `principal`.
        """
        try:
            claims: Mapping[str, Any] = jwt.decode(
                token,
                key,
                algorithms=self.algorithms,
                audience=self.audience,
                issuer=self.issuer,
                leeway=LEEWAY,
                options={"require": ["exp", "sub", "aud", "iss"]},
            )
        except Exception as error:  # noqa: BLE001  # whatever a forged token does to the parser, it is not valid
            raise refused(type(error).__name__) from None
        return claims


def key_id(token: str) -> str:
    """Return which key `token` claims to be signed with; nothing else in its header is heeded.

    Raises:
        Unauthenticated: it is not a compact token of reasonable length that names a key.
    """
    if len(token) > LONGEST:
        raise refused("TooLong")
    try:
        named = jwt.get_unverified_header(token).get("kid")
    except Exception as error:  # noqa: BLE001  # as above
        raise refused(type(error).__name__) from None
    if not isinstance(named, str):
        raise refused("NoKeyNamed")
    return named


def refused(reason: str) -> Unauthenticated:
    """Return the refusal. The log learns why; the caller does not, lest forging become a dialogue."""
    log.warning("auth.token.refused", reason=reason)
    return Unauthenticated()


def principal_of(claims: Mapping[str, Any]) -> Principal:
    """Return whom confirmed claims are about.

    Raises:
        Unauthenticated: they have no subject or roles that we know.
    """
    sub, roles, name = claims["sub"], claims.get("roles"), claims.get("name")
    if not SUBJECT.fullmatch(sub):
        raise refused("UnfitSubject")
    if not isinstance(roles, list) or not all(isinstance(role, str) and role in PEOPLE for role in roles):
        raise refused("UnknownRole")
    shown = name if isinstance(name, str) and NAME.fullmatch(name) else None
    return Principal(
        id=sub, roles=frozenset(Role(role) for role in roles), until=float(claims["exp"]), name=shown
    )
