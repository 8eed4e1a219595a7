"""What the checks of pages find: axe, the Tab key, a thumb; and what windows of several kinds are."""

from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.browser import bad_pages
from tests.browser.accessible import Inaccessible, expect_accessible
from tests.browser.keyboard import Lost, tab_through
from tests.browser.png import reduced
from tests.browser.roomy import Cramped, expect_roomy
from tests.browser.visits import PHONE, Visits

pytestmark = pytest.mark.nightly


@pytest_asyncio.fixture(scope="module")
async def bad_url() -> AsyncIterator[str]:
    async with bad_pages.served_here() as url:
        yield url


@pytest_asyncio.fixture
async def here(visits_to: Callable[[str], Visits], bad_url: str) -> AsyncIterator[Visits]:
    async with visits_to(bad_url) as visits:
        yield visits


async def test_a_sound_page_passes_every_check_under_the_strictest_policy(here: Visits) -> None:
    page = await here.open("/", device=PHONE)

    await expect_accessible(page)
    await expect_roomy(page)
    await tab_through(page)


@pytest.mark.parametrize(
    ("path", "told"),
    [
        pytest.param("/pale", 'in the light: color-contrast (serious) at p: <p class="pale">', id="pale"),
        pytest.param("/murky", 'in the dark: color-contrast (serious) at p: <p class="murky">', id="murky"),
        pytest.param("/nameless", "label (critical) at input: <input name=", id="nameless"),
    ],
)
async def test_axe_names_rule_place_page_and_light(here: Visits, path: str, told: str) -> None:
    page = await here.open(path)

    with pytest.raises(Inaccessible) as error:
        await expect_accessible(page)
    assert told in str(error.value)
    assert page.url in str(error.value)
    assert ("in the light" in str(error.value)) == (path != "/murky")


async def test_the_tab_key_stops_at_everything_in_order(here: Visits) -> None:
    page = await here.open("/")

    assert await tab_through(page) == [
        "<a> To the form",
        "<input> Name",
        "<input> today",
        "<input> At",
        "<button> Send",
        "<a> All of a card",
        "<summary> More",
    ]


async def test_a_page_that_changes_meanwhile_is_walked_anew(here: Visits) -> None:
    page = await here.open("/news")

    assert await tab_through(page) == ["<a> One", "<a> Two"]


@pytest.mark.parametrize(
    ("path", "told"),
    [
        pytest.param("/bare", "does not show the focus: <a> where am I", id="no ring"),
        pytest.param("/away", "has the focus out of sight: <a> over there", id="off the screen"),
        pytest.param("/holds", "holds the focus: <button> Stay", id="a trap"),
        pytest.param("/holds", "never reached: <a> Leave", id="behind a trap"),
        pytest.param("/circles", "never reached: <a> Out", id="a circle"),
    ],
)
async def test_a_keyboard_gets_lost_where_it_may(here: Visits, path: str, told: str) -> None:
    page = await here.open(path)

    with pytest.raises(Lost, match=told):
        await tab_through(page)


@pytest.mark.parametrize(
    ("path", "told"),
    [("/wide", 'too wide: <p class="wide"> ends at 6'), ("/small", "too small: <button> Hit me is .* x 20")],
)
async def test_a_phone_is_too_small_for_some_pages(here: Visits, path: str, told: str) -> None:
    page = await here.open(path, device=PHONE)

    with pytest.raises(Cramped, match=told):
        await expect_roomy(page)


async def test_a_page_is_drawn_with_its_letters(here: Visits) -> None:
    page = await here.open("/letters")

    assert await page.locator("#one").screenshot() != await page.locator("#other").screenshot()


async def test_a_reduced_picture_is_smaller_and_keeps_its_size_and_colours(here: Visits) -> None:
    page, blank = await here.open("/", device=PHONE), await here.open()
    await page.evaluate("document.body.style.background = 'linear-gradient(90deg, #fdb, #47c 20%)'")
    seen = await page.screenshot()

    small = await reduced(seen, by=blank)

    assert len(small) < len(seen)
    assert small[16:24] == seen[16:24], "its width and height"
    assert _palette(await reduced(small, by=blank)) == _palette(small)


async def test_windows_differ_as_asked(here: Visits) -> None:
    phone = await here.open("/", device=PHONE)
    still = await here.open("/moving", moving=False, scheme="dark", zone="America/New_York")
    without = await here.open("/complains", scripts=False)

    assert await phone.evaluate("[innerWidth, navigator.maxTouchPoints > 0]") == [390, True]
    assert (
        await still.evaluate("getComputedStyle(document.querySelector('.motion'), '::after').content")
        == '"still"'
    )
    assert await still.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    assert await still.evaluate("Intl.DateTimeFormat().resolvedOptions().timeZone") == "America/New_York"
    await expect(without.get_by_role("heading")).to_have_text("A page")


def _palette(png: bytes) -> set[bytes]:
    """Return the colours of a picture that has a palette, which is its second chunk."""
    length, name, start = int.from_bytes(png[33:37]), png[37:41], 41
    assert name == b"PLTE"
    return {png[at : at + 3] for at in range(start, start + length, 3)}
