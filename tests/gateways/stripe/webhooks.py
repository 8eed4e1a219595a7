"""How the fake tells of its events: signed as Stripe signs, at once or when a test says so, in any order."""

import asyncio
import hashlib
import hmac
import json
import random
import time
from collections.abc import Sequence
from enum import StrEnum

import httpx2

from tests.gateways.stripe.books import Books, Object, missing

PATIENCE = 10.0
"""Seconds that we wait for the receiver's answer."""


class Order(StrEnum):
    AS_GIVEN = "as_given"
    REVERSED = "reversed"
    SHUFFLED = "shuffled"


def signature(body: str, secret: str, *, at: int) -> str:
    """Return the value of the header Stripe-Signature."""
    signed = hmac.new(secret.encode(), f"{at}.{body}".encode(), hashlib.sha256).hexdigest()
    return f"t={at},v1={signed},v0={'0' * 64}"


class Webhooks:
    """Where events go. `url` is empty for nowhere; without `at_once` they wait for `deliver`."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._client: httpx2.AsyncClient | None = None
        self._under_way: set[asyncio.Task[Object]] = set()
        self.url = ""
        self.secret = "whsec_of_nobody"  # noqa: S105
        self.at_once = False
        self.deliveries: list[Object] = []
        books.listeners.append(self._heard)

    async def deliver(
        self,
        ids: Sequence[str],
        *,
        order: Order = Order.AS_GIVEN,
        times: int = 1,
        delay: float = 0.0,
        seed: int = 0,
        secret: str | None = None,
        age: int = 0,
    ) -> list[Object]:
        """Deliver the events one after another, all of it `times` over, and return what came back.

        `delay` is in seconds and before each; another `secret` makes a bad signature, `age` one that was
        made so many seconds ago.
        """
        events = [self._event(id) for id in ids] * times
        match order:
            case Order.REVERSED:
                events.reverse()
            case Order.SHUFFLED:
                random.Random(seed).shuffle(events)  # noqa: S311
            case Order.AS_GIVEN:
                pass
        delivered = []
        for event in events:
            await asyncio.sleep(delay)
            delivered.append(await self._send(event, secret=secret, age=age))
        return delivered

    async def settle(self) -> None:
        """Wait until all that is being delivered at once has arrived."""
        while self._under_way:
            await asyncio.wait(self._under_way)

    async def aclose(self) -> None:
        for task in self._under_way:
            task.cancel()
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    def _heard(self, event: Object) -> None:
        if not self.at_once or not self.url:
            return
        task = asyncio.get_running_loop().create_task(self._send(event))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    def _event(self, id: str) -> Object:
        for event in self._books.events:
            if event["id"] == id:
                return event
        raise missing("event", id)

    async def _send(self, event: Object, *, secret: str | None = None, age: int = 0) -> Object:
        # Stripe's bodies have line breaks and blanks, so who signs their own JSON again fails here too.
        body = json.dumps(event, indent=2)
        header = signature(body, secret or self.secret, at=int(time.time()) - age)
        headers = {"Content-Type": "application/json; charset=utf-8", "Stripe-Signature": header}
        delivery: Object = {"event": event["id"], "type": event["type"], "status": None, "error": None}
        self._client = self._client or httpx2.AsyncClient(timeout=PATIENCE, verify=False)
        try:
            response = await self._client.post(self.url, content=body.encode(), headers=headers)
            delivery["status"] = response.status_code
        except httpx2.HTTPError as error:
            delivery["error"] = repr(error)
        self.deliveries.append(delivery)
        return delivery
