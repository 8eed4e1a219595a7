"""What is kept of what people pay with and are paid to: the last word counts."""

from dataclasses import replace

import psycopg
import pytest

from fulfillment.store import wallets
from fulfillment.store.wallets import KeptCard, PayoutAccount, Wallet
from tests.store.diaries import Sessions, fresh_id
from tests.store.looking import sql

VISA = KeptCard(method_ref="pm_1", brand="visa", last4="4242", exp_month=12, exp_year=2030)


async def found(sessions: Sessions, person_id: str) -> Wallet | None:
    async with sessions() as session:
        return await wallets.find(session, person_id)


async def leave(sessions: Sessions, person_id: str, *cards: KeptCard) -> None:
    for card in cards:
        async with sessions.begin() as session:
            await wallets.keep_card(session, person_id, customer_ref="cus_1", card=card)


class TestACard:
    async def test_that_was_left_is_found(self, sessions: Sessions) -> None:
        ada = fresh_id("c-")

        await leave(sessions, ada, VISA, VISA)

        assert await found(sessions, ada) == Wallet(person_id=ada, customer_ref="cus_1", card=VISA)
        assert await found(sessions, "nobody") is None

    async def test_takes_the_place_of_the_one_before(self, sessions: Sessions) -> None:
        ada = fresh_id("c-")
        other = replace(VISA, method_ref="pm_2", brand="mastercard")

        await leave(sessions, ada, VISA, other)

        assert await found(sessions, ada) == Wallet(person_id=ada, customer_ref="cus_1", card=other)

    async def test_is_forgotten_and_its_owner_stays_the_same_customer(self, sessions: Sessions) -> None:
        ada = fresh_id("c-")
        await leave(sessions, ada, VISA)

        for _ in range(2):
            async with sessions.begin() as session:
                await wallets.forget_card(session, ada)

        assert await found(sessions, ada) == Wallet(person_id=ada, customer_ref="cus_1")

    async def test_stays_when_another_is_asked_for_and_goes_with_its_customer(
        self, sessions: Sessions
    ) -> None:
        ada = fresh_id("c-")
        await leave(sessions, ada, VISA)

        async with sessions.begin() as session:
            await wallets.keep_customer(session, ada, customer_ref="cus_1")
        same = await found(sessions, ada)
        async with sessions.begin() as session:
            await wallets.keep_customer(session, ada, customer_ref="cus_2")

        assert same == Wallet(person_id=ada, customer_ref="cus_1", card=VISA)
        assert await found(sessions, ada) == Wallet(person_id=ada, customer_ref="cus_2")

    async def test_is_whole_or_not_there(self, sessions: Sessions, database_url: str) -> None:
        ada = fresh_id("c-")
        await leave(sessions, ada, VISA)

        with pytest.raises(psycopg.errors.CheckViolation, match="ck_wallet_card_whole"):
            sql(database_url, "UPDATE wallet SET last4 = NULL WHERE person_id = %s", ada)


async def test_the_last_word_on_an_account_counts(sessions: Sessions) -> None:
    bob = fresh_id("p-")
    account = PayoutAccount(provider_id=bob, account_ref="acct_1", ready=False)

    for each in (account, replace(account, ready=True)):
        async with sessions.begin() as session:
            await wallets.keep_account(session, each)

    async with sessions() as session:
        assert await wallets.account_of(session, bob) == replace(account, ready=True)
        assert await wallets.account_of(session, "nobody") is None
