"""The windows of one test: each a browser of its own, all watched, and kept in pictures when it fails."""

import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Literal, Self
from urllib.parse import urlencode

from playwright.async_api import Browser, BrowserContext, Error, Page

from devstack.client import Person
from tests.browser.watch import Watch

PATIENCE = 15_000.0
"""Milliseconds for whatever has to happen; this machine may be busy."""

Scheme = Literal["light", "dark"]
Tracing = Literal["on", "off", "retain-on-failure"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    width: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """What a page is looked at with."""

    viewport: Size
    is_mobile: bool = False
    has_touch: bool = False


DESK = Device(viewport=Size(width=1280, height=800))
PHONE = Device(viewport=Size(width=390, height=844), is_mobile=True, has_touch=True)


class Visits:
    """Opens windows on the pages of `base_url`, and closes them in the end.

    Raises on the way out:
        Unannounced: the browser complained meanwhile; see Watch.
    """

    def __init__(
        self,
        browser: Browser,
        *,
        base_url: str,
        keep_in: Path,
        has_failed: Callable[[], bool] = lambda: False,
        tracing: Tracing = "off",
    ) -> None:
        self.watch = Watch()
        self._browser = browser
        self._base_url = base_url
        self._keep_in = keep_in
        self._has_failed = has_failed
        self._tracing = tracing
        self._contexts: list[BrowserContext] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        peaceful = False
        try:
            await self.watch.settle()
            self.watch.expect_peace()
            peaceful = True
        finally:
            await self._leave(failed=error is not None or self._has_failed() or not peaceful)

    async def open(
        self,
        path: str = "",
        *,
        who: Person | None = None,
        device: Device = DESK,
        scheme: Scheme = "light",
        scripts: bool = True,
        moving: bool = True,
        zone: str = "Europe/Berlin",
    ) -> Page:
        """Return a window of its own at `path`, if there is one; `who` has signed in there by the page.

        `scripts` off is a browser without JavaScript, `moving` off is somebody who asked for less motion.
        """
        context = await self._browser.new_context(
            base_url=self._base_url,
            color_scheme=scheme,
            java_script_enabled=scripts,
            reduced_motion="no-preference" if moving else "reduce",
            timezone_id=zone,
            locale="en-GB",
            **asdict(device),
        )
        self._contexts.append(context)
        context.set_default_timeout(PATIENCE)
        if self._tracing != "off":
            await context.tracing.start(screenshots=True, snapshots=True, sources=True)
        await self.watch.attach(context)
        page = await context.new_page()
        if who:
            await sign_in(page, who, then=path)
        elif path:
            await page.goto(path)
        return page

    async def _leave(self, *, failed: bool) -> None:
        for number, context in enumerate(self._contexts, start=1):
            if failed:
                await self._picture(context, number)
            if self._tracing != "off":
                keep = failed or self._tracing == "on"
                await context.tracing.stop(path=self._keep_in / f"{number}.trace.zip" if keep else None)
            await context.close()

    async def _picture(self, context: BrowserContext, number: int) -> None:
        for place, page in enumerate(context.pages, start=1):
            try:
                await page.screenshot(path=self._keep_in / f"{number}-{place}.png", full_page=True)
            except Error as error:  # a picture less is no reason to hide why the test failed
                (self._keep_in / f"{number}-{place}.txt").write_text(f"{page.url}\n{error}", encoding="utf-8")


async def sign_in(page: Page, who: Person, *, then: str = "") -> None:
    """Pick `who` where one signs in, and go on to the page that was wanted, or to their first one."""
    await page.goto(f"/ui/sign-in?{urlencode({'next': then})}")
    await page.get_by_label("Their id").fill(who.id)
    await page.get_by_label("Their role").select_option(who.role)
    await page.get_by_role("button", name="Sign in", exact=True).click()
    await page.get_by_role("button", name="Sign out").wait_for()


def folder_of(test: str) -> str:
    """Return the name of the folder that keeps what is left of a test."""
    return re.sub(r"[^\w.-]+", "-", test.removeprefix("tests/browser/")).strip("-")[:150]
