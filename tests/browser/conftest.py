"""The whole system as processes, people in it, and a browser that is watched.

The browser is asked by Playwright's asynchronous interface, on the one loop of the session. Its synchronous
interface, and with it the fixtures of pytest-playwright, leaves a loop behind that counts as running, and
every asynchronous test after it in the same process would fail. Of pytest-playwright we use the options
--headed, --slowmo, --tracing and --output.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright, expect

from devstack.client import Api
from devstack.marketplace import Marketplace
from tests.browser import chromium, sights
from tests.browser.visits import PATIENCE, Visits, folder_of
from tests.plant import Plant, short_lived

FAILED = pytest.StashKey[bool]()

Visit = Callable[..., Awaitable[Page]]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Remember that a test has failed, for whoever tidies up after it."""
    report = yield
    item.stash[FAILED] = item.stash.get(FAILED, False) or report.failed
    return report


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """Where the browser is; without one, the tests are skipped before anything is started."""
    return chromium.expect()


@pytest.fixture(scope="session")
def stack(chromium_path: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plant]:
    """PostgreSQL, Temporal, worker and API as processes of their own."""
    with short_lived(tmp_path_factory.mktemp("browser")) as plant:
        yield plant


@pytest_asyncio.fixture(scope="session")
async def started_browser(chromium_path: str, pytestconfig: pytest.Config) -> AsyncIterator[Browser]:
    expect.set_options(timeout=PATIENCE)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium_path,
            args=chromium.arguments(),
            headless=not pytestconfig.getoption("--headed"),
            slow_mo=pytestconfig.getoption("--slowmo"),
        )
        yield browser
        await browser.close()


@pytest.fixture
def visits_to(started_browser: Browser, request: pytest.FixtureRequest) -> Callable[[str], Visits]:
    """Return windows on the pages of a server, for tests that have one of their own."""
    keep_in = Path(request.config.getoption("--output")).absolute() / folder_of(request.node.nodeid)

    def visits(base_url: str) -> Visits:
        return Visits(
            started_browser,
            base_url=base_url,
            keep_in=keep_in,
            has_failed=lambda: request.node.stash.get(FAILED, False),
            tracing=request.config.getoption("--tracing"),
        )

    return visits


@pytest_asyncio.fixture
async def visits(visits_to: Callable[[str], Visits], stack: Plant) -> AsyncIterator[Visits]:
    """Windows on the stack; what the browser complains of in them fails the test."""
    async with visits_to(stack.api_url) as visits:
        yield visits


@pytest.fixture
def visit(visits: Visits) -> Visit:
    """Open a window: `await visit("/path", who=person, device=PHONE)`; see Visits.open."""
    return visits.open


@pytest_asyncio.fixture(scope="session")
async def client(stack: Plant) -> AsyncIterator[Api]:
    async with Api(stack.api_url) as api:
        yield api


@pytest_asyncio.fixture(scope="session")
async def planted(stack: Plant, client: Api) -> Marketplace:
    """The demo marketplace, in which everything has happened that is to be seen."""
    return await sights.planted(stack.addresses, client)


@pytest_asyncio.fixture
async def market(client: Api) -> Marketplace:
    """People whom no other test knows, and the steps by which their jobs get where a test wants them."""
    return await Marketplace.of_strangers(client)
