"""What the tests of the pages share: the town's people at browsers."""

from collections.abc import AsyncIterator, Awaitable, Callable

import httpx2
import pytest_asyncio
from fastapi import FastAPI

from fulfillment.domain.people import Role
from tests.api.ui.browser import Browser
from tests.api.ui.people import of_no_trade
from tests.api.ui.seats import Seats
from tests.journeys import front
from tests.journeys.town import Town

OpenBrowser = Callable[..., Awaitable[Browser]]


@pytest_asyncio.fixture(scope="session")
async def app(town: Town, town_url: str) -> AsyncIterator[FastAPI]:
    """The application on the servers of the town."""
    made = front.assembled(database_url=town_url, engine=front.address_of(town.engine))
    async with made.router.lifespan_context(made):
        yield made


@pytest_asyncio.fixture(scope="session")
async def seats(app: FastAPI, town: Town) -> AsyncIterator[Seats]:
    """People who have signed in: `(await seats.of(Role.OPS)).browser`."""
    taken = Seats(app, town)
    yield taken
    await taken.leave()


@pytest_asyncio.fixture
async def open_browser(app: FastAPI, town: Town) -> AsyncIterator[OpenBrowser]:
    """Open browsers: `open_browser()` for a stranger, `open_browser("ada", Role.CUSTOMER)` for Ada."""
    opened: list[Browser] = []

    async def open_one(id: str = "", role: Role = Role.CUSTOMER) -> Browser:
        one = Browser(httpx2.ASGITransport(app))
        opened.append(one)
        if id:
            await one.sign_in(id, role)
        return one

    yield open_one
    for one in opened:
        await one.close()
    await of_no_trade(town)
