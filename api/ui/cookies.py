"""The cookies of the pages: signed, kept from scripts and from other sites, and few.

What a cookie says is readable to whoever has the browser; that it comes from us is what the signature is for.
"""

import hashlib
from typing import Any

from itsdangerous import BadSignature, URLSafeTimedSerializer
from starlette.requests import HTTPConnection
from starlette.responses import Response


class Cookies:
    """Gives, reads and takes back cookies. `secure` is for https: then no other host can set them for us."""

    def __init__(self, key: str, *, secure: bool) -> None:
        self._key = key
        self._secure = secure

    def name(self, word: str) -> str:
        """Return the name of a cookie; browsers keep `__Host-` for this host, its root and https."""
        return f"__Host-{word}" if self._secure else word

    def give(self, response: Response, word: str, value: Any, *, seconds: int | None = None) -> None:
        """Put a cookie on the answer: for `seconds`, or until the browser is closed."""
        response.set_cookie(
            self.name(word),
            self._signer(word).dumps(value),
            max_age=seconds,
            path="/",
            secure=self._secure,
            httponly=True,
            samesite="lax",
        )

    def read(self, asked: HTTPConnection, word: str, *, seconds: int | None = None) -> Any:
        """Return what the cookie says; None if it is not there, not ours, or older than `seconds`."""
        signed = asked.cookies.get(self.name(word))
        if signed is None:
            return None
        try:
            return self._signer(word).loads(signed, max_age=seconds)
        except BadSignature:
            return None

    def take(self, response: Response, word: str) -> None:
        """Have the browser forget a cookie."""
        response.delete_cookie(self.name(word), path="/", secure=self._secure, httponly=True, samesite="lax")

    def _signer(self, word: str) -> URLSafeTimedSerializer:
        # A salt for each, so that what was signed as one cookie is not believed as another.
        return URLSafeTimedSerializer(
            self._key, salt=f"fulfillment.ui.{word}", signer_kwargs={"digest_method": hashlib.sha256}
        )
