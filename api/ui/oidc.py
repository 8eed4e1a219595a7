"""Signing in at an OpenID Connect provider: authorization code with PKCE, as OpenID Connect Core 1.0 has it.

Where its endpoints are, the provider says itself. What it says of a person is believed when its signature,
issuer, audience, times and nonce are right; what they may do is in the claim `roles`, as in the API's tokens:
that of the ID token, or where it has none, that of the access token that came along.
"""

import hmac
import re
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx2
import structlog

# Authlib has neither types of its own nor stubs that we could add; its answers are taken apart right here.
from authlib.integrations.base_client import OAuthError  # type: ignore[import-untyped]
from authlib.integrations.httpx_client import AsyncOAuth2Client  # type: ignore[import-untyped]

from api.errors import Unauthenticated, Unavailable
from api.issuers import OidcIssuer
from api.tokens import Expected, Principal, Verifier, principal_of

log = structlog.stdlib.get_logger(__name__)

VERIFIER_BYTES = 48
"""Of randomness in a code verifier: 64 letters, of 43 to 128 that RFC 7636 allows."""
TIMEOUT = 2.0
"""Seconds the provider has for an answer; a page has five for all of it."""
FRESH = 3600.0
"""Seconds for which what the provider says of itself is kept."""
CODE = re.compile(r"[\x21-\x7e]{1,2000}")
METHODS = "token_endpoint_auth_methods_supported"
ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")


class SignInRefused(Exception):
    """The provider, or we, did not accept it; the text is for the person, who may start again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """Who we are to the provider; `redirect_uri` is where it sends people back to us, letter by letter."""

    id: str
    secret: str | None = field(repr=False)
    redirect_uri: str
    scopes: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A sign-in under way, to be kept by the browser that began it."""

    state: str
    nonce: str
    verifier: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Back:
    """What somebody comes back with; any of it may be missing, or made up."""

    state: str
    code: str = field(default="", repr=False)
    error: str = ""
    issuer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Provider:
    authorize: str
    token: str
    keys: OidcIssuer
    names_itself: bool
    by_post: bool
    until: float


