"""The door to other systems: signed webhooks after the public specification Standard Webhooks."""

import base64
import binascii
import hashlib
import hmac
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import httpx2

from fulfillment.gateways.guarded import TIMEOUT, Guarded, Resolve, resolve
from fulfillment.gateways.notices import NoticeFailed, NoticeRefused, WhyRefused

GONE = 410
PREFIX = "whsec_"
SECRET_BYTES = range(24, 65)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """One event for another system: `key` names it for good, `body` is JSON.

    `at` is the instant of this attempt, not of the event: receivers take nothing older than five minutes.
    """

    key: str
    body: bytes
    at: datetime


def hook_id(key: str) -> str:
    """Return the webhook-id of the event that `key` names: the same for every repeat, and nobody's words."""
    return f"msg_{hashlib.sha256(key.encode()).hexdigest()[:40]}"


class Webhook:
    """One receiver, whose URL is guarded: it may lead to the internet and nowhere else."""

    def __init__(
        self,
        url: str,
        secrets: Sequence[str],
        *,
        allow_private: bool = False,
        timeout: float = TIMEOUT,
        tls: ssl.SSLContext | None = None,
        resolve: Resolve = resolve,
    ) -> None:
        """Remember the receiver. `secrets` are newest first; while they are exchanged, each signs.

        `allow_private` is for receivers in one's own network: it allows their addresses, and plain HTTP.
        Keep the object: reading the machine's certificates takes some 40 ms, unless `tls` brings them.

        Raises:
            ValueError: a secret is not `whsec_` and 24 to 64 bytes in base64, or there is none.
        """
        self._keys = tuple(_key(secret) for secret in secrets)
        if not self._keys:
            raise ValueError("a webhook needs a secret to sign with")
        self._receiver = Guarded(url, allow_private=allow_private, timeout=timeout, tls=tls, resolve=resolve)

    async def send(self, hook: Hook) -> str:
        """Return the id of `hook` when the receiver has taken it; a repeat has the same one.

        Raises:
            NoticeRefused: the receiver wants no more (410), or the URL leads where we do not go.
            NoticeFailed: every other answer, redirects included, or none; trying again may help.
        """
        id = hook_id(hook.key)
        status = await self._receiver.post(hook.body, self._headers(id, hook))
        if status == GONE:
            raise NoticeRefused(WhyRefused.REJECTED, "webhook: 410, gone")
        if not httpx2.codes.is_success(status):
            raise NoticeFailed(f"webhook: {status}")
        return id

    def _headers(self, id: str, hook: Hook) -> dict[str, str]:
        seconds = str(int(hook.at.timestamp()))
        content = b".".join((id.encode(), seconds.encode(), hook.body))
        return {
            "webhook-id": id,
            "webhook-timestamp": seconds,
            "webhook-signature": " ".join(_signature(key, content) for key in self._keys),
            "content-type": "application/json",
            "accept-encoding": "identity",
        }


def _key(secret: str) -> bytes:
    text = secret.removeprefix(PREFIX)
    try:
        key = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except binascii.Error:
        key = b""
    if not secret.startswith(PREFIX) or len(key) not in SECRET_BYTES:
        raise ValueError("a webhook's secret is whsec_ and 24 to 64 bytes in base64")
    return key


def _signature(key: bytes, content: bytes) -> str:
    return "v1," + base64.b64encode(hmac.digest(key, content, "sha256")).decode()
