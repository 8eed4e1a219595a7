"""The pictures of the documentation, taken of a real system with the demo marketplace in it.

`python -m tests.browser.screenshots` writes them to docs/screenshots, all of them or those that are named.
What is in them are people of the demo, and times that follow the clock.
"""

import argparse
import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path

from playwright.async_api import Browser, Page, async_playwright

from devstack.client import Api
from devstack.environment import PROJECT
from devstack.marketplace import Marketplace
from devstack.voice import leave, say
from tests.browser import chromium
from tests.browser.engine_sights import ENGINE_PICTURES, STORY, take
from tests.browser.png import reduced
from tests.browser.sights import FOLDER, PICTURES, Sight, address, planted
from tests.browser.visits import Visits
from tests.plant import Plant, short_lived

TALLEST = 1600
"""Pixels of a picture; what is below, nobody misses who has seen so much."""
HEIGHT = "document.documentElement.scrollHeight"


def main() -> int:
    """Take the pictures that are wanted."""
    parser = argparse.ArgumentParser(prog="python -m tests.browser.screenshots", description=__doc__)
    names = [*(each.name for each in PICTURES), *(each.name for each in ENGINE_PICTURES)]
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(names)}")
    wanted = parser.parse_args().names or names
    if unknown := sorted({*wanted} - {*names}):
        parser.error(f"there is no picture called {', '.join(unknown)}")
    executable = chromium.find()
    if executable is None:
        parser.error(chromium.MISSING)
    with tempfile.TemporaryDirectory() as root, short_lived(Path(root)) as plant:
        asyncio.run(_take(wanted, plant, executable))
    return 0


async def _take(wanted: Sequence[str], plant: Plant, executable: str) -> None:
    FOLDER.mkdir(exist_ok=True)
    async with Api(plant.api_url) as api, async_playwright() as playwright:
        market = await planted(plant.addresses, api)
        browser = await playwright.chromium.launch(executable_path=executable, args=chromium.arguments())
        for picture in (each for each in PICTURES if each.name in wanted):
            await _take_one(picture, market, plant.api_url, browser)
            _tell(picture.file)
        run = Sight(name="run", path="/namespaces/default/workflows/assignment-{assignment}", story=STORY)
        there = plant.temporal.ui_url + await address(run, market)
        for seen in (each for each in ENGINE_PICTURES if each.name in wanted):
            await take(seen, run=there, browser=browser)
            _tell(seen.file)
        await browser.close()


async def _take_one(picture: Sight, market: Marketplace, url: str, browser: Browser) -> None:
    """Take a picture; whatever the browser complains of meanwhile ends it all."""
    async with Visits(browser, base_url=url, keep_in=PROJECT / "var" / "browser") as visits:
        page = await visits.open(
            await address(picture, market),
            who=market.people.get(picture.who),
            device=picture.device,
            scheme=picture.scheme,
            moving=False,
        )
        await _stretch(page)
        seen = await page.screenshot(animations="disabled", caret="hide")
        async with await browser.new_page() as elsewhere:  # which no policy forbids to read a picture
            picture.file.write_bytes(await reduced(seen, by=elsewhere))


def _tell(file: Path) -> None:
    say(f"{file.relative_to(PROJECT)}: {file.stat().st_size // 1000} kB")


async def _stretch(page: Page) -> None:
    """Make the window as high as the page, within reason."""
    size = page.viewport_size
    assert size is not None
    height = min(await page.evaluate(HEIGHT), TALLEST)
    await page.set_viewport_size({"width": size["width"], "height": max(height, size["height"])})


if __name__ == "__main__":
    leave(main())
