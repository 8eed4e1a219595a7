"""An OpenID Connect provider on this machine: discovery, sign-in, tokens and keys behind real HTTP.

    provider = FakeProvider()
    async with provider.at_work():
        provider.person = {"sub": "ada", "roles": ["customer"]}
        back = await provider.sign_in(url)      # where it sends the person back to

It checks what a provider has to: the client, the redirect URI letter by letter, PKCE, that a code is used
once. What it says can be bent, to see that it is not believed then.
"""

import base64
import hashlib
import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

import httpx2
import jwt
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from api.serve import served
from tests.api.issuer import EC, jwks

Json = dict[str, Any]


def straight(said: Json) -> Json:
    return said


@dataclass(slots=True, kw_only=True)
class _Asked:
    """What a code was given for."""

    nonce: str
    challenge: str
    redirect_uri: str
    is_good: bool = True


class FakeProvider:
    """`person` is who sits at the browser; None says no. The `bend_` functions change what it says."""

    client_id, client_secret = "fulfillment-pages", "secret of the pages"
    redirect_uri = "http://town/ui/sign-in/callback"

    def __init__(self) -> None:
        self.url = ""
        self.person: Json | None = {"sub": "ada", "roles": ["customer"], "name": "Ada"}
        self.is_ill = False
        self.names_itself = False
        self.methods = ["client_secret_basic"]
        self.bend_discovery: Callable[[Json], Json] = straight
        self.bend_claims: Callable[[Json], Json] = straight
        self.bend_answer: Callable[[Json], Json] = straight
        self.bend_token: Callable[[str], str] = lambda token: token
        self.signs_with: Any = EC
        self.key_id = "ec"
        self.scopes: list[str] = []
        self.exchanges = 0
        self._codes: dict[str, _Asked] = {}
        self._app = Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self._discovery),
                Route("/authorize", self._authorize),
                Route("/token", self._token, methods=["POST"]),
                Route("/jwks", self._jwks),
            ]
        )

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        async with served(self._app, host="127.0.0.1", port=0) as port:
            self.url = f"http://127.0.0.1:{port}"
            yield

    async def sign_in(self, url: str) -> str:
        """Let the person sign in there, and return where they are sent."""
        async with httpx2.AsyncClient() as browser:
            answer = await browser.get(url)
        assert answer.status_code == 302, answer.text
        return answer.headers["Location"]

    async def _discovery(self, _: Request) -> Response:
        said = {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/jwks",
            "response_types_supported": ["code"],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": self.methods,
            "authorization_response_iss_parameter_supported": self.names_itself,
        }
        return JSONResponse(self.bend_discovery(said), 500 if self.is_ill else 200)

    async def _jwks(self, _: Request) -> Response:
        return JSONResponse(jwks())

    async def _authorize(self, request: Request) -> Response:
        asked = request.query_params
        ours = (asked.get("client_id"), asked.get("redirect_uri")) == (self.client_id, self.redirect_uri)
        if not ours or asked.get("response_type") != "code" or asked.get("code_challenge_method") != "S256":
            return PlainTextResponse("invalid_request", 400)
        self.scopes = asked["scope"].split()
        named = {"iss": self.url} if self.names_itself else {}
        if self.person is None:
            return self._back({"error": "access_denied", "state": asked["state"], **named})
        code = secrets.token_urlsafe(24)
        self._codes[code] = _Asked(
            nonce=asked["nonce"], challenge=asked["code_challenge"], redirect_uri=asked["redirect_uri"]
        )
        return self._back({"code": code, "state": asked["state"], **named})

    def _back(self, told: Json) -> Response:
        return RedirectResponse(f"{self.redirect_uri}?{urlencode(self.bend_answer(told))}", 302)

    async def _token(self, request: Request) -> Response:
        self.exchanges += 1
        form = dict(parse_qsl((await request.body()).decode()))
        if not self._knows(request, form):
            return JSONResponse({"error": "invalid_client"}, 401)
        asked = self._codes.get(form.get("code", ""))
        shown = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        fits = base64.urlsafe_b64encode(shown).decode().rstrip("=") == (asked.challenge if asked else "")
        if asked is None or not asked.is_good or not fits or form.get("redirect_uri") != asked.redirect_uri:
            return JSONResponse({"error": "invalid_grant"}, 400)
        asked.is_good = False
        return JSONResponse(
            {
                "access_token": self._signed({"aud": "fulfillment", **self._claims()}),
                "id_token": self.bend_token(
                    self._signed({"nonce": asked.nonce, **self._claims()}, bend=True)
                ),
                "token_type": "Bearer",
                "expires_in": 600,
            }
        )

    def _knows(self, request: Request, form: Json) -> bool:
        basic = base64.b64encode(f"{self.client_id}:{self.client_secret.replace(' ', '+')}".encode()).decode()
        plain = base64.b64encode(f"{self.client_id}:{self.client_secret}".encode()).decode()
        by_header = request.headers.get("authorization") in {f"Basic {basic}", f"Basic {plain}"}
        by_form = (form.get("client_id"), form.get("client_secret")) == (self.client_id, self.client_secret)
        return by_header if "client_secret_basic" in self.methods else by_form

    def _claims(self) -> Json:
        now = int(time.time())
        return {"iss": self.url, "iat": now, "exp": now + 600, **(self.person or {})}

    def _signed(self, claims: Json, *, bend: bool = False) -> str:
        said = {"aud": self.client_id, **claims}
        said = {
            name: value
            for name, value in (self.bend_claims(said) if bend else said).items()
            if value is not ...
        }
        algorithm = "ES256" if self.signs_with is EC or bend is False else "RS256"
        key = self.signs_with if bend else EC
        return jwt.encode(said, key, algorithm=algorithm, headers={"kid": self.key_id if bend else "ec"})
