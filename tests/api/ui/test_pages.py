"""What holds for every page: whom it is for, what browsers are told with it, and how it says no."""

from collections.abc import Awaitable, Callable

import pytest

from api.ui.headers import PAGE
from fulfillment.domain.people import Role
from tests.api.ui.browser import Browser, page_of
from tests.api.ui.pages import ALL, GUARDED, PAGES, PageRoute, existing
from tests.api.ui.seats import Seats
from tests.journeys.test_access import NOWHERE
from tests.journeys.town import Town, fresh

OpenBrowser = Callable[..., Awaitable[Browser]]


def test_the_table_has_every_page() -> None:
    assert {(route.method, route.path) for route in PAGES} == set(existing())


@pytest.mark.parametrize("route", GUARDED, ids=str)
async def test_a_stranger_is_sent_to_sign_in(open_browser: OpenBrowser, route: PageRoute) -> None:
    stranger = await open_browser()
    path = route.path.format_map(NOWHERE) + route.query

    answer = await (stranger.ask(path) if route.method == "GET" else stranger.post(path, route.form))

    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/ui/sign-in")
    assert answer.headers["Content-Security-Policy"] == PAGE["Content-Security-Policy"]


@pytest.mark.parametrize("route", GUARDED, ids=str)
async def test_only_those_roles_may_use_it(seats: Seats, route: PageRoute) -> None:
    path = route.path.format_map(NOWHERE) + route.query

    for role in ALL:
        seat = await seats.of(role)
        somebody, form = seat.browser, {**route.form, "csrf": seat.csrf}
        answer = await (somebody.ask(path) if route.method == "GET" else somebody.post(path, form))

        assert (answer.status_code == 403) is (role not in route.roles), (role, answer.text)
        assert role not in route.roles or not route.has_id or answer.status_code == 404
        is_file = "attachment" in answer.headers.get("Content-Disposition", "")
        assert answer.has_redirect_location or is_file or route.query or page_of(answer)


@pytest.mark.parametrize(
    "path", ["/ui/", "/ui/jobs", "/ui/sign-in", "/ui/nothing", "/ui/work", "/ui/jobs/x y"]
)
async def test_every_page_tells_browsers_to_be_careful(open_browser: OpenBrowser, path: str) -> None:
    for somebody in (await open_browser(), await open_browser(fresh("ada"), Role.CUSTOMER)):
        answer = await somebody.ask(path)

        assert {name: answer.headers.get(name) for name in PAGE} == dict(PAGE)


async def test_style_and_script_are_kept_for_good_and_come_from_us(open_browser: OpenBrowser) -> None:
    stranger = await open_browser()
    page = await stranger.see("/ui/sign-in")
    links = [each.attributes["href"] for each in page.root.all("link")]
    links += [each.attributes["src"] for each in page.root.all("script")]

    assert len(links) == 3
    for link in links:
        answer = await stranger.ask(link)
        assert (answer.status_code, answer.headers["Cache-Control"]) == (
            200,
            "public, max-age=31536000, immutable",
        )
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert (await stranger.ask("/ui/static/app.css")).status_code == 404


@pytest.mark.parametrize(
    ("path", "status"),
    [("/ui/nothing", 404), ("/ui/jobs/nobodys", 404), ("/ui/work", 403), ("/ui/jobs?limit=x", 422)],
)
async def test_a_no_is_a_page_with_the_request_id_and_a_way_on(
    open_browser: OpenBrowser, path: str, status: int
) -> None:
    ada = await open_browser(fresh("ada"), Role.CUSTOMER)

    page = page_of(await ada.ask(path))

    assert page.status == status
    assert page.answer.headers["X-Request-Id"] in page.text
    assert any(each.attributes["href"] == "/ui/" for each in page.main.all("a"))


async def test_another_role_is_named_and_offered(open_browser: OpenBrowser, town: Town) -> None:
    id = fresh("both")
    await (await open_browser(id, Role.PROVIDER)).close()
    ada = await open_browser(id, Role.CUSTOMER)

    page = page_of(await ada.ask("/ui/work"))

    assert page.status == 403
    assert "This page is for provider" in page.text
    assert "Go on as provider" in page.text


async def test_a_wrong_method_is_told_as_a_page(open_browser: OpenBrowser) -> None:
    ada = await open_browser(fresh("ada"), Role.CUSTOMER)

    answer = await ada.ask("/ui/sign-out")

    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")
    assert page_of(answer).title


async def test_head_is_a_page_without_its_body(open_browser: OpenBrowser) -> None:
    ada = await open_browser(fresh("ada"), Role.CUSTOMER)

    answer = await ada.http.head("/ui/jobs")

    assert (answer.status_code, answer.content) == (200, b"")


async def test_the_api_keeps_its_own_face(open_browser: OpenBrowser) -> None:
    answer = await (await open_browser()).ask("/uiuiui")

    assert answer.headers["Content-Type"] == "application/problem+json"
