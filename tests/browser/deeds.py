"""What people do on our pages, and what they see, where several tests have them do it."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from playwright.async_api import Locator, Page, expect

from devstack.client import Refused
from devstack.marketplace import Json, Marketplace
from devstack.waiting import until

HOME = ZoneInfo("Europe/Berlin")
"""Where everybody lives, and where the work is."""

NOT_YET = 404


def clock(*, days: int, hour: int) -> str:
    """Return an hour on the clocks at home, as a field for date and time has it."""
    return f"{datetime.now(HOME) + timedelta(days=days):%Y-%m-%d}T{hour:02}:00"


async def propose(page: Page, *, days: int, hour: int, note: str = "") -> None:
    """Propose two hours, by the form that is there or after it was unfolded."""
    form = page.get_by_role("form", name="Propose a time")
    if not await form.is_visible():
        await page.get_by_text("Propose another time", exact=True).click()
    await form.get_by_label("From").fill(clock(days=days, hour=hour))
    await form.get_by_label("To", exact=True).fill(clock(days=days, hour=hour + 2))
    await form.get_by_label("A word to go with it").fill(note)
    await form.get_by_role("button", name="Propose this time").click()


async def expect_said(page: Page, words: str) -> None:
    """What somebody has just done is confirmed to them."""
    await expect(page.get_by_role("status").filter(has_text=words)).to_be_visible()


def heading(page: Page) -> Locator:
    return page.get_by_role("heading", level=1)


async def mark(*pages: Page) -> None:
    """Leave a mark in the pages, which is lost when they are loaded anew."""
    for page in pages:
        await page.evaluate("window.isTheSame = true")


async def expect_same(*pages: Page) -> None:
    """None of them was loaded since it was marked."""
    for page in pages:
        assert await page.evaluate("window.isTheSame === true"), page.url


async def written(market: Marketplace, made: Json, **wanted: str) -> Json:
    """Return an assignment as it is written down, once it is as `wanted`."""

    async def look() -> Json:
        try:
            return await market["olga"].get(f"/assignments/{made['id']}")
        except Refused as refused:
            if refused.status != NOT_YET:
                raise
            return {}

    return await until(look, lambda it: bool(it) and wanted.items() <= it.items(), f"{made['id']}: {wanted}")


async def quoting(market: Marketplace, title: str) -> Json:
    """Return a job that takes quotes."""
    job = await market.post(title, "heating")
    return await until(
        lambda: market["ada"].get(f"/jobs/{job['id']}", minVersion=1),
        lambda it: it["status"] == "quoting",
        f"{title!r} to take quotes",
    )
