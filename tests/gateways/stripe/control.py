"""The hand of a test on the fake Stripe's control plane: every verb with its types."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import httpx2

from tests.gateways.stripe.books import Object
from tests.gateways.stripe.faults import Kind, Stored
from tests.gateways.stripe.people import Card
from tests.gateways.stripe.webhooks import Order

PATIENCE = 60.0
"""Seconds that a test waits for something to be reached or released."""


@dataclass(frozen=True, slots=True)
class Ledger:
    """All effects on money and all requests, oldest first."""

    effects: Sequence[Object] = field(default_factory=tuple)
    requests: Sequence[Object] = field(default_factory=tuple)

    def of(self, kind: str, *, intent: str | None = None, **metadata: str) -> list[Object]:
        """Return the effects of a kind: hold, capture, release, refund, transfer, reversal or chargeback.

        `metadata` is looked for in the object's own and in that of its intent.
        """
        return [
            one
            for one in self.effects
            if one["kind"] == kind
            and intent in {None, one["intent"]}
            and metadata.items() <= {**one["intent_metadata"], **one["metadata"]}.items()
        ]

    def total(self, kind: str, *, intent: str | None = None, **metadata: str) -> int:
        return sum(int(one["amount"]) for one in self.of(kind, intent=intent, **metadata))

    def asked(self, op: str, *, id: str | None = None) -> list[Object]:
        """Return the requests for `op` (about the object with that id)."""
        return [one for one in self.requests if one["op"] == op and (id is None or id in one["ids"])]


class Control:
    """A client of the control plane at `url`, which is that of the fake itself."""

    def __init__(self, url: str) -> None:
        # Nothing here is encrypted, and reading the certificates is slow.
        self._client = httpx2.AsyncClient(base_url=f"{url}/_control", timeout=PATIENCE, verify=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        await self._client.aclose()

    # Faults.

    async def fault(  # noqa: PLR0913 - one keyword for each way to mean a request
        self,
        kind: Kind,
        op: str = "*",
        *,
        times: int = 1,
        intent: str = "",
        metadata: Mapping[str, str] = {},
        key: str = "",
        seconds: float = 60.0,
        code: str = "",
        amount: int | None = None,
        stored: Stored = Stored.THE_500,
        holds_back: bool = False,
    ) -> str:
        """Let the next `times` requests for `op` that fit meet `kind`, and return the fault's id.

        They fit when they are about `intent`, when their metadata or that of what they are about includes
        `metadata`, and when `key` is part of their idempotency key. With `holds_back`, what they meet is not
        told to the caller before `release`.
        """
        made = await self._do(
            "add_fault",
            kind=kind,
            op=op,
            times=times,
            intent=intent,
            metadata=dict(metadata),
            key=key,
            seconds=seconds,
            code=code,
            amount=amount,
            stored=stored,
            holds_back=holds_back,
        )
        return str(made["id"])

    async def wait_reached(self, fault: str, *, times: int = 1) -> None:
        """Wait until `times` requests have met the fault."""
        await self._do("reached", fault=fault, times=times)

    async def waiting(self) -> dict[str, int]:
        """Return how many callers wait right now to be let go, by the fault that they met."""
        return {str(one["id"]): int(one["waiting"]) for one in await self._do("faults")}

    async def release(self, fault: str) -> None:
        """Let all go on who pause there, now and later."""
        await self._do("release", fault=fault)

    async def drop_faults(self, fault: str | None = None) -> None:
        """Take one fault away, or all."""
        await self._do("drop_faults", fault=fault)

    # Time, cards and accounts.

    async def clock(self, *, ahead: float | None = None, lifetime: int | None = None) -> int:
        """Put the fake's clock `ahead` seconds before ours, set how long holds are good; return its time."""
        return int((await self._do("clock", ahead=ahead, lifetime=lifetime))["now"])

    async def new_method(
        self, card: Card = Card.OK, *, customer: str | None = None, lifetime: int | None = None
    ) -> str:
        """Make a card, on file for `customer`; holds on it are good for `lifetime` seconds."""
        return str((await self._do("new_method", card=card, customer=customer, lifetime=lifetime))["id"])

    async def change_card(self, method: str, card: Card) -> None:
        await self._do("change_card", method=method, card=card)

    async def new_account(self, *, transfers: bool = True) -> str:
        """Open a connected account, and return its id."""
        return str((await self._do("new_account", transfers=transfers))["id"])

    async def set_up(self, setup: str, method: str = "pm_card_visa") -> Object:
        """Let the customer put a card on file with a setup intent."""
        return await self._object("set_up", setup=setup, method=method)

    # Other people's deeds.

    async def expire(self, intent: str) -> Object:
        return await self._object("expire", intent=intent)

    async def capture_by_hand(self, intent: str, amount: int | None = None) -> Object:
        return await self._object("capture_by_hand", intent=intent, amount=amount)

    async def release_by_hand(self, intent: str) -> Object:
        return await self._object("release_by_hand", intent=intent)

    async def customer_authenticates(
        self, intent: str, *, method: str | None = None, succeeds: bool = True
    ) -> Object:
        """Let the customer confirm on our page, with the same card or another, and answer their bank."""
        return await self._object("authenticate", intent=intent, method=method, succeeds=succeeds)

    async def open_dispute(
        self,
        intent: str,
        *,
        amount: int | None = None,
        reason: str = "fraudulent",
        status: str = "needs_response",
    ) -> str:
        """Let the customer complain to their bank, and return the dispute's id."""
        made = await self._do("open_dispute", intent=intent, amount=amount, reason=reason, status=status)
        return str(made["id"])

    async def close_dispute(self, dispute: str, *, status: str) -> Object:
        """Let the bank decide (`won`, `lost`, `warning_closed`) or move on (such as `under_review`)."""
        return await self._object("close_dispute", dispute=dispute, status=status)

    async def fail_refund(self, refund: str) -> Object:
        return await self._object("fail_refund", refund=refund)

    # Events and accounts of what was done.

    async def webhook(self, url: str, secret: str, *, at_once: bool = False) -> None:
        """Send events there: at once, or when `deliver` says so."""
        await self._do("webhook", url=url, secret=secret, at_once=at_once)

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
        """Deliver events one after another, and return what came back: event, type, status, error."""
        delivered: list[Object] = await self._do(
            "deliver",
            ids=list(ids),
            order=order,
            times=times,
            delay=delay,
            seed=seed,
            secret=secret,
            age=age,
        )
        return delivered

    async def settle(self) -> list[Object]:
        """Wait for what is being delivered at once, and return all deliveries so far."""
        deliveries: list[Object] = await self._do("settle")
        return deliveries

    async def events(self, type: str | None = None, *, about: str | None = None) -> list[Object]:
        """Return the events, oldest first; `about` is the id of their object, or of its intent."""
        found: list[Object] = await self._do("events", type=type, about=about)
        return found

    async def ledger(self) -> Ledger:
        return Ledger(**await self._do("ledger"))

    async def _object(self, verb: str, **arguments: Any) -> Object:
        made: Object = await self._do(verb, **arguments)
        return made

    async def _do(self, verb: str, **arguments: Any) -> Any:  # JSON
        response = await self._client.post(f"/{verb}", json=arguments)
        if response.is_error:
            raise RuntimeError(f"{verb}: {response.status_code} {response.text}")
        return response.json()
