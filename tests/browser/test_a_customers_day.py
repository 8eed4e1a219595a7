"""A customer's day: a job is posted, its quotes come in, one is taken, and then it is all called off."""

from playwright.async_api import expect

from devstack.marketplace import Marketplace
from devstack.waiting import until
from tests.browser.conftest import Visit
from tests.browser.deeds import clock, expect_said, heading


async def test_a_job_is_posted_taken_up_and_called_off(visit: Visit, market: Marketplace) -> None:
    ada = await visit("/ui/jobs", who=market["ada"])

    # She says what is to be done.
    await ada.get_by_role("link", name="Post your first job").click()
    await ada.get_by_label("In a few words").fill("Mend the boiler")
    await ada.get_by_label("Trade").fill("heating")
    await ada.get_by_label("Address").fill("Lindenstrasse 12, Berlin")
    await ada.get_by_label("At most").fill("300")
    first = ada.get_by_role("group", name="First wish")
    await first.get_by_label("From").fill(clock(days=3, hour=9))
    await first.get_by_label("To").fill(clock(days=3, hour=12))
    await ada.get_by_role("button", name="Post this job").click()
    await expect(heading(ada)).to_have_text("Mend the boiler")
    await expect(ada.get_by_text("No quotes yet")).to_be_visible()

    # Two providers name their price, and she takes the lower one.
    id = ada.url.partition("/ui/jobs/")[2].partition("?")[0]
    job = await until(
        lambda: market["ada"].get(f"/jobs/{id}", minVersion=1), lambda it: bool(it["title"]), "the job"
    )
    await market.quote(job, by="bea", amount=24_000)
    await market.quote(job, by="bob", amount=18_500)
    cheapest = ada.get_by_role("listitem").filter(has_text="Lowest price")
    await expect(cheapest.get_by_role("heading")).to_have_text("Bob Baumann, heating")
    await cheapest.get_by_role("button", name="Accept this quote").click()
    await expect(ada.get_by_text("Waiting for Bob Baumann, heating")).to_be_visible()

    # She thinks better of it.
    await ada.locator("summary", has_text="Cancel the visit").click()
    form = ada.get_by_role("form", name="Cancel the visit")
    await form.get_by_label("Why?").fill("It works again by itself")
    await form.get_by_role("button", name="Cancel the visit").click()
    await expect(ada.get_by_text("was cancelled: It works again by itself").first).to_be_visible()
    await ada.get_by_role("link", name="My jobs").first.click()
    await expect(ada.get_by_role("listitem").filter(has_text="Mend the boiler")).to_contain_text("Cancelled")


async def test_nobody_loses_what_they_are_typing(visit: Visit, market: Marketplace) -> None:
    made = await market.accepted("Paint the shed", with_window=True)
    ada = await visit(f"/ui/jobs/{made['jobId']}", who=market["ada"])
    await ada.get_by_text("Propose another time", exact=True).click()
    note = ada.get_by_label("A word to go with it")
    await note.fill("Rather on")

    await market["bob"].post(f"/assignments/{made['id']}/schedule/withdraw", {"version": 1})

    await expect(ada.get_by_text("Something has changed here meanwhile.")).to_be_visible()
    await expect(note).to_have_value("Rather on")
    await ada.get_by_role("link", name="Show it as it is now").click()
    await expect(ada.get_by_text("No time is agreed yet")).to_be_visible()
    await expect(ada.locator("#moved")).to_be_hidden()


async def test_a_visit_is_agreed_on_without_javascript(visit: Visit, market: Marketplace) -> None:
    made = await market.accepted("Bleed the radiators", with_window=True)
    ada = await visit("/ui/jobs", who=market["ada"], scripts=False)

    await ada.get_by_role("link", name="Bleed the radiators").click()
    await ada.get_by_role("button", name="Confirm this time").click()

    await expect_said(ada, "The visit is booked.")
    await ada.get_by_role("button", name="Sign out").click()
    await expect(heading(ada)).to_contain_text("Sign in")
    await ada.goto(f"/ui/jobs/{made['jobId']}")
    await expect(heading(ada)).to_contain_text("Sign in")
