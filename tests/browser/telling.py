"""How the checks say what they found, so that somebody reads it to the end."""

from collections.abc import Sequence

from playwright.async_api import Page

AT_MOST = 12
"""One cause may show in hundreds of places."""


def told(page: Page, wrong: Sequence[str]) -> str:
    """Return what is wrong with the page, a line each, and how much more there is."""
    rest = [f"and {len(wrong) - AT_MOST} more"] if len(wrong) > AT_MOST else []
    return "\n".join([page.url, *(f"  - {each}" for each in (*wrong[:AT_MOST], *rest))])
