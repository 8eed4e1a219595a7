"""What a form may send, where it has to come from, and that it is done once."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest

from api.bodies import LARGEST
from api.ui.forms import Form
from fulfillment.domain.people import Role
from tests.api.ui.browser import Browser, page_of
from tests.api.ui.pages import GUARDED, PageRoute
from tests.api.ui.seats import Seats
from tests.journeys.test_access import NOWHERE
from tests.journeys.town import Town, fresh, window

OpenBrowser = Callable[..., Awaitable[Browser]]

POSTS = [route for route in GUARDED if route.method == "POST"]
FORM = "application/x-www-form-urlencoded"


class TestWhereItComesFrom:
    @pytest.mark.parametrize("route", POSTS, ids=str)
    @pytest.mark.parametrize("brought", [None, "", "wrong", "another's"])
    async def test_without_the_token_of_the_session_nothing_is_done(
        self, seats: Seats, route: PageRoute, brought: str | None
    ) -> None:
        somebody, other = await seats.of(route.roles[0]), await seats.of(route.roles[0], nth=2)
        told = other.csrf if brought == "another's" else brought

        form = route.form | ({} if told is None else {"csrf": told})
        answer = await somebody.browser.post(route.path.format_map(NOWHERE), form)

        assert (answer.status_code, page_of(answer).title) == (403, "Please fill this in again")

    @pytest.mark.parametrize(
        "headers",
        [
            {"Sec_Fetch_Site": "cross-site"},
            {"Sec_Fetch_Site": "same-site"},
            {"Sec_Fetch_Site": "", "Origin": "https://evil.example"},
            {"Sec_Fetch_Site": "cross-site", "Origin": "http://town"},
        ],
        ids=str,
    )
    @pytest.mark.parametrize("path", ["/ui/sign-out", "/ui/sign-in"])
    async def test_another_site_cannot_send_it(
        self, open_browser: OpenBrowser, headers: dict[str, str], path: str
    ) -> None:
        ada = await open_browser(fresh("ada"), Role.CUSTOMER)
        form = {"csrf": await ada.csrf(), "sub": "eve", "role": "customer"}

        answer = await ada.post(path, form, **headers)

        assert answer.status_code == 403
        assert (await ada.ask("/ui/jobs")).status_code == 200

    @pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://town.evil.example"])
    async def test_where_browsers_do_not_name_the_site_the_origin_has_to_be_ours(
        self, open_browser: OpenBrowser, origin: str
    ) -> None:
        ada = await open_browser(fresh("ada"), Role.CUSTOMER)
        form = {"csrf": await ada.csrf()}

        theirs = await ada.http.post("/ui/sign-out", data=form, headers={"Origin": origin})
        ours = await ada.http.post("/ui/sign-out", data=form, headers={"Origin": "http://town"})

        assert (theirs.status_code, ours.status_code) == (403, 303)


class TestWhatItMayBe:
    @pytest.mark.parametrize(
        ("content", "headers", "status"),
        [
            pytest.param(b"{}", {"Content-Type": "application/json"}, 415, id="JSON"),
            pytest.param(b"a=b", {"Content-Type": "text/plain"}, 415, id="text"),
            pytest.param(b"a=b", {"Content-Type": f"{FORM}; charset=latin-1"}, 415, id="another charset"),
            pytest.param(b"a=b", {"Content-Type": FORM, "Content-Encoding": "gzip"}, 415, id="compressed"),
            pytest.param(b"a=" + b"x" * LARGEST, {"Content-Type": FORM}, 413, id="too large"),
            pytest.param(b"a=%ff", {"Content-Type": FORM}, 400, id="not UTF-8"),
            pytest.param(b"a", {"Content-Type": FORM}, 400, id="no pair"),
            pytest.param(b"a=b&" * 300, {"Content-Type": FORM}, 400, id="too many fields"),
            pytest.param(b"a=%00", {"Content-Type": FORM}, 422, id="a NUL"),
            pytest.param(b"a%00=b", {"Content-Type": FORM}, 422, id="a NUL in a name"),
            pytest.param(b"a=%1b%5b31m", {"Content-Type": FORM}, 422, id="an escape"),
            pytest.param(b"a=%c2%85", {"Content-Type": FORM}, 422, id="a C1 control"),
            pytest.param(b"a=%ed%a0%80", {"Content-Type": FORM}, 400, id="half a surrogate pair"),
        ],
    )
    async def test_what_is_no_plain_form_is_refused_with_a_page(
        self, seats: Seats, content: bytes, headers: dict[str, str], status: int
    ) -> None:
        ada = (await seats.of(Role.CUSTOMER)).browser

        answer = await ada.http.post("/ui/sign-out", content=content, headers=headers)

        assert (answer.status_code, page_of(answer).status) == (status, status)
        assert (await ada.ask("/ui/jobs")).status_code == 200

    async def test_a_form_is_taken_under_the_pages_alone(self, town: Town) -> None:
        ada = town.customer()
        headers = {"Authorization": f"Bearer {ada.token}", "Content-Type": FORM}

        answer = await town.http.post("/jobs", content=b"title=a", headers=headers)

        assert answer.status_code == 415

    async def test_lines_end_in_one_way_and_letters_are_composed(
        self, town: Town, open_browser: OpenBrowser
    ) -> None:
        deal = await town.deal()
        bob = await open_browser(deal.provider.id, Role.PROVIDER)
        page = await bob.see(f"/ui/work/{deal.id}")

        typed = {
            "start": "2099-01-01T10:00",
            "end": "2099-01-01T12:00",
            "note": "e\u0301\r\n\r\nsecond\tline",
        }
        again = page_of(await bob.submit(page, "propose", **typed))

        assert again.status == 422
        assert again.fields("propose")["note"] == "\u00e9\n\nsecond\tline"


class TestDoneOnce:
    async def test_a_double_click_proposes_once(self, town: Town, open_browser: OpenBrowser) -> None:
        deal = await town.deal()
        bob = await open_browser(deal.provider.id, Role.PROVIDER)
        page = await bob.see(f"/ui/work/{deal.id}")
        typed = {"start": _local(3), "end": _local(3, hours=2)}

        first = await bob.submit(page, "propose", **typed)
        second = await bob.submit(page, "propose", **typed)

        assert (first.status_code, second.status_code) == (303, 303)
        assert first.headers["Location"] == second.headers["Location"]
        assert (await deal.now())["scheduleVersion"] == 1

    async def test_who_goes_back_and_mends_a_slip_is_not_told_that_the_key_is_used_up(
        self, town: Town, open_browser: OpenBrowser
    ) -> None:
        deal = await town.deal()
        bob = await open_browser(deal.provider.id, Role.PROVIDER)
        page = await bob.see(f"/ui/work/{deal.id}")

        await bob.submit(page, "propose", start=_local(3), end=_local(3, hours=2))
        answer = await bob.submit(page, "propose", start=_local(4), end=_local(4, hours=2))

        assert answer.status_code == 409
        assert "Something has changed meanwhile" in page_of(answer).text

    def test_the_key_is_that_of_what_is_asked(self) -> None:
        one = Form(pairs=(("csrf", "a"), ("key", "k"), ("note", "n")))

        assert one.command_key == Form(pairs=(("csrf", "b"), ("key", "k"), ("note", "n"))).command_key
        assert one.command_key != Form(pairs=(("csrf", "a"), ("key", "k"), ("note", "m"))).command_key
        assert one.command_key != Form(pairs=(("csrf", "a"), ("key", "l"), ("note", "n"))).command_key

    async def test_it_is_on_record_that_it_came_from_a_page(
        self, town: Town, open_browser: OpenBrowser
    ) -> None:
        deal = await town.deal(visit=window())
        ada = await open_browser(deal.customer.id, Role.CUSTOMER)
        page = await ada.see(f"/ui/jobs/{deal.job_id}")

        await ada.submit(page, "confirm")

        await deal.written("scheduled")
        steps = await deal.audit()
        assert [step["source"] for step in steps if step["command"] == "ConfirmWindow"] == ["page"]


def _local(days: int, *, hours: int = 0) -> str:
    """Return a time some days from now, at ten in the morning, as an input has it."""
    at = datetime.now(UTC).replace(hour=10, minute=0) + timedelta(days=days, hours=hours)
    return f"{at:%Y-%m-%dT%H:%M}"
