"""What people pay with and are paid to: over HTTP, with a Stripe at work."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import httpx2
import pytest
import pytest_asyncio
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from structlog.testing import capture_logs

from api import main, wallet
from fulfillment.domain.people import Role
from fulfillment.gateways.stripe_wallet import StripeWallet
from fulfillment.store import wallets
from fulfillment.store.wallets import PayoutAccount, Wallet
from tests.api.front import ISSUER, front, knocking
from tests.gateways.stripe.faults import Kind
from tests.gateways.stripe.serving import SECRET_KEY, Stripe, serving
from tests.journeys.people import Json, Person, problem_of
from tests.journeys.town import fresh

CARD = "/me/payment-method"
SETUP = "/me/payment-method/setup"
SHOWN: Json = {"brand": "visa", "last4": "4242", "expMonth": 12, "expYear": 2040}
AWAY = [Kind.ERROR_BEFORE, Kind.DROP_BEFORE, Kind.HANG_BEFORE, Kind.RATE_LIMITED, Kind.ERROR_AFTER]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """An API that knows the way to `stripe`; `ada` is a customer whom nobody has heard of."""

    stripe: Stripe
    database: AsyncEngine
    http: httpx2.AsyncClient
    ada: Person

    def person(self, role: Role, id: str = "") -> Person:
        id = id or fresh(role)
        return Person(id=id, role=role, token=ISSUER.mint(sub=id, role=role), http=self.http)

    async def asks(self, who: Person) -> str:
        """Return the id of a setup intent that somebody was sent to Stripe's form with."""
        secret: str = (await who.post(SETUP))["clientSecret"]
        return secret.partition("_secret_")[0]

    async def leaves(self, who: Person, method: str) -> Json:
        answer = await who.ask("PUT", CARD, {"paymentMethod": method})
        assert answer.status_code == 200, answer.text
        said: Json = answer.json()
        return said

    async def kept(self, who: Person) -> Wallet | None:
        async with AsyncSession(self.database) as session:
            return await wallets.find(session, who.id)

    async def customers(self, who: Person) -> int:
        """Return how many customers Stripe was asked to make for somebody."""
        asked = (await self.stripe.control.ledger()).asked("create_customer")
        named = [each for each in asked if each["params"]["metadata"] == {"person_id": who.id}]
        return len([each for each in named if not each["replayed"]])


@pytest_asyncio.fixture(scope="module")
async def stripe() -> AsyncIterator[Stripe]:
    async with serving() as fake:
        yield fake


@pytest_asyncio.fixture
async def scene(stripe: Stripe, postgres: AsyncEngine) -> AsyncIterator[Scene]:
    door = StripeWallet(key=SECRET_KEY, base=stripe.url)
    app = front(database=postgres, routers=main.ROUTERS)
    app.state.desk = replace(app.state.desk, wallet=door)
    async with knocking(app) as http:
        id = fresh("ada")
        ada = Person(id=id, role=Role.CUSTOMER, token=ISSUER.mint(sub=id, role=Role.CUSTOMER), http=http)
        yield Scene(stripe=stripe, database=postgres, http=http, ada=ada)
    await stripe.control.drop_faults()
    await door.aclose()


