"""The way to Stripe: its SDK with our version of the API and our patience, and what its errors mean to us."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

import httpx2
import stripe

from fulfillment.gateways.payments import PaymentFailed, PaymentRefused
from fulfillment.tracing import span

API_VERSION = "2026-10-28.endive"
"""The version whose answers we read. It is pinned, for a newer SDK would bring its own along.

Two of its changes are built upon: a partial capture is no refund any more (since 2025-03-31.basil), and
`payment_method_types` has become `allowed_payment_method_types` (since 2026-09-30.endive).
"""

CONNECT_TIMEOUT = 2.0
READ_TIMEOUT = 6.0
"""Seconds for each step of a request. One of our calls makes up to four, long lists aside (trap M15)."""

PAGE = 100
"""How many things a list brings at once, at most."""

OVERTAKEN = frozenset({"payment_intent_unexpected_state", "charge_expired_for_capture"})
"""Codes that say: the intent is no longer what you took it for."""

# Otherwise the SDK tells Stripe which machine this is, by an id that it leaves in the home directory.
stripe.enable_telemetry = False
# It repeats Stripe's prose and, when asked to say more, whole answers.
logging.getLogger("stripe").setLevel(logging.WARNING)


class OutcomeUnknown(PaymentFailed):
    """Stripe broke down, or no answer came: what we asked for may have been done, or may still be."""


class StripeDoor:
    """A connection to Stripe; what is behind it is for subclasses to ask."""

    def __init__(self, *, key: str, base: str = "", timeout: float = READ_TIMEOUT) -> None:
        """Remember how to ask. `key` is the secret one, `base` Stripe's address if it is not the usual one.

        `timeout` is in seconds and for each step of a request: to write, to read. The SDK would ask again
        by itself; here the caller does, who can wait longer and remembers across restarts (trap M15).
        """
        self._http = _Http(timeout)
        client = stripe.StripeClient(
            key,
            base_addresses={"api": base.rstrip("/")} if base else None,
            stripe_version=API_VERSION,
            max_network_retries=0,
            http_client=self._http,
        )
        self._v1 = client.v1

    async def aclose(self) -> None:
        """Let go of the connections; nothing can be asked afterwards."""
        await self._http.close_async()


class _Http(stripe.HTTPClient):
    """How the SDK reaches Stripe: by the HTTP library that the rest of us uses, and with our patience.

    Its own client for `httpx` hands over bodies in a way that is deprecated there and warned of each time.
    """

    name = "httpx2"

    def __init__(self, timeout: float) -> None:
        super().__init__()
        patience = httpx2.Timeout(timeout, connect=min(timeout, CONNECT_TIMEOUT))
        self._client = httpx2.AsyncClient(timeout=patience)

    async def request_async(
        self, method: str, url: str, headers: Mapping[str, str], post_data: str | None = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        try:
            answer = await self._client.request(method, url, headers=headers, content=post_data)
        except httpx2.HTTPError as error:
            # The SDK has left its constructor without types.
            trouble = stripe.APIConnectionError(type(error).__name__)  # type: ignore[no-untyped-call]
            raise trouble from None
        return answer.content, answer.status_code, answer.headers

    async def close_async(self) -> None:
        await self._client.aclose()


@contextmanager
def asking(what: str) -> Iterator[None]:
    """Turn what the SDK raises into our two kinds; `what` was asked, by a name for the log.

    Nothing is raised `from` the SDK's errors: they know the answer's body and the request's headers.

    Raises:
        PaymentRefused: Stripe says no, by `code`.
        OutcomeUnknown: Stripe broke down (5xx), or there is no answer, or none that can be read.
        PaymentFailed: Stripe is busy (429) or has the same request in hand already (409).
    """
    try:
        with span(f"stripe: {what}"):
            yield
    except stripe.StripeError as error:
        raise _meaning(error, what) from None


def said_by(error: stripe.StripeError) -> Mapping[str, Any]:
    """Return the error as Stripe described it, or nothing: proxies on the way answer in HTML."""
    body = error.json_body
    said = body.get("error") if isinstance(body, dict) else None
    return said if isinstance(said, dict) else {}


def code_of(said: Mapping[str, Any]) -> str:
    """Return Stripe's code for a trouble: the bank's reason if there is one; empty if there is none.

    What a bank needs its customer for has one name, whatever the bank calls it.
    """
    code = str(said.get("code") or "")
    return code if code == "authentication_required" else str(said.get("decline_code") or code)


def has_tag(metadata: stripe.StripeObject | None, tag: str, value: str) -> bool:
    """Say whether something at Stripe was given `tag` by us, and with this `value`."""
    return metadata is not None and tag in metadata and bool(metadata[tag] == value)


def _meaning(error: stripe.StripeError, what: str) -> PaymentRefused | PaymentFailed:
    # Stripe's own words stay out of it: they may recite what was sent.
    code = code_of(said_by(error))
    known = (str(error.http_status or "no answer"), code, error.request_id)
    told = f"stripe: {what}: {', '.join(part for part in known if part)}"
    match error:
        case stripe.AuthenticationError():
            return PaymentRefused(told, code="authentication")
        case stripe.PermissionError():
            return PaymentRefused(told, code="permission")
        case stripe.IdempotencyError():
            return PaymentRefused(told, code="idempotency_error")
        case stripe.CardError() | stripe.InvalidRequestError():
            return PaymentRefused(told, code=code or "refused")
        case stripe.RateLimitError():
            return PaymentFailed(told, retry_after=_seconds(error.headers))
        case _ if error.http_status == HTTPStatus.CONFLICT:
            return PaymentFailed(told, retry_after=_seconds(error.headers))
        case _:
            return OutcomeUnknown(told, retry_after=_seconds(error.headers))


def _seconds(headers: Mapping[str, str] | None) -> float | None:
    said = (headers or {}).get("retry-after", "")
    return float(said) if said.isdecimal() else None
