"""Signing in: by picking who one is, and only where that is allowed; and never on to somewhere else."""

from collections.abc import Awaitable, Callable

import httpx2
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from api.ui.entrance import CLOSED
from api.ui.places import safe_next
from fulfillment.domain.people import Role
from tests.api.ui.browser import Browser, page_of
from tests.journeys import front
from tests.journeys.town import Town, fresh

OpenBrowser = Callable[..., Awaitable[Browser]]

ELSEWHERE = [
    "https://evil.example/",
    "//evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/ui//evil.example",
    "/ui/../../evil",
    "/ui/\tjobs",
    "javascript:alert(1)",
    "ui/jobs",
    "/uiuiui",
    "/jobs",
    "/ui/sign-in",
    "/ui/sign-out",
    "/ui/act-as",
    "/ui/jobs#x",
    "/ui/" + "x" * 600,
    "",
]


@pytest.mark.parametrize("wanted", ELSEWHERE)
def test_nobody_is_led_elsewhere(wanted: str) -> None:
    assert safe_next(wanted) == "/ui/"


@pytest.mark.parametrize("wanted", ["/ui/jobs", "/ui/work/a1?version=3", "/ui/jobs?limit=2&cursor=WyIy-_"])
def test_a_page_of_ours_is_gone_on_to(wanted: str) -> None:
    assert safe_next(wanted) == wanted


@pytest.mark.parametrize("wanted", ELSEWHERE)
async def test_who_signs_in_is_led_to_our_own_pages(open_browser: OpenBrowser, wanted: str) -> None:
    somebody = await open_browser()

    answer = await somebody.post("/ui/sign-in", {"sub": fresh("ada"), "role": "customer", "next": wanted})

    assert (answer.status_code, answer.headers["Location"]) == (303, "/ui/")


async def test_they_come_back_to_where_they_wanted_to_go(open_browser: OpenBrowser) -> None:
    somebody = await open_browser()
    page = await somebody.see("/ui/jobs?limit=7")

    answer = await somebody.submit(page, "sign-in", sub=fresh("ada"))

    assert answer.headers["Location"] == "/ui/jobs?limit=7"


@pytest.mark.parametrize(("role", "home"), [(Role.CUSTOMER, "My jobs"), (Role.PROVIDER, "My work")])
async def test_everybody_arrives_at_home(open_browser: OpenBrowser, role: Role, home: str) -> None:
    somebody = await open_browser()

    page = await somebody.follow(await somebody.sign_in(fresh(role), role))

    assert page.title == home


async def test_those_who_came_first_are_there_to_be_picked(open_browser: OpenBrowser, town: Town) -> None:
    somebody = await open_browser()
    page = await somebody.see("/ui/sign-in")
    first = next(page.main.all("li")).one("form")
    fields = {each.attributes["name"]: each.value for each in first.all("input")}

    answer = await somebody.post("/ui/sign-in", fields)

    assert answer.status_code == 303
    assert (await somebody.see("/ui/")).status in {200, 403}


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"sub": "", "role": "customer"}, "sub"),
        ({"sub": "two words", "role": "customer"}, "sub"),
        ({"sub": "x" * 129, "role": "customer"}, "sub"),
        ({"sub": "ada", "role": "system"}, "role"),
        ({"sub": "ada", "role": ""}, "role"),
    ],
)
async def test_what_is_no_id_or_role_is_refused_at_its_field(
    open_browser: OpenBrowser, fields: dict[str, str], field: str
) -> None:
    somebody = await open_browser()

    page = page_of(await somebody.post("/ui/sign-in", fields))

    assert page.status == 422
    assert len(page.errors("sign-in")) == 1
    assert page.form("sign-in").one(name=field).attributes["aria-invalid"] == "true"
    assert somebody.cookie() is None


async def test_where_nobody_has_set_it_up_the_pages_are_switched_off(
    town: Town, town_url: str, town_database: AsyncEngine
) -> None:
    app = front.assembled(database_url=town_url, engine=front.address_of(town.engine), entrance=CLOSED)
    async with app.router.lifespan_context(app):
        somebody = Browser(httpx2.ASGITransport(app))

        page = await somebody.see("/ui/jobs")
        picked = await somebody.post("/ui/sign-in", {"sub": "ada", "role": "admin"})

    assert "The pages are switched off here" in page.text
    assert not any(page.main.all("form"))
    assert (picked.status_code, somebody.cookie()) == (404, None)
