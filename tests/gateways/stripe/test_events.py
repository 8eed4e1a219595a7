"""What the fake tells of what happens: every change, signed, and in whatever order a test likes."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

import pytest
import pytest_asyncio
import stripe
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.serve import served
from tests.gateways.stripe.desk import SDK_WARNS, Desk
from tests.gateways.stripe.serving import Stripe
from tests.gateways.stripe.webhooks import Order

pytestmark = pytest.mark.filterwarnings(SDK_WARNS)

SECRET = "whsec_of_ours"  # noqa: S105


@dataclass(slots=True)
class Receiver:
    """An endpoint that checks each signature with the SDK and keeps what is good."""

    url: str = ""
    heard: list[stripe.Event] = field(default_factory=list)

    async def receive(self, request: Request) -> Response:
        header = request.headers["Stripe-Signature"]
        try:
            self.heard.append(stripe.Webhook.construct_event(await request.body(), header, SECRET))
        except stripe.SignatureVerificationError:
            return Response(status_code=400)
        return Response(status_code=200)

    @property
    def ids(self) -> list[str]:
        return [event.id for event in self.heard]


@pytest_asyncio.fixture
async def receiver() -> AsyncIterator[Receiver]:
    one = Receiver()
    app = Starlette(routes=[Route("/hook", one.receive, methods=["POST"])])
    async with served(app, host="127.0.0.1", port=0) as port:
        one.url = f"http://127.0.0.1:{port}/hook"
        yield one


@pytest_asyncio.fixture
async def told(own_stripe: Stripe, receiver: Receiver) -> Sequence[str]:
    """Return the ids of the events of a hold and its capture, which are held back for now."""
    await own_stripe.control.webhook(receiver.url, SECRET)
    intent = await Desk(own_stripe).captured()
    return [one["id"] for one in await own_stripe.control.events(about=intent.id)]


class TestTelling:
    async def test_a_life_is_told_in_full(self, desk: Desk, fake_stripe: Stripe) -> None:
        intent = await desk.hold()
        await desk.capture(intent.id, 7_000)
        await desk.sdk.v1.refunds.create_async({"payment_intent": intent.id})

        told = await fake_stripe.control.events(about=intent.id)

        assert [one["type"] for one in told] == [
            "payment_intent.created",
            "charge.succeeded",
            "payment_intent.amount_capturable_updated",
            "charge.captured",
            "payment_intent.succeeded",
            "refund.created",
            "charge.refunded",
        ]

    async def test_an_event_shows_its_object_as_it_was_then(self, desk: Desk, fake_stripe: Stripe) -> None:
        intent = await desk.captured()

        (held,) = await fake_stripe.control.events(
            "payment_intent.amount_capturable_updated", about=intent.id
        )

        found = await desk.sdk.v1.events.retrieve_async(held["id"])
        assert found.data.object["status"] == "requires_capture"
        assert (found.api_version, found.livemode) == (stripe.api_version, False)

    async def test_events_are_listed_with_the_newest_first(self, desk: Desk) -> None:
        await desk.captured()
        last = await desk.captured()

        listed = await desk.sdk.v1.events.list_async({"type": "payment_intent.succeeded", "limit": 1})

        assert [one.data.object["id"] for one in listed.data] == [last.id]


class TestDelivering:
    async def test_events_are_held_until_they_are_delivered(
        self, own_stripe: Stripe, receiver: Receiver, told: Sequence[str]
    ) -> None:
        assert receiver.heard == []

        deliveries = await own_stripe.control.deliver(told, order=Order.REVERSED, times=2)

        assert {one["status"] for one in deliveries} == {200}
        assert receiver.ids == [*told[::-1], *told[::-1]]

    async def test_a_shuffle_is_the_same_for_the_same_seed(
        self, own_stripe: Stripe, receiver: Receiver, told: Sequence[str]
    ) -> None:
        for _ in range(2):
            await own_stripe.control.deliver(told, order=Order.SHUFFLED, seed=1)

        assert sorted(receiver.ids[:5]) == sorted(told)
        assert receiver.ids[:5] == receiver.ids[5:] != list(told)

    async def test_a_bad_or_an_old_signature_is_told_apart(
        self, own_stripe: Stripe, receiver: Receiver, told: Sequence[str]
    ) -> None:
        bad = await own_stripe.control.deliver(told[:1], secret="whsec_of_others")  # noqa: S106
        old = await own_stripe.control.deliver(told[:1], age=301)

        assert [bad[0]["status"], old[0]["status"], receiver.ids] == [400, 400, []]

    async def test_events_are_delivered_at_once_when_told_so(
        self, own_stripe: Stripe, receiver: Receiver
    ) -> None:
        await own_stripe.control.webhook(receiver.url, SECRET, at_once=True)

        intents = await asyncio.gather(*(Desk(own_stripe).hold() for _ in range(3)))

        await own_stripe.control.settle()
        told = [one.data.object["id"] for one in receiver.heard if one.type == "payment_intent.created"]
        assert sorted(told) == sorted(one.id for one in intents)

    async def test_a_receiver_that_is_away_is_on_the_record(
        self, own_stripe: Stripe, told: Sequence[str]
    ) -> None:
        await own_stripe.control.webhook("http://127.0.0.1:1/hook", SECRET)

        (delivery,) = await own_stripe.control.deliver(told[:1])

        assert (delivery["status"], "ConnectError" in delivery["error"]) == (None, True)