class TestACard:
    async def test_is_told_to_stripe_alone_and_shown_as_its_owner_knows_it(self, scene: Scene) -> None:
        nothing = await scene.ada.refused(CARD, method="GET")
        setup = await scene.asks(scene.ada)
        method = (await scene.stripe.control.set_up(setup))["payment_method"]

        left = await scene.leaves(scene.ada, method)

        assert nothing["code"] == "NOT_FOUND"
        assert left == SHOWN == await scene.ada.get(CARD)
        known = await scene.kept(scene.ada)
        assert known
        assert known.card
        assert (known.customer_ref.partition("_")[0], known.card.method_ref) == ("cus", method)

    async def test_may_be_left_without_a_setup(self, scene: Scene) -> None:
        method = await scene.stripe.control.new_method()

        assert await scene.leaves(scene.ada, method) == SHOWN

    async def test_is_left_once_however_often_it_is_said(self, scene: Scene) -> None:
        method = await scene.stripe.control.new_method()

        said = [await scene.leaves(scene.ada, method) for _ in range(3)]

        assert said == [SHOWN] * 3
        assert await scene.customers(scene.ada) == 1
        assert len((await scene.stripe.control.ledger()).asked("attach", id=method)) == 1

    async def test_takes_the_place_of_the_one_before_with_the_same_customer(self, scene: Scene) -> None:
        first, second = [await scene.stripe.control.new_method() for _ in range(2)]
        await scene.leaves(scene.ada, first)
        before = await scene.kept(scene.ada)

        await scene.leaves(scene.ada, second)

        after = await scene.kept(scene.ada)
        assert before
        assert after
        assert after.card
        assert (after.customer_ref, after.card.method_ref) == (before.customer_ref, second)

    async def test_is_forgotten_and_may_be_left_again(self, scene: Scene) -> None:
        method = await scene.stripe.control.new_method()
        await scene.leaves(scene.ada, method)

        gone = [(await scene.ada.ask("DELETE", CARD)).status_code for _ in range(2)]

        assert gone == [204, 204]
        assert (await scene.ada.refused(CARD, method="GET"))["code"] == "NOT_FOUND"
        assert await scene.leaves(scene.ada, method) == SHOWN
        assert await scene.customers(scene.ada) == 1

    async def test_of_somebody_else_is_not_taken(self, scene: Scene) -> None:
        method, eve = await scene.stripe.control.new_method(), scene.person(Role.CUSTOMER)
        await scene.leaves(scene.ada, method)

        problem = await eve.refused(CARD, {"paymentMethod": method}, method="PUT")

        assert (problem["status"], problem["code"]) == (422, "VALUE_INVALID")
        assert problem["detail"] == (
            "paymentMethod: Stripe does not take it (payment_method_attached_elsewhere)"
        )
        assert (await eve.refused(CARD, method="GET"))["code"] == "NOT_FOUND"

    async def test_that_stripe_does_not_know_is_not_taken(self, scene: Scene) -> None:
        problem = await scene.ada.refused(CARD, {"paymentMethod": "pm_nobodys"}, method="PUT")

        assert (problem["code"], problem["detail"]) == (
            "VALUE_INVALID",
            "paymentMethod: Stripe does not take it (resource_missing)",
        )
        assert await scene.kept(scene.ada) is None

    @pytest.mark.parametrize(
        "method",
        ["", "4242424242424242", "tok_visa", "pm_", "pm_1/attach", "pm_1\n", "pm_" + "x" * 300, 7, None],
    )
    async def test_that_can_be_none_does_not_reach_stripe(self, scene: Scene, method: object) -> None:
        before = len((await scene.stripe.control.ledger()).requests)

        problem = await scene.ada.refused(CARD, {"paymentMethod": method}, method="PUT")

        assert problem["code"] == "INVALID_BODY"
        assert [each["field"] for each in problem["errors"]] == ["paymentMethod"]
        assert len((await scene.stripe.control.ledger()).requests) == before


class TestASetup:
    async def test_is_asked_for_as_often_as_one_likes_by_one_customer(self, scene: Scene) -> None:
        first, second = await scene.asks(scene.ada), await scene.asks(scene.ada)

        assert first != second
        assert await scene.customers(scene.ada) == 1

    async def test_leaves_the_card_that_is_there(self, scene: Scene) -> None:
        await scene.leaves(scene.ada, await scene.stripe.control.new_method())

        await scene.asks(scene.ada)

        assert await scene.ada.get(CARD) == SHOWN

    async def test_makes_whom_stripe_has_forgotten_a_customer_anew(self, scene: Scene) -> None:
        async with AsyncSession(scene.database) as session, session.begin():
            await wallets.keep_customer(session, scene.ada.id, customer_ref="cus_of_another_account")

        setup = await scene.asks(scene.ada)

        method = (await scene.stripe.control.set_up(setup))["payment_method"]
        assert await scene.leaves(scene.ada, method) == SHOWN

    async def test_tells_its_secret_to_nobody_else(self, scene: Scene) -> None:
        with capture_logs() as lines:
            answer = await scene.ada.ask("POST", SETUP)

        assert answer.json()["clientSecret"] not in str(lines)
        assert answer.headers["Cache-Control"] == "no-store"


