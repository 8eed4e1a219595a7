"""The day of an admin: what waits, a decision and its second look, the figures; on a desk and a phone."""

import pytest_asyncio
from playwright.async_api import Page, expect

from devstack.marketplace import Marketplace
from tests.browser.accessible import expect_accessible
from tests.browser.conftest import Visit
from tests.browser.keyboard import tab_through
from tests.browser.roomy import expect_roomy
from tests.browser.visits import PHONE, Visits

LIST, METRICS = "/ui/admin/payouts", "/ui/admin/metrics"
TITLE = "Replace the pressure valve"
LONG = f"{'Donaudampfschifffahrtsgesellschaft' * 3} {'and a boiler ' * 5}".strip()


@pytest_asyncio.fixture
async def payout(market: Marketplace) -> str:
    """The path of a payout that waits."""
    return await waiting(market, TITLE)


async def waiting(market: Marketplace, title: str, *, amount: int = 18_500) -> str:
    assignment = await market.completed(title, amount=amount)
    await market["ruth"].get(f"/admin/payouts/{assignment['id']}", minVersion=4)
    return f"{LIST}/{assignment['id']}"


async def approve(page: Page) -> None:
    """Fill in the form, and stay at the page that asks."""
    await page.get_by_label("Reference of the transfer").fill("Transfer 2026-118")
    await page.get_by_role("button", name="Approve", exact=True).click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text("Approve")


async def test_a_payout_is_found_looked_at_and_approved_by_anybody(
    visit: Visit, market: Marketplace, payout: str
) -> None:
    page = await visit(LIST, who=market["ruth"])
    await page.get_by_role("link", name=TITLE).click()
    await approve(page)
    await expect_accessible(page)
    assert any("Yes, approve" in each for each in await tab_through(page))
    await page.get_by_role("button", name="Yes, approve").click()

    await expect(page.get_by_role("status").filter(has_text="It is approved.")).to_be_visible()
    await page.get_by_role("link", name="Audit trail").click()
    await expect(page.get_by_text("The chain holds.")).to_be_visible()


async def test_what_is_wrong_is_read_first(visits: Visits, market: Marketplace, payout: str) -> None:
    page = await visits.open(payout, who=market["ruth"])
    visits.watch.announce("422", payout)

    await page.get_by_label("Amount, in EUR").fill("900")
    await page.get_by_label("Reference of the transfer").fill("Transfer 7")
    await page.get_by_role("button", name="Approve", exact=True).click()

    await expect(page.get_by_role("alert")).to_be_focused()
    await expect_accessible(page)
    await page.get_by_role("alert").get_by_role("link").click()
    await expect(page.get_by_label("Amount, in EUR")).to_be_focused()


async def test_it_all_works_without_a_script(visit: Visit, market: Marketplace, payout: str) -> None:
    page = await visit(payout, who=market["ruth"], scripts=False)

    await approve(page)
    await page.get_by_role("button", name="Yes, approve").click()

    await expect(page.get_by_text("It is approved.").first).to_be_visible()


async def test_it_fits_a_phone_whatever_people_call_their_jobs(visit: Visit, market: Marketplace) -> None:
    path = await waiting(market, LONG, amount=87_000)
    page = await visit(LIST, who=market["ruth"], device=PHONE)
    await expect_roomy(page)

    for place in (path, f"{path}/audit", METRICS):
        await page.goto(place)
        await page.locator("summary").evaluate_all("all => all.forEach(each => each.click())")
        await expect_roomy(page)
    await page.goto(path)
    await approve(page)
    await expect_roomy(page)


async def test_the_figures_are_read_by_anybody(visit: Visit, market: Marketplace, payout: str) -> None:
    page = await visit(METRICS, who=market["olga"])
    await page.get_by_role("link", name="Last 7 days").click()
    await page.get_by_text("The same in numbers").click()

    await expect(page.get_by_role("img", name="Reminders sent and failed")).to_be_visible()
    await expect(page.get_by_role("table", name="Reminders sent and failed")).to_be_visible()
    await expect_accessible(page)
