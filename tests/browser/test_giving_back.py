"""A provider gives a job back, and it finds somebody else while its customer looks on."""

from playwright.async_api import Page, expect

from devstack.marketplace import Marketplace
from tests.browser.conftest import Visit
from tests.browser.deeds import expect_said, expect_same, heading, mark

TITLE = "Mend the heat pump"


async def test_a_job_that_was_given_back_is_offered_again_before_its_customers_eyes(
    visit: Visit, market: Marketplace
) -> None:
    job = await market.post(TITLE, "heating", mode="auto")
    ada = await visit(f"/ui/jobs/{job['id']}", who=market["ada"])
    bob = await visit("/ui/offers", who=market["bob"])
    await taken(bob)
    await expect(ada.get_by_text("Waiting for Bob Baumann, heating")).to_be_visible()
    await mark(ada)

    # He falls ill, and says so.
    await bob.get_by_text("Give this back", exact=True).click()
    form = bob.get_by_role("form", name="Give this back")
    await form.get_by_label("Why?").select_option("sick")
    await form.get_by_label("A word to our team").fill("It is the flu")
    await form.get_by_role("button", name="Give it back").click()
    await expect(bob.get_by_text("You gave this back").first).to_be_visible()

    # She reads that others are asked, and not what ails him.
    await expect(ada.get_by_text("Bob Baumann, heating gave the job back").first).to_be_visible()
    await expect(ada.get_by_text("The first who says yes gets the job.")).to_be_visible()
    await expect(ada.get_by_text("flu")).to_have_count(0)

    # Somebody else takes it; he is not asked again.
    bea = await visit("/ui/offers", who=market["bea"])
    await taken(bea)
    await expect(ada.get_by_text("Waiting for Bea Brandt, plumbing")).to_be_visible()
    await expect_same(ada)
    await bob.get_by_role("link", name="Offers").click()
    await expect(bob.get_by_role("button", name="Take this job")).to_have_count(0)


async def taken(page: Page) -> None:
    """Take the offer as soon as it is there, and look at the work."""
    offer = page.get_by_role("article").filter(has_text=TITLE)
    await offer.get_by_role("button", name="Take this job").click()
    await expect_said(page, "The job is yours")
    await expect(heading(page)).to_have_text(TITLE)
