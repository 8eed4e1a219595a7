"""Jobs that take quotes, over HTTP: sending one, changing it, taking it back, and what is refused."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from fulfillment.domain.people import Role
from tests.api.ui.browser import Browser, page_of
from tests.journeys.people import Json
from tests.journeys.town import Town, fresh, window

pytestmark = pytest.mark.nightly

OpenBrowser = Callable[..., Awaitable[Browser]]


def local(*, days: float, hours: float = 0) -> str:
    at = datetime.now(ZoneInfo("Europe/Berlin")) + timedelta(days=days, hours=hours)
    return f"{at:%Y-%m-%dT%H:%M}"


async def posted(town: Town, **more: object) -> Json:
    return await town.quoting(town.customer(), **more)


async def test_a_quote_is_sent_changed_and_taken_back(town: Town, open_browser: OpenBrowser) -> None:
    job = await posted(town, title="Paint <the> fence", wantedWindows=[window(days=5)])
    path = f"/ui/open-jobs/{job['id']}"
    bob = await open_browser(fresh("bob"), Role.PROVIDER)
    listed = await bob.see("/ui/open-jobs")
    assert any(each.attributes["href"] == path for each in listed.main.all("a"))
    page = await bob.see(path)
    assert "Paint <the> fence" in page.text
    assert "Lindenstrasse" not in page.text

    # The time that is wanted is filled in.
    assert page.fields("quote")["start"]
    typed = {"amount": "180,5", "note": "With two coats", "validUntil": local(days=3)}
    sent = await bob.follow(await bob.submit(page, "quote", **typed))
    assert sent.said == "Your quote is sent. You hear from us when the customer takes it up."
    assert "180.50 EUR" in sent.text.replace("\N{NO-BREAK SPACE}", " ")
    assert sent.fields("quote")["amount"] == "180.50"
    assert "You ask" in (await bob.see("/ui/open-jobs")).text

    changed = await bob.follow(await bob.submit(sent, "quote", amount="170", start="", end=""))
    assert "170.00 EUR" in changed.text.replace("\N{NO-BREAK SPACE}", " ")
    assert "Wording 2" in changed.text

    gone = await bob.follow(await bob.submit(changed, "withdraw"))
    assert gone.said == "Your quote is withdrawn."
    assert "You have taken it back." in gone.text
    assert not gone.has_form("withdraw")
    assert gone.has_form("quote")
    assert "Withdrawn" in (await bob.see("/ui/open-jobs/quotes")).text


@pytest.mark.parametrize(
    ("typed", "field", "says"),
    [
        ({"amount": ""}, "amount", "Please fill this in."),
        ({"amount": "cheap"}, "amount", "no amount"),
        ({"amount": "1000"}, "amount", "more than"),
        ({"amount": "10", "start": "2027-03-28T02:30", "end": "2027-03-28T04:30"}, "start", "jump over"),
        ({"amount": "10", "start": local(days=2)}, "end", "Please fill this in."),
        ({"amount": "10", "start": local(days=2), "end": local(days=2, hours=9)}, "end", "A visit lasts"),
        ({"amount": "10", "validUntil": local(days=-1)}, "validUntil", "days from now"),
        ({"amount": "10", "note": "x" * 2001}, "note", "2000"),
    ],
    ids=str,
)
async def test_what_cannot_be_is_said_at_its_field(
    town: Town, open_browser: OpenBrowser, typed: dict[str, str], field: str, says: str
) -> None:
    job = await posted(town)
    bob = await open_browser(fresh("bob"), Role.PROVIDER)
    page = await bob.see(f"/ui/open-jobs/{job['id']}")

    again = page_of(await bob.submit(page, "quote", **typed))

    assert again.status == 422
    assert says in again.root.one(id=f"quote-{field}-fault").text
    assert {name: again.fields("quote")[name] for name in typed} == typed
    assert not await town.rows("SELECT id FROM quote WHERE job_id = :id", id=job["id"])


async def test_somebody_elses_quote_and_price_are_not_shown(town: Town, open_browser: OpenBrowser) -> None:
    job = await posted(town)
    await town.provider().post(f"/jobs/{job['id']}/quotes", {"amount": 12_345, "currency": "EUR"})
    bob = await open_browser(fresh("bob"), Role.PROVIDER)

    page = await bob.see(f"/ui/open-jobs/{job['id']}")

    assert "123.45" not in page.text


async def test_a_quote_that_was_taken_up_leads_to_the_work(town: Town, open_browser: OpenBrowser) -> None:
    deal = await town.deal()
    bob = await open_browser(deal.provider.id, Role.PROVIDER)

    page = await bob.see(f"/ui/open-jobs/{deal.job_id}")

    assert "This job is yours." in page.text
    assert any(each.attributes["href"] == f"/ui/work/{deal.id}" for each in page.main.all("a"))
    assert not page.has_form("quote")
    assert not page.has_form("withdraw")


async def test_who_comes_too_late_with_a_quote_reads_why(town: Town, open_browser: OpenBrowser) -> None:
    customer, rival = town.customer(), town.provider()
    job = await town.quoting(customer)
    bob = await open_browser(fresh("bob"), Role.PROVIDER)
    page = await bob.see(f"/ui/open-jobs/{job['id']}")
    sent = await bob.follow(await bob.submit(page, "quote", amount="90"))
    quote = await rival.post(f"/jobs/{job['id']}/quotes", {"amount": 9_000, "currency": "EUR"})
    await customer.post(f"/jobs/{job['id']}/quotes/{quote['id']}/accept", {"version": 1})

    late = page_of(await bob.submit(sent, "quote", amount="80"))

    assert late.status == 409
    assert late.errors("quote") == ["This is not possible as things are now."]
    assert "Somebody else has the job" in late.text


async def test_a_job_that_was_given_back_is_nothing_to_quote_for(
    town: Town, open_browser: OpenBrowser
) -> None:
    deal = await town.deal()
    await deal.provider.post(f"{deal.path}/reject", {"reasonCode": "sick"})
    await town.job(deal.job_id, "quoting")
    bob = await open_browser(deal.provider.id, Role.PROVIDER)

    answer = await bob.ask(f"/ui/open-jobs/{deal.job_id}")
    listed = await bob.see("/ui/open-jobs/quotes")

    assert answer.status_code == 404
    assert "You have not quoted for anything yet" in listed.text
