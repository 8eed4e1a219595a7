"""Whoever has no mouse gets as far as everybody else."""

from playwright.async_api import Page, expect

from devstack.marketplace import Marketplace, window
from tests.browser.conftest import Visit
from tests.browser.deeds import expect_said, heading, quoting, written
from tests.browser.visits import Visits

FAR = 80
"""Stops on the way to something; a page has fewer."""
NAME = """() => {
    const at = document.activeElement;
    return (at?.labels?.[0] ?? at)?.textContent.trim().replace(/\\s+/g, ' ') ?? '';
}"""


async def test_from_signing_in_to_a_booked_visit_by_keyboard_alone(visit: Visit, market: Marketplace) -> None:
    job = await quoting(market, "Mend the boiler")
    await market.quote(job, visit=window(job, days=3))
    page = await visit("/ui/sign-in")
    press = page.keyboard.press

    # She signs in; being a customer is the first thing on offer.
    await reach(page, "Their id")
    await page.keyboard.type(market["ada"].id)
    await press("Enter")
    await expect(heading(page)).to_have_text("My jobs")

    # The header can be left out.
    await expect(page.get_by_text("Your turn: look at the quote")).to_be_visible()
    await press("Tab")
    assert await page.evaluate(NAME) == "Skip to the content"
    await press("Enter")
    await reach(page, "Mend the boiler")
    await press("Enter")
    await expect(heading(page)).to_have_text("Mend the boiler")

    # A quote is taken, and then its time.
    await reach(page, "Accept this quote of Bob Baumann, heating")
    await press("Enter")
    await expect(page.get_by_text("Bob Baumann, heating proposed", exact=True)).to_be_visible()
    await reach(page, "Confirm this time")
    await press("Enter")
    await expect_said(page, "The visit is booked.")

    # What is folded away opens by the same keys.
    await reach(page, "Cancel the visit")
    await press("Space")
    await reach(page, "Why?")
    await page.keyboard.type("We are moving")
    await reach(page, "Cancel the visit")
    await press("Enter")
    await expect(page.get_by_text("was cancelled: We are moving").first).to_be_visible()


async def test_who_made_a_slip_is_taken_to_what_is_wrong(visits: Visits, market: Marketplace) -> None:
    made = await market.accepted("Hang a lamp", with_window=True)
    await written(market, made)
    page = await visits.open(f"/ui/jobs/{made['jobId']}", who=market["ada"])
    visits.watch.announce("422", "/propose")
    await page.get_by_text("Propose another time", exact=True).click()
    await page.get_by_label("From").fill("2027-03-28T02:30")  # which the clocks skip in that night
    await page.get_by_role("button", name="Propose this time").click()

    await expect(page.locator("#propose-errors")).to_be_focused()
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(page.get_by_label("From")).to_be_focused()


async def reach(page: Page, name: str) -> None:
    """Go on by the Tab key until something of that name has the focus."""
    passed = []
    for _ in range(FAR):
        await page.keyboard.press("Tab")
        passed.append(await page.evaluate(NAME))
        if passed[-1] == name:
            return
    raise AssertionError(f"{name!r} is not among {passed}")
