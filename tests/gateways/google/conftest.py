"""A Google of its own for each test, all of them behind one port, and our door to its calendars."""

import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio
from starlette.applications import Starlette
from starlette.routing import Mount

from api.serve import served
from fulfillment.gateways.google import GoogleCalendar
from tests.gateways.google.fake_google import FakeGoogle


@dataclass(frozen=True, slots=True, kw_only=True)
class Street:
    """A server on which Googles may settle."""

    app: Starlette
    url: str

    def settle(self, google: FakeGoogle) -> None:
        path = f"/{uuid.uuid4()}"
        self.app.router.routes.append(Mount(path, app=google.app))
        google.url = f"{self.url}{path}"


@pytest_asyncio.fixture(scope="session")
async def street() -> AsyncIterator[Street]:
    app = Starlette()
    async with served(app, host="127.0.0.1", port=0) as port:
        yield Street(app=app, url=f"http://127.0.0.1:{port}")


@pytest.fixture
def google(street: Street) -> FakeGoogle:
    one = FakeGoogle()
    street.settle(one)
    return one


@pytest_asyncio.fixture
async def calendar(google: FakeGoogle) -> AsyncIterator[GoogleCalendar]:
    door = google.calendar()
    yield door
    await door.aclose()


@pytest.fixture
def ada(google: FakeGoogle) -> str:
    """The refresh token of somebody who let us into their calendar."""
    return google.accounts.consented("ada")
