"""The day of operations in a browser: what needs them, a job, an absence; on a phone, by keyboard."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from playwright.async_api import expect

from devstack.marketplace import Marketplace
from devstack.waiting import until
from tests.browser.accessible import expect_accessible
from tests.browser.conftest import Visit
from tests.browser.keyboard import tab_through
from tests.browser.roomy import expect_roomy
from tests.browser.visits import PHONE, Visits

LIST = "/ui/admin/assignments"
BERLIN = ZoneInfo("Europe/Berlin")
LONG = "Bleed-every-single-radiator-" * 5


def clock(*, days: int) -> str:
    return f"{datetime.now(UTC).astimezone(BERLIN) + timedelta(days=days):%Y-%m-%dT%H:%M}"


async def test_somebody_is_found_helped_and_the_page_moves_along(visit: Visit, market: Marketplace) -> None:
    made = await market.accepted("Mend the boiler", with_window=True)
    page = await visit(LIST, who=market["olga"])

    # It is found by the customer's id.
    await page.get_by_label("Find", exact=True).fill(market["ada"].id)
    await page.get_by_role("button", name="Find").click()
    await expect_accessible(page)
    await page.get_by_role("link", name="Mend the boiler").click()
    await expect(page.get_by_text("Waiting for Ada Albrecht to answer the proposed time")).to_be_visible()

    # The customer said yes on the phone.
    await page.get_by_text("Confirm by force", exact=True).click()
    await page.locator("#confirm").get_by_label("Reason").fill("She said yes on the phone")
    await expect_accessible(page)
    await page.get_by_role("button", name="Book the visit").click()
    await expect(page.get_by_role("status").first).to_contain_text("The visit is booked.")
    await expect(page.get_by_role("cell", name="She said yes on the phone")).to_be_visible()

    # The provider gives it back, and the page notices by itself.
    await market["bob"].post(f"/assignments/{made['id']}/reject", {"reasonCode": "sick"})
    await expect(page.get_by_text("There is nothing to do here now.")).to_be_visible()
    await expect_accessible(page)


async def test_a_job_that_found_nobody_is_given_to_somebody(visits: Visits, market: Marketplace) -> None:
    job = await market.post("Paint the fence", "painting")
    await market.skip(jobId=job["id"], hours=49)
    await until(
        lambda: market["ada"].get(f"/jobs/{job['id']}"), lambda it: it["status"] == "unfilled", "unfilled"
    )
    page = await visits.open(f"/ui/admin/jobs/{job['id']}", who=market["olga"])
    visits.watch.announce("422", "/assign")

    await page.get_by_text("Give it to somebody by name", exact=True).click()
    await page.get_by_label("The provider's id").fill(market["bob"].id)
    await page.get_by_label("Price in EUR").fill("9999")
    await page.locator("#assign").get_by_label("Reason").fill("He said yes on the phone")
    await page.get_by_role("button", name="Give it to them").click()
    await expect(page.get_by_role("alert")).to_be_focused()
    await expect_accessible(page)
    await page.get_by_label("Price in EUR").fill("95.50")
    await page.get_by_role("button", name="Give it to them").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Paint the fence")
    await expect(page.get_by_text("95.50")).to_be_visible()


async def test_an_absence_is_previewed_and_watched(visit: Visit, market: Marketplace) -> None:
    await market.scheduled("Replace the pump", days=2)
    page = await visit(f"/ui/admin/providers/{market['bob'].id}/unavailable", who=market["olga"])

    await page.get_by_label("From").fill(clock(days=1))
    await page.get_by_label("Up to").fill(clock(days=5))
    await page.get_by_label("Reason").fill("Flu, says the doctor")
    await page.get_by_role("button", name="See what it touches").click()
    await expect(page.get_by_text("Nothing has been done yet.")).to_be_visible()
    await expect(page.get_by_role("link", name="Replace the pump")).to_be_visible()
    await expect_accessible(page)
    await page.get_by_role("button", name="Report the absence").click()
    await expect(page.get_by_text("Gone through").first).to_be_visible()
    await expect(page.get_by_label("1 of 1 assignment is seen to")).to_be_visible()
    await expect_accessible(page)


async def test_it_fits_a_phone_and_a_keyboard_and_does_without_scripts(
    visit: Visit, market: Marketplace
) -> None:
    made = await market.scheduled(LONG, days=3)
    path = f"{LIST}/{made['id']}"

    phone = await visit(LIST, who=market["olga"], device=PHONE, scripts=False)
    for at in (LIST, path, "/ui/admin/jobs", f"/ui/admin/jobs/{made['jobId']}"):
        await phone.goto(at)
        await expect_roomy(phone)

    page = await visit(path, who=market["olga"])
    stops = await tab_through(page)
    assert any("Stop the clock" in each for each in stops)
    await expect_accessible(page)
