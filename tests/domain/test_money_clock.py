"""What the clock does about money: warnings, the end of a hold, nudges to pay, and looks for an outcome."""

from dataclasses import replace

import pytest

from fulfillment.domain.assignment.card import CardStatus
from fulfillment.domain.assignment.cases import CaseType, cases
from fulfillment.domain.assignment.events import BecameOverdue, Escalated
from fulfillment.domain.assignment.money_calls import LetHoldGo, LookAtCard, PlaceHold
from fulfillment.domain.assignment.money_deadlines import CAPTURE_CHECKS
from fulfillment.domain.assignment.payout import PayoutStatus
from fulfillment.domain.assignment.state import Assignment
from fulfillment.domain.people import Party
from fulfillment.domain.policy import AuthExpiry
from tests.domain.cards import (
    AGREED,
    CAPTURE_BEFORE,
    CAPTURING,
    CARDS,
    DECLINED,
    DISPUTED,
    UNKNOWN,
    WAITING,
    declined,
    disputes,
    doubts,
    gone,
    held,
    let_go,
    missing,
    on_card,
    owed,
    reauthorises,
    settles_dispute,
    unanswered,
    with_card,
)
from tests.domain.people import (
    ADA,
    DAY,
    DENIED,
    DONE_AT,
    HOUR,
    IN_PROGRESS,
    MINUTE,
    ROOT,
    approves,
    brief,
    in_time,
    payout,
    plan,
    reminders,
    rings,
)

RENEWING = replace(CARDS, auth_expiry=AuthExpiry.REAUTHORISE)
STUCK_AT = DONE_AT + HOUR


def status_of(it: Assignment) -> CardStatus | None:
    return it.card.status if it.card else None


class TestTheEndOfAHold:
    """P16, M1."""

    def test_is_announced_two_days_a_day_and_two_hours_before(self) -> None:
        coming = plan(WAITING, CARDS)

        assert [CAPTURE_BEFORE - coming[f"auth_expiring/ipi_1/{n}"] for n in (1, 2, 3)] == [
            48 * HOUR,
            24 * HOUR,
            2 * HOUR,
        ]
        _, happened = in_time(WAITING, until=CAPTURE_BEFORE - MINUTE, policy=CARDS)
        assert [n for kind, _, _, n, _ in brief(happened) if kind == "auth_expiring"] == [1, 2, 3]

    @pytest.mark.parametrize("it", [AGREED, IN_PROGRESS, WAITING, DISPUTED, DENIED], ids=lambda it: it.status)
    def test_comes_wherever_the_assignment_stands_and_is_checked_by_letting_go(self, it: Assignment) -> None:
        over = rings(
            with_card(it) if it is not AGREED else with_card(AGREED),
            "auth_expiry/ipi_1",
            at=CAPTURE_BEFORE,
            policy=CARDS,
        )

        assert [type(each).__name__ for each in over] == ["DeadlinePassed", "CardLetGo", "CardExpired"]

    def test_leaves_a_payout_that_says_so(self) -> None:
        over, _ = in_time(WAITING, until=CAPTURE_BEFORE, policy=CARDS)

        assert (status_of(over), payout(over).status) == (
            CardStatus.EXPIRED,
            PayoutStatus.AUTHORIZATION_EXPIRED,
        )
        assert owed(over) == LetHoldGo(intent_id="pi_1")
        assert owed(on_card(over, let_go())) is None

    def test_does_not_end_what_is_on_its_way(self) -> None:
        for it in (CAPTURING, UNKNOWN):
            over = rings(it, "auth_expiry/ipi_1", at=CAPTURE_BEFORE, policy=CARDS)

            assert [type(each).__name__ for each in over] == ["DeadlinePassed"]

    def test_is_put_off_by_another_hold_where_the_policy_says_so(self) -> None:
        before, _ = in_time(WAITING, until=CAPTURE_BEFORE - 2 * HOUR - MINUTE, policy=RENEWING)
        renewed, _ = in_time(WAITING, until=CAPTURE_BEFORE - 2 * HOUR, policy=RENEWING)

        assert status_of(before) is CardStatus.HELD
        assert (status_of(renewed), renewed.let_go) == (CardStatus.WANTED, ("pi_1",))
        assert owed(on_card(renewed, let_go())) == PlaceHold(n=2, amount=renewed.price)
        assert payout(renewed).status is PayoutStatus.PENDING_APPROVAL

    def test_is_not_put_off_while_a_capture_is_on_its_way(self) -> None:
        over, _ = in_time(CAPTURING, until=CAPTURE_BEFORE + DAY, policy=RENEWING)

        assert over.card is not None
        assert over.card.n == 1

    def test_leaves_no_room_to_resubmit_in_its_last_day(self) -> None:
        late = plan(with_card(DENIED, capture_before=DONE_AT + 3 * DAY), CARDS)

        assert late["resubmit_expiry/p1"] == DONE_AT + 2 * DAY


