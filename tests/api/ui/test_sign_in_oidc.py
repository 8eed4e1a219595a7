"""Signing in at a provider over real HTTP: what it says is believed when all of it is right."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx2
import jwt
import pytest
import pytest_asyncio

from api.issuers import OidcIssuer
from api.tokens import Expected
from api.ui.entrance import Entrance
from api.ui.oidc import Client, Oidc
from fulfillment.domain.people import Role
from fulfillment.store import directory
from fulfillment.store.directory import Person
from tests.api.issuer import EC, OTHER_RSA, RSA
from tests.api.ui.browser import Browser, Page, page_of
from tests.api.ui.provider import FakeProvider
from tests.journeys import front
from tests.journeys.town import Town, fresh

pytestmark = pytest.mark.nightly

Json = dict[str, Any]
PATIENCE = 10.0
"""Seconds that our side waits here: a busy machine is no ill provider."""
Refuses = Callable[..., Awaitable[Page]]


@pytest_asyncio.fixture
async def provider() -> AsyncIterator[FakeProvider]:
    fake = FakeProvider()
    async with fake.at_work():
        fake.person = {"sub": fresh("ada"), "roles": ["customer"], "name": "Ada Albrecht"}
        yield fake


def entrance(fake: FakeProvider, *, secret: str | None = FakeProvider.client_secret) -> Entrance:
    """Return our side of it, as the settings would describe it."""
    client = Client(id=fake.client_id, secret=secret, redirect_uri=fake.redirect_uri, scopes="openid profile")
    algorithms = ("RS256", "ES256")
    expected = Expected(issuer=fake.url, audience="fulfillment", algorithms=algorithms)
    api = OidcIssuer(expected=expected, jwks_url=f"{fake.url}/jwks", timeout=PATIENCE)
    return Entrance(provider=Oidc(client, issuer=fake.url, algorithms=algorithms, api=api, timeout=PATIENCE))


@pytest_asyncio.fixture
async def somebody(provider: FakeProvider, town: Town, town_url: str) -> AsyncIterator[Browser]:
    """A browser at pages whose people sign in at the provider."""
    app = front.assembled(
        database_url=town_url, engine=front.address_of(town.engine), entrance=entrance(provider)
    )
    async with app.router.lifespan_context(app):
        one = Browser(httpx2.ASGITransport(app))
        yield one
        await one.close()


async def there(somebody: Browser, provider: FakeProvider, path: str = "/ui/jobs") -> str:
    """Let somebody who wants to see `path` sign in at the provider, and return where that leads."""
    page = await somebody.see(path)
    (link,) = [each for each in page.main.all("a") if each.text == "Sign in"]
    answer = await somebody.ask(link.attributes["href"])
    assert answer.status_code == 303, answer.text
    return await provider.sign_in(answer.headers["Location"])


async def refused(somebody: Browser, back: str) -> Page:
    """Return the page of a sign-in that comes to nothing."""
    page = page_of(await somebody.ask(back))
    assert (page.status, page.title) == (403, "You are not signed in")
    assert somebody.cookie() is None
    assert (await somebody.ask("/ui/jobs")).status_code == 303
    return page


class TestAllIsRight:
    async def test_they_come_back_to_where_they_wanted_to_go(
        self, somebody: Browser, provider: FakeProvider
    ) -> None:
        back = await there(somebody, provider, "/ui/jobs?limit=7")

        answer = await somebody.ask(back)

        assert answer.headers["Location"] == "/ui/jobs?limit=7"
        page = await somebody.see("/ui/jobs")
        assert page.title == "My jobs"
        assert "Ada Albrecht" in page.root.one("header", class_="top").text
        assert provider.scopes == ["openid", "profile"]

    @pytest.mark.parametrize("methods", [["client_secret_basic"], ["client_secret_post"]])
    async def test_we_say_who_we_are_as_the_provider_likes_it(
        self, somebody: Browser, provider: FakeProvider, methods: list[str]
    ) -> None:
        provider.methods = methods

        answer = await somebody.ask(await there(somebody, provider))

        assert answer.status_code == 303

    async def test_roles_may_come_with_the_access_token_alone(
        self, somebody: Browser, provider: FakeProvider
    ) -> None:
        provider.bend_claims = lambda said: said | {"roles": ...}

        answer = await somebody.ask(await there(somebody, provider))

        assert answer.status_code == 303
        assert (await somebody.see("/ui/jobs")).title == "My jobs"

    async def test_of_several_roles_one_is_acted_in_and_the_others_are_offered(
        self, somebody: Browser, provider: FakeProvider
    ) -> None:
        assert provider.person
        provider.person["roles"] = ["admin", "provider", "customer"]

        await somebody.ask(await there(somebody, provider))

        page = await somebody.see("/ui/jobs")
        offered = [each.text for each in page.root.all("button") if each.text.startswith("Act as")]
        assert offered == ["Act as admin", "Act as provider"]

    async def test_a_provider_that_names_itself_is_recognised(
        self, somebody: Browser, provider: FakeProvider
    ) -> None:
        provider.names_itself = True

        assert (await somebody.ask(await there(somebody, provider))).status_code == 303

    async def test_other_roles_than_last_time_end_what_was_begun_with_those(
        self, somebody: Browser, provider: FakeProvider, town: Town
    ) -> None:
        assert provider.person
        await somebody.ask(await there(somebody, provider))
        kept = somebody.cookie()
        provider.person["roles"] = ["provider"]
        await somebody.post("/ui/sign-out", {"csrf": await somebody.csrf()})
        assert kept

        await somebody.ask(await there(somebody, provider))

        (row,) = await town.rows(
            "SELECT roles FROM page_session WHERE person_id = :id", id=provider.person["sub"]
        )
        assert row["roles"] == ["provider"]


LATER = 3600
BENT: dict[str, Callable[[Json], Json]] = {
    "another nonce": lambda said: said | {"nonce": "of somebody else"},
    "no nonce": lambda said: said | {"nonce": ...},
    "another issuer": lambda said: said | {"iss": "https://evil.example"},
    "another audience": lambda said: said | {"aud": "another-client"},
    "our API's audience": lambda said: said | {"aud": "fulfillment"},
    "several audiences and no party": lambda said: said | {"aud": [said["aud"], "another"]},
    "another party": lambda said: said | {"azp": "another-client"},
    "expired": lambda said: said | {"exp": int(time.time()) - LATER},
    "of the future": lambda said: said | {"nbf": int(time.time()) + LATER},
    "no end": lambda said: said | {"exp": ...},
    "no subject": lambda said: said | {"sub": ...},
    "a subject with a space": lambda said: said | {"sub": "a da"},
    "a role nobody has": lambda said: said | {"roles": ["root"]},
    "a role that is ours alone": lambda said: said | {"roles": ["system"]},
    "roles that are no list": lambda said: said | {"roles": "admin"},
    "no role": lambda said: said | {"roles": []},
    "another's access token": lambda said: said | {"sub": "somebody-else", "roles": ...},
}


class TestSomethingIsWrong:
    @pytest.mark.parametrize("how", BENT)
    async def test_with_what_the_id_token_says(
        self, somebody: Browser, provider: FakeProvider, how: str
    ) -> None:
        provider.bend_claims = BENT[how]

        await refused(somebody, await there(somebody, provider))

    @pytest.mark.parametrize(
        "token",
        [
            lambda it: it[:-4] + ("AAAA" if not it.endswith("AAAA") else "BBBB"),
            lambda it: it.rpartition(".")[0] + ".",
            lambda _: "",
            lambda _: "no.token.atall",
            lambda it: jwt.encode(_read(it), key="", algorithm="none", headers={"kid": "ec"}),
            lambda it: jwt.encode(
                _read(it), key="a public key" * 4, algorithm="HS256", headers={"kid": "ec"}
            ),
            lambda it: jwt.encode(_read(it), key=OTHER_RSA, algorithm="RS256", headers={"kid": "rsa"}),
            lambda it: jwt.encode(_read(it), key=RSA, algorithm="RS512", headers={"kid": "rsa"}),
            lambda it: jwt.encode(_read(it), key=EC, algorithm="ES256", headers={"kid": "unknown"}),
        ],
        ids=[
            "spoilt",
            "unsigned",
            "absent",
            "no token",
            "none",
            "HS256",
            "another key",
            "RS512",
            "no such key",
        ],
    )
    async def test_with_how_it_is_signed(
        self, somebody: Browser, provider: FakeProvider, token: Callable[[str], str]
    ) -> None:
        provider.bend_token = token

        await refused(somebody, await there(somebody, provider))

    async def test_with_the_state(self, somebody: Browser, provider: FakeProvider) -> None:
        back = httpx2.URL(await there(somebody, provider))

        page = await refused(somebody, str(back.copy_set_param("state", "made-up")))

        assert provider.exchanges == 0
        assert "begun elsewhere" in page.text

    async def test_a_link_that_somebody_else_has_begun_signs_nobody_in(
        self, somebody: Browser, provider: FakeProvider
    ) -> None:
        """Opened by a victim, an attacker's own answer would sign the victim in as the attacker."""
        thief = Browser(somebody.http._transport)
        back = await there(thief, provider)
        await thief.close()

        await refused(somebody, back)

        await there(somebody, provider)
        await refused(somebody, back)

    async def test_with_a_code_that_was_used(self, somebody: Browser, provider: FakeProvider) -> None:
        back = await there(somebody, provider)
        before = dict(somebody.http.cookies)
        await somebody.ask(back)
        somebody.http.cookies.clear()
        for name, value in before.items():
            somebody.http.cookies.set(name, value)

        page = page_of(await somebody.ask(back))

        assert page.status == 403
        assert "finished before" in page.text

    async def test_with_the_verifier(self, somebody: Browser, provider: FakeProvider) -> None:
        back = await there(somebody, provider)
        for asked in provider._codes.values():
            asked.challenge = "of another verifier"

        await refused(somebody, back)

    async def test_with_the_one_who_answers(self, somebody: Browser, provider: FakeProvider) -> None:
        provider.bend_answer = lambda told: told | {"iss": "https://evil.example"}

        await refused(somebody, await there(somebody, provider))

        assert provider.exchanges == 0

    async def test_with_one_who_should_name_itself_and_does_not(
        self, somebody: Browser, provider: FakeProvider
    ) -> None:
        provider.names_itself = True
        provider.bend_answer = lambda told: {name: said for name, said in told.items() if name != "iss"}

        await refused(somebody, await there(somebody, provider))

        assert provider.exchanges == 0

    async def test_with_the_person_who_says_no(self, somebody: Browser, provider: FakeProvider) -> None:
        person, provider.person = provider.person, None

        page = await refused(somebody, await there(somebody, provider))

        assert person
        assert "did not let you" in page.text

    async def test_with_their_entry_in_the_directory(
        self, somebody: Browser, provider: FakeProvider, town: Town
    ) -> None:
        assert provider.person
        async with town.sessions.begin() as session:
            entry = Person(id=provider.person["sub"], name="Ada", roles=(Role.CUSTOMER,), active=False)
            await directory.register(session, entry)

        page = await refused(somebody, await there(somebody, provider))

        assert "not active" in page.text

    async def test_nothing_was_begun(self, somebody: Browser) -> None:
        await refused(somebody, "/ui/sign-in/callback?code=x&state=y")


