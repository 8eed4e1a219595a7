"""People say how they are reached, and take their visits into calendars elsewhere."""

from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

import httpx2
import pytest

from fulfillment.domain.people import Role
from fulfillment.store import wallets
from tests.api.ui.browser import Browser, Page, page_of
from tests.api.ui.test_hostile_texts import HOSTILE
from tests.journeys import front
from tests.journeys.town import Town, fresh

OpenBrowser = Callable[..., Awaitable[Browser]]

ADA = {
    "name": "Ada Albrecht",
    "timezone": "America/New_York",
    "email": "ada@example.org",
    "phone": "+49 (30) 123 456",
    "smsConsent": "yes",
}


async def me(open_browser: OpenBrowser, role: Role = Role.CUSTOMER) -> tuple[Browser, str, Page]:
    id = fresh(role)
    somebody = await open_browser(id, role)
    return somebody, id, await somebody.see("/ui/me")


@pytest.mark.parametrize("role", [Role.CUSTOMER, Role.PROVIDER, Role.OPS, Role.ADMIN])
async def test_everybody_says_how_they_are_reached(open_browser: OpenBrowser, town: Town, role: Role) -> None:
    somebody, id, page = await me(open_browser, role)

    saved = await somebody.follow(await somebody.submit(page, "me", **ADA))

    assert saved.said == "What you said about yourself is saved."
    kept = await town.person(role, id).get("/me")
    assert (kept["name"], kept["timezone"], kept["email"]) == (
        "Ada Albrecht",
        "America/New_York",
        "ada@example.org",
    )
    assert (kept["phone"], kept["smsConsent"]) == ("+4930123456", True)
    # They stay signed in, and read the clock that they chose.
    assert "Times are shown by the clocks of America/New_York." in saved.root.text


async def test_what_is_left_empty_is_forgotten(open_browser: OpenBrowser, town: Town) -> None:
    somebody, id, page = await me(open_browser)
    page = await somebody.follow(await somebody.submit(page, "me", **ADA))
    sent = {**page.fields("me"), "email": " ", "phone": ""}
    del sent["smsConsent"]

    await somebody.post("/ui/me", sent)

    kept = await town.person(Role.CUSTOMER, id).get("/me")
    assert (kept["email"], kept["phone"], kept["smsConsent"]) == (None, None, False)


@pytest.mark.parametrize(
    ("changed", "field", "says"),
    [
        ({"name": " "}, "name", "Please fill this in."),
        ({"email": "ada"}, "email", "This is no e-mail address."),
        ({"phone": "030 123456"}, "phone", "Please write it with the code of the country"),
        ({"timezone": "Mars/Olympus"}, "timezone", "'Mars/Olympus' is not an IANA timezone"),
    ],
)
async def test_what_cannot_be_is_said_at_its_field(
    open_browser: OpenBrowser, town: Town, changed: dict[str, str], field: str, says: str
) -> None:
    somebody, id, page = await me(open_browser)

    again = page_of(await somebody.submit(page, "me", **{**ADA, **changed}))

    assert again.status == 422
    assert again.errors("me")[0].startswith(says)
    assert again.form("me").one(name=field).attributes["aria-invalid"] == "true"
    assert {**again.fields("me"), **ADA, **changed} == again.fields("me")
    assert (await town.person(Role.CUSTOMER, id).get("/me"))["name"] == id


@pytest.mark.parametrize("text", HOSTILE)
async def test_what_they_type_is_text(open_browser: OpenBrowser, text: str) -> None:
    somebody, _, page = await me(open_browser)

    typed = {"name": text, "email": text, "phone": text, "timezone": text}
    again = page_of(await somebody.submit(page, "me", **typed))

    assert again.status == 422
    assert {name: again.fields("me")[name] for name in typed} == typed


class TestTheFeed:
    async def test_its_address_is_shown_once_and_works(self, open_browser: OpenBrowser, town: Town) -> None:
        deal = await town.scheduled()
        somebody = await open_browser(deal.customer.id)

        made = await somebody.follow(await somebody.submit(await somebody.see("/ui/me"), "feed"))

        address = made.root.one("input", id="feed-address").value
        assert made.said.startswith("Your feed is ready.")
        assert (await read(somebody, address)).content.count(b"BEGIN:VEVENT") == 1
        later = await somebody.see("/ui/me")
        assert address not in later.answer.text
        assert "Your calendar can read your visits since" in later.text

    async def test_a_new_one_ends_the_last_and_switching_it_off_ends_it(
        self, open_browser: OpenBrowser
    ) -> None:
        somebody, _, page = await me(open_browser, Role.PROVIDER)
        first = await somebody.follow(await somebody.submit(page, "feed"))
        second = await somebody.follow(await somebody.submit(await somebody.see("/ui/me"), "feed"))
        addresses = [each.root.one("input", id="feed-address").value for each in (first, second)]
        assert [(await read(somebody, each)).status_code for each in addresses] == [404, 200]

        off = await somebody.follow(await somebody.submit(await somebody.see("/ui/me"), "revoke"))

        assert off.said == "The feed is gone. Its address does not work any more."
        assert (await read(somebody, addresses[1])).status_code == 404
        assert off.has_form("feed")

    async def test_staff_have_none(self, open_browser: OpenBrowser) -> None:
        somebody, _, page = await me(open_browser, Role.OPS)

        answer = await somebody.post("/ui/me/calendar/feed", {"csrf": await csrf(page)})

        assert not page.has_form("feed")
        assert answer.status_code == 403

    async def test_another_site_makes_none(self, open_browser: OpenBrowser) -> None:
        somebody, _, page = await me(open_browser)

        answer = await somebody.post(
            "/ui/me/calendar/feed", {"csrf": await csrf(page)}, Sec_Fetch_Site="cross-site"
        )

        assert answer.status_code == 403
        assert "Subscribe to your visits" in (await somebody.see("/ui/me")).text


class TestGoogle:
    async def test_where_it_is_switched_off_it_is_not_spoken_of(self, open_browser: OpenBrowser) -> None:
        somebody, _, page = await me(open_browser)

        answers = [
            await somebody.post(f"/ui/me/calendar/google{more}", {"csrf": await csrf(page)})
            for more in ("", "/disconnect")
        ]

        assert "Google" not in page.text
        assert [answer.status_code for answer in answers] == [404, 404]


async def test_a_card_is_shown_by_what_its_owner_knows_it_by(town: Town, town_url: str) -> None:
    app = front.assembled(
        database_url=town_url, engine=front.address_of(town.engine), stripe="http://127.0.0.1:1"
    )
    async with app.router.lifespan_context(app):
        somebody = Browser(httpx2.ASGITransport(app))
        id = fresh("ada")
        await somebody.sign_in(id, Role.CUSTOMER)
        assert "You have not given us a card yet." in (await somebody.see("/ui/me")).text
        await keep_card(town, id)

        page = await somebody.see("/ui/me")
        gone = await somebody.follow(await somebody.submit(page, "forget-card"))

    assert "Visa ending in 4242 Valid until 07/2031." in page.text
    assert gone.said.startswith("Your card is forgotten.")
    assert "4242" not in gone.text


async def keep_card(town: Town, id: str) -> None:
    card = wallets.KeptCard(method_ref="pm_1", brand="visa", last4="4242", exp_month=7, exp_year=2031)
    async with town.sessions.begin() as session:
        await wallets.keep_card(session, id, customer_ref="cus_1", card=card)


async def read(somebody: Browser, address: str) -> httpx2.Response:
    return await somebody.ask(urlsplit(address).path)


async def csrf(page: Page) -> str:
    return next(page.root.all("input", name="csrf")).value