class TestNudgesToPay:
    """P9."""

    def test_come_daily_three_times_and_then_it_is_overdue(self) -> None:
        at, happened = in_time(DECLINED, until=STUCK_AT + 3 * DAY - MINUTE, policy=CARDS)
        assert (at.overdue_at, cases(at)) == (None, ())

        at, more = in_time(at, until=STUCK_AT + 30 * DAY, policy=CARDS)

        nudges = [each for each in reminders((*happened, *more)) if each.kind == "payment_nudge"]
        assert [(each.n, str(each.to), each.due) for each in nudges] == [
            (n, "customer:ada", STUCK_AT + n * DAY) for n in (1, 2, 3)
        ]
        assert at.overdue_at == STUCK_AT + 3 * DAY
        assert [each.type for each in cases(at)] == [CaseType.PAYMENT_OVERDUE]

    def test_end_with_the_money(self) -> None:
        late, _ = in_time(DECLINED, until=STUCK_AT + 3 * DAY, policy=CARDS)

        paid = on_card(late, held(), at=STUCK_AT + 4 * DAY)

        assert (paid.overdue_at, cases(paid)) == (None, ())
        assert payout(paid).status is PayoutStatus.PENDING_APPROVAL
        assert not [id for id in plan(paid, CARDS) if id.startswith("payment_nudge")]

    def test_before_the_work_is_done_make_nobody_late_with_it(self) -> None:
        early = on_card(with_card(AGREED, CardStatus.WANTED), declined(), at=AGREED.status_entered_at)

        late, happened = in_time(early, until=AGREED.status_entered_at + 4 * DAY, policy=CARDS)

        assert not [each for each in happened if isinstance(each, BecameOverdue)]
        assert [each.type for each in cases(late)] == [CaseType.PAYMENT_OVERDUE]

    def test_go_to_a_customer_without_a_card_once_money_is_waited_for(self) -> None:
        assert not plan_of(with_card(WAITING, CardStatus.MISSING))
        stuck = on_card(on_card(DECLINED, reauthorises(ADA)), missing(n=2))

        assert plan_of(stuck) == [f"payment_nudge/c2/{n}" for n in (1, 2, 3)]

    def test_are_not_the_admins_lateness(self) -> None:
        late, _ = in_time(WAITING, until=DONE_AT + 2 * DAY, policy=CARDS)
        assert late.overdue_at is not None

        stuck = on_card(late, declined(), at=DONE_AT + 2 * DAY)

        assert (stuck.overdue_at, cases(stuck)) == (None, ())


def plan_of(it: Assignment) -> list[str]:
    return [id for id in plan(it, CARDS) if id.startswith("payment_nudge")]


class TestThePatienceOfARuling:
    """A6 to A8 for a payout that comes back from a card or a dispute."""

    WORN = in_time(WAITING, until=DONE_AT + 2 * DAY, policy=CARDS)[0]
    BACK_AT = DONE_AT + 3 * DAY

    def test_starts_anew_when_the_money_is_there_again(self) -> None:
        back = on_card(self.WORN, gone(), reauthorises(), held(n=2), at=self.BACK_AT)

        assert plan(back, CARDS)["sla_payout_l1/p1-2/admin"] == self.BACK_AT + CARDS.sla_payout / 2

    def test_starts_anew_after_a_dispute_that_nobody_had_ruled_before(self) -> None:
        back = on_card(self.WORN, disputes(), settles_dispute(), at=self.BACK_AT - HOUR)

        assert payout(back).attempt == 1
        assert plan(back, CARDS)["sla_payout_l2/p1-2/admin"] == self.BACK_AT - HOUR + CARDS.sla_payout

    def test_tells_nobody_twice_by_one_key(self) -> None:
        back = on_card(self.WORN, gone(), reauthorises(), held(n=2), at=self.BACK_AT)
        _, before = in_time(WAITING, until=DONE_AT + 2 * DAY, policy=CARDS)
        _, later = in_time(back, until=self.BACK_AT + 2 * DAY, policy=CARDS)

        keys = [each.dedupe_key("a1", channel="email") for each in reminders((*before, *later))]
        assert len(keys) == len(set(keys))


class TestLooksForAnOutcome:
    """P7: every ten minutes, for a day."""

    def test_come_every_ten_minutes_until_a_day_is_over(self) -> None:
        day, happened = in_time(UNKNOWN, until=STUCK_AT + DAY - MINUTE, policy=CARDS)
        assert payout(day).checks == CAPTURE_CHECKS - 1 == 143
        assert not [each for each in happened if isinstance(each, Escalated)]
        assert owed(day) == LookAtCard(n=1, intent_id="pi_1")

        over, happened = in_time(day, until=STUCK_AT + 2 * DAY, policy=CARDS)

        escalated = [each for each in happened if isinstance(each, Escalated)]
        assert escalated == [Escalated(owed_by=Party.ADMIN, at=STUCK_AT + DAY)]
        assert payout(over).checks == CAPTURE_CHECKS
        assert [each.type for each in cases(over)] == [CaseType.CAPTURE_UNKNOWN]

    def test_end_after_a_day_of_silence_though_each_try_finds_the_money_held(self) -> None:
        it, at, tries = UNKNOWN, STUCK_AT, 1
        while not cases(it):
            it, _ = in_time(it, until=at, policy=CARDS)
            if payout(it).status is PayoutStatus.CAPTURE_UNKNOWN and isinstance(owed(it), LookAtCard):
                tries += 1
                it = on_card(it, held(), unanswered(tries=tries), at=at)
            at += 10 * MINUTE
            assert at < STUCK_AT + 26 * HOUR

        assert [each.type for each in cases(it)] == [CaseType.CAPTURE_UNKNOWN]

    def test_begin_a_new_try_when_nothing_was_taken(self) -> None:
        again = on_card(UNKNOWN, doubts(), held())

        assert (payout(again).status, payout(again).tries) == (PayoutStatus.CAPTURING, 2)


def test_a_ruling_that_was_made_is_not_reminded_of() -> None:
    approved = on_card(WAITING, approves(ROOT, reason=""))

    assert not [id for id in plan(approved, CARDS) if id.startswith("sla_payout")]
