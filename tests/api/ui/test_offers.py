"""Offers to a provider over HTTP: until when they wait, taking them, declining them, and being too late."""

from collections.abc import Awaitable, Callable

import pytest

from fulfillment.domain.people import Role
from tests.api.ui.browser import Browser, page_of
from tests.journeys.people import Person
from tests.journeys.test_waves import offer
from tests.journeys.town import Town, fresh

pytestmark = pytest.mark.nightly

OpenBrowser = Callable[..., Awaitable[Browser]]


async def offered(town: Town, *, to: int = 1, **more: str) -> tuple[str, list[tuple[Person, str]]]:
    """Return a job, and those it was offered to, each with the id of their offer."""
    trade = fresh("trade")
    people = [await town.tradesman(trade) for _ in range(to)]
    job_id = (await town.posted(town.customer(), mode="auto", trade=trade, **more))["id"]
    return job_id, [(who, (await offer(who, job_id))["id"]) for who in people]


async def test_an_offer_says_until_when_it_waits_and_is_taken(town: Town, open_browser: OpenBrowser) -> None:
    _, [(dan, id)] = await offered(town, title="Sweep <the> chimney", description="On the roof")
    browser = await open_browser(dan.id, Role.PROVIDER)

    page = await browser.see("/ui/offers")
    assert "Sweep <the> chimney" in page.text
    assert "Answer until" in page.text
    assert "in 2 h" in page.text
    assert "On the roof" in page.text
    assert "Lindenstrasse" not in page.text
    assert next(page.root.all("article")).attributes["data-until"]

    taken = await browser.follow(await browser.submit(page, f"accept-{id}"))
    assert taken.said == "The job is yours. Now agree on a time with the customer."
    assert taken.title == "Sweep <the> chimney"
    assert "Lindenstrasse" in taken.text
    assert "Earlier offers" in (await browser.see("/ui/offers")).text


async def test_taken_twice_it_is_one_and_the_same(town: Town, open_browser: OpenBrowser) -> None:
    _, [(dan, id)] = await offered(town)
    browser = await open_browser(dan.id, Role.PROVIDER)
    page = await browser.see("/ui/offers")

    first = await browser.submit(page, f"accept-{id}")
    again = await browser.submit(page, f"accept-{id}")

    assert first.headers["Location"] == again.headers["Location"]


async def test_a_decline_takes_a_reason(town: Town, open_browser: OpenBrowser) -> None:
    _, [(dan, id)] = await offered(town)
    browser = await open_browser(dan.id, Role.PROVIDER)
    page = await browser.see("/ui/offers")

    unsaid = page_of(await browser.submit(page, f"decline-{id}"))
    assert unsaid.status == 422
    assert unsaid.root.one(id=f"decline-{id}-reasonCode-fault").text == "Error: Please fill this in."

    declined = await browser.follow(await browser.submit(page, f"decline-{id}", reasonCode="too_far"))
    assert declined.said == "You declined the offer. You are not asked again in this round."
    assert "No offer waits for you" in declined.text
    (row,) = await town.rows("SELECT status, decline_reason FROM offer WHERE id = :id", id=id)
    assert row == {"status": "declined", "decline_reason": "too_far"}


@pytest.mark.parametrize("verb", ["accept", "decline"])
async def test_who_is_too_late_is_told_so(town: Town, open_browser: OpenBrowser, verb: str) -> None:
    _, [(dan, id), (eve, quicker)] = await offered(town, to=2)
    browser = await open_browser(dan.id, Role.PROVIDER)
    page = await browser.see("/ui/offers")
    await eve.post(f"/offers/{quicker}/accept")

    typed = {"reasonCode": "too_far"} if verb == "decline" else {}
    late = page_of(await browser.submit(page, f"{verb}-{id}", **typed))

    assert late.status == 409
    assert "Somebody else was quicker, or the job was withdrawn." in late.text


async def test_what_ran_out_is_no_offer_any_more(town: Town, open_browser: OpenBrowser) -> None:
    job_id, [(dan, id)] = await offered(town)
    browser = await open_browser(dan.id, Role.PROVIDER)
    page = await browser.see("/ui/offers")
    await town.skip(jobId=job_id, hours=2.1)
    await town.rows_once(
        lambda rows: rows[0]["status"] == "expired", "SELECT status FROM offer WHERE id = :id", id=id
    )

    late = page_of(await browser.submit(page, f"accept-{id}"))
    now = await browser.see("/ui/offers")

    assert (late.status, late.errors(f"accept-{id}")) == (409, ["This offer has run out."])
    assert not now.has_form(f"accept-{id}")
    assert "Expired" in now.text


async def test_another_ones_offer_is_nothing_to_answer(town: Town, open_browser: OpenBrowser) -> None:
    _, [(_, id)] = await offered(town)
    stranger = await open_browser(fresh("eve"), Role.PROVIDER)
    form = {"csrf": await stranger.csrf(), "reasonCode": "too_far"}

    for verb in ("accept", "decline"):
        assert (await stranger.post(f"/ui/offers/{id}/{verb}", form)).status_code == 404
