"""A provider's day in a browser: finding work, agreeing, being there, on a phone and by keyboard."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from playwright.async_api import expect

from devstack.marketplace import Marketplace
from devstack.waiting import until
from tests.browser.accessible import expect_accessible
from tests.browser.conftest import Visit
from tests.browser.roomy import expect_roomy
from tests.browser.visits import PHONE

Json = dict[str, Any]
BERLIN = ZoneInfo("Europe/Berlin")
LONG = "Bleed-every-single-radiator-" * 5


async def offered(market: Marketplace, title: str) -> Json:
    """Return the offer of a job to bob, once it has been made."""
    job = await market.post(title, "heating", mode="auto")

    async def look() -> Json:
        found = await market["bob"].get("/offers", limit=100)
        return next((each for each in found["items"] if each["jobId"] == job["id"]), {})

    return await until(look, bool, f"bob to be offered {title!r}")


async def test_a_quote_leads_to_a_booked_visit(visit: Visit, market: Marketplace) -> None:
    job = await market.post("Mend the boiler", "heating")
    await until(
        lambda: market["ada"].get(f"/jobs/{job['id']}"), lambda it: it["status"] == "quoting", "quoting"
    )
    page = await visit("/ui/open-jobs", who=market["bob"])

    # The price is named.
    await page.get_by_role("link", name="Mend the boiler").click()
    await page.get_by_label("Your price, in EUR").fill("185")
    await page.get_by_role("button", name="Send the quote").click()
    await expect(page.get_by_role("status").first).to_contain_text("Your quote is sent.")

    # The customer takes it up, and it is the provider's turn.
    (quote,) = (await market["ada"].get(f"/jobs/{job['id']}/quotes"))["items"]
    await market["ada"].post(f"/jobs/{job['id']}/quotes/{quote['id']}/accept", {"version": 1})
    await page.get_by_role("link", name="My work").click()
    await expect(page.get_by_text("Your turn: propose a time")).to_be_visible()
    await page.get_by_role("link", name="Mend the boiler").click()
    start = datetime.now(BERLIN) + timedelta(days=3)
    await page.get_by_label("From").fill(f"{start:%Y-%m-%dT10:00}")
    await page.get_by_label("To", exact=True).fill(f"{start:%Y-%m-%dT12:00}")
    await page.get_by_role("button", name="Propose this time").click()
    await expect(page.get_by_text("You proposed", exact=True)).to_be_visible()
    await expect_accessible(page)

    # The customer confirms, and the page notices by itself.
    id = page.url.partition("/ui/work/")[2].partition("?")[0]
    await market["ada"].post(f"/assignments/{id}/schedule/confirm", {"version": 1})
    await expect(page.get_by_text("Visit booked")).to_be_visible()

    # It stands in the day.
    await page.goto(f"/ui/day?on={start:%Y-%m-%d}")
    await expect(page.get_by_role("listitem").filter(has_text="Mend the boiler")).to_contain_text(
        "10:00 to 12:00"
    )


async def test_work_is_done_and_a_denied_payout_is_sent_in_again(visit: Visit, market: Marketplace) -> None:
    made = await market.scheduled("Replace the pump", days=0.2)
    await market.skip(assignmentId=made["id"], hours=24 * 0.2 + 2)
    page = await visit(f"/ui/work/{made['id']}", who=market["bob"])

    await page.get_by_role("button", name="Check in").click()
    await expect(page.get_by_role("status").first).to_contain_text("You are checked in.")
    await page.get_by_label("What shows it").fill("A new pump")
    await page.get_by_role("button", name="The work is done").click()
    await expect(page.get_by_text("To be approved").first).to_be_visible()

    said = {"attempt": 1, "reasonCode": "photo_missing", "note": "Please show the pump."}
    await market["ruth"].post(f"/admin/payouts/{made['id']}/deny", said)
    await expect(page.get_by_text("Why: photo missing: Please show the pump.")).to_be_visible()
    await expect_accessible(page)
    await page.get_by_label("What shows it").fill("https://photos.example/pump.jpg")
    await page.get_by_role("button", name="Send it in again").click()
    await expect(page.get_by_role("status").first).to_contain_text("Your payout is with our team again.")


async def test_giving_work_back_is_within_everybodys_reach(visit: Visit, market: Marketplace) -> None:
    made = await market.accepted("Fit a valve")
    page = await visit(f"/ui/work/{made['id']}", who=market["bob"])

    await page.get_by_text("Give this back", exact=True).click()
    await expect_accessible(page)
    await page.get_by_label("Why?").last.select_option("sick")
    await page.get_by_role("button", name="Give it back").click()
    await expect(page.get_by_role("status").first).to_contain_text("You gave this back.")
    await expect_accessible(page)


async def test_an_offer_that_runs_out_while_one_looks_says_so(visit: Visit, market: Marketplace) -> None:
    offer = await offered(market, "Unblock the drain")
    page = await visit("/ui/offers", who=market["bob"])
    take = page.get_by_role("button", name="Take this job")
    await expect(take).to_be_visible()

    ends = datetime.fromisoformat(offer["expiresAt"]).astimezone(UTC)
    await page.clock.install(time=ends - timedelta(minutes=12))
    await page.reload()
    await page.clock.run_for(6_000)
    await expect(page.get_by_text("(in 12 min)")).to_be_visible()

    await page.clock.run_for(13 * 60_000)
    await expect(page.get_by_text("This offer has run out")).to_be_visible()
    await expect(take).to_be_hidden()


async def test_a_phone_without_javascript_is_enough_for_a_day(visit: Visit, market: Marketplace) -> None:
    await offered(market, "Sweep the chimney")
    made = await market.accepted(LONG, with_window=True)
    await market["ada"].post(f"/assignments/{made['id']}/schedule/confirm", {"version": 1})
    page = await visit("/ui/work", who=market["bob"], device=PHONE, scripts=False)

    for path in ("/ui/work", f"/ui/work/{made['id']}", "/ui/day", "/ui/offers", "/ui/open-jobs", "/ui/away"):
        await page.goto(path)
        await expect_roomy(page)

    await page.goto("/ui/offers")
    await page.get_by_text("Decline", exact=True).first.tap()
    await page.get_by_label("Why?").select_option("too_far")
    await page.get_by_role("button", name="Decline the offer").tap()
    await expect(page.get_by_role("status").first).to_contain_text("You declined the offer.")


async def test_an_absence_is_previewed_and_reported(visit: Visit, market: Marketplace) -> None:
    await market.scheduled("Mend the roof", days=2)
    page = await visit("/ui/away", who=market["bob"])
    today = datetime.now(BERLIN)

    await page.get_by_label("From").fill(f"{today:%Y-%m-%dT00:00}")
    await page.get_by_label("To", exact=True).fill(f"{today + timedelta(days=5):%Y-%m-%dT00:00}")
    await page.get_by_label("Why?").select_option("on_leave")
    await page.get_by_label("A word to our team").fill("The sea")
    await page.get_by_role("button", name="See what it touches").click()
    await expect(page.get_by_role("link", name="Mend the roof")).to_be_visible()
    await expect_accessible(page)

    await page.get_by_role("button", name="Report that I am away").click()
    await expect(page.get_by_role("status").first).to_contain_text("We know that you are away")
    await expect_accessible(page)
