"""Giving money back: after it is decided in the database, once, and not when it has gone another way."""

from dataclasses import replace

import pytest
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from activities.payments import (
    FAILED,
    GIVING_BACK,
    NOT_WRITTEN,
    OVERTAKEN,
    REFUSED,
    PaymentsDoor,
    RefundWanted,
    ShareWanted,
)
from fulfillment.domain.assignment.commands import AssignmentCommand
from fulfillment.gateways.payments import PaymentFailed, PaymentRefused
from tests.activities.test_payments import Oracle, call, refusal
from tests.domain.cards import CARDS, captured, gave_back, held, refunds, refused_to_give_back
from tests.domain.people import RITA, ROOT, approves, euros
from tests.store.diaries import Diary, fresh_id

Sessions = async_sessionmaker[AsyncSession]


async def charged(sessions: Sessions, *then: AssignmentCommand, price: int = 120) -> RefundWanted:
    """Write a payout that was taken from a card, and what was said `then`; return its first refund of 50."""
    intent, diary = fresh_id("pi_"), Diary(policy=CARDS, price=euros(price))
    diary.agree().finish()
    hold, taken = held(amount=euros(price)), captured(euros(price))
    diary.say(replace(hold, seen=replace(hold.seen, intent_id=intent)))
    diary.say(approves(ROOT, reason=""))
    if diary.it.payout and diary.it.payout.first_mark:
        diary.say(approves(RITA, reason=""))
    diary.say(replace(taken, seen=replace(taken.seen, intent_id=intent, amount=euros(price))))
    for command in then:
        diary.say(command)
    await diary.write(sessions)
    return RefundWanted(payout_id=diary.it.id, n=1, amount=euros(50), intent_id=intent)


async def test_what_was_decided_is_given_back_under_its_name(sessions: Sessions) -> None:
    oracle = Oracle()
    wanted = await charged(sessions, refunds(amount=5_000))

    assert await call(PaymentsDoor(oracle, sessions).give_back, wanted, attempt=4) == "re_1"

    [asked] = oracle.asked
    assert (asked.payout_id, asked.n, asked.amount) == (wanted.payout_id, 1, euros(50))
    assert (asked.intent_id, asked.spare) == (wanted.intent_id, 1)


async def test_it_waits_until_the_decision_is_written(sessions: Sessions) -> None:
    oracle = Oracle()
    door = PaymentsDoor(oracle, sessions)
    undecided = await charged(sessions)
    marked = await charged(sessions, refunds(amount=60_000), price=800)

    unheard = RefundWanted(payout_id=fresh_id(), n=1, amount=euros(50), intent_id="pi_1")
    for wanted in (undecided, replace(marked, amount=euros(600)), unheard):
        assert await refusal(door.give_back, wanted) == (NOT_WRITTEN, (), False)
    assert oracle.asked == []


async def test_a_run_that_was_reset_asks_for_the_very_same_refund(sessions: Sessions) -> None:
    """The payment provider finds it by its name, and gives back no more."""
    oracle = Oracle()
    wanted = await charged(sessions, refunds(amount=5_000), gave_back())

    assert await call(PaymentsDoor(oracle, sessions).give_back, wanted) == "re_1"


async def test_one_that_has_failed_is_not_given_back_after_all(sessions: Sessions) -> None:
    oracle = Oracle()
    failed = (refunds(amount=5_000), refused_to_give_back())
    wanted = await charged(sessions, *failed, refunds(amount=5_000))
    door = PaymentsDoor(oracle, sessions)

    assert await refusal(door.give_back, wanted) == (REFUSED, (OVERTAKEN,), True)
    assert oracle.asked == []
    assert await call(door.give_back, replace(wanted, n=2)) == "re_1"


async def test_no_other_amount_is_given_back_than_the_one_written_down(sessions: Sessions) -> None:
    oracle = Oracle()
    wanted = await charged(sessions, refunds(amount=5_000))

    failed = await refusal(PaymentsDoor(oracle, sessions).give_back, replace(wanted, amount=euros(51)))

    assert failed == (REFUSED, (OVERTAKEN,), True)
    assert oracle.asked == []


@pytest.mark.parametrize(
    ("answer", "failed"),
    [
        (PaymentRefused("no", code="charge_already_refunded"), (REFUSED, ("charge_already_refunded",), True)),
        (PaymentRefused("who are you", code="authentication"), (REFUSED, ("authentication",), False)),
        (PaymentRefused("not you", code="permission"), (REFUSED, ("permission",), False)),
        (PaymentFailed("silence"), (FAILED, (), False)),
    ],
    ids=["a no", "a wrong key", "a key without the right", "silence"],
)
async def test_only_a_no_to_the_refund_itself_is_final(
    sessions: Sessions, answer: Exception, failed: object
) -> None:
    wanted = await charged(sessions, refunds(amount=5_000))

    assert await refusal(PaymentsDoor(Oracle(answer), sessions).give_back, wanted) == failed


async def test_a_share_waits_while_money_goes_back_and_is_dropped_when_all_has_gone(
    sessions: Sessions,
) -> None:
    oracle = Oracle()
    door = PaymentsDoor(oracle, sessions)
    going = await charged(sessions, refunds())
    gone = await charged(sessions, refunds(), gave_back())
    provider = fresh_id()

    def share(payout_id: str) -> ShareWanted:
        return ShareWanted(payout_id=payout_id, provider_id=provider, amount=euros(100), charge_id="ch_1")

    assert await refusal(door.pass_on, share(going.payout_id)) == (GIVING_BACK, (), False)
    assert await call(door.pass_on, share(gone.payout_id)) is None
    assert oracle.asked == []
