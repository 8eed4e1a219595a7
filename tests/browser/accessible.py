"""axe, the checker of accessibility, asked about a page in light and in dark.

It runs beside the page's own scripts by the debugger's door, which no content security policy covers: so the
page keeps its policy, Trusted Types included, and axe needs nothing from it.
"""

from collections.abc import Iterator
from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.async_api import Page

from tests.browser.controls import STILL
from tests.browser.telling import told

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]
RUN = "options => axe.run(document, options)"
OPTIONS = {
    "runOnly": RULES,
    "resultTypes": ["violations"],
    "iframes": False,  # what is in a frame of ours, a mail for one, runs no script, and so cannot answer
}

PLACES = 3
"""So many of one rule are enough to see what is meant."""

Json = dict[str, Any]


class Inaccessible(AssertionError):
    """Somebody could not use the page."""


async def expect_accessible(page: Page) -> None:
    """Raises Inaccessible, with each broken rule, where and in which light; leaves the page in the light."""
    await page.evaluate(AXE_SCRIPT)
    wrong = []
    for scheme in ("dark", "light"):
        await page.emulate_media(color_scheme=scheme)
        await page.evaluate(STILL)
        found = await page.evaluate(RUN, OPTIONS)
        wrong += [f"in the {scheme}: {line}" for each in found["violations"] for line in _lines(each)]
    if wrong:
        raise Inaccessible(told(page, wrong))


def _lines(violation: Json) -> Iterator[str]:
    """Yield a rule that is broken, with its first places."""
    for node in violation["nodes"][:PLACES]:
        where = " ".join(str(step) for step in node["target"])
        why = node["failureSummary"].replace("\n", " ")
        yield f"{violation['id']} ({violation['impact']}) at {where}: {node['html'][:120]}: {why}"
