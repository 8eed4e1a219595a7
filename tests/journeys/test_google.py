"""A person lets us into their Google calendar, and stops it again: over HTTP, with a Google at work."""

import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from urllib.parse import urlsplit

import httpx2
import pytest
import pytest_asyncio
from cryptography.fernet import Fernet
from sqlalchemy import text
from structlog.testing import capture_logs

from api.desk import Accounts
from api.google import PATIENCE
from fulfillment.gateways.google_oauth import ConsentGone
from fulfillment.gateways.sealing import Sealer
from fulfillment.store import calendars
from tests.gateways.google.fake_google import REVOKE_ENDPOINT, TOKEN_ENDPOINT, FakeGoogle
from tests.gateways.google.faults import Fault, Trouble
from tests.journeys import front
from tests.journeys.people import Person
from tests.journeys.town import Town

AWAY = Fault(at=TOKEN_ENDPOINT, status=503)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """An API whose people may connect the calendars of `google`; `ada` is one of them."""

    town: Town
    google: FakeGoogle
    accounts: Accounts
    http: httpx2.AsyncClient
    ada: Person

    async def sent_back(self) -> str:
        """Let Ada ask, go to Google and do as she likes there; return where her browser is sent back to."""
        url = (await self.ada.post("/calendar/google"))["authorizationUrl"]
        async with httpx2.AsyncClient() as browser:
            answer = await browser.get(url)
        back = urlsplit(answer.headers["Location"])
        return f"{back.path}?{back.query}"

    async def kept(self) -> str | None:
        """Return the refresh token that we keep of Ada."""
        async with self.town.sessions() as session:
            sealed = await calendars.consent_of(session, self.ada.id)
        return self.accounts.sealer.open(sealed) if sealed else None

    async def is_connected(self) -> bool:
        return bool((await self.ada.get("/calendar"))["google"]["connected"])


@pytest_asyncio.fixture
async def scene(town: Town, town_url: str) -> AsyncIterator[Scene]:
    google = FakeGoogle()
    async with google.at_work():
        accounts = Accounts(
            consent=google.consent(timeout=PATIENCE / 2), sealer=Sealer([Fernet.generate_key().decode()])
        )
        app = front.assembled(database_url=town_url, engine=front.address_of(town.engine), accounts=accounts)
        async with front.knocking(app) as http:
            ada = replace(town.customer(), http=http)
            yield Scene(town=town, google=google, accounts=accounts, http=http, ada=ada)


def says(answer: httpx2.Response) -> str:
    """Return what a page says, which has neither script nor anything from elsewhere."""
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert not any(word in answer.text for word in ("<script", "src=", "href=", "http"))
    return answer.text


async def test_who_lets_us_in_is_connected_until_they_leave(scene: Scene) -> None:
    assert await scene.is_connected() is False

    back = await scene.sent_back()
    page = await scene.http.get(back)

    assert page.status_code == 200
    assert "Your calendar is connected" in says(page)
    assert await scene.is_connected() is True
    token = await scene.kept()
    assert token
    await scene.accounts.consent.refresh(token)  # it opens the calendar

    gone = await scene.ada.ask("DELETE", "/calendar/google")

    assert (gone.status_code, gone.content) == (204, b"")
    assert (await scene.is_connected(), await scene.kept()) == (False, None)
    with pytest.raises(ConsentGone):
        await scene.accounts.consent.refresh(token)
    assert (await scene.ada.ask("DELETE", "/calendar/google")).status_code == 204


