"""A Stripe at work for the session, in which fresh ids keep tests apart, and a desk that uses it."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.gateways.stripe.desk import Desk
from tests.gateways.stripe.serving import Stripe, serving


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
