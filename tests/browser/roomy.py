"""A page on a small screen: nothing lies beside it, and a thumb hits what it means."""

from playwright.async_api import Page

from tests.browser.controls import FIND
from tests.browser.telling import told

THUMB = 44
"""Pixels, in both directions, of what one acts on; a link within a sentence is as high as its line."""
SMALL = (
    "thumb => {"
    + FIND
    + """
    const inSentence = element => getComputedStyle(element).display === 'inline'
        && element.parentElement.textContent.trim() !== element.textContent.trim();
    // What is hit need not be what is seen: a link may span its card.
    const isHit = (element, x, y) => {
        const top = document.elementFromPoint(x, y);
        return !!top && (element === top || element.contains(top));
    };
    const spans = element => {
        element.scrollIntoView({block: 'center', behavior: 'instant'});
        const box = element.getClientRects()[0], half = thumb / 2 - 1;
        const x = box.left + Math.min(box.width / 2, half), y = box.top + box.height / 2;
        return [[x - half, y], [x + half, y], [x, y - half], [x, y + half]].every(
            ([left, top]) => isHit(element, Math.max(left, 1), top));
    };
    const target = element => ['checkbox', 'radio'].includes(element.type) && element.labels?.[0] || element;
    return controls()
        .filter(element => element.localName !== 'iframe' && !inSentence(element))
        .map(element => [element, target(element).getBoundingClientRect()])
        .filter(([element, box]) => (box.height < thumb - 0.5 || box.width < thumb - 0.5) && !spans(element))
        .map(([element, box]) => [called(element), box])
        .map(([name, box]) => `${name} is ${Math.round(box.width)} x ${Math.round(box.height)}`);
}"""
)
WIDE = """
() => {
    const edge = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= edge) return [];
    return [...document.body.querySelectorAll('*')]
        .filter(element => element.getBoundingClientRect().right > edge + 0.5)
        .map(element => `<${element.localName} class="${element.className}"> ends at ` +
            `${Math.round(element.getBoundingClientRect().right)} of ${edge}`);
}"""


class Cramped(AssertionError):
    """Somebody with a phone has to scroll sideways, or hits what they did not mean."""


async def expect_roomy(page: Page, *, thumb: int = THUMB) -> None:
    """Raises Cramped, with what is too wide for the screen or too small for a thumb."""
    wrong = [f"too wide: {each}" for each in await page.evaluate(WIDE)]
    wrong += [f"too small: {each}" for each in await page.evaluate(SMALL, thumb)]
    if wrong:
        raise Cramped(told(page, wrong))
