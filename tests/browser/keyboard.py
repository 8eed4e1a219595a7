"""A walk through a page by the Tab key: everything is reached, the focus is seen, and nothing holds it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from playwright.async_api import JSHandle, Page

from tests.browser.controls import FIND, STILL
from tests.browser.telling import told

PARTS = 10
"""Stops that one control may have inside: a field for a date and a time has seven."""
ATTEMPTS = 3
"""A page may change under one's feet, as ours do when there is news: then one begins anew."""
BEGIN = (
    "() => {"
    + FIND
    + f"const still = {STILL};"
    + """
    // A link that spans its card may show it by what it spans.
    const look = element => [null, '::before', '::after'].map(part => {
        const style = getComputedStyle(element, part);
        return ['outlineStyle', 'outlineWidth', 'outlineColor', 'boxShadow', 'borderColor', 'backgroundColor',
            'color', 'textDecorationLine'].map(name => style[name]).join();
    }).join();
    const onTop = element => {
        element.scrollIntoView({block: 'nearest', behavior: 'instant'});  // by a line or two, at the edge
        const box = element.getClientRects()[0];
        if (!box || !box.width || !box.height) return false;
        const x = box.left + box.width / 2, y = box.top + box.height / 2;
        const top = document.elementFromPoint(x, y);
        return !!top && (element.contains(top) || top.contains(element));
    };
    document.activeElement?.blur();
    const stops = controls(), looks = new Map(stops.map(element => [element, look(element)]));
    const here = () => {
        const element = document.activeElement;
        if (!element || element === document.body || element === document.documentElement) return null;
        still();
        return {
            place: stops.indexOf(element),
            name: called(element),
            // The focus is at something within a frame, which shows it by itself.
            isMarked: element.localName === 'iframe' || look(element) !== looks.get(element),
            isOnTop: onTop(element),
        };
    };
    const isWhole = () => stops.every(element => element.isConnected);
    return {here, isWhole, names: stops.map(called)};
}"""
)

Json = dict[str, Any]


class Lost(AssertionError):
    """Somebody without a mouse does not get everywhere, or does not see where they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """Where the focus is; `place` is among the controls of the page, and -1 for something that scrolls."""

    place: int
    name: str
    is_marked: bool
    is_on_top: bool


async def tab_through(page: Page) -> list[str]:
    """Return what the focus stops at, in this order, from the top of the page until it leaves it.

    Raises:
        Lost: something is never reached, holds the focus, or does not show that it has it.
    """
    for _ in range(ATTEMPTS):
        walk = await page.evaluate_handle(BEGIN)
        names = [str(each) for each in await walk.evaluate("walk => walk.names")]
        stops, trap = await _walk(page, walk, limit=PARTS * (len(names) + 1))
        if await walk.evaluate("walk => walk.isWhole()"):
            break
    reached = {stop.place for stop in stops}
    wrong = [f"never reached: {name}" for place, name in enumerate(names) if place not in reached]
    wrong += [f"holds the focus: {name}" for name in trap] + list(_unseen(stops))
    if wrong:
        raise Lost(told(page, wrong))
    return [first.name for first, *_ in _by_control(stops)]


def _by_control(stops: Sequence[Stop]) -> list[list[Stop]]:
    """Return the stops in their order, those within one control together."""
    return [list(within) for _, within in groupby(stops, key=lambda stop: (stop.place, stop.name))]


def _unseen(stops: Sequence[Stop]) -> Iterator[str]:
    """Yield what is wrong with how the focus looks; of a field with parts, one shows it for all."""
    for within in _by_control(stops):
        if not any(stop.is_marked or stop.place < 0 for stop in within):
            yield f"does not show the focus: {within[0].name}"
        if not any(stop.is_on_top for stop in within):
            yield f"has the focus out of sight: {within[0].name}"


async def _walk(page: Page, walk: JSHandle, *, limit: int) -> tuple[list[Stop], list[str]]:
    """Press Tab until the focus leaves the page; return its stops, and what it does not get away from."""
    stops: list[Stop] = []
    for _ in range(limit):
        await page.keyboard.press("Tab")
        found: Json | None = await walk.evaluate("walk => walk.here()")
        if found is None:
            return stops, []
        stop = Stop(
            place=found["place"],
            name=found["name"],
            is_marked=found["isMarked"],
            is_on_top=found["isOnTop"],
        )
        if stops and stop == stops[0] and len(stops) > 1:
            return stops, []
        if not stops or stop != stops[-1]:
            stops.append(stop)
    return stops, [stops[-1].name] if stops else []
