"""A customer compares quotes on the page of a job, takes one up, or calls the job off."""

from collections.abc import Awaitable, Callable

import pytest

from fulfillment.domain.people import Role
from tests.api.ui.browser import Browser, Page, page_of
from tests.api.ui.people import named
from tests.journeys.people import Json, Person
from tests.journeys.test_waves import offer
from tests.journeys.town import Town, fresh, window

pytestmark = pytest.mark.nightly

OpenBrowser = Callable[..., Awaitable[Browser]]


class Choosing:
    """A job that takes quotes, and its customer at a browser."""

    def __init__(self, customer: Person, ada: Browser, job_id: str) -> None:
        self.customer, self.ada, self.job_id = customer, ada, job_id
        self.path = f"/ui/jobs/{job_id}"

    async def quote(self, provider: Person, amount: int, **more: object) -> Json:
        body = {"amount": amount, "currency": "EUR", **more}
        return await provider.post(f"/jobs/{self.job_id}/quotes", body)

    async def page(self, since: int = 1) -> Page:
        return await self.ada.see(f"{self.path}?since={since}")


@pytest.fixture
def choosing(town: Town, open_browser: OpenBrowser) -> Callable[..., Awaitable[Choosing]]:
    async def begin(**more: object) -> Choosing:
        customer = town.customer()
        job = await town.quoting(customer, **more)
        return Choosing(customer, await open_browser(customer.id, Role.CUSTOMER), job["id"])

    return begin


Begin = Callable[..., Awaitable[Choosing]]


async def test_quotes_stand_side_by_side_the_cheapest_first(town: Town, choosing: Begin) -> None:
    it = await choosing()
    assert "No quotes yet" in (await it.page()).text
    bea, bob = await named(town, town.provider()), await named(town, town.provider())
    await it.quote(bea, 18_000, note="With a new pump")
    await it.quote(bob, 12_500, window=window(), validUntil=window(days=3)["start"])

    page = await it.page(since=4)

    assert [each.text for each in page.main.all("h3")][:2] == [bob.id, bea.id]
    assert page.text.index("125.00 EUR") < page.text.index("180.00 EUR")
    assert page.text.count("Lowest price") == 1
    assert "With a new pump" in page.text
    assert "To be agreed afterwards" in page.text
    assert "It is your turn Please choose one of the quotes" in page.text
    assert "choose one of 2 quotes" in (await it.ada.see("/ui/jobs")).text


async def test_the_wording_on_the_page_is_taken_up(town: Town, choosing: Begin) -> None:
    it = await choosing()
    bob = await named(town, town.provider())
    quote = await it.quote(bob, 12_500, window=window())
    page = await it.page(since=3)

    answer = await it.ada.submit(page, f"accept-{quote['id']}")

    taken = await it.ada.follow(answer)
    assert taken.said == "The job is in good hands. Next, agree on a time for the visit."
    assert f"{bob.id} proposed" in taken.text
    assert "Confirm this time" in taken.text
    assert not taken.has_form(f"accept-{quote['id']}")
    again = await it.ada.submit(page, f"accept-{quote['id']}")
    # The versions in it may be newer by then.
    assert [each.headers["Location"].partition("?")[0] for each in (again, answer)] == [it.path] * 2


async def test_a_quote_that_was_revised_meanwhile_is_shown_and_not_taken(town: Town, choosing: Begin) -> None:
    it = await choosing()
    bob = town.provider()
    quote = await it.quote(bob, 12_500, note="In a day", window=window(days=3))
    page = await it.page(since=3)
    await it.quote(bob, 13_900, note="In two days", window=window(days=4))
    await town.job(it.job_id, "quoting")

    again = page_of(await it.ada.submit(page, f"accept-{quote['id']}"))

    assert again.status == 409
    assert "Something has changed meanwhile." in again.text
    assert "The price was 125.00 EUR" in again.text
    assert "The note was: “In a day”" in again.text
    assert "The time was" in again.text
    assert again.fields(f"accept-{quote['id']}")["version"] == "2"
    assert (await town.job(it.job_id, "quoting"))["assignmentId"] is None
    assert (await it.ada.submit(again, f"accept-{quote['id']}")).status_code == 303


