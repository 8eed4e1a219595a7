"""Admins decide on payouts, each seeing what the other has decided."""

from playwright.async_api import Page, expect

from devstack.marketplace import Marketplace
from tests.browser.conftest import Visit
from tests.browser.deeds import expect_said, expect_same, heading, mark, written

LARGE = 87_000
"""In cents; from FOUR_EYES_MINOR on, a payout takes two admins."""


async def test_an_admin_approves_and_another_sees_who_did(visit: Visit, market: Marketplace) -> None:
    made = await market.completed("Exchange the taps")
    path = f"/ui/admin/payouts/{made['id']}"
    await written(market, made, status="payout_pending")
    rita = await visit(path, who=market["rita"])
    ruth = await visit(path, who=market["ruth"])
    await mark(rita)

    await approve(ruth, reference="Transfer 2026-201")

    await expect_said(ruth, "It is approved.")
    await expect(rita.get_by_text("Ruth Richter approved it").first).to_be_visible()
    await expect(rita.get_by_text("Transfer 2026-201").first).to_be_visible()
    await expect(rita.get_by_role("button", name="Approve", exact=True)).to_have_count(0)
    await expect_same(rita)


async def test_a_large_payout_takes_two_and_each_sees_whose_turn_it_is(
    visit: Visit, market: Marketplace
) -> None:
    made = await market.completed("Install a heat exchanger", amount=LARGE)
    path = f"/ui/admin/payouts/{made['id']}"
    await written(market, made, status="payout_pending")
    bob = await visit(f"/ui/work/{made['id']}", who=market["bob"])
    ruth = await visit(path, who=market["ruth"])
    rita = await visit(path, who=market["rita"])
    await expect(ruth.get_by_text("This takes two admins")).to_be_visible()

    await approve(ruth, reference="Transfer 2026-202")
    await expect(ruth.get_by_text("Yours is the first mark.")).to_be_visible()
    await expect(ruth.get_by_role("button", name="Approve", exact=True)).to_have_count(0)

    await expect(rita.get_by_text("Ruth Richter has set the first mark")).to_be_visible()
    await approve(rita, reference="Transfer 2026-202")
    await expect_said(rita, "It is approved.")

    # Whom it is about hears of it, too.
    await expect(ruth.get_by_text("Rita Rossi approved it").first).to_be_visible()
    await expect(bob.get_by_text("Transfer 2026-202").first).to_be_visible()


async def approve(page: Page, *, reference: str) -> None:
    """Approve what is asked for, and be sure of it."""
    await page.get_by_label("Reference of the transfer").fill(reference)
    await page.get_by_role("button", name="Approve", exact=True).click()
    await expect(heading(page)).to_contain_text("Approve ")
    await page.get_by_role("button", name="Yes, approve").click()
