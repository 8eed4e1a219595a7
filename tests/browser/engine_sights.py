"""What there is to see of a run in the Temporal UI, for whoever rules on a payout there.

It is no page of ours: it has its own policy, asks its server all the time, and may look otherwise in its next
release. So it is looked at for pictures only, and not tried out.
"""

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import Browser, Page

from tests.browser.png import reduced
from tests.browser.sights import FOLDER

STORY = "Exchange the taps"
APPROVAL = {"admin_id": "rita", "attempt": 1, "reason": "Bank transfer 4711"}


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineSight:
    """What one sees on the page of a run, once `reach` has clicked its way there."""

    name: str
    reach: Callable[[Page], Awaitable[None]]

    @property
    def file(self) -> Path:
        return FOLDER / f"{self.name}.png"


async def details(page: Page) -> None:
    """Show the present in words."""
    await page.get_by_text("User Metadata", exact=True).click()
    await page.get_by_text("Current Details").first.wait_for()


async def signal(page: Page) -> None:
    """Fill in an approval, and do not send it."""
    await page.get_by_role("button", name="More Actions").click()
    await page.get_by_role("menuitem", name="Send a Signal").click()
    form = page.get_by_test_id("signal-confirmation-modal")
    await form.get_by_role("button", name="Select a signal").click()
    await form.get_by_role("option", name="Custom").first.click()
    await form.locator("input:visible:not([disabled]):not([type=radio])").last.fill("approve_payout")
    await form.locator(".cm-content:visible").last.click()
    await page.keyboard.insert_text(json.dumps(APPROVAL, indent=2))


ENGINE_PICTURES: Sequence[EngineSight] = (
    EngineSight(name="temporal-run", reach=details),
    EngineSight(name="temporal-signal", reach=signal),
)


async def take(picture: EngineSight, *, run: str, browser: Browser) -> None:
    """Take a picture of the run whose page is at the address `run`."""
    page = await browser.new_page(viewport={"width": 1280, "height": 900}, timezone_id="UTC")
    await page.goto(run)
    await page.get_by_role("button", name="More Actions").wait_for()
    await picture.reach(page)
    seen = await page.screenshot(animations="disabled", caret="hide")
    async with await browser.new_page() as elsewhere:  # which no policy forbids to read a picture
        picture.file.write_bytes(await reduced(seen, by=elsewhere))
    await page.close()
