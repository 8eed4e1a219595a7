"""A walk through a page by the Tab key: everything is reached, the focus is seen, and nothing holds it."""

from dataclasses import dataclass
from typing import Any

from playwright.async_api import JSHandle, Page

from tests.browser.controls import FIND

PARTS = 10
"""Stops that one control may have inside: a field for a date and a time has seven."""
BEGIN = (
    "() => {"
    + FIND
    + """
    const look = element => {
        const style = getComputedStyle(element);
        return ['outlineStyle', 'outlineWidth', 'outlineColor', 'boxShadow', 'borderColor', 'backgroundColor',
            'color', 'textDecorationLine'].map(name => style[name]).join();
    };
    const onTop = element => {
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
        document.getAnimations().forEach(each => each.finish());
        return {
            place: stops.indexOf(element),
            name: called(element),
            isMarked: look(element) !== looks.get(element),
            isOnTop: onTop(element),
        };
    };
    return {here, names: stops.map(called)};
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
    walk = await page.evaluate_handle(BEGIN)
    names = [str(each) for each in await walk.evaluate("walk => walk.names")]
    stops, trap = await _walk(page, walk, limit=PARTS * (len(names) + 1))
    missed = [name for place, name in enumerate(names) if place not in {stop.place for stop in stops}]
    wrong = [f"never reached: {name}" for name in missed] + [f"holds the focus: {name}" for name in trap]
    wrong += [
        f"does not show the focus: {stop.name}" for stop in stops if stop.place >= 0 and not stop.is_marked
    ]
    wrong += [f"has the focus out of sight: {stop.name}" for stop in stops if not stop.is_on_top]
    if wrong:
        raise Lost(f"{page.url}\n" + "\n".join(f"  - {each}" for each in wrong))
    return [stop.name for stop in stops]


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
