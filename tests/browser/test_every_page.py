"""Every page, with believable things on it: for whoever cannot see well, has no mouse, or has but a phone."""

import re

import pytest
from playwright.async_api import Page

from devstack.marketplace import Marketplace
from tests.api.ui.pages import PAGES
from tests.browser.accessible import expect_accessible
from tests.browser.conftest import Visit
from tests.browser.keyboard import tab_through
from tests.browser.roomy import expect_roomy
from tests.browser.sights import PICTURES, UNPICTURED, address
from tests.browser.visits import PHONE

SIGHTS = {(each.path, each.who, each.story): each for each in (*UNPICTURED, *PICTURES) if "/ui/" in each.path}
ROLES = {
    "nobody": [""],
    "customer": ["ada"],
    "provider": ["bob", "ben", "bea"],
    "ops": ["olga"],
    "admin": ["rita"],
}
UNFOLD = "document.querySelectorAll('details').forEach(each => { each.open = true; })"
ELSEWHERE = ("/ui", "/ui/", "/ui/static/{name}", "/ui/live", "/ui/sign-in/start", "/ui/sign-in/callback")
"""Routes that are no page: they lead on, or are parts of others."""
FILES = (".csv", ".ics", ".json", "/evidence")


@pytest.mark.parametrize("role", ROLES)
async def test_everybody_can_use_every_page(visit: Visit, planted: Marketplace, role: str) -> None:
    wrong = []
    for who in ROLES[role]:
        page = await visit("/ui/sign-in", who=planted.people.get(who))
        for sight in (each for each in SIGHTS.values() if each.who == who):
            await page.goto(await address(sight, planted))
            wrong += await _wrong(page)

    assert not wrong, "\n".join(wrong)


def test_no_page_is_left_out() -> None:
    seen = [_pattern(each.path.partition("?")[0]) for each in SIGHTS.values()]
    read = {route.path for route in PAGES if route.method == "GET"} - {*ELSEWHERE}
    pages = [path for path in sorted(read) if not path.endswith(FILES)]

    assert [path for path in pages if _pattern(path) not in seen] == []


def _pattern(path: str) -> str:
    return re.sub(r"\{\w+\}", "*", path)


async def _wrong(page: Page) -> list[str]:
    """Return what is wrong with a page when all that is folded away is open, at a desk and on a phone."""
    await page.evaluate(UNFOLD)
    wrong = []
    for check in (expect_accessible, tab_through, _expect_roomy_on_a_phone):
        try:
            await check(page)
        except AssertionError as error:
            wrong.append(str(error))
    return wrong


async def _expect_roomy_on_a_phone(page: Page) -> None:
    desk = page.viewport_size
    assert desk is not None
    await page.set_viewport_size({"width": PHONE.viewport.width, "height": PHONE.viewport.height})
    try:
        await expect_roomy(page)
    finally:
        await page.set_viewport_size(desk)
