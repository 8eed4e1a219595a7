"""An admin's day where customers pay by card: holds, captures that fail, and money that goes back."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx2
import pytest
import pytest_asyncio

from fulfillment.domain.people import Role
from tests.api.ui.browser import Browser, Page, page_of
from tests.gateways.stripe.faults import Kind
from tests.journeys.cards import CardTown, card_town
from tests.journeys.town import PRICE, Deal, fresh
from tests.store import server

pytestmark = pytest.mark.nightly

LARGE = 60_000
Sit = Callable[..., Awaitable[Browser]]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def here(plain_logs: None) -> AsyncIterator[CardTown]:
    async with card_town(server.fresh()) as started:
        yield started


@pytest_asyncio.fixture
async def admin(here: CardTown) -> AsyncIterator[Sit]:
    """Sit admins down at browsers."""
    opened: list[Browser] = []

    async def sit(id: str = "") -> Browser:
        one = Browser(httpx2.AsyncHTTPTransport(), origin=str(here.town.http.base_url).rstrip("/"))
        opened.append(one)
        await one.sign_in(id or fresh("admin"), Role.ADMIN)
        return one

    yield sit
    for one in opened:
        await one.close()


async def page(who: Browser, deal: Deal) -> Page:
    return await who.see(f"/ui/admin/payouts/{deal.id}")


async def asked(who: Browser, deal: Deal, id: str, **typed: str) -> Page:
    """Return the page that asks whether they are sure."""
    answer = await who.submit(await page(who, deal), id, **typed)
    assert answer.status_code == 200, answer.text
    return page_of(answer)


async def decided(who: Browser, deal: Deal, id: str, **typed: str) -> Page:
    """Say yes twice, and return where that leads."""
    answer = await who.submit(await asked(who, deal, id, **typed), id)
    assert answer.status_code == 303, answer.text
    return await who.follow(answer)


def said(page: Page) -> str:
    return page.text.replace("\N{NO-BREAK SPACE}", " ")


async def paid(here: CardTown, *, price: int = PRICE) -> Deal:
    """Return an assignment whose price was taken from the card."""
    deal = await here.worked(price=price)
    for _ in range(2 if price >= 50_000 else 1):
        await here.town.admin().post(f"{deal.payout}/approve", {"attempt": 1})
    await here.payout(deal, "captured")
    await deal.written("paid")
    return deal


async def refunds(here: CardTown, deal: Deal) -> list[dict[str, Any]]:
    return list((await here.town.admin().get(deal.payout))["refunds"])


class TestTaking:
    async def test_from_a_hold_in_the_queue_to_a_line_in_the_book(self, here: CardTown, admin: Sit) -> None:
        deal, ruth = await here.worked(), await admin()

        # The queue says until when the money is held.
        queue = await ruth.see("/ui/admin/payouts")
        (row,) = [each for each in queue.main.one("tbody").all("tr") if deal.id in _links(each)]
        assert "Hold ends in" in row.text

        # No reference is asked for, and what comes of it is said before.
        first = await page(ruth, deal)
        assert "The hold ends" in first.text
        sure = await asked(ruth, deal, "approve")
        assert "125.00 EUR is taken from the customer's card at once" in sure.text
        assert await here.captures(deal) == []
        await ruth.submit(sure, "approve")

        # It is taken once, and the book says by whose word.
        await here.payout(deal, "captured")
        await deal.written("paid")
        done = await page(ruth, deal)
        assert await here.captures(deal) == [PRICE]
        book = [each.text for each in done.main.one("table").one("tbody").all("tr")]
        assert ["Held on the card" in book[0], "Taken from the card" in book[1]] == [True, True]
        assert "Paid by card" in done.text

    async def test_a_charge_that_failed_says_why_and_is_tried_again(self, here: CardTown, admin: Sit) -> None:
        deal, ruth = await here.worked(), await admin()
        await here.stripe.control.fault(
            Kind.DECLINE, "capture", metadata={"assignment_id": deal.id}, code="do_not_honor"
        )
        await decided(ruth, deal, "approve")
        await here.payout(deal, "capture_failed")

        failed = await page(ruth, deal)
        assert "the bank declined the card, and does not say why (do_not_honor)" in failed.text
        assert not failed.has_form("approve")
        sure = await asked(ruth, deal, "retry-capture", reason="the bank says try again")
        assert "asked once more for the 125.00 EUR that are approved" in sure.text
        done = await ruth.follow(await ruth.submit(sure, "retry-capture"))

        assert done.said == "The payment provider is being asked once more."
        await here.payout(deal, "captured")
        assert await here.captures(deal) == [PRICE]

    async def test_money_is_held_anew_once_somebody_is_sure(self, here: CardTown, admin: Sit) -> None:
        deal, ruth = await here.worked(), await admin()
        before = await here.intent(deal)

        sure = await asked(ruth, deal, "reauthorise", reason="we wait for the photos")
        untouched = await here.intent(deal)
        done = await ruth.follow(await ruth.submit(sure, "reauthorise"))

        assert "125.00 EUR is held on the card that the customer has on file by now." in sure.text
        assert untouched == before
        assert done.said == "The money is being held anew."
        await here.card(deal, "held")
        await here.town.rows_once(
            lambda rows: len(rows) == 2,
            "SELECT intent_id FROM card_hold WHERE assignment_id = :id",
            id=deal.id,
        )
        assert await here.open_holds(deal) == 1

    async def test_more_than_is_held_cannot_be_approved(self, here: CardTown, admin: Sit) -> None:
        deal, ruth = await here.worked(), await admin()

        answer = await ruth.submit(await page(ruth, deal), "approve", amount="125.01")

        assert page_of(answer).errors("approve") == [
            "At most 125.00 EUR can be paid: that is held on the card."
        ]


class TestGivingBack:
    async def test_some_of_it_goes_back_once(self, here: CardTown, admin: Sit) -> None:
        deal, ruth = await paid(here), await admin()
        assert (await page(ruth, deal)).fields("refund")["amount"] == "125.00"

        sure = await asked(ruth, deal, "refund", amount="50", reason="one valve is missing")
        nothing_yet = await refunds(here, deal)
        answers = [await ruth.submit(sure, "refund") for _ in range(2)]

        assert sure.title == "Give 50.00 EUR back?"
        assert "What was passed on to the provider stays with them." in sure.text
        assert nothing_yet == []
        assert {each.status_code for each in answers} == {303}
        assert (await ruth.follow(answers[0])).said.startswith("The refund is decided")
        await self._given(here, deal, 1)
        done = await page(ruth, deal)
        assert "one valve is missing" in done.text
        assert "Given back to the card" in done.text
        assert done.fields("refund") | {"amount": "75.00", "n": "2"} == done.fields("refund")

    async def test_more_than_is_left_is_said_in_the_unit_it_was_typed_in(
        self, here: CardTown, admin: Sit
    ) -> None:
        deal, ruth = await paid(here), await admin()

        answer = await ruth.submit(await page(ruth, deal), "refund", amount="125.01", reason="all")

        assert page_of(answer).errors("refund") == [
            "At most 125.00 EUR can be given back: that is left of what was taken."
        ]

    async def test_a_large_one_takes_two_who_mean_the_same(self, here: CardTown, admin: Sit) -> None:
        deal, one, other = await paid(here, price=LARGE), await admin(), await admin()

        marked = await decided(one, deal, "refund", reason="it still leaks")
        assert marked.said == "Your mark is set. Another admin sets the second one."
        assert "Yours is the first mark on the refund." in marked.text
        assert not marked.has_form("refund")

        seen = await page(other, deal)
        assert "Please look at the refund of 600.00 EUR" in said(seen)
        assert seen.fields("refund")["reason"] == "it still leaks"
        different = page_of(await other.submit(seen, "refund", amount="599"))
        await other.submit(await asked(other, deal, "refund"), "refund")

        assert different.errors("refund") == [
            "The first admin wants 600.00 EUR back; it takes the same amount twice."
        ]
        await self._given(here, deal, 1)
        (given,) = await refunds(here, deal)
        assert given["second"] is not None
        assert "All given back" in (await page(other, deal)).text

    async def test_of_two_at_once_one_gives_it_back_and_the_other_sees_it(
        self, here: CardTown, admin: Sit
    ) -> None:
        deal, admins = await paid(here), [await admin(), await admin()]
        sure = [await asked(each, deal, "refund", reason="it leaks") for each in admins]

        answers = await asyncio.gather(
            *(each.submit(form, "refund") for each, form in zip(admins, sure, strict=True))
        )

        assert sorted(each.status_code for each in answers) == [303, 409]
        (late,) = [page_of(each) for each in answers if each.status_code == 409]
        assert "Something has changed meanwhile." in late.text
        assert "gave money back" in late.text
        assert len(await refunds(here, deal)) == 1

    async def _given(self, here: CardTown, deal: Deal, count: int) -> None:
        await here.town.rows_once(
            lambda rows: len(rows) == count,
            "SELECT id FROM money_move WHERE assignment_id = :id AND kind = 'refunded'",
            id=deal.id,
        )


@pytest.mark.parametrize(
    ("card", "method", "says"),
    [
        ("needs_customer", "pm_card_chargeDeclinedInsufficientFunds", "Card declined"),
        ("missing", "", "No card"),
    ],
)
async def test_a_card_that_does_not_pay_is_named(
    here: CardTown, admin: Sit, card: str, method: str, says: str
) -> None:
    if method:
        deal = await here.worked(method=method, card=card)
    else:
        deal = await here.town.completed()
    await deal.written("payout_pending")

    shown = await page(await admin(), deal)

    assert says in shown.text


def _links(row: Any) -> str:
    return " ".join(each.attributes["href"] for each in row.all("a"))
