"""Who is signed in, for how long, and what ends it: at once, and in the database."""

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import Delete, delete, update
from starlette.requests import HTTPConnection

from doors import HOME
from fulfillment.domain.people import Role
from fulfillment.store import directory
from fulfillment.store.directory import Person
from fulfillment.store.tables import PageSessionRow, PersonRow
from tests.api.ui.browser import Browser, page_of
from tests.journeys import front
from tests.journeys.town import Town, fresh

OpenBrowser = Callable[..., Awaitable[Browser]]


async def is_in(somebody: Browser) -> bool:
    """Return whether the browser is still signed in."""
    answer = await somebody.ask("/ui/jobs")
    return answer.status_code in {200, 403}


async def registered(town: Town, id: str, *roles: Role, active: bool = True) -> None:
    async with town.sessions.begin() as session:
        await directory.register(session, Person(id=id, name=id, roles=roles, active=active))


async def rows(town: Town, id: str) -> int:
    return len(await town.rows("SELECT id FROM page_session WHERE person_id = :id", id=id))


class TestTheCookie:
    async def test_it_is_kept_from_scripts_and_from_other_sites(self, open_browser: OpenBrowser) -> None:
        somebody = await open_browser()

        given = (await somebody.sign_in(fresh("ada"), Role.CUSTOMER)).headers["Set-Cookie"]

        assert {"HttpOnly", "Path=/", "SameSite=lax"} <= {part.strip() for part in given.split(";")}
        assert "Secure" not in given
        assert "Domain" not in given

    async def test_under_https_it_is_for_this_host_alone(self, town: Town, town_url: str) -> None:
        house = replace(HOME, pages="https://visits.example")
        secured = front.assembled(database_url=town_url, engine=front.address_of(town.engine), house=house)
        async with secured.router.lifespan_context(secured):
            somebody = Browser(httpx2.ASGITransport(secured), origin="https://visits.example")

            answer = await somebody.sign_in(fresh("ada"), Role.CUSTOMER)

            assert await is_in(somebody)
        given = answer.headers["Set-Cookie"]
        assert given.startswith("__Host-session=")
        assert "Secure" in given

    async def test_the_database_has_a_hash_and_not_the_token(
        self, open_browser: OpenBrowser, town: Town, app: FastAPI
    ) -> None:
        id = fresh("ada")
        somebody = await open_browser(id)
        kept = somebody.cookie() or ""

        token = app.state.counter.cookies.read(_asked(kept), "session")

        (row,) = await town.rows("SELECT * FROM page_session WHERE person_id = :id", id=id)
        assert row["id"] == hashlib.sha256(token.encode()).hexdigest()
        assert token not in str(row)

    @pytest.mark.parametrize(
        "spoil", [lambda it: it[:-2] + "xx", lambda it: "x" + it, lambda _: "made.up.it"]
    )
    async def test_one_that_we_have_not_signed_is_nobodys(
        self, open_browser: OpenBrowser, spoil: Callable[[str], str]
    ) -> None:
        somebody = await open_browser(fresh("ada"))
        kept = somebody.cookie() or ""
        somebody.http.cookies.clear()

        answer = await somebody.ask("/ui/jobs", Cookie=f"session={spoil(kept)}")

        assert answer.status_code == 303

    async def test_what_was_signed_for_something_else_is_no_session(self, app: FastAPI) -> None:
        cookies = app.state.counter.cookies

        said = cookies._signer("flash").dumps("a token")

        assert cookies.read(_asked(said), "session") is None


class TestSigningInAndOut:
    async def test_each_time_the_token_is_another_and_the_last_one_ends(
        self, open_browser: OpenBrowser, town: Town
    ) -> None:
        id = fresh("ada")
        somebody = await open_browser(id)
        first = somebody.cookie()

        await somebody.sign_in(id, Role.CUSTOMER)

        assert somebody.cookie() != first
        assert await rows(town, id) == 1
        thief = await open_browser()
        assert (await thief.ask("/ui/jobs", Cookie=f"session={first}")).status_code == 303

    async def test_signing_out_ends_it_for_whoever_has_kept_the_cookie(
        self, open_browser: OpenBrowser, town: Town
    ) -> None:
        id = fresh("ada")
        somebody = await open_browser(id)
        kept = somebody.cookie()

        answer = await somebody.post("/ui/sign-out", {"csrf": await somebody.csrf()})

        page = await somebody.follow(answer)
        assert (page.title, page.said) == ("Sign in to Fulfillment", "You are signed out.")
        assert await rows(town, id) == 0
        thief = await open_browser()
        assert (await thief.ask("/ui/jobs", Cookie=f"session={kept}")).status_code == 303

    async def test_two_browsers_of_one_person_are_signed_out_each_for_itself(
        self, open_browser: OpenBrowser
    ) -> None:
        id = fresh("ada")
        one, other = await open_browser(id), await open_browser(id)

        await one.post("/ui/sign-out", {"csrf": await one.csrf()})

        assert (await is_in(one), await is_in(other)) == (False, True)


