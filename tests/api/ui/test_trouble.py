"""When a server behind us is away, people are told so on a page, and nothing is pretended."""

from collections.abc import Awaitable, Callable

import httpx2

from devstack import ports
from fulfillment.domain.people import Role
from tests.api.ui.browser import Browser, page_of
from tests.journeys import front
from tests.journeys.town import Town, fresh, window

OpenBrowser = Callable[..., Awaitable[Browser]]

NOBODY = "postgresql+psycopg://nobody@127.0.0.1:1/nothing"


async def test_without_a_database_every_page_says_so(town: Town) -> None:
    app = front.assembled(database_url=NOBODY, engine=front.address_of(town.engine))
    async with app.router.lifespan_context(app):
        somebody = Browser(httpx2.ASGITransport(app))
        cookie = {"Cookie": f"session={app.state.counter.cookies._signer('session').dumps('a token')}"}

        for path in ("/ui/", "/ui/jobs", "/ui/work/a1", "/ui/sign-in"):
            page = page_of(await somebody.ask(path, **cookie))

            assert (page.status, page.title) == (503, "We are out of breath"), path
            assert page.answer.headers["X-Request-Id"] in page.text


async def test_without_an_engine_the_form_stays_and_can_be_sent_again(
    town: Town, town_url: str, open_browser: OpenBrowser
) -> None:
    deal = await town.deal(visit=window())
    await deal.written()
    ada = await open_browser(deal.customer.id, Role.CUSTOMER)
    page = await ada.see(f"/ui/jobs/{deal.job_id}")
    app = front.assembled(database_url=town_url, engine=f"127.0.0.1:{ports.free()}")
    async with app.router.lifespan_context(app):
        elsewhere = Browser(httpx2.ASGITransport(app))
        elsewhere.http.cookies = ada.http.cookies

        refused = page_of(await elsewhere.submit(page, "confirm"))

    assert refused.status == 503
    (told,) = refused.errors("confirm")
    assert told.startswith("A server of ours cannot be reached. Nothing has happened")
    assert refused.fields("confirm")["key"] == page.fields("confirm")["key"]
    assert (await ada.submit(refused, "confirm")).status_code == 303


async def test_a_mistake_of_ours_is_a_page_without_a_word_about_it(town: Town, town_url: str) -> None:
    app = front.assembled(database_url=town_url, engine=front.address_of(town.engine))
    async with app.router.lifespan_context(app):
        ada = Browser(httpx2.ASGITransport(app))
        await ada.sign_in(fresh("ada"), Role.CUSTOMER)
        app.state.desk = None

        page = page_of(await ada.ask("/ui/jobs"))

    assert (page.status, page.title) == (500, "Something went wrong on our side")
    assert "desk" not in page.answer.text
