"""People let us into their Google calendar, and may stop at any time: OAuth 2, one consent per person."""

import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx2

# Authlib has neither types of its own nor stubs that we could add; its answers are taken apart right here.
from authlib.integrations.base_client import OAuthError  # type: ignore[import-untyped]
from authlib.integrations.httpx_client import AsyncOAuth2Client  # type: ignore[import-untyped]

from fulfillment.gateways.notices import NoticeFailed, NoticeRefused, WhyRefused

SCOPE = "https://www.googleapis.com/auth/calendar.events"
"""To see and change events, and nothing else: no mail, no contacts, no list of calendars."""

AUTHORIZE_URL = "https://accounts.google.com/o/oauth2/v2/auth"
TOKEN_URL = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address
REVOKE_URL = "https://oauth2.googleapis.com/revoke"

REQUEST_TIMEOUT = 10.0
"""Seconds that Google has for each answer."""

LEEWAY = 60.0
"""Seconds before its end from which we no longer use an access token."""

VERIFIER_BYTES = 48
"""Of randomness in a code verifier: 64 letters, of 43 to 128 that RFC 7636 allows."""

TOKEN = re.compile(r"[\x21-\x7e]+")
"""What may stand in a header; an HTTP library that refuses another recites it in the error."""

CODE = re.compile(r"[A-Za-z0-9_]{1,64}")
"""An error code as vendors write them. Their prose may say anything, so it never gets into our texts."""


class ConsentRefused(Exception):
    """The person, or Google for them, did not let us in as we asked; they may try again from the start."""


class ConsentGone(NoticeRefused):
    """The person has taken their consent back, or Google let it expire: the account is disconnected."""

    def __init__(self) -> None:
        super().__init__(WhyRefused.REJECTED, "Google no longer lets us into this calendar")


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What a consent is worth: `refresh_token` is the secret to keep, `scope` what it lets us do."""

    refresh_token: str = field(repr=False)
    scope: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessToken:
    """A short-lived pass; `lifetime` is in seconds from when it was given."""

    value: str = field(repr=False)
    lifetime: float


class Consent:
    """The dance with Google that opens one person's calendar to us, and closes it again."""

    def __init__(
        self,
        *,
        client_id: str,
        client_secret: str,
        redirect_uri: str,
        authorize_url: str = AUTHORIZE_URL,
        token_url: str = TOKEN_URL,
        revoke_url: str = REVOKE_URL,
        timeout: float = REQUEST_TIMEOUT,
    ) -> None:
        """Take who we are to Google; `redirect_uri` is where it sends people back to us, letter by letter."""
        self._client_id = client_id
        self._client_secret = client_secret
        self._redirect_uri = redirect_uri
        self._authorize_url = authorize_url
        self._token_url = token_url
        self._revoke_url = revoke_url
        self._timeout = timeout
        # Reading the certificates takes longer than all the rest of a client, so it happens once.
        self._verify = httpx2.create_ssl_context()

    def authorization_url(self, state: str) -> tuple[str, str]:
        """Return where to send the person, and the code verifier to keep until they are back.

        `state` comes back with them; only who started with it may finish. The prompt is always shown,
        because only then does Google hand out a refresh token to somebody who consented before.
        """
        verifier = secrets.token_urlsafe(VERIFIER_BYTES)
        url, _ = self._client().create_authorization_url(
            self._authorize_url,
            state=state,
            code_verifier=verifier,
            scope=SCOPE,
            access_type="offline",
            prompt="consent",
        )
        return url, verifier

    async def exchange(self, code: str, code_verifier: str) -> Grant:
        """Return what `code`, brought back by the person, is worth; a code is good for one exchange.

        Raises:
            ConsentRefused: the code is used up, late, or not for this verifier; or the grant lacks the
                refresh token, or the scope, which people can untick.
            NoticeFailed: Google is away, or does not know us.
        """
        try:
            given = await self._token(grant_type="authorization_code", code=code, code_verifier=code_verifier)
        except _InvalidGrant:
            raise ConsentRefused("Google does not take this code: it is used up, late or not ours") from None
        refresh_token = given.get("refresh_token")
        if not _is_token(refresh_token):
            raise ConsentRefused("Google gave no refresh token, so the calendar would close within the hour")
        # RFC 6749, 5.1: a scope that is not mentioned is the one we asked for.
        scope = given.get("scope") or SCOPE
        if SCOPE not in str(scope).split():
            raise ConsentRefused("the person did not allow us to write events")
        return Grant(refresh_token=str(refresh_token), scope=str(scope))

    async def refresh(self, refresh_token: str) -> AccessToken:
        """Return a fresh pass for whoever gave `refresh_token`.

        Raises:
            ConsentGone: the consent was taken back or has expired.
            NoticeFailed: Google is away, or does not know us.
        """
        try:
            given = await self._token(grant_type="refresh_token", refresh_token=refresh_token)
        except _InvalidGrant:
            raise ConsentGone from None
        value = given.get("access_token")
        if not _is_token(value):
            raise NoticeFailed("Google gave something that is no access token")
        return AccessToken(value=str(value), lifetime=_seconds(given.get("expires_in")))

    async def revoke(self, refresh_token: str) -> None:
        """Give the consent back: none of its tokens opens anything from now on. A repeat changes nothing.

        Raises:
            NoticeFailed: Google is away, so the consent may still stand.
        """
        try:
            async with self._client() as client:
                answer: httpx2.Response = await client.revoke_token(self._revoke_url, token=refresh_token)
        except httpx2.HTTPError as error:
            raise _unreachable(error) from None
        # A token that opens nothing any more is an error to Google, and what we want.
        if answer.status_code != httpx2.codes.OK and _error_in(answer) != "invalid_token":
            raise NoticeFailed(f"Google did not take the consent back: {answer.status_code}")

    async def _token(self, **asked: str) -> dict[str, object]:
        """Ask the token endpoint and return its answer, for an `OAuthError` may recite what we sent."""
        try:
            async with self._client() as client:
                return dict(await client.fetch_token(self._token_url, **asked))
        except OAuthError as error:
            if error.error == "invalid_grant":
                raise _InvalidGrant from None
            raise NoticeFailed(f"Google gives no token: {_code(error.error)}") from None
        except httpx2.HTTPError as error:
            raise _unreachable(error) from None
        except ValueError:
            raise NoticeFailed("Google's answer about a token is none") from None

    def _client(self) -> AsyncOAuth2Client:
        """Return a client for one question: it remembers the last token, and each person has their own."""
        return AsyncOAuth2Client(
            client_id=self._client_id,
            client_secret=self._client_secret,
            redirect_uri=self._redirect_uri,
            code_challenge_method="S256",
            token_endpoint_auth_method="client_secret_post",  # noqa: S106 - the name of a method
            revocation_endpoint_auth_method="none",
            timeout=self._timeout,
            verify=self._verify,
        )


