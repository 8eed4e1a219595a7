"""Each call to the payment provider, with a provider that answers as it is told and a real database."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.payments import (
    FAILED,
    NO_ACCOUNT,
    NOT_WRITTEN,
    OVERTAKEN,
    REFUSED,
    HoldWanted,
    MoneyWanted,
    PaymentsDoor,
    ShareWanted,
)
from fulfillment.domain.assignment.card import CardSeen, CardState
from fulfillment.domain.assignment.payout import PayoutStatus
from fulfillment.gateways.payments import (
    ApprovedPayout,
    Authorisation,
    Capture,
    Cards,
    Chargeback,
    PaymentFailed,
    PaymentRefused,
    Refund,
    Release,
    Transfer,
)
from fulfillment.store import wallets
from fulfillment.store.tables import PayoutRow
from fulfillment.store.wallets import KeptCard, PayoutAccount
from tests.domain.people import ROOT, approves, euros
from tests.store.diaries import Diary, fresh_id

Sessions = async_sessionmaker[AsyncSession]
HELD = CardSeen(state=CardState.HELD, intent_id="pi_1", amount=euros(120))
TAKEN = CardSeen(state=CardState.CAPTURED, intent_id="pi_1", amount=euros(120), captured=euros(120))


@dataclass
class Oracle(Cards):
    """A payment provider that gives one answer to whatever it is asked, and remembers the questions."""

    answer: CardSeen | Exception = TAKEN
    asked: list[Any] = field(default_factory=list)

    async def authorise(self, wanted: Authorisation) -> CardSeen:
        return self._answered(wanted)

    async def look(self, intent_id: str) -> CardSeen:
        return self._answered(intent_id)

    async def capture(self, capture: Capture) -> CardSeen:
        return self._answered(capture)

    async def release(self, release: Release) -> CardSeen:
        return self._answered(release)

    async def transfer(self, transfer: Transfer) -> str:
        self._answered(transfer)
        return "tr_1"

    async def refund(self, refund: Refund) -> str:
        self._answered(refund)
        return "re_1"

    async def chargeback(self, intent_id: str) -> Chargeback | None:
        self._answered(intent_id)
        return None

    def _answered(self, asked: object) -> CardSeen:
        self.asked.append(asked)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


async def call(activity: Callable[..., Any], given: Any, *, attempt: int = 1) -> Any:
    environment = ActivityEnvironment()
    environment.info = replace(environment.info, attempt=attempt)
    return await environment.run(activity, given)


async def refusal(activity: Callable[..., Any], given: Any) -> tuple[str | None, tuple[Any, ...], bool]:
    """Return how an activity fails: type, details, and whether that is for good."""
    with pytest.raises(ApplicationError) as failed:
        await call(activity, given)
    return failed.value.type, tuple(failed.value.details), failed.value.non_retryable


class TestHolding:
    async def payer(self, sessions: Sessions) -> str:
        person = fresh_id()
        card = KeptCard(method_ref="pm_1", brand="visa", last4="4242", exp_month=12, exp_year=2030)
        async with sessions.begin() as session:
            await wallets.keep_card(session, person, customer_ref="cus_1", card=card)
        return person

    def wanted(self, customer_id: str) -> HoldWanted:
        return HoldWanted(assignment_id="a1", customer_id=customer_id, n=2, amount=euros(120))

    async def test_asks_for_the_card_on_file(self, sessions: Sessions) -> None:
        oracle = Oracle(HELD)

        seen = await call(PaymentsDoor(oracle, sessions).place_hold, self.wanted(await self.payer(sessions)))

        assert seen == HELD
        [asked] = oracle.asked
        assert (asked.card.customer_ref, asked.card.method_ref) == ("cus_1", "pm_1")
        assert (asked.assignment_id, asked.n, asked.amount, asked.spare) == ("a1", 2, euros(120), 0)

    async def test_another_key_is_taken_after_three_failures(self, sessions: Sessions) -> None:
        oracle, payer = Oracle(HELD), await self.payer(sessions)
        door = PaymentsDoor(oracle, sessions)

        for attempt in (1, 3, 4, 7):
            await call(door.place_hold, self.wanted(payer), attempt=attempt)

        assert [asked.spare for asked in oracle.asked] == [0, 0, 1, 2]

    async def test_of_somebody_without_a_card_asks_nobody(self, sessions: Sessions) -> None:
        oracle = Oracle(HELD)

        seen = await call(PaymentsDoor(oracle, sessions).place_hold, self.wanted(fresh_id()))

        assert seen.state is CardState.MISSING
        assert oracle.asked == []

    async def test_a_refusal_is_for_the_customer_to_see_to(self, sessions: Sessions) -> None:
        oracle = Oracle(PaymentRefused("no such method", code="resource_missing"))

        seen = await call(PaymentsDoor(oracle, sessions).place_hold, self.wanted(await self.payer(sessions)))

        assert (seen.state, seen.problem) == (CardState.NEEDS_CUSTOMER, "resource_missing")

    async def test_a_wrong_key_of_ours_is_not(self, sessions: Sessions) -> None:
        door = PaymentsDoor(Oracle(PaymentRefused("who are you", code="authentication")), sessions)

        assert await refusal(door.place_hold, self.wanted(await self.payer(sessions))) == (
            REFUSED,
            ("authentication",),
            False,
        )


class TestTaking:
    """Money moves after its reason is written down, and not when the payout has gone another way."""

    @asynccontextmanager
    async def approved(self, sessions: Sessions, **changes: object) -> AsyncIterator[MoneyWanted]:
        """Yield what is to be taken for a payout whose row is as it says."""
        diary = Diary().agree().finish()
        diary.say(approves(ROOT))
        await diary.write(sessions)
        async with sessions.begin() as session:
            row = update(PayoutRow).where(PayoutRow.id == diary.it.id)
            await session.execute(row.values({"status": PayoutStatus.CAPTURING, **changes}))
        assert diary.it.payout is not None
        yield MoneyWanted(
            payout_id=diary.it.id, attempt=1, tries=2, amount=diary.it.payout.amount, intent_id="pi_1"
        )

    async def test_takes_what_was_approved(self, sessions: Sessions) -> None:
        oracle = Oracle(TAKEN)
        async with self.approved(sessions) as wanted:
            assert await call(PaymentsDoor(oracle, sessions).take_money, wanted, attempt=4) == TAKEN

        [asked] = oracle.asked
        assert (asked.payout_id, asked.attempt, asked.try_, asked.spare) == (wanted.payout_id, 1, 2, 1)
        assert (asked.amount, asked.intent_id) == (wanted.amount, "pi_1")

    @pytest.mark.parametrize("status", [PayoutStatus.PENDING_APPROVAL, PayoutStatus.APPROVED])
    async def test_waits_until_the_approval_is_written(
        self, sessions: Sessions, status: PayoutStatus
    ) -> None:
        oracle = Oracle(TAKEN)
        async with self.approved(sessions, status=status) as wanted:
            failed = await refusal(PaymentsDoor(oracle, sessions).take_money, wanted)

        assert failed == (NOT_WRITTEN, (), False)
        assert oracle.asked == []

    async def test_waits_for_a_payout_nobody_has_heard_of(self, sessions: Sessions) -> None:
        wanted = MoneyWanted(payout_id=fresh_id(), attempt=1, tries=1, amount=euros(120), intent_id="pi_1")

        assert (await refusal(PaymentsDoor(Oracle(), sessions).take_money, wanted))[0] == NOT_WRITTEN

    @pytest.mark.parametrize(
        "status",
        [
            PayoutStatus.CAPTURED,
            PayoutStatus.SETTLED_MANUAL,
            PayoutStatus.CLOSED_DENIED,
            PayoutStatus.ON_HOLD,
            PayoutStatus.DENIED,
        ],
    )
    async def test_only_looks_where_the_payout_has_gone_another_way(
        self, sessions: Sessions, status: PayoutStatus
    ) -> None:
        oracle = Oracle(HELD)
        async with self.approved(sessions, status=status) as wanted:
            failed = await refusal(PaymentsDoor(oracle, sessions).take_money, wanted)

        assert oracle.asked == ["pi_1"]
        assert failed == (REFUSED, (OVERTAKEN,), True)

    async def test_takes_no_other_amount_than_the_one_written_down(self, sessions: Sessions) -> None:
        oracle = Oracle(HELD)
        async with self.approved(sessions) as wanted:
            door = PaymentsDoor(oracle, sessions)
            failed = await refusal(door.take_money, replace(wanted, amount=euros(1)))

        assert oracle.asked == ["pi_1"]
        assert failed == (REFUSED, (OVERTAKEN,), True)

    async def test_a_run_that_was_reset_finds_its_money_taken(self, sessions: Sessions) -> None:
        async with self.approved(sessions, status=PayoutStatus.CAPTURED) as wanted:
            assert await call(PaymentsDoor(Oracle(TAKEN), sessions).take_money, wanted) == TAKEN

    async def test_a_refusal_is_final_and_says_why(self, sessions: Sessions) -> None:
        oracle = Oracle(PaymentRefused("do not honor", code="do_not_honor"))
        async with self.approved(sessions) as wanted:
            failed = await refusal(PaymentsDoor(oracle, sessions).take_money, wanted)

        assert failed == (REFUSED, ("do_not_honor",), True)

    async def test_silence_is_asked_again_when_the_provider_likes(self, sessions: Sessions) -> None:
        oracle = Oracle(PaymentFailed("too many requests", retry_after=7))
        async with self.approved(sessions) as wanted:
            with pytest.raises(ApplicationError) as failed:
                await call(PaymentsDoor(oracle, sessions).take_money, wanted)

        assert failed.value.type == FAILED
        assert not failed.value.non_retryable
        assert failed.value.next_retry_delay is not None
        assert failed.value.next_retry_delay.total_seconds() == 7

    async def test_reads_the_decision_and_not_only_the_status(self, sessions: Sessions) -> None:
        oracle = Oracle(TAKEN)
        async with self.approved(sessions) as wanted:
            failed = await refusal(PaymentsDoor(oracle, sessions).take_money, replace(wanted, attempt=2))

        assert failed[0] == NOT_WRITTEN
        assert oracle.asked == []


class TestTheRest:
    async def test_money_moved_by_hand_is_the_admins_word(self, sessions: Sessions) -> None:
        approved = ApprovedPayout(
            payout_id="p1", attempt=1, amount=euros(99), approved_by="grace", reference="receipt 12"
        )

        settled = await call(PaymentsDoor(Oracle(), sessions).settle_payout, approved)

        assert (settled.status, settled.reference) == (PayoutStatus.SETTLED_MANUAL, "receipt 12")

    async def test_a_share_goes_to_the_providers_account(self, sessions: Sessions) -> None:
        oracle, provider = Oracle(), fresh_id()
        async with sessions.begin() as session:
            account = PayoutAccount(provider_id=provider, account_ref="acct_1", ready=True)
            await wallets.keep_account(session, account)
        share = ShareWanted(payout_id="p1", provider_id=provider, amount=euros(100), charge_id="ch_1")

        assert await call(PaymentsDoor(oracle, sessions).pass_on, share) == "tr_1"
        [asked] = oracle.asked
        assert (asked.account, asked.amount, asked.charge_id) == ("acct_1", euros(100), "ch_1")

    async def test_a_share_waits_for_an_account(self, sessions: Sessions) -> None:
        share = ShareWanted(payout_id="p1", provider_id=fresh_id(), amount=euros(100), charge_id="ch_1")

        failed = await refusal(PaymentsDoor(Oracle(), sessions).pass_on, share)

        assert failed == (REFUSED, (NO_ACCOUNT,), False)

    async def test_letting_go_and_looking_are_tried_until_they_work(self, sessions: Sessions) -> None:
        door = PaymentsDoor(Oracle(PaymentRefused("who are you", code="authentication")), sessions)
        release = Release(assignment_id="a1", intent_id="pi_1")

        assert await refusal(door.let_hold_go, release) == (REFUSED, ("authentication",), False)
        assert await refusal(door.look_at_card, "pi_1") == (REFUSED, ("authentication",), False)
