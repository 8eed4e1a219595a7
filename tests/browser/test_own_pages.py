"""The pages of developers, the mailbox and the reader of the contract, used as people use them."""

import pytest_asyncio
from playwright.async_api import expect

from devstack.client import Api
from devstack.marketplace import Json, Marketplace
from devstack.waiting import until
from tests.browser.accessible import expect_accessible
from tests.browser.conftest import Visit
from tests.browser.keyboard import tab_through
from tests.browser.roomy import expect_roomy
from tests.browser.visits import PHONE

FEW = """
for (const kind of ['details', '.card']) {
    [...document.querySelectorAll(kind)].slice(5).forEach(each => each.remove());
}"""
"""Axe takes as long as there are places to look at, and one is like the other."""


@pytest_asyncio.fixture
async def inbox(market: Marketplace, client: Api) -> str:
    """The mailbox of a customer to whom a visit was proposed."""
    await market.accepted("Fit a thermostat", with_window=True)
    address = f"{market['ada'].id}@example.test"

    async def look() -> Json:
        return await client.get("/dev/emails", to=address)

    await until(look, lambda found: bool(found["items"]), f"a mail to {address}")
    return f"/dev/emails?to={address}"


async def test_a_mail_is_found_and_read_by_anybody(visit: Visit, inbox: str) -> None:
    page = await visit(inbox)
    await expect_accessible(page)
    assert any("time is proposed" in each for each in await tab_through(page))

    await page.get_by_role("list").get_by_role("link").first.click()
    await expect(page.frame_locator("iframe").get_by_text("Ada")).to_be_visible()
    await expect_accessible(page)
    await tab_through(page)


async def test_the_mailbox_fits_a_phone(visit: Visit, inbox: str) -> None:
    page = await visit(inbox, device=PHONE)
    await expect_roomy(page, thumb=0)

    await page.get_by_role("list").get_by_role("link").first.tap()
    await expect(page.get_by_role("heading", name="As it looks")).to_be_visible()
    await expect_roomy(page, thumb=0)


async def test_the_contract_is_read_by_anybody(visit: Visit) -> None:
    page = await visit("/docs")

    await page.evaluate(FEW)
    await expect_accessible(page)


async def test_the_contract_fits_a_phone(visit: Visit) -> None:
    page = await visit("/docs", device=PHONE, scripts=False)

    await page.locator("summary").first.tap()
    await expect_roomy(page, thumb=0)
