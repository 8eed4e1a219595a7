"""The pictures of the documentation, taken of a real system with the demo marketplace in it.

`python -m tests.browser.screenshots` writes them to docs/screenshots, all of them or those that are named.
Their sizes are always the same; what is in them are people of the demo, and times that follow the clock.
"""

import argparse
import asyncio
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import Browser, async_playwright

from devstack.addresses import Addresses
from devstack.client import Api, Person
from devstack.environment import PROJECT
from devstack.people import signed_in
from devstack.seed import seed
from devstack.voice import leave, say
from tests.browser import chromium
from tests.browser.png import reduced
from tests.browser.visits import DESK, Device, Scheme, Visits
from tests.plant import Plant, short_lived

FOLDER = PROJECT / "docs" / "screenshots"


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """What one sees of `path`, signed in as somebody of the demo marketplace if there is a `who`.

    `{job}` and `{assignment}` in the path are the ids of the story called `story`.
    """

    name: str
    path: str
    who: str = ""
    story: str = ""
    device: Device = DESK
    scheme: Scheme = "light"

    @property
    def file(self) -> Path:
        return FOLDER / f"{self.name}.png"


PICTURES: Sequence[Picture] = (Picture(name="mailbox", path="/dev/emails"),)


def main() -> int:
    """Take the pictures that are wanted."""
    parser = argparse.ArgumentParser(prog="python -m tests.browser.screenshots", description=__doc__)
    names = [picture.name for picture in PICTURES]
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(names)}")
    wanted = parser.parse_args().names or names
    if unknown := sorted({*wanted} - {*names}):
        parser.error(f"there is no picture called {', '.join(unknown)}")
    executable = chromium.find()
    if executable is None:
        parser.error(chromium.MISSING)
    with tempfile.TemporaryDirectory() as root, short_lived(Path(root)) as plant:
        asyncio.run(_take([each for each in PICTURES if each.name in wanted], plant, executable))
    return 0


async def _take(pictures: Sequence[Picture], plant: Plant, executable: str) -> None:
    await seed(_addresses(plant))
    FOLDER.mkdir(exist_ok=True)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=executable, args=chromium.arguments())
        for picture in pictures:
            await _take_one(picture, plant.api_url, browser)
            say(f"{picture.file.relative_to(PROJECT)}: {picture.file.stat().st_size // 1000} kB")
        await browser.close()


async def _take_one(picture: Picture, url: str, browser: Browser) -> None:
    """Take a picture of the first screen; whatever the browser complains of meanwhile ends it all."""
    async with Api(url) as api, Visits(browser, base_url=url, keep_in=PROJECT / "var" / "browser") as visits:
        people = await signed_in(api)
        ids = await _ids(people["olga"], picture.story) if picture.story else {}
        page = await visits.open(
            picture.path.format(**ids),
            who=people.get(picture.who),
            device=picture.device,
            scheme=picture.scheme,
            moving=False,
        )
        seen = await page.screenshot(animations="disabled", caret="hide")
        async with await browser.new_page() as elsewhere:  # which no policy forbids to read a picture
            picture.file.write_bytes(await reduced(seen, by=elsewhere))


async def _ids(ops: Person, story: str) -> dict[str, str]:
    """Return what a story's job and its last assignment are called."""
    jobs = (await ops.get("/jobs", limit=100))["items"]
    job = next(each["id"] for each in jobs if each["title"] == story)
    assignments = (await ops.get("/assignments", jobId=job))["items"]
    return {"job": job} | ({"assignment": assignments[0]["id"]} if assignments else {})


def _addresses(plant: Plant) -> Addresses:
    return Addresses(
        api=plant.api_url,
        worker="",
        temporal=plant.temporal.address,
        temporal_ui=plant.temporal.ui_url,
        database_url=plant.postgres.url(),
        data_dir="",
    )


if __name__ == "__main__":
    leave(main())