class AccessTokens:
    """The passes in use, kept in memory alone and until shortly before they end."""

    def __init__(self, consent: Consent, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Take passes from `consent`; `clock` counts seconds and is never set back."""
        self._consent = consent
        self._clock = clock
        self._kept: dict[str, tuple[str, float]] = {}

    async def of(self, refresh_token: str) -> str:
        """Return a pass that is good for now; two who ask at once may each bring one, and both are good.

        Raises:
            ConsentGone, NoticeFailed: as `Consent.refresh` does.
        """
        asked_at = self._clock()
        kept = self._kept.get(refresh_token)
        if kept is not None and asked_at < kept[1]:
            return kept[0]
        fresh = await self._consent.refresh(refresh_token)
        # What is over goes, so that those who left are not remembered for ever.
        self._kept = {whose: kept for whose, kept in self._kept.items() if asked_at < kept[1]}
        self._kept[refresh_token] = (fresh.value, asked_at + fresh.lifetime - LEEWAY)
        return fresh.value

    def forget(self, refresh_token: str, value: str) -> None:
        """Never give out `value` again; a newer pass of the same person stays."""
        kept = self._kept.get(refresh_token)
        if kept is not None and kept[0] == value:
            del self._kept[refresh_token]


class _InvalidGrant(Exception):
    """The token endpoint does not take what we brought."""


def _is_token(value: object) -> bool:
    return isinstance(value, str) and TOKEN.fullmatch(value) is not None


def _seconds(value: object) -> float:
    """Return a lifetime; one that is not told is taken for over, which costs a question each time."""
    return float(value) if isinstance(value, int | float) else 0.0


def _error_in(answer: httpx2.Response) -> object:
    try:
        said: object = answer.json()
    except ValueError:
        return None
    return said.get("error") if isinstance(said, dict) else None


def _code(value: object) -> str:
    return value if isinstance(value, str) and CODE.fullmatch(value) else "for a reason it does not name"


def _unreachable(error: httpx2.HTTPError) -> NoticeFailed:
    if isinstance(error, httpx2.HTTPStatusError):
        return NoticeFailed(f"Google is not well: {error.response.status_code}")
    return NoticeFailed(f"Google cannot be reached: {type(error).__name__}")
