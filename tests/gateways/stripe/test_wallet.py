"""Cards that people leave with Stripe, and the accounts that get paid."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
import stripe

from fulfillment.gateways.payments import CardOnFile, PaymentFailed, PaymentRefused
from fulfillment.gateways.stripe_client import OutcomeUnknown
from fulfillment.gateways.stripe_wallet import ELSEWHERE, NO_CARD, StoredCard, StripeWallet
from tests.gateways.stripe.faults import Kind
from tests.gateways.stripe.serving import SECRET_KEY, Stripe


@pytest_asyncio.fixture(scope="module")
async def wallet(fake_stripe: Stripe) -> AsyncIterator[StripeWallet]:
    door = StripeWallet(key=SECRET_KEY, base=fake_stripe.url)
    yield door
    await door.aclose()


@pytest.fixture(scope="module")
def sdk(fake_stripe: Stripe, wallet: StripeWallet) -> stripe.StripeClient:
    """The SDK by itself, for what is none of our door's business."""
    return stripe.StripeClient(SECRET_KEY, base_addresses={"api": fake_stripe.url}, http_client=wallet._http)


@pytest.fixture
def person(request: pytest.FixtureRequest) -> str:
    """Somebody whom no other test knows."""
    return f"person-of-{request.node.name}"


class TestRemembering:
    async def test_a_new_card_is_attached_to_a_new_customer(
        self, fake_stripe: Stripe, wallet: StripeWallet, sdk: stripe.StripeClient, person: str
    ) -> None:
        method = await fake_stripe.control.new_method()

        stored = await wallet.remember(person, method, None)

        assert stored == StoredCard(
            on_file=CardOnFile(customer_ref=stored.on_file.customer_ref, method_ref=method),
            brand="visa",
            last4="4242",
            exp_month=12,
            exp_year=2040,
        )
        customer = await sdk.v1.customers.retrieve_async(stored.on_file.customer_ref)
        assert customer.to_dict()["metadata"] == {"person_id": person}
        assert (customer.name, customer.email) == (None, None)

    async def test_a_repeat_changes_nothing(
        self, fake_stripe: Stripe, wallet: StripeWallet, person: str
    ) -> None:
        method = await fake_stripe.control.new_method()

        first = await wallet.remember(person, method, None)
        again = await wallet.remember(person, method, None)
        known = await wallet.remember(person, method, first.on_file.customer_ref)

        assert first == again == known
        assert len((await fake_stripe.control.ledger()).asked("attach", id=method)) == 1

    async def test_a_card_of_somebody_else_is_refused(
        self, fake_stripe: Stripe, wallet: StripeWallet, person: str
    ) -> None:
        method = await fake_stripe.control.new_method()
        await wallet.remember("somebody else", method, None)

        with pytest.raises(PaymentRefused) as refused:
            await wallet.remember(person, method, None)

        assert refused.value.code == ELSEWHERE

    async def test_a_card_that_is_none_is_refused(self, wallet: StripeWallet, person: str) -> None:
        with pytest.raises(PaymentRefused) as refused:
            await wallet.remember(person, "pm_nobody", None)

        assert refused.value.code == "resource_missing"

    async def test_what_is_no_card_is_refused(
        self, wallet: StripeWallet, person: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def bank_account(*_: object) -> stripe.PaymentMethod:
            values = {"id": "pm_1", "object": "payment_method", "type": "sepa_debit", "customer": None}
            return stripe.PaymentMethod.construct_from(values, None)

        monkeypatch.setattr(wallet._v1.payment_methods, "retrieve_async", bank_account)

        with pytest.raises(PaymentRefused) as refused:
            await wallet.remember(person, "pm_1", None)

        assert refused.value.code == NO_CARD

    @pytest.mark.parametrize("kind", [Kind.ERROR_AFTER, Kind.DROP_AFTER])
    @pytest.mark.parametrize("op", ["create_customer", "attach"])
    async def test_an_answer_that_got_lost_is_asked_for_again(
        self, fake_stripe: Stripe, wallet: StripeWallet, person: str, op: str, kind: Kind
    ) -> None:
        method = await fake_stripe.control.new_method()
        await fake_stripe.control.fault(kind, op)

        with pytest.raises(OutcomeUnknown):
            await wallet.remember(person, method, None)
        stored = await wallet.remember(person, method, None, spare=1)

        assert stored.on_file.method_ref == method


class TestStarting:
    async def test_a_card_that_was_left_in_the_browser_is_remembered(
        self, fake_stripe: Stripe, wallet: StripeWallet, person: str
    ) -> None:
        customer, secret = await wallet.start(person, None)
        setup = await fake_stripe.control.set_up(secret.split("_secret_")[0])

        stored = await wallet.remember(person, setup["payment_method"], customer)

        assert stored.on_file == CardOnFile(customer_ref=customer, method_ref=setup["payment_method"])
        assert (setup["usage"], setup["customer"]) == ("off_session", customer)

    async def test_a_repeat_is_for_the_same_customer(self, wallet: StripeWallet, person: str) -> None:
        first = await wallet.start(person, None)

        again = await wallet.start(person, None)
        known = await wallet.start(person, first.customer_ref)

        assert first.customer_ref == again.customer_ref == known.customer_ref
        assert len({first.client_secret, again.client_secret, known.client_secret}) == 3

    async def test_a_customer_that_is_none_is_refused(self, wallet: StripeWallet, person: str) -> None:
        with pytest.raises(PaymentRefused) as refused:
            await wallet.start(person, "cus_nobody")

        assert refused.value.code == "resource_missing"


class TestActing:
    async def test_the_browser_gets_what_it_needs(
        self, wallet: StripeWallet, sdk: stripe.StripeClient
    ) -> None:
        intent = await sdk.v1.payment_intents.create_async({"amount": 100, "currency": "eur"})

        assert await wallet.client_secret(intent.id) == intent.client_secret


class TestAccounts:
    @pytest.mark.parametrize("ready", [True, False])
    async def test_one_is_ready_when_money_can_be_passed_on(
        self, fake_stripe: Stripe, wallet: StripeWallet, *, ready: bool
    ) -> None:
        account = await fake_stripe.control.new_account(transfers=ready)

        assert await wallet.account_ready(account) is ready

    async def test_one_that_is_none_is_refused(self, wallet: StripeWallet) -> None:
        with pytest.raises(PaymentRefused):
            await wallet.account_ready("acct_nobody")

    async def test_a_busy_stripe_is_asked_again(self, fake_stripe: Stripe, wallet: StripeWallet) -> None:
        await fake_stripe.control.fault(Kind.RATE_LIMITED, "retrieve_account")

        with pytest.raises(PaymentFailed) as failed:
            await wallet.account_ready("acct_1")

        assert failed.value.retry_after == 1.0