async def test_a_quote_that_is_gone_is_not_offered(town: Town, choosing: Begin) -> None:
    it = await choosing()
    bob = town.provider()
    quote = await it.quote(bob, 12_500)
    page = await it.page(since=3)
    await bob.post(f"/jobs/{it.job_id}/quotes/{quote['id']}/withdraw")
    await town.job(it.job_id, "quoting", "unfilled")

    again = page_of(await it.ada.submit(page, f"accept-{quote['id']}"))

    assert again.status == 409
    assert again.errors(f"accept-{quote['id']}") == [
        "This quote is not open any more, or has changed. Please look again."
    ]
    assert "Withdrawn" in again.text
    assert not again.has_form(f"accept-{quote['id']}")


async def test_what_is_under_way_is_said(town: Town, open_browser: OpenBrowser) -> None:
    trade = fresh("trade")
    asked = [await town.tradesman(trade) for _ in range(2)]
    customer = town.customer()
    job_id = (await town.posted(customer, mode="auto", trade=trade))["id"]
    for each in asked:
        await offer(each, job_id)
    ada = await open_browser(customer.id, Role.CUSTOMER)
    known = await town.job(job_id, "offering")

    page = await ada.see(f"/ui/jobs/{job_id}?since={known['stateVersion']}")

    assert "providers are asked for 300.00 EUR , and can answer until" in page.text
    assert "If none of them takes it, we ask others" in page.text


class TestCallingItOff:
    async def test_it_takes_a_reason(self, choosing: Begin) -> None:
        it = await choosing()

        again = page_of(await it.ada.submit(await it.page(), "cancel-job"))

        assert again.status == 422
        assert again.errors("cancel-job") == ["Please fill this in."]

    async def test_then_it_is_over(self, town: Town, choosing: Begin) -> None:
        it = await choosing()
        bob = town.provider()
        quote = await it.quote(bob, 12_500)
        page = await it.page(since=3)

        done = await it.ada.follow(await it.ada.submit(page, "cancel-job", reason="never mind"))

        assert done.said == "The job is cancelled."
        assert "This job is cancelled. Nobody is asked any more" in done.text
        assert not done.has_form("cancel-job")
        late = page_of(await it.ada.submit(page, f"accept-{quote['id']}"))
        assert late.status == 409
        assert "This job has ended" in late.text


async def test_a_job_that_came_back_says_so_and_its_quotes_stand(
    town: Town, open_browser: OpenBrowser, choosing: Begin
) -> None:
    it = await choosing()
    bob, bea = await named(town, town.provider()), town.provider()
    quote = await it.quote(bob, 12_500)
    other = await it.quote(bea, 13_500)
    made = await it.customer.post(f"/jobs/{it.job_id}/quotes/{quote['id']}/accept", {"version": 1})
    await bob.post(f"/assignments/{made['id']}/reject", {"reasonCode": "sick"})
    known = await town.job(it.job_id, "quoting")

    page = await it.page(since=known["stateVersion"])

    # That somebody is ill is nobody else's business.
    assert f"{bob.id} gave the job back (not available)." in page.text
    assert page.has_form(f"accept-{other['id']}")
    assert not page.has_form(f"accept-{quote['id']}")


async def test_strangers_can_neither_read_nor_choose(
    town: Town, open_browser: OpenBrowser, choosing: Begin
) -> None:
    it = await choosing()
    quote = await it.quote(town.provider(), 12_500)
    eve = await open_browser(fresh("eve"), Role.CUSTOMER)
    form = {"csrf": await eve.csrf(), "key": "k", "version": "1", "reason": "mine"}

    answers = [
        await eve.ask(it.path),
        await eve.post(f"{it.path}/quotes/{quote['id']}/accept", form),
        await eve.post(f"{it.path}/cancel", form),
    ]

    assert {answer.status_code for answer in answers} == {404}
    assert (await town.job(it.job_id, "quoting"))["status"] == "quoting"