class TestTheProviderIsNotWell:
    @pytest.mark.parametrize(
        "bend",
        [
            lambda said: said | {"issuer": "https://evil.example"},
            lambda said: said | {"token_endpoint": "ftp://127.0.0.1/token"},
            lambda said: {name: value for name, value in said.items() if name != "jwks_uri"},
            lambda _: [],
        ],
        ids=["another issuer", "an odd endpoint", "no keys", "no object"],
    )
    async def test_what_it_says_of_itself_is_not_what_we_expect(
        self, somebody: Browser, provider: FakeProvider, bend: Callable[[Json], Json]
    ) -> None:
        provider.bend_discovery = bend

        page = page_of(await somebody.ask("/ui/sign-in/start"))

        assert (page.status, page.title) == (503, "We are out of breath")

    async def test_it_is_ill_and_recovers(self, somebody: Browser, provider: FakeProvider) -> None:
        provider.is_ill = True
        ill = await somebody.ask("/ui/sign-in/start")
        provider.is_ill = False

        answer = await somebody.ask(await there(somebody, provider))

        assert (ill.status_code, ill.headers["Retry-After"], answer.status_code) == (503, "5", 303)

    async def test_it_does_not_know_us(self, provider: FakeProvider, town: Town, town_url: str) -> None:
        app = front.assembled(
            database_url=town_url,
            engine=front.address_of(town.engine),
            entrance=entrance(provider, secret="an old one"),  # noqa: S106
        )
        async with app.router.lifespan_context(app):
            somebody = Browser(httpx2.ASGITransport(app))

            answer = await somebody.ask(await there(somebody, provider))

        assert (answer.status_code, somebody.cookie()) == (503, None)


async def test_where_people_sign_in_elsewhere_nobody_picks_who_they_are(somebody: Browser) -> None:
    page = await somebody.see("/ui/sign-in")

    answer = await somebody.post("/ui/sign-in", {"sub": "ruth", "role": "admin"})

    assert not any(page.main.all("form"))
    assert (answer.status_code, somebody.cookie()) == (404, None)


async def test_nobody_is_led_elsewhere_by_way_of_the_provider(
    somebody: Browser, provider: FakeProvider
) -> None:
    answer = await somebody.http.get("/ui/sign-in/start", params={"next": "https://evil.example/"})

    back = await somebody.ask(await provider.sign_in(answer.headers["Location"]))

    assert back.headers["Location"] == "/ui/"


def _read(token: str) -> Json:
    said: Json = jwt.decode(token, options={"verify_signature": False})
    return said
