"""What only a real browser knows: whether the policy holds, the script works, and everybody can use it."""

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe
from fastapi import FastAPI
from playwright.async_api import Browser, Page, async_playwright

from api.serve import served
from fulfillment.domain.people import Role
from tests.journeys import front
from tests.journeys.town import Deal, Town, window

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium on this machine")

PHONE = {"width": 360, "height": 740}
DESK = {"width": 1280, "height": 900}


@dataclass(slots=True)
class Seat:
    """Somebody at a real browser; `complaints` is what it has said against our pages."""

    page: Page
    origin: str
    complaints: list[str] = field(default_factory=list)

    async def go(self, path: str) -> None:
        await self.page.goto(f"{self.origin}{path}")

    async def sign_in(self, id: str, role: Role) -> None:
        await self.go("/ui/sign-in")
        await self.page.fill("#sign-in-sub", id)
        await self.page.select_option("#sign-in-role", role.value)
        await self.page.click("#sign-in button")
        await self.page.wait_for_url(lambda url: "sign-in" not in url)


Sit = Callable[..., Awaitable[Seat]]


@pytest_asyncio.fixture(scope="module")
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        await browser.close()


@pytest_asyncio.fixture(scope="module")
async def origin(town: Town, town_url: str) -> AsyncIterator[str]:
    app: FastAPI = front.assembled(database_url=town_url, engine=front.address_of(town.engine))
    async with served(app, host="127.0.0.1", port=0) as port:
        yield f"http://127.0.0.1:{port}"


@pytest_asyncio.fixture
async def sit(chromium: Browser, origin: str) -> AsyncIterator[Sit]:
    """Sit down at a browser, as whom and with what screen one likes."""
    seats: list[Seat] = []

    async def sit_down(
        id: str = "", role: Role = Role.CUSTOMER, *, scheme: str = "light", screen: dict[str, int] = DESK
    ) -> Seat:
        context = await chromium.new_context(viewport=screen, color_scheme=scheme)  # type: ignore[arg-type]
        context.set_default_timeout(20_000)
        seat = Seat(page=await context.new_page(), origin=origin)
        seat.page.on(
            "console", lambda said: seat.complaints.append(said.text) if said.type == "error" else None
        )
        seat.page.on("pageerror", lambda error: seat.complaints.append(str(error)))
        seats.append(seat)
        if id:
            await seat.sign_in(id, role)
        return seat

    yield sit_down
    for seat in seats:
        await seat.page.context.close()


@pytest_asyncio.fixture
async def deal(town: Town) -> Deal:
    made = await town.deal(visit=window())
    await made.written()
    return made