class Oidc:
    """Our side of signing in at `issuer`; access tokens are for `api`, which verifies them."""

    def __init__(
        self,
        client: Client,
        *,
        issuer: str,
        algorithms: tuple[str, ...],
        api: Verifier,
        discovery_url: str = "",
        timeout: float = TIMEOUT,
    ) -> None:
        self._client = client
        self._issuer = issuer
        self._expected = Expected(issuer=issuer, audience=client.id, algorithms=algorithms)
        self._api = api
        self._discovery_url = discovery_url or f"{issuer.rstrip('/')}/.well-known/openid-configuration"
        self._timeout = timeout
        self._provider: _Provider | None = None
        # Reading the certificates takes longer than all the rest of a client, so it happens once.
        self._verify = httpx2.create_ssl_context()

    async def begin(self) -> tuple[str, Begun]:
        """Return where to send the person, and what to keep until they are back.

        Raises:
            Unavailable: the provider is away, or says something else of itself than we expect.
        """
        provider = await self._discovered()
        begun = Begun(
            state=secrets.token_urlsafe(32),
            nonce=secrets.token_urlsafe(32),
            verifier=secrets.token_urlsafe(VERIFIER_BYTES),
        )
        url, _ = self._session().create_authorization_url(
            provider.authorize,
            state=begun.state,
            nonce=begun.nonce,
            code_verifier=begun.verifier,
            scope=self._client.scopes,
        )
        return str(url), begun

    async def finish(self, begun: Begun, back: Back) -> Principal:
        """Return who has come back.

        Raises:
            SignInRefused: it is not what was begun here, or not acceptable.
            Unavailable: the provider is away.
        """
        provider = await self._discovered()
        self._expect_answer(begun, back, provider)
        given = await self._exchange(provider, back.code, begun.verifier)
        try:
            return await self._person(provider, given, nonce=begun.nonce)
        except Unauthenticated:
            raise SignInRefused("What your provider says of you could not be confirmed.") from None

    def _expect_answer(self, begun: Begun, back: Back, provider: _Provider) -> None:
        if not hmac.compare_digest(begun.state.encode(), back.state.encode()):
            raise _refused("State", "This sign-in was begun elsewhere, or has run out.")
        # RFC 9207: an answer that belongs to another provider is never taken to this one.
        if back.issuer != self._issuer and (back.issuer or provider.names_itself):
            raise _refused("Issuer", "This answer comes from another provider than the one you were sent to.")
        if back.error:
            raise _refused("Denied", "You did not sign in at your provider, or it did not let you.")
        if not CODE.fullmatch(back.code):
            raise _refused("Code", "Your provider sent you back with nothing that we could use.")

    async def _person(self, provider: _Provider, given: Mapping[str, Any], *, nonce: str) -> Principal:
        claims = await provider.keys.claims(str(given.get("id_token", "")))
        self._expect_meant_for_us(claims, nonce)
        if "roles" in claims:
            return principal_of(claims)
        allowed = await self._api.verify(str(given.get("access_token", "")))
        if allowed.id != claims["sub"]:
            raise _refused("Subject", "Your provider gave us two answers that do not fit together.")
        return allowed

    def _expect_meant_for_us(self, claims: Mapping[str, Any], nonce: str) -> None:
        if not hmac.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()):
            raise _refused("Nonce", "This answer of your provider was used before, or is another's.")
        audience = claims["aud"]
        needs_party = isinstance(audience, list) and len(audience) > 1
        if claims.get("azp", None if needs_party else self._client.id) != self._client.id:
            raise _refused("Party", "This answer of your provider is for somebody else.")

    async def _exchange(self, provider: _Provider, code: str, verifier: str) -> Mapping[str, Any]:
        try:
            async with self._session(by_post=provider.by_post) as session:
                return dict(
                    await session.fetch_token(
                        provider.token, grant_type="authorization_code", code=code, code_verifier=verifier
                    )
                )
        except OAuthError as error:
            if error.error == "invalid_grant":
                raise _refused("Grant", "This sign-in was finished before, or has run out.") from None
            raise _away("token") from None
        except (httpx2.HTTPError, ValueError):
            raise _away("token") from None

    async def _discovered(self) -> _Provider:
        if self._provider is None or time.monotonic() > self._provider.until:
            self._provider = await self._discover()
        return self._provider

    async def _discover(self) -> _Provider:
        try:
            async with httpx2.AsyncClient(verify=self._verify, timeout=self._timeout) as session:
                answer = await session.get(self._discovery_url)
                said = answer.raise_for_status().json()
        except (httpx2.HTTPError, ValueError):
            raise _away("discovery") from None
        if not isinstance(said, dict) or said.get("issuer") != self._issuer:
            raise _away("another issuer")
        endpoints = [said.get(name) for name in ENDPOINTS]
        if not all(self._is_safe(each) for each in endpoints):
            raise _away("endpoints")
        authorize, token, keys = (str(each) for each in endpoints)
        return _Provider(
            authorize=authorize,
            token=token,
            keys=OidcIssuer(expected=self._expected, jwks_url=keys, timeout=self._timeout),
            names_itself=said.get("authorization_response_iss_parameter_supported") is True,
            by_post="client_secret_basic" not in said.get(METHODS, ("client_secret_basic",)),
            until=time.monotonic() + FRESH,
        )

    def _is_safe(self, address: object) -> bool:
        """Return whether an endpoint is as well protected as the issuer itself."""
        scheme = urlsplit(address).scheme if isinstance(address, str) else ""
        return scheme == "https" or (scheme == "http" and urlsplit(self._issuer).scheme == "http")

    def _session(self, *, by_post: bool = False) -> AsyncOAuth2Client:
        method = "client_secret_post" if by_post else "client_secret_basic"
        return AsyncOAuth2Client(
            client_id=self._client.id,
            client_secret=self._client.secret,
            redirect_uri=self._client.redirect_uri,
            code_challenge_method="S256",
            token_endpoint_auth_method=method if self._client.secret else "none",
            timeout=self._timeout,
            verify=self._verify,
        )


def _refused(reason: str, says: str) -> SignInRefused:
    log.warning("ui.sign_in.refused", reason=reason)
    return SignInRefused(says)


def _away(what: str) -> Unavailable:
    log.warning("ui.provider.away", what=what)
    return Unavailable("Where people sign in cannot be reached; please try again shortly.", retry_after=5)
