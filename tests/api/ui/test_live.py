"""A page hears when something of what it shows has moved, and of nothing else; over real sockets."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import httpx2
import psycopg
import pytest
import pytest_asyncio
from fastapi import FastAPI

from api.serve import served
from api.ui.hub import MOST_OF_ONE, Hub
from fulfillment.domain.people import Role
from fulfillment.store.news import Moved
from tests.api.ui.browser import Browser
from tests.api.ui.streams import listening
from tests.journeys import front
from tests.journeys.town import Town, fresh, window
from tests.store.server import plain

Visitor = Callable[..., Awaitable[Browser]]


@pytest.fixture
def own(town: Town, town_url: str) -> FastAPI:
    """An application of this test alone, which lives for as long as it is served."""
    return front.assembled(database_url=town_url, engine=front.address_of(town.engine))


@pytest_asyncio.fixture
async def at_socket(own: FastAPI) -> AsyncIterator[Visitor]:
    """Open browsers that speak over a socket."""
    async with served(own, host="127.0.0.1", port=0) as port:
        opened: list[Browser] = []

        async def open_one(id: str, role: Role) -> Browser:
            one = Browser(httpx2.AsyncHTTPTransport(), origin=f"http://127.0.0.1:{port}")
            opened.append(one)
            await one.sign_in(id, role)
            return one

        yield open_one
        for one in opened:
            await one.close()


async def address_on(somebody: Browser, path: str) -> str:
    """Return where the page at `path` listens."""
    return (await somebody.see(path)).main.attributes["data-live"]


class TestWhatIsHeard:
    async def test_the_page_of_a_visit_hears_of_its_next_step(self, town: Town, at_socket: Visitor) -> None:
        deal = await town.deal()
        await deal.written()
        ada = await at_socket(deal.customer.id, Role.CUSTOMER)
        address = await address_on(ada, f"/ui/jobs/{deal.job_id}")

        async with listening(ada.http, address) as stream:
            await stream.begun()
            proposed = await deal.propose(0)
            (told,) = await stream.heard(1)

        assert stream.response.headers["Content-Type"].startswith("text/event-stream")
        assert json.loads(told["data"]) == {"version": proposed["stateVersion"]}
        assert told["id"]

    async def test_the_list_of_a_provider_hears_of_it_too(self, town: Town, at_socket: Visitor) -> None:
        deal = await town.deal(visit=window())
        await deal.written()
        bob = await at_socket(deal.provider.id, Role.PROVIDER)

        async with listening(bob.http, await address_on(bob, "/ui/work")) as stream:
            await stream.begun()
            told = len([each for each in stream.events if "event" in each])
            await deal.confirm(1)
            await stream.heard(told + 1)

    async def test_the_offers_of_a_provider_hear_of_a_new_one(self, town: Town, at_socket: Visitor) -> None:
        trade = fresh("trade")
        dan = await town.tradesman(trade)
        browser = await at_socket(dan.id, Role.PROVIDER)
        offers = await address_on(browser, "/ui/offers")

        async with listening(browser.http, offers) as stream:
            await stream.begun()
            await town.posted(town.customer(), mode="auto", trade=trade)
            await stream.heard(1)
        async with listening(browser.http, offers) as late:
            assert await late.heard(1)

    async def test_what_moved_between_page_and_stream_is_heard_at_once(
        self, town: Town, at_socket: Visitor
    ) -> None:
        deal = await town.deal()
        await deal.written()
        ada = await at_socket(deal.customer.id, Role.CUSTOMER)
        page, its_list = await address_on(ada, f"/ui/jobs/{deal.job_id}"), await address_on(ada, "/ui/jobs")
        await deal.propose(0)
        await deal.written()

        async with listening(ada.http, page) as stream, listening(ada.http, its_list) as lists:
            assert await stream.heard(1)
            assert await lists.heard(1)

    async def test_other_peoples_steps_are_not_heard(self, town: Town, at_socket: Visitor) -> None:
        deal, other = await town.deal(), await town.deal()
        await deal.written()
        ada = await at_socket(deal.customer.id, Role.CUSTOMER)

        async with listening(ada.http, await address_on(ada, f"/ui/jobs/{deal.job_id}")) as stream:
            await stream.begun()
            await other.propose(0)
            await other.written()
            proposed = await deal.propose(0)
            heard = await stream.heard(1)

        assert [json.loads(each["data"])["version"] for each in heard] == [proposed["stateVersion"]]

    async def test_staff_hear_of_everything(self, town: Town, at_socket: Visitor) -> None:
        deal = await town.deal()
        olga = await at_socket(fresh("olga"), Role.OPS)

        async with listening(olga.http, "/ui/live") as stream:
            await stream.begun()
            await deal.propose(0)
            await stream.heard(1)


class TestWhoMayListen:
    async def test_what_is_not_theirs_does_not_exist(self, town: Town, at_socket: Visitor) -> None:
        deal = await town.deal()
        eve = await at_socket(fresh("eve"), Role.CUSTOMER)

        for address in (f"/ui/live?job={deal.job_id}.1", f"/ui/live?visit={deal.id}.1"):
            answer = await eve.ask(address)
            assert answer.status_code == 404
            assert answer.headers["Content-Type"] == "application/problem+json"

    async def test_nobody_opens_more_than_their_share(self, at_socket: Visitor, own: FastAPI) -> None:
        ada, cem = await at_socket(fresh("ada"), Role.CUSTOMER), await at_socket(fresh("cem"), Role.CUSTOMER)

        async with AsyncExitStack() as opened:
            for _ in range(MOST_OF_ONE):
                stream = await opened.enter_async_context(listening(ada.http, "/ui/live"))
                await stream.begun()
            refused = await ada.ask("/ui/live")
            async with listening(cem.http, "/ui/live") as stream:
                await stream.begun()

        assert (refused.status_code, refused.headers["Retry-After"]) == (429, "30")
        async with asyncio.timeout(10):
            while len(own.state.counter.hub) > 0:
                await asyncio.sleep(0.01)


class TestTheEnd:
    async def test_a_server_that_stops_does_not_wait_for_its_streams(self, own: FastAPI) -> None:
        async with AsyncExitStack() as opened:
            async with served(own, host="127.0.0.1", port=0) as port:
                ada = Browser(httpx2.AsyncHTTPTransport(), origin=f"http://127.0.0.1:{port}")
                await ada.sign_in(fresh("ada"), Role.CUSTOMER)
                stream = await opened.enter_async_context(listening(ada.http, "/ui/live"))
                await stream.begun()

            # The server has stopped: had it waited, the stream would have been cut off, not ended.
            await stream.over()
        await ada.close()

    async def test_a_lost_database_connection_is_made_anew_and_everybody_looks_again(
        self, town: Town, town_url: str, at_socket: Visitor
    ) -> None:
        deal = await town.deal()
        await deal.written()
        ada = await at_socket(deal.customer.id, Role.CUSTOMER)
        address = await address_on(ada, f"/ui/jobs/{deal.job_id}")

        async with listening(ada.http, address) as stream:
            await stream.begun()
            with psycopg.connect(plain(town_url), autocommit=True) as connection:
                connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND query LIKE 'LISTEN%'"
                )
            (told,) = await stream.heard(1)
            proposed = await deal.propose(0)
            later = await stream.heard(2)

        assert json.loads(told["data"]) == {"version": None}
        assert json.loads(later[1]["data"]) == {"version": proposed["stateVersion"]}


async def test_a_watch_is_over_when_the_process_stops() -> None:
    hub = Hub(_nothing)

    with hub.watching("ada", ["job:1"]) as watch:
        hub.close()

        assert (watch.is_over, await watch.news(seconds=5)) == (True, None)
    with hub.watching("ada", ["job:1"]) as late:
        assert late.is_over


@pytest.mark.parametrize(
    ("topics", "hears"),
    [
        (["visit:a1"], True),
        (["visit:a2"], False),
        (["job:j1"], False),
        (["customer:c1"], True),
        (["provider:p1"], True),
        (["provider:c1"], False),
        (["everything"], True),
        ([], False),
    ],
)
async def test_a_step_of_an_assignment_touches_its_page_and_the_lists_of_both_sides(
    topics: list[str], *, hears: bool
) -> None:
    hub = Hub(_nothing)
    moved = Moved(job_id="j1", customer_id="c1", version=3, assignment_id="a1", provider_id="p1")

    with hub.watching("ada", topics) as watch:
        hub.tell(moved)
        news = await watch.news(seconds=0.01)

    assert news == ((3,) if hears else None)


async def test_a_step_of_a_job_touches_those_who_are_asked_to_do_it() -> None:
    hub = Hub(_nothing)

    with hub.watching("bob", ["provider:p1"]) as asked, hub.watching("bea", ["provider:p2"]) as other:
        hub.tell(Moved(job_id="j1", customer_id="c1", version=3, asked=("p1",)))
        heard = (await asked.news(seconds=0.01), await other.news(seconds=0.01))

    assert heard == ((3,), None)


async def _nothing() -> AsyncGenerator[Moved | None, None]:
    yield None
