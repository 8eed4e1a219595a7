"""The control plane: what tests make happen in the fake Stripe, and what they look at afterwards.

Each verb is `POST /_control/<verb>` with a JSON object of arguments; `control.py` has them with types.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.gateways.stripe.aftermath import Aftermath
from tests.gateways.stripe.books import Books, Object, Refusal, missing
from tests.gateways.stripe.faults import Fault, Faults, Kind, Stored
from tests.gateways.stripe.intents import Intents
from tests.gateways.stripe.people import Card, People
from tests.gateways.stripe.webhooks import Order, Webhooks

# Any: JSON that comes in, and JSON that goes out.
Verb = Callable[..., Awaitable[Any]]


class Plane:
    def __init__(
        self,
        books: Books,
        people: People,
        intents: Intents,
        aftermath: Aftermath,
        *,
        faults: Faults,
        webhooks: Webhooks,
    ) -> None:
        self._books = books
        self._people = people
        self._intents = intents
        self._aftermath = aftermath
        self._faults = faults
        self._webhooks = webhooks
        self._verbs: dict[str, Verb] = {
            verb.__name__: verb
            for verb in (
                *(self.add_fault, self.reached, self.release, self.drop_faults, self.faults),
                *(self.clock, self.new_method, self.change_card, self.new_account, self.set_up),
                *(self.expire, self.capture_by_hand, self.release_by_hand, self.authenticate),
                *(self.open_dispute, self.close_dispute, self.fail_refund),
                *(self.webhook, self.deliver, self.settle, self.events, self.ledger),
            )
        }
        self.app = Starlette(routes=[Route("/{verb}", self._do, methods=["GET", "POST"])])

    async def _do(self, request: Request) -> Response:
        verb = self._verbs.get(request.path_params["verb"])
        if verb is None:
            return JSONResponse({"error": f"there is no such verb; there are {sorted(self._verbs)}"}, 404)
        arguments = await request.json() if request.method == "POST" else dict(request.query_params)
        try:
            return JSONResponse(await verb(**arguments))
        except Refusal as refusal:
            return JSONResponse(refusal.body, refusal.status)
        except (TypeError, ValueError) as error:
            return JSONResponse({"error": str(error)}, 422)

    # Faults.

    async def add_fault(self, *, kind: str, stored: str = Stored.THE_500, **about: Any) -> Object:
        return self._faults.add(Fault(kind=Kind(kind), stored=Stored(stored), **about)).described()

    async def reached(self, *, fault: str, times: int = 1) -> Object:
        """Wait until so many requests have met the fault."""
        one = self._fault(fault)
        await one.wait_reached(times)
        return one.described()

    async def release(self, *, fault: str) -> Object:
        """Let those go on who pause at the fault, and those who will."""
        one = self._fault(fault)
        one.released.set()
        return one.described()

    async def drop_faults(self, *, fault: str | None = None) -> Object:
        """Take a fault away, or all of them; nobody is left waiting."""
        for one in [self._fault(fault)] if fault else list(self._faults.all.values()):
            one.released.set()
            del self._faults.all[one.id]
        return {}

    async def faults(self) -> list[Object]:
        return [one.described() for one in self._faults.all.values()]

    # Time, cards and accounts.

    async def clock(self, *, ahead: float | None = None, lifetime: int | None = None) -> Object:
        """Set the clock so many seconds `ahead` of ours, or the `lifetime` of holds from now on."""
        if ahead is not None:
            self._books.shift = ahead
        if lifetime is not None:
            self._books.lifetime = lifetime
        self._intents.sweep()
        return {"now": self._books.now, "ahead": self._books.shift, "lifetime": self._books.lifetime}

    async def new_method(
        self, *, card: str = Card.OK, customer: str | None = None, lifetime: int | None = None
    ) -> Object:
        return self._people.new_method(Card(card), customer=customer, lifetime=lifetime)

    async def change_card(self, *, method: str, card: str) -> Object:
        self._people.change(method, Card(card))
        return {}

    async def new_account(self, *, transfers: bool = True) -> Object:
        return self._people.new_account(transfers=transfers)

    async def set_up(self, *, setup: str, method: str) -> Object:
        return self._people.set_up_by_customer(setup, method)

    # Other people's deeds.

    async def expire(self, *, intent: str) -> Object:
        return self._intents.expire(intent)

    async def capture_by_hand(self, *, intent: str, amount: int | None = None) -> Object:
        return self._intents.capture_by_hand(intent, amount)

    async def release_by_hand(self, *, intent: str) -> Object:
        return self._intents.release_by_hand(intent)

    async def authenticate(self, *, intent: str, method: str | None = None, succeeds: bool = True) -> Object:
        return self._intents.authenticate(intent, method=method, succeeds=succeeds)

    async def open_dispute(self, *, intent: str, **how: Any) -> Object:
        return self._aftermath.open_dispute(intent, **how)

    async def close_dispute(self, *, dispute: str, status: str) -> Object:
        return self._aftermath.close_dispute(dispute, status=status)

    async def fail_refund(self, *, refund: str) -> Object:
        return self._aftermath.fail_refund(refund)

    # Events and accounts of what was done.

    async def webhook(self, *, url: str, secret: str, at_once: bool = False) -> Object:
        self._webhooks.url, self._webhooks.secret, self._webhooks.at_once = url, secret, at_once
        return {}

    async def deliver(self, *, ids: list[str], order: str = Order.AS_GIVEN, **how: Any) -> list[Object]:
        return await self._webhooks.deliver(ids, order=Order(order), **how)

    async def settle(self) -> list[Object]:
        await self._webhooks.settle()
        return self._webhooks.deliveries

    async def events(self, *, type: str | None = None, about: str | None = None) -> list[Object]:
        """Return the events, oldest first, of a type and about an object or an intent."""
        return [
            event
            for event in self._books.events
            if type in {None, event["type"]}
            and about
            in {
                None,
                event["data"]["object"]["id"],
                event["data"]["object"].get("payment_intent"),
            }
        ]

    async def ledger(self) -> Object:
        return {"effects": self._books.effects, "requests": self._books.requests}

    def _fault(self, id: str) -> Fault:
        if id not in self._faults.all:
            raise missing("fault", id)
        return self._faults.all[id]