async def test_what_we_keep_is_sealed_and_what_came_by_is_in_no_log_line(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with capture_logs() as lines:
        back = await scene.sent_back()
        await scene.http.get(back)
        await scene.http.get(back)
        await scene.ada.ask("DELETE", "/calendar/google")

    rows = await scene.town.rows("SELECT * FROM calendar_account WHERE person_id = :id", id=scene.ada.id)
    # The browser and the Google of this test say where they go; those are no lines of ours.
    ours = [each.getMessage() for each in caplog.records if not each.name.startswith(("http", "uvicorn"))]
    said = f"{lines} {ours} {rows}"
    state = httpx2.URL(back).params["state"]
    assert not any(secret in said for secret in (*scene.google.accounts.secrets, state))


async def test_a_way_back_is_good_for_once(scene: Scene) -> None:
    back = await scene.sent_back()
    await scene.http.get(back)
    await scene.ada.ask("DELETE", "/calendar/google")

    again = await scene.http.get(back)

    assert (again.status_code, await scene.is_connected()) == (400, False)
    assert "used before" in says(again)


async def test_who_asks_again_goes_the_new_way(scene: Scene) -> None:
    first, second = await scene.sent_back(), await scene.sent_back()

    assert (await scene.http.get(first)).status_code == 400
    assert (await scene.http.get(second)).status_code == 200


async def test_ten_minutes_later_it_is_too_late(scene: Scene) -> None:
    back = await scene.sent_back()
    (asked,) = await scene.town.rows(
        "SELECT pending_until - now() AS rest FROM calendar_account WHERE person_id = :id", id=scene.ada.id
    )
    async with scene.town.sessions.begin() as session:
        over = text("UPDATE calendar_account SET pending_until = now() WHERE person_id = :id")
        await session.execute(over, {"id": scene.ada.id})

    late = await scene.http.get(back)

    assert timedelta(minutes=9) < asked["rest"] <= timedelta(minutes=10)
    assert late.status_code == 400
    assert "has run out" in says(late)


async def test_who_does_not_let_us_in_is_not_connected(scene: Scene) -> None:
    scene.google.accounts.allows = None

    page = await scene.http.get(await scene.sent_back())

    assert (page.status_code, await scene.is_connected()) == (400, False)
    assert "You did not let us in." in says(page)


async def test_who_unticks_what_we_need_is_not_connected(scene: Scene) -> None:
    scene.google.accounts.allows = "openid"

    page = await scene.http.get(await scene.sent_back())

    assert (page.status_code, await scene.is_connected()) == (400, False)
    assert "not connected" in says(page)


@pytest.mark.parametrize(
    "query",
    [
        "",
        "code=x",
        "state=x",
        "code=x&state=made-up",
        "error=access_denied",
        "error=%3Cscript%3E&state=made-up",
        "state=" + "x" * 5_000,
        "state=%e2%80%a8&code=%f0%9f%92%a9",
        "state[]=x&code[]=y",
    ],
)
async def test_who_was_not_sent_there_is_told_so(scene: Scene, query: str) -> None:
    answer = await scene.http.get(f"/calendar/google/callback?{query}")

    assert answer.status_code == 400
    assert "used before" in says(answer)


@pytest.mark.parametrize("code", ["", "code=", "code=%e2%80%a8", "code=" + "x" * 3_000, "code=forged"])
async def test_a_code_that_is_none_connects_nobody(scene: Scene, code: str) -> None:
    state = httpx2.URL(await scene.sent_back()).params["state"]

    answer = await scene.http.get(f"/calendar/google/callback?state={state}&{code}")

    assert (answer.status_code, await scene.is_connected()) == (400, False)
    assert "not connected" in says(answer)


@pytest.mark.parametrize(
    "fault", [AWAY, replace(AWAY, trouble=Trouble.DROPS), replace(AWAY, trouble=Trouble.HANGS)]
)
async def test_when_google_is_away_the_page_says_so(scene: Scene, fault: Fault) -> None:
    back = await scene.sent_back()
    scene.google.meets(fault)

    answer = await scene.http.get(back)

    assert (answer.status_code, await scene.is_connected()) == (503, False)
    assert "Google does not answer" in says(answer)


async def test_who_leaves_is_forgotten_even_if_google_does_not_hear_of_it(scene: Scene) -> None:
    await scene.http.get(await scene.sent_back())
    scene.google.meets(Fault(at=REVOKE_ENDPOINT, status=500))

    with capture_logs() as lines:
        gone = await scene.ada.ask("DELETE", "/calendar/google")

    assert (gone.status_code, await scene.kept()) == (204, None)
    assert "calendar.google.not_revoked" in [line["event"] for line in lines]


async def test_who_takes_it_back_at_googles_can_leave_here_too(scene: Scene) -> None:
    await scene.http.get(await scene.sent_back())
    token = await scene.kept()
    assert token
    scene.google.accounts.take_back(token)

    gone = await scene.ada.ask("DELETE", "/calendar/google")

    assert (gone.status_code, await scene.is_connected()) == (204, False)


async def test_where_it_is_switched_off_there_is_no_such_door(town: Town) -> None:
    ada = town.customer()

    assert (await ada.refused("/calendar/google", {}))["code"] == "NOT_FOUND"
    assert (await ada.refused("/calendar/google/callback", method="GET"))["code"] == "NOT_FOUND"
    assert (await ada.get("/calendar"))["google"] is None
    assert (await ada.ask("DELETE", "/calendar/google")).status_code == 204