class TestWhatEndsIt:
    @pytest.mark.parametrize(
        ("column", "off", "lasts"),
        [
            ("until", timedelta(seconds=-1), False),
            ("until", timedelta(hours=1), True),
            ("seen_at", timedelta(minutes=-121), False),
            ("seen_at", timedelta(minutes=-119), True),
        ],
    )
    async def test_time(
        self, open_browser: OpenBrowser, town: Town, column: str, off: timedelta, *, lasts: bool
    ) -> None:
        id = fresh("ada")
        somebody = await open_browser(id)

        await _moved(town, id, column, datetime.now(UTC) + off)

        assert await is_in(somebody) is lasts

    @pytest.mark.parametrize(("by", "counts"), [("navigate", True), ("cors", False)])
    async def test_whoever_comes_again_is_noted_and_lasts_on_and_no_script_is(
        self, open_browser: OpenBrowser, town: Town, by: str, *, counts: bool
    ) -> None:
        id = fresh("ada")
        somebody = await open_browser(id)
        await _moved(town, id, "seen_at", datetime.now(UTC) - timedelta(minutes=100))

        await somebody.ask("/ui/jobs", **{"Sec-Fetch-Mode": by})

        (row,) = await town.rows(
            "SELECT now() - seen_at AS idle FROM page_session WHERE person_id = :id", id=id
        )
        assert (row["idle"] < timedelta(minutes=50)) is counts

    @pytest.mark.parametrize(
        ("roles", "active"),
        [
            ((), True),
            ((Role.PROVIDER,), True),
            ((Role.CUSTOMER, Role.ADMIN), True),
            ((Role.CUSTOMER,), False),
        ],
    )
    async def test_another_entry_in_the_directory(
        self, open_browser: OpenBrowser, town: Town, roles: tuple[Role, ...], *, active: bool
    ) -> None:
        id = fresh("ada")
        somebody = await open_browser(id)

        await registered(town, id, *roles, active=active)

        assert not await is_in(somebody)
        assert await rows(town, id) == 0
        page = await somebody.see("/ui/jobs")
        assert "what you may do here has changed" in page.text

    async def test_leaving_the_directory(self, open_browser: OpenBrowser, town: Town) -> None:
        id = fresh("ada")
        somebody = await open_browser(id)

        async with town.sessions.begin() as session:
            await session.execute(_gone(id))

        assert not await is_in(somebody)

    async def test_a_new_phone_number_does_not(self, open_browser: OpenBrowser, town: Town) -> None:
        id = fresh("ada")
        somebody = await open_browser(id)

        async with town.sessions.begin() as session:
            known = await directory.find(session, id)
            assert known
            await directory.register(session, Person(id=id, name=id, phone="+4930123", roles=known.roles))

        assert await is_in(somebody)

    async def test_a_token_that_gives_other_roles_ends_what_earlier_ones_gave(
        self, open_browser: OpenBrowser
    ) -> None:
        id = fresh("ada")
        somebody = await open_browser(id, Role.CUSTOMER)

        later = await open_browser(id, Role.PROVIDER)

        assert not await is_in(somebody)
        assert await is_in(later)


class TestWhoIsNotLetIn:
    async def test_somebody_inactive(self, open_browser: OpenBrowser, town: Town) -> None:
        id = fresh("ada")
        await registered(town, id, Role.CUSTOMER, active=False)
        somebody = await open_browser()

        page = page_of(await somebody.post("/ui/sign-in", {"sub": id, "role": "customer"}))

        assert page.status == 403
        assert page.errors("sign-in") == ["Your account is not active. Please ask our team about it."]
        assert somebody.cookie() is None


class TestSeveralRoles:
    async def test_they_act_in_one_and_can_change_to_another(
        self, open_browser: OpenBrowser, town: Town
    ) -> None:
        id = fresh("both")
        await registered(town, id, Role.CUSTOMER, Role.PROVIDER)
        somebody = await open_browser(id, Role.CUSTOMER)
        before = somebody.cookie()
        refused = page_of(await somebody.ask("/ui/work"))
        fields = {each.attributes["name"]: each.value for each in refused.main.one("form").all("input")}

        answer = await somebody.post("/ui/act-as", fields)

        assert answer.headers["Location"] == "/ui/work"
        assert (await somebody.see("/ui/work")).title == "My work"
        assert somebody.cookie() != before
        assert await rows(town, id) == 1

    async def test_nobody_takes_a_role_that_is_not_theirs(self, open_browser: OpenBrowser) -> None:
        somebody = await open_browser(fresh("ada"), Role.CUSTOMER)

        answer = await somebody.post("/ui/act-as", {"csrf": await somebody.csrf(), "role": "admin"})

        assert answer.status_code == 404
        assert (await somebody.ask("/ui/jobs")).status_code == 200


async def test_it_counts_like_the_api(town: Town, town_url: str, open_browser: OpenBrowser) -> None:
    app = front.assembled(database_url=town_url, engine=front.address_of(town.engine), rate="2/minute")
    async with app.router.lifespan_context(app):
        somebody = Browser(httpx2.ASGITransport(app))
        id = fresh("ada")
        await somebody.sign_in(id, Role.CUSTOMER)
        token = {"Authorization": f"Bearer {town.issuer.mint(sub=id, role=Role.CUSTOMER)}"}

        by_api = await somebody.http.get("/jobs", headers=token)
        first, second = await somebody.ask("/ui/jobs"), await somebody.ask("/ui/jobs")

    assert (by_api.status_code, first.status_code, second.status_code) == (200, 200, 429)
    page = page_of(second)
    assert page.title == "A little slower, please"
    assert int(second.headers["Retry-After"]) >= 1


def _asked(cookie: str) -> HTTPConnection:
    return HTTPConnection({"type": "http", "headers": [(b"cookie", f"session={cookie}".encode())]})


async def _moved(town: Town, id: str, column: str, at: datetime) -> None:
    async with town.sessions.begin() as session:
        await session.execute(
            update(PageSessionRow).where(PageSessionRow.person_id == id).values({column: at})
        )


def _gone(id: str) -> Delete:
    return delete(PersonRow).where(PersonRow.id == id)
