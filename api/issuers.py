"""The two places our tokens come from: an OIDC issuer in production, a key of our own in dev."""

import asyncio
import time
from collections.abc import Collection, Mapping
from typing import Any

import jwt
import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from jwt import PyJWK, PyJWKClient

from api.errors import Unavailable
from api.tokens import Expected, Principal, key_id, refused
from fulfillment.domain.people import Role

log = structlog.stdlib.get_logger(__name__)

DEV_ISSUER = "urn:fulfillment:dev"
DEV_KEY_ID = "dev"
DEV_LIFETIME = 12 * 3600

FRESH = 300.0
"""Seconds after which known keys are fetched again, while they go on serving."""
COOLDOWN = 30.0
"""Seconds between two fetches, so that tokens with made-up key ids cannot flood the issuer."""
RETRY = 2.0
"""Seconds until a fetch that failed is tried again."""
TIMEOUT = 2.0
"""Seconds the issuer has to publish them."""
STALE = 3600.0
"""Seconds that known keys outlive an issuer that does not answer."""


class OidcIssuer:
    """Verifies tokens by the public keys that an issuer publishes (JWKS)."""

    def __init__(
        self, *, expected: Expected, jwks_url: str, cooldown: float = COOLDOWN, timeout: float = TIMEOUT
    ) -> None:
        self._expected = expected
        # It blocks, so it runs in a thread; caching is done here, where it can outlive an outage.
        self._published = PyJWKClient(jwks_url, cache_jwk_set=False, timeout=timeout)
        self._cooldown = cooldown
        self._keys: Mapping[str, PyJWK] = {}
        self._fetched = self._next_fetch = float("-inf")
        self._fetching: asyncio.Task[None] | None = None

    async def verify(self, token: str) -> Principal:
        return self._expected.principal(token, key=await self._key(key_id(token)))

    async def claims(self, token: str) -> Mapping[str, Any]:
        """Return what `token` says, once it is confirmed.

        Raises:
            Unauthenticated, Unavailable: as `verify`.
        """
        return self._expected.claims(token, key=await self._key(key_id(token)))

    async def _key(self, id: str) -> PyJWK:
        age = time.monotonic() - self._fetched
        if id not in self._keys or age > STALE:
            await self._fetch()
        elif age > FRESH:
            self._start_fetching()
        if time.monotonic() - self._fetched > STALE:
            raise Unavailable("The issuer of tokens cannot be reached; please try again shortly.")
        if id not in self._keys:
            raise refused("UnknownKey")
        return self._keys[id]

    async def _fetch(self) -> None:
        fetching = self._start_fetching()
        if fetching is not None:
            await asyncio.shield(fetching)  # others may be waiting for the same fetch

    def _start_fetching(self) -> asyncio.Task[None] | None:
        """Return the fetch under way, a new one, or none while the last is too recent."""
        if self._fetching is not None and not self._fetching.done():
            return self._fetching
        if time.monotonic() < self._next_fetch:
            return None
        self._fetching = asyncio.create_task(self._fetch_keys())
        return self._fetching

    async def _fetch_keys(self) -> None:
        try:
            keys = await asyncio.to_thread(self._published.get_signing_keys, refresh=True)
        except Exception as error:  # noqa: BLE001  # an issuer can fail in any way; old keys serve on
            log.warning("auth.keys.unavailable", reason=type(error).__name__)
            self._next_fetch = time.monotonic() + RETRY
            return
        self._keys = {key.key_id: key for key in keys if key.key_id}
        self._fetched = time.monotonic()
        self._next_fetch = self._fetched + self._cooldown


class DevIssuer:
    """Mints and verifies tokens by one Ed25519 key, for a laptop and for tests."""

    def __init__(self, pem: bytes, *, audience: str) -> None:
        key = load_pem_private_key(pem, password=None)
        if not isinstance(key, Ed25519PrivateKey):
            raise TypeError("the dev signing key is not an Ed25519 key")
        self._key = key
        self._expected = Expected(issuer=DEV_ISSUER, audience=audience, algorithms=["EdDSA"])

    @staticmethod
    def new_key() -> bytes:
        """Return a fresh private key, as PEM."""
        return Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    def mint(self, *, sub: str, role: Role, name: str | None = None, more: Collection[Role] = ()) -> str:
        """Return a token for that role, and `more`, that is valid for `DEV_LIFETIME` seconds from now."""
        now = int(time.time())
        claims = {
            "iss": self._expected.issuer,
            "aud": self._expected.audience,
            "sub": sub,
            "roles": sorted({role.value, *(each.value for each in more)}),
            "iat": now,
            "exp": now + DEV_LIFETIME,
        } | ({"name": name} if name else {})
        return jwt.encode(claims, self._key, algorithm="EdDSA", headers={"kid": DEV_KEY_ID})

    async def verify(self, token: str) -> Principal:
        if key_id(token) != DEV_KEY_ID:
            raise refused("UnknownKey")
        return self._expected.principal(token, key=self._key.public_key())