@pytest.mark.parametrize("screen", [DESK, PHONE], ids=["at a desk", "on a phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_everybody_can_use_it_and_nothing_breaks_the_policy(
    sit: Sit, deal: Deal, scheme: str, screen: dict[str, int]
) -> None:
    ada = await sit(deal.customer.id, Role.CUSTOMER, scheme=scheme, screen=screen)
    bob = await sit(deal.provider.id, Role.PROVIDER, scheme=scheme, screen=screen)
    stranger = await sit(scheme=scheme, screen=screen)
    pages = [
        (ada, "/ui/jobs"),
        (ada, f"/ui/jobs/{deal.job_id}"),
        (bob, "/ui/work"),
        (bob, f"/ui/work/{deal.id}"),
        (stranger, "/ui/sign-in"),
    ]

    for seat, path in pages:
        await seat.go(path)
        found = await Axe().run(seat.page)
        assert found.violations_count == 0, (path, found.generate_report())
        wide = await seat.page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
        assert not wide, path

    assert [seat.complaints for seat in (ada, bob, stranger)] == [[], [], []]


async def test_what_is_clicked_is_as_large_as_a_finger(sit: Sit, deal: Deal) -> None:
    ada = await sit(deal.customer.id, Role.CUSTOMER, screen=PHONE)
    await ada.go(f"/ui/jobs/{deal.job_id}")
    await ada.page.click("summary")

    small = await ada.page.evaluate(
        """[...document.querySelectorAll("button, summary, input:not([type=hidden]), nav a, .brand")]
            .filter((it) => it.getBoundingClientRect().height < 44).map((it) => it.outerHTML)"""
    )

    assert small == []


async def test_a_page_renews_itself_without_being_loaded_anew(sit: Sit, deal: Deal) -> None:
    ada = await sit(deal.customer.id, Role.CUSTOMER)
    await ada.go(f"/ui/jobs/{deal.job_id}")
    await ada.page.evaluate("window.isTheSame = true")

    await deal.confirm(1)

    await ada.page.wait_for_selector("text=Visit booked")
    assert await ada.page.evaluate("window.isTheSame")
    assert await ada.page.inner_text("#renewed") == "This page was brought up to date."
    assert ada.complaints == []


async def test_nobody_loses_what_they_are_typing(sit: Sit, deal: Deal) -> None:
    ada = await sit(deal.customer.id, Role.CUSTOMER)
    await ada.go(f"/ui/jobs/{deal.job_id}")
    await ada.page.click("summary")
    await ada.page.fill("#propose-note", "Rather on")

    await deal.propose(1, days=6)

    await ada.page.wait_for_selector("#moved:not([hidden])")
    assert await ada.page.input_value("#propose-note") == "Rather on"
    await ada.page.click("text=Show it as it is now")
    await ada.page.wait_for_selector("text=Confirm this time")
    assert not await ada.page.is_visible("#moved")


async def test_who_made_a_slip_is_taken_to_what_is_wrong(sit: Sit, deal: Deal) -> None:
    ada = await sit(deal.customer.id, Role.CUSTOMER)
    await ada.go(f"/ui/jobs/{deal.job_id}")
    await ada.page.click("summary")
    await ada.page.fill("#propose-start", "2027-03-28T02:30")
    await ada.page.click("text=Propose this time")

    await ada.page.wait_for_selector("#propose-errors")
    assert await ada.page.evaluate("document.activeElement.id") == "propose-errors"
    await ada.page.keyboard.press("Tab")
    await ada.page.keyboard.press("Enter")
    assert await ada.page.evaluate("document.activeElement.id") == "propose-start"


async def test_all_of_it_works_without_the_script(chromium: Browser, origin: str, town: Town) -> None:
    deal = await town.deal(visit=window())
    await deal.written()
    context = await chromium.new_context(java_script_enabled=False)
    ada = Seat(page=await context.new_page(), origin=origin)
    await ada.sign_in(deal.customer.id, Role.CUSTOMER)

    await ada.page.click("text=Mend the boiler")
    await ada.page.click("text=Confirm this time")

    assert await ada.page.inner_text(".said") == "The visit is booked."
    await context.close()


async def test_by_the_keyboard_alone(sit: Sit, deal: Deal) -> None:
    ada = await sit(deal.customer.id, Role.CUSTOMER)
    await ada.go("/ui/jobs")

    await ada.page.keyboard.press("Tab")
    assert await ada.page.evaluate("document.activeElement.className") == "skip"
    await ada.page.keyboard.press("Enter")
    await ada.page.keyboard.press("Tab")
    await ada.page.keyboard.press("Enter")

    await ada.page.wait_for_url(f"**/ui/jobs/{deal.job_id}")


async def test_no_text_becomes_markup_or_script(sit: Sit) -> None:
    stranger = await sit()
    await stranger.go("/ui/sign-in")

    said = await stranger.page.evaluate(
        """() => {
            const tried = [];
            try { document.body.innerHTML = "<b>x</b>"; tried.push("HTML"); } catch { /* as it should */ }
            try { trustedTypes.createPolicy("my", {}); tried.push("policy"); } catch { /* as it should */ }
            const script = document.createElement("script");
            try { script.text = "1"; tried.push("script"); } catch { /* as it should */ }
            return tried;
        }"""
    )

    assert said == []