class TestWhenStripeIsAway:
    @pytest.fixture(autouse=True)
    def impatient(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(wallet, "PATIENCE", 0.5)

    @pytest.mark.parametrize("kind", AWAY)
    async def test_one_is_told_when_to_come_back_and_may(self, scene: Scene, kind: Kind) -> None:
        method = await scene.stripe.control.new_method()
        await scene.stripe.control.fault(kind, "create_customer", metadata={"person_id": scene.ada.id})

        answer = await scene.ada.ask("PUT", CARD, {"paymentMethod": method})

        assert (answer.status_code, problem_of(answer)["code"]) == (503, "ENGINE_UNAVAILABLE")
        assert 1 <= int(answer.headers["Retry-After"]) <= 60
        assert await scene.kept(scene.ada) is None
        assert await scene.ada.ask("GET", CARD)

    async def test_a_card_that_was_attached_without_an_answer_is_left_at_the_second_try(
        self, scene: Scene
    ) -> None:
        method = await scene.stripe.control.new_method()
        await scene.stripe.control.fault(Kind.DROP_AFTER, "attach")

        lost = await scene.ada.ask("PUT", CARD, {"paymentMethod": method})

        assert lost.status_code == 503
        assert await scene.leaves(scene.ada, method) == SHOWN
        assert await scene.customers(scene.ada) == 1

    async def test_what_is_our_own_mistake_is_not_told_as_theirs(self, scene: Scene) -> None:
        await scene.stripe.control.fault(Kind.UNAUTHORISED, "retrieve_method")

        with capture_logs() as lines:
            answer = await scene.ada.ask("PUT", CARD, {"paymentMethod": "pm_card_visa"})

        assert (answer.status_code, problem_of(answer)["code"]) == (500, "INTERNAL")
        assert [line["event"] for line in lines if line["log_level"] == "error"] == ["http.request.failed"]


class TestAPayoutAccount:
    async def test_is_named_by_staff_and_seen_by_its_provider(self, scene: Scene) -> None:
        bob, account = scene.person(Role.PROVIDER), await scene.stripe.control.new_account()
        path = f"/people/{bob.id}/payout-account"
        nothing = await bob.refused("/me/payout-account", method="GET")

        said = await scene.person(Role.OPS).ask("PUT", path, {"account": account})

        assert nothing["code"] == "NOT_FOUND"
        assert said.json() == {"account": account, "ready": True}
        assert await bob.get("/me/payout-account") == said.json()
        assert await scene.person(Role.ADMIN).get(path) == said.json()

    async def test_that_cannot_be_paid_yet_says_so(self, scene: Scene) -> None:
        bob, account = scene.person(Role.PROVIDER), await scene.stripe.control.new_account(transfers=False)

        said = await scene.person(Role.OPS).ask(
            "PUT", f"/people/{bob.id}/payout-account", {"account": account}
        )

        assert said.json() == {"account": account, "ready": False}
        async with AsyncSession(scene.database) as session:
            kept = await wallets.account_of(session, bob.id)
        assert kept == PayoutAccount(provider_id=bob.id, account_ref=account, ready=False)

    @pytest.mark.parametrize("id", ["auth0|bob", "org/bob", "org/bob/payout-account"])
    async def test_is_anybodys_whatever_they_are_called(self, scene: Scene, id: str) -> None:
        bob, ops = scene.person(Role.PROVIDER, id), scene.person(Role.OPS)
        account = await scene.stripe.control.new_account()

        said = await ops.ask("PUT", f"/people/{id}/payout-account", {"account": account})

        assert said.json() == {"account": account, "ready": True} == await bob.get("/me/payout-account")

    async def test_that_stripe_does_not_know_is_not_taken(self, scene: Scene) -> None:
        path = f"/people/{fresh('bob')}/payout-account"

        problem = await scene.person(Role.OPS).refused(path, {"account": "acct_nobodys"}, method="PUT")

        assert (problem["status"], problem["code"]) == (422, "VALUE_INVALID")
        assert problem["detail"].startswith("account: Stripe does not take it (")
        assert (await scene.person(Role.OPS).refused(path, method="GET"))["code"] == "NOT_FOUND"


async def test_where_money_is_moved_by_hand_there_is_no_such_door(postgres: AsyncEngine) -> None:
    async with knocking(front(database=postgres, routers=main.ROUTERS)) as http:

        def person(role: Role) -> Person:
            return Person(id=role, role=role, token=ISSUER.mint(sub=role, role=role), http=http)

        ada, bob, ops = person(Role.CUSTOMER), person(Role.PROVIDER), person(Role.OPS)
        account = "/people/bob/payout-account"
        refused = [
            await ada.refused(CARD, method="GET"),
            await ada.refused(CARD, {"paymentMethod": "pm_card_visa"}, method="PUT"),
            await ada.refused(SETUP, {}),
            await bob.refused("/me/payout-account", method="GET"),
            await ops.refused(account, method="GET"),
            await ops.refused(account, {"account": "acct_1"}, method="PUT"),
        ]
        forgotten = await ada.ask("DELETE", CARD)

    assert [each["code"] for each in refused] == ["NOT_FOUND"] * 6
    assert forgotten.status_code == 204
