"""The part of a Google on this machine that knows people: who let whom in, and which passes are good."""

import base64
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from fulfillment.gateways.google_oauth import SCOPE


@dataclass(slots=True, kw_only=True)
class _Pass:
    """A code, a consent or an access token: to whose account, for what, and whether it is still good."""

    account: str
    scope: str
    is_good: bool = True
    consent: str = ""
    challenge: str = ""
    redirect_uri: str = ""
    offline: bool = False


class FakeAccounts:
    """The authorization server. `account` is who sits at the browser, and `allows` what they let us do."""

    client_id = "fulfillment.apps.example"
    client_secret = "GOCSPX-of-nobody"  # noqa: S105
    redirect_uri = "http://127.0.0.1/calendar/google/callback"

    def __init__(self) -> None:
        self.account = "ada"
        self.allows: str | None = SCOPE
        self.lifetime = 3599
        self.pass_suffix = ""
        self.refreshes = 0
        self._codes: dict[str, _Pass] = {}
        self._consents: dict[str, _Pass] = {}
        self._passes: dict[str, _Pass] = {}
        self.routes = [
            Route("/authorize", self._authorize),
            Route("/token", self._token, methods=["POST"]),
            Route("/revoke", self._revoke, methods=["POST"]),
        ]

    @property
    def secrets(self) -> list[str]:
        """All that must never be read anywhere."""
        return [self.client_secret, *self._codes, *self._consents, *self._passes]

    def consented(self, account: str, *, scope: str = SCOPE) -> str:
        """Let `account` have consented before now, and return the refresh token."""
        token = f"1//{secrets.token_urlsafe(32)}"
        self._consents[token] = _Pass(account=account, scope=scope)
        return token

    def take_back(self, refresh_token: str) -> None:
        """Let the person end their consent, on Google's page of apps with access."""
        self._consents[refresh_token].is_good = False
        for one in self._passes.values():
            one.is_good = one.is_good and one.consent != refresh_token

    def end_passes(self) -> None:
        """Let an hour go by for all access tokens."""
        for one in self._passes.values():
            one.is_good = False

    def visitor(self, request: Request) -> _Pass | None:
        """Return whose pass the request carries, if it is good."""
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        one = self._passes.get(token)
        return one if kind == "Bearer" and one is not None and one.is_good else None

    async def _authorize(self, request: Request) -> Response:
        asked = request.query_params
        ours = (asked.get("client_id"), asked.get("redirect_uri")) == (self.client_id, self.redirect_uri)
        if not ours or asked.get("response_type") != "code" or asked.get("code_challenge_method") != "S256":
            return PlainTextResponse("Error 400: redirect_uri_mismatch or invalid_request", 400)
        if self.allows is None:
            return self._back({"error": "access_denied", "state": asked["state"]})
        consented_before = any(one.account == self.account for one in self._consents.values())
        code = f"4/{secrets.token_urlsafe(24)}"
        self._codes[code] = _Pass(
            account=self.account,
            scope=self.allows,
            challenge=asked["code_challenge"],
            redirect_uri=asked["redirect_uri"],
            offline=asked.get("access_type") == "offline"
            and (asked.get("prompt") == "consent" or not consented_before),
        )
        return self._back({"code": code, "state": asked["state"], "scope": self.allows})

    def _back(self, told: Mapping[str, str]) -> Response:
        return RedirectResponse(f"{self.redirect_uri}?{urlencode(told)}", 302)

    async def _token(self, request: Request) -> Response:
        form = await _form(request)
        if (form.get("client_id"), form.get("client_secret")) != (self.client_id, self.client_secret):
            return _no(401, "invalid_client", f"no such client, {form}")
        match form.get("grant_type"):
            case "authorization_code":
                return self._exchange(form)
            case "refresh_token":
                return self._refresh(form.get("refresh_token", ""))
        return _no(400, "unsupported_grant_type", "")

    def _exchange(self, form: Mapping[str, str]) -> Response:
        code = self._codes.get(form.get("code", ""))
        # RFC 7636, 4.6: what was hashed for the start has to be shown at the end.
        shown = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(shown).decode().rstrip("=")
        if code is None or not code.is_good or form.get("redirect_uri") != code.redirect_uri:
            return _no(400, "invalid_grant", f"Malformed auth code, {form}")
        code.is_good = False
        if challenge != code.challenge:
            return _no(400, "invalid_grant", f"Invalid code verifier, {form}")
        consent = self.consented(code.account, scope=code.scope)
        given = self._pass(consent)
        return JSONResponse({**given, "refresh_token": consent} if code.offline else given)

    def _refresh(self, refresh_token: str) -> Response:
        self.refreshes += 1
        consent = self._consents.get(refresh_token)
        if consent is None or not consent.is_good:
            return _no(400, "invalid_grant", f"Token has been expired or revoked: {refresh_token}")
        return JSONResponse(self._pass(refresh_token))

    def _pass(self, refresh_token: str) -> dict[str, object]:
        consent = self._consents[refresh_token]
        token = f"ya29.{secrets.token_urlsafe(32)}"
        self._passes[token] = _Pass(account=consent.account, scope=consent.scope, consent=refresh_token)
        return {
            "access_token": token + self.pass_suffix,
            "expires_in": self.lifetime,
            "scope": consent.scope,
            "token_type": "Bearer",
        }

    async def _revoke(self, request: Request) -> Response:
        token = (await _form(request)).get("token", "")
        refresh_token = self._passes[token].consent if token in self._passes else token
        if refresh_token not in self._consents or not self._consents[refresh_token].is_good:
            return _no(400, "invalid_token", f"Token expired or revoked: {token}")
        self.take_back(refresh_token)
        return JSONResponse({})


async def _form(request: Request) -> dict[str, str]:
    return dict(parse_qsl((await request.body()).decode()))


def _no(status: int, error: str, description: str) -> Response:
    """Refuse, and recite the request, as some servers do: nothing of it may reach our texts."""
    return JSONResponse({"error": error, "error_description": description}, status)
