"""A Stripe at work for the session, in which fresh ids keep tests apart, and a desk that uses it."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
import stripe

from fulfillment.domain.ids import derived
from fulfillment.gateways.payments import CardOnFile
from fulfillment.gateways.stripe_cards import StripeCards
from tests.gateways.stripe.desk import Desk
from tests.gateways.stripe.serving import SECRET_KEY, Stripe, serving
from tests.gateways.stripe.till import TIMEOUT, Till


@pytest_asyncio.fixture(scope="session")
async def fake_stripe() -> AsyncIterator[Stripe]:
    async with serving() as fake:
        yield fake


@pytest_asyncio.fixture
async def own_stripe() -> AsyncIterator[Stripe]:
    """A fake for one test alone, which may turn its clock or its webhooks."""
    async with serving() as fake:
        yield fake


@pytest.fixture
def desk(fake_stripe: Stripe) -> Desk:
    return Desk(fake_stripe)


@pytest_asyncio.fixture(scope="module")
async def cards(fake_stripe: Stripe) -> AsyncIterator[StripeCards]:
    door = StripeCards(key=SECRET_KEY, base=fake_stripe.url, timeout=TIMEOUT)
    yield door
    await door.aclose()


@pytest.fixture(scope="module")
def sdk(fake_stripe: Stripe, cards: StripeCards) -> stripe.StripeClient:
    """The SDK by itself, for what is none of our door's business."""
    return stripe.StripeClient(SECRET_KEY, base_addresses={"api": fake_stripe.url}, http_client=cards._http)


@pytest_asyncio.fixture
async def till(fake_stripe: Stripe, sdk: stripe.StripeClient, cards: StripeCards) -> AsyncIterator[Till]:
    customer = await sdk.v1.customers.create_async({})
    method = await fake_stripe.control.new_method(customer=customer.id)
    yield Till(
        at=fake_stripe,
        cards=cards,
        assignment=derived("assignment", customer.id),
        card=CardOnFile(customer_ref=customer.id, method_ref=method),
    )
    await fake_stripe.control.drop_faults()
