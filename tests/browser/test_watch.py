"""Whatever a browser complains of fails the test that did not announce it: the watch bites."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Route

from tests.browser import bad_pages
from tests.browser.visits import Visits
from tests.browser.watch import Unannounced

pytestmark = pytest.mark.nightly

VisitsTo = Callable[[str], Visits]


@pytest_asyncio.fixture(scope="module")
async def bad_url() -> AsyncIterator[str]:
    async with bad_pages.served_here() as url:
        yield url


@pytest.fixture
def visits_to(started_browser: Browser, tmp_path: Path) -> VisitsTo:
    """Windows whose tests fail because they are meant to: their pictures go where nobody looks."""
    return lambda base_url: Visits(started_browser, base_url=base_url, keep_in=tmp_path)


@pytest.mark.parametrize(
    ("path", "complaint"),
    [
        pytest.param(
            "/inline-style", "violation: style-src-attr forbids inline", id="violation told to the page"
        ),
        pytest.param(
            "/inline-script", "console error: Executing inline script", id="violation in the console"
        ),
        pytest.param("/foreign", "violation: img-src forbids http://elsewhere.test", id="picture of others"),
        pytest.param(
            "/sink", "violation: require-trusted-types-for forbids trusted-types-sink", id="raw HTML"
        ),
        pytest.param("/warns", "console warning: look out", id="warning"),
        pytest.param("/complains", "console error: it went wrong", id="error"),
        pytest.param("/throws", "uncaught: nobody caught this", id="exception"),
        pytest.param("/rejects", "uncaught: nobody awaited this", id="promise"),
        pytest.param("/asks", "dialog: hello", id="dialog"),
        pytest.param("/gone", "answer: 404 to GET", id="404"),
        pytest.param("/broken", "answer: 500 to GET", id="500"),
        pytest.param("/cut", "request: GET failed: net::ERR_", id="no answer"),
        pytest.param("/lax", "policy: script-src 'self' 'unsafe-inline' is lax", id="lax policy"),
        pytest.param("/open", "policy: default-src is not 'none'", id="no policy"),
    ],
)
async def test_what_a_browser_complains_of_fails_the_test(
    visits_to: VisitsTo, bad_url: str, path: str, complaint: str
) -> None:
    told = await _told(visits_to(bad_url), path)

    assert complaint in told
    assert bad_url in told


async def test_a_violation_is_seen_in_a_browser_without_scripts(visits_to: VisitsTo, bad_url: str) -> None:
    told = await _told(visits_to(bad_url), "/inline-style", scripts=False)

    assert "console error: Applying inline style violates" in told


async def test_a_request_that_leaves_this_machine_is_complained_of(visits_to: VisitsTo, bad_url: str) -> None:
    async def stay(route: Route) -> None:
        await route.fulfill(body="", content_type="image/png")

    async with visits_to(bad_url) as visits:
        page = await visits.open()
        await page.route("http://elsewhere.test/**", stay)
        await page.goto("/foreign-and-let-in")

        with pytest.raises(Unannounced, match="leaves this machine"):
            visits.watch.expect_peace()
        visits.watch.announce("leaves this machine", "http://elsewhere.test/picture.png")


async def test_every_window_is_watched(visits_to: VisitsTo, bad_url: str) -> None:
    async with visits_to(bad_url) as visits:
        first = await visits.open("/")
        await visits.open("/")
        second = await first.context.new_page()
        await second.goto("/warns")

        await visits.watch.settle()
        with pytest.raises(Unannounced, match="look out"):
            visits.watch.expect_peace()
        visits.watch.announce("look out")


async def test_a_sound_page_leaves_nothing_to_complain_of(visits_to: VisitsTo, bad_url: str) -> None:
    assert await _told(visits_to(bad_url), "/") == ""


async def test_what_is_announced_may_happen_and_the_rest_may_not(visits_to: VisitsTo, bad_url: str) -> None:
    visits = visits_to(bad_url)
    visits.watch.announce("404", "/no/such/picture.png")

    told = await _told(visits, "/gone", "/warns")

    assert "look out" in told
    assert "404" not in told


async def test_what_is_announced_has_to_happen(visits_to: VisitsTo, bad_url: str) -> None:
    visits = visits_to(bad_url)
    visits.watch.announce("404")

    assert "announced, but it did not happen: 404" in await _told(visits, "/")


async def test_a_failed_test_leaves_pictures_and_a_good_one_none(
    started_browser: Browser, bad_url: str, tmp_path: Path
) -> None:
    def visits(name: str, *, has_failed: bool = False) -> Visits:
        return Visits(
            started_browser, base_url=bad_url, keep_in=tmp_path / name, has_failed=lambda: has_failed
        )

    await _told(visits("good"), "/")
    await _told(visits("complained of"), "/warns")
    await _told(visits("failed", has_failed=True), "/", "/")

    assert _kept(tmp_path) == ["complained of/1-1.png", "failed/1-1.png", "failed/2-1.png"]


def _kept(folder: Path) -> list[str]:
    return sorted(str(each.relative_to(folder)) for each in folder.rglob("*.*"))


async def _told(visits: Visits, *paths: str, scripts: bool = True) -> str:
    """Return what failed a test that looked at these pages."""
    try:
        async with visits:
            for path in paths:
                await visits.open(path, scripts=scripts)
    except Unannounced as error:
        return str(error)
    return ""
