"""A customer and a provider agree on a time, each in a window of their own."""

from pathlib import Path

from playwright.async_api import expect

from devstack.marketplace import Marketplace
from tests.browser.conftest import Visit
from tests.browser.deeds import clock, expect_said, expect_same, mark, propose, written
from tests.browser.visits import Visits


async def test_a_customer_confirms_the_newer_of_two_proposals(visit: Visit, market: Marketplace) -> None:
    made = await market.accepted("Fit a thermostat")
    await written(market, made)
    bob = await visit(f"/ui/work/{made['id']}", who=market["bob"])
    ada = await visit(f"/ui/jobs/{made['jobId']}", who=market["ada"])

    # The customer does not wait to be asked.
    await propose(ada, days=3, hour=9)
    await expect_said(ada, "Your proposal is sent")

    # The provider sees it by themselves, and has a better one.
    await expect(bob.get_by_text("Ada Albrecht proposed", exact=True)).to_be_visible()
    await expect(bob.get_by_text("09:00 to 11:00")).to_be_visible()
    await propose(bob, days=4, hour=14, note="The part comes on that morning")
    await expect_said(bob, "Your proposal is sent")

    # So does the customer, who takes it.
    await expect(ada.get_by_text("Bob Baumann, heating proposed", exact=True)).to_be_visible()
    await expect(ada.get_by_text("The part comes on that morning")).to_be_visible()
    await ada.get_by_role("button", name="Confirm this time").click()
    await expect_said(ada, "The visit is booked.")

    # It is the newer one that holds, for both.
    for page in (ada, bob):
        await expect(page.get_by_text("Visit booked")).to_be_visible()
        await expect(page.get_by_text("14:00 to 16:00").first).to_be_visible()
    known = await written(market, made, status="scheduled")
    assert known["openProposal"] is None


async def test_a_visit_goes_into_any_calendar(visit: Visit, market: Marketplace, tmp_path: Path) -> None:
    made = await market.scheduled("Change the filter")
    known = await written(market, made, status="scheduled")
    starts = known["scheduledStart"].replace("-", "").replace(":", "")
    ada = await visit(f"/ui/jobs/{made['jobId']}", who=market["ada"])

    async with ada.expect_download() as download:
        await ada.get_by_role("link", name="Calendar file").click()
    await (await download.value).save_as(tmp_path / "visit.ics")

    assert f"DTSTART:{starts}" in (tmp_path / "visit.ics").read_text("utf-8")
    google = await ada.get_by_role("link", name="Google Calendar").get_attribute("href")
    assert str(google).startswith("https://calendar.google.com/")
    assert starts in str(google)
    outlook = await ada.get_by_role("link", name="Outlook").get_attribute("href")
    assert str(outlook).startswith("https://outlook.")


async def test_two_windows_see_each_others_step_without_being_loaded_anew(
    visit: Visit, market: Marketplace
) -> None:
    made = await market.accepted("Mend the boiler", with_window=True)
    await written(market, made)
    bob = await visit(f"/ui/work/{made['id']}", who=market["bob"])
    ada = await visit(f"/ui/jobs/{made['jobId']}", who=market["ada"])

    # Her step, in his window.
    await mark(bob)
    await ada.get_by_role("button", name="Confirm this time").click()
    await expect_said(ada, "The visit is booked.")
    await expect(bob.get_by_text("Visit booked")).to_be_visible()
    await expect_same(bob)

    # His, in hers.
    await mark(ada)
    folded = ada.locator("summary", has_text="Cancel the visit")
    await folded.focus()
    await propose(bob, days=6, hour=8)
    await expect(ada.get_by_text("proposed a new time")).to_be_visible()
    await expect(ada.locator("#renewed")).to_have_text("This page was brought up to date.")
    await expect_same(ada)
    await expect(folded).to_be_focused()


async def test_who_answers_what_was_replaced_is_shown_the_newer_one(
    visits: Visits, market: Marketplace
) -> None:
    made = await market.accepted("Seal the bath", with_window=True)
    await written(market, made)
    ada = await visits.open(f"/ui/jobs/{made['jobId']}", who=market["ada"])
    await ada.get_by_text("Propose another time", exact=True).click()  # so nothing is swapped meanwhile
    later = {"start": f"{clock(days=5, hour=9)}:00+02:00", "end": f"{clock(days=5, hour=10)}:00+02:00"}
    await market["bob"].post(f"/assignments/{made['id']}/schedule", later | {"expectedVersion": 1})

    visits.watch.announce("409", "/confirm")
    await expect(ada.locator("#moved")).to_be_visible()
    await ada.get_by_role("button", name="Confirm this time").click()

    await expect(ada.get_by_text("Something has changed meanwhile.")).to_be_visible()
    await ada.get_by_role("button", name="Confirm this time").click()
    await expect_said(ada, "The visit is booked.")
