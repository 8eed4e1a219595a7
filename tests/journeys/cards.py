"""A town whose people pay by card: the same people over HTTP, with a Stripe on this machine."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import httpx2
from sqlalchemy.ext.asyncio import async_sessionmaker

import doors
import worker
from api.serve import served
from devstack.waiting import until
from fulfillment.domain.money import Money
from fulfillment.domain.policy import Policy
from fulfillment.gateways.payments import Refund
from fulfillment.gateways.stripe_cards import StripeCards
from fulfillment.store.database import engine as database_engine
from tests.gateways.stripe.serving import SECRET_KEY, Stripe, serving
from tests.journeys import front
from tests.journeys.people import Json, Person, honoured
from tests.journeys.town import Deal, Town, fresh, window
from tests.skipping import SkippingServer

CARDS = Policy(card_payments=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class CardTown:
    """A town, and the Stripe that its cards and accounts are at."""

    town: Town
    stripe: Stripe

    async def payer(self, method: str = "pm_card_visa") -> Person:
        """Return a customer with that card on file."""
        customer = self.town.customer()
        honoured(await customer.ask("PUT", "/me/payment-method", {"paymentMethod": method}))
        return customer

    async def visited(self, *, method: str = "pm_card_visa", days: float = 1, **more: Any) -> Deal:
        """Return an assignment whose visit is agreed, and whose customer has that card on file."""
        customer = await self.payer(method)
        return await self.town.scheduled(customer=customer, visit=window(days=days), **more)

    async def worked(self, *, card: str = "held", **more: Any) -> Deal:
        """Return an assignment whose work is reported as done, the card being in that state."""
        deal = await self.visited(**more)
        await self.card(deal, card)
        await self.town.ops().post(f"{deal.path}/complete", {"evidence": ["a photo"]})
        return deal

    async def card(self, deal: Deal, *statuses: str) -> Json:
        """Return the hold on the card as its customer sees it, once it is in one of `statuses`."""

        async def look() -> Json:
            answer = await deal.customer.ask("GET", f"{deal.path}/payment")
            return answer.json() if answer.status_code == 200 else {"status": None}

        return await until(look, lambda it: it["status"] in statuses, f"the card to be {statuses}")

    async def payout(self, deal: Deal, *statuses: str) -> Json:
        """Return the payout as admins see it, once it is in one of `statuses`."""
        admin = self.town.admin()

        async def look() -> Json:
            answer = await admin.ask("GET", deal.payout)
            return answer.json() if answer.status_code == 200 else {"status": None}

        return await until(look, lambda it: it["status"] in statuses, f"the payout to be {statuses}")

    async def intent(self, deal: Deal) -> str:
        """Return the id of the latest hold for an assignment."""
        rows = await self.town.rows(
            "SELECT intent_id FROM card_hold WHERE assignment_id = :id ORDER BY state_version DESC LIMIT 1",
            id=deal.id,
        )
        return str(rows[0]["intent_id"])

    async def delivered(self, type: str, intent: str, **how: Any) -> list[int]:
        """Let Stripe deliver what has happened of that type to a hold, and return what we answered."""
        events = await self.stripe.control.events(type, about=intent)
        assert events, f"no {type} about {intent}"
        answers = await self.stripe.control.deliver([each["id"] for each in events], **how)
        return [int(each["status"]) for each in answers]

    async def given_back(self, intent: str, amount: int) -> None:
        """Let somebody give money back in Stripe's dashboard, in minor units."""
        cards = StripeCards(key=SECRET_KEY, base=self.stripe.url)
        money = Money(amount=amount, currency="EUR")
        await cards.refund(Refund(payout_id=fresh("by-hand"), n=1, amount=money, intent_id=intent))
        await cards.aclose()

    async def moves(self, deal: Deal) -> list[tuple[str, int | None]]:
        """Return what our own book says of the money for an assignment, in order."""
        rows = await self.town.rows(
            "SELECT kind, amount FROM money_move WHERE assignment_id = :id ORDER BY id", id=deal.id
        )
        return [(each["kind"], each["amount"]) for each in rows]

    async def captures(self, deal: Deal) -> list[int]:
        """Return what was ever taken for an assignment, in minor units."""
        ledger = await self.stripe.control.ledger()
        return [int(each["amount"]) for each in ledger.of("capture", assignment_id=deal.id)]

    async def open_holds(self, deal: Deal) -> int:
        """Return how many holds for an assignment Stripe still has: made, and neither taken nor let go."""
        ledger = await self.stripe.control.ledger()
        ended = sum(len(ledger.of(kind, assignment_id=deal.id)) for kind in ("capture", "release"))
        return len(ledger.of("hold", assignment_id=deal.id)) - ended


@asynccontextmanager
async def card_town(database_url: str, *, policy: Policy = CARDS) -> AsyncIterator[CardTown]:
    """Yield such a town; its database is its own."""
    database = database_engine(database_url, pool_size=10)
    sessions = async_sessionmaker(database)
    async with serving() as stripe, SkippingServer.started() as engine:
        at_home = doors.at_home(sessions, doors.HOME)
        cards = StripeCards(key=SECRET_KEY, base=stripe.url)
        stories, payments, notices = worker.build(
            engine.client,
            sessions=sessions,
            doors=replace(at_home, cards=cards),
            approval_key=front.APPROVAL_KEY,
        )
        app = front.assembled(
            database_url=database_url,
            engine=front.address_of(engine.client),
            policy=policy,
            stripe=stripe.url,
        )
        async with stories, payments, notices, served(app, host="127.0.0.1", port=0) as port:
            url = f"http://127.0.0.1:{port}"
            await stripe.control.webhook(f"{url}/webhooks/stripe", front.HOOK_SECRET)
            async with httpx2.AsyncClient(base_url=url, timeout=30) as http:
                town = Town(http=http, engine=engine.client, sessions=sessions)
                yield CardTown(town=town, stripe=stripe)
        await cards.aclose()
    await database.dispose()
