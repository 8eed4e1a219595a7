"""A customer has nothing but a phone."""

from playwright.async_api import expect

from devstack.marketplace import Marketplace
from tests.browser.conftest import Visit
from tests.browser.deeds import expect_said, propose, written
from tests.browser.roomy import expect_roomy
from tests.browser.visits import PHONE

LONG = "Unscrew-every-single-radiator-" * 6


async def test_a_time_is_agreed_on_with_thumbs(visit: Visit, market: Marketplace) -> None:
    made = await market.accepted(LONG, with_window=True)
    await written(market, made)
    ada = await visit("/ui/jobs", who=market["ada"], device=PHONE)
    await expect_roomy(ada)

    await ada.get_by_role("link", name=LONG).tap()
    await ada.get_by_text("Propose another time", exact=True).tap()
    await expect_roomy(ada)
    await propose(ada, days=5, hour=10)
    await expect_said(ada, "Your proposal is sent")
    await market["bob"].post(f"/assignments/{made['id']}/schedule/confirm", {"version": 2})

    await expect(ada.get_by_text("Visit booked")).to_be_visible()
    await expect_roomy(ada)
