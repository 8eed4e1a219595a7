"""Who hears of money on cards, disputes and captures: once each, and nobody else."""

from collections.abc import Sequence
from datetime import datetime

import pytest

from fulfillment.domain.assignment.card import CardStatus
from fulfillment.domain.assignment.commands import (
    AssignmentCommand,
    CancelAssignment,
    PassDeadline,
    RecordTransfer,
)
from fulfillment.domain.assignment.payout import DisputeOutcome
from fulfillment.domain.assignment.state import Assignment
from fulfillment.domain.messages import Notice
from fulfillment.domain.people import SYSTEM
from tests.domain.cards import (
    AGREED,
    CAPTURE_BEFORE,
    CAPTURING,
    CARDS,
    CHARGED,
    DECLINED,
    DISPUTED,
    EXPIRED,
    FAILED,
    GOING_BACK,
    LARGE,
    MARKED,
    UNKNOWN,
    WAITING,
    captured,
    declined,
    disputes,
    doubts,
    gave_back,
    gone,
    held,
    let_go,
    missing,
    on_card,
    reauthorises,
    refunds,
    refused,
    refused_to_give_back,
    retries,
    settles_dispute,
    unanswered,
    with_card,
)
from tests.domain.people import DONE, DONE_AT, HOUR, OLGA, RITA, ROOT, approves, denies, euros
from tests.domain.test_announcing import ADA_IS, ADMINS_ARE, BOB_IS, OPS_ARE, both, leaves, told

AT = DONE_AT + HOUR
WANTED = with_card(DONE, CardStatus.WANTED, intent_id=None, capture_before=None)
APPROVED_EARLY = on_card(WANTED, approves(ROOT, reason=""))
CANCELLED = on_card(WAITING, CancelAssignment(actor=OLGA, reason="sold"))
CANCELLED_AND_TAKEN = on_card(
    WAITING, captured(euros(120)), CancelAssignment(actor=OLGA, reason="sold"), refunds()
)
REFUND = DisputeOutcome.REFUND


def rings(deadline_id: str) -> PassDeadline:
    return PassDeadline(actor=SYSTEM, deadline_id=deadline_id)


def notices(it: Assignment, command: AssignmentCommand, *, at: datetime = AT) -> Sequence[Notice]:
    return leaves(it, command, at=at, policy=CARDS).notices


@pytest.mark.parametrize(
    ("it", "command", "expected"),
    [
        pytest.param(WANTED, held(), [("notifyCardAuthorised", ADA_IS)], id="held"),
        pytest.param(APPROVED_EARLY, held(), [("notifyCardAuthorised", ADA_IS)], id="held, approved before"),
        pytest.param(WAITING, held(), [], id="still held"),
        pytest.param(WANTED, declined(), [("notifyPaymentNeeded", ADA_IS)], id="declined"),
        pytest.param(DECLINED, declined(), [], id="declined, as known"),
        pytest.param(DECLINED, declined("lost_card"), [("notifyPaymentNeeded", ADA_IS)], id="otherwise"),
        pytest.param(WANTED, missing(), [], id="no card, and an admin who can settle it"),
        pytest.param(APPROVED_EARLY, missing(), [("notifyPaymentNeeded", ADA_IS)], id="no card, approved"),
        pytest.param(WAITING, gone(), [("notifyAuthorisationExpired", ADMINS_ARE)], id="gone"),
        pytest.param(EXPIRED, gone(), [], id="gone, as known"),
        pytest.param(with_card(AGREED), gone(), [], id="gone before the work: it is held anew"),
        pytest.param(WAITING, approves(ROOT, reason=""), [], id="approved: the money has not moved"),
        pytest.param(
            CAPTURING,
            captured(euros(120)),
            [("notifyCardCharged", ADA_IS), ("notifyPayoutPaid", BOB_IS)],
            id="captured",
        ),
        pytest.param(
            UNKNOWN,
            captured(euros(120)),
            [("notifyCardCharged", ADA_IS), ("notifyPayoutPaid", BOB_IS)],
            id="found captured",
        ),
        pytest.param(
            CAPTURING, captured(euros(90)), [("notifyCaptureFailed", ADMINS_ARE)], id="another amount"
        ),
        pytest.param(CAPTURING, refused(), [("notifyCaptureFailed", ADMINS_ARE)], id="refused"),
        pytest.param(CAPTURING, unanswered(), [("notifyCaptureUnknown", ADMINS_ARE)], id="unanswered"),
        pytest.param(UNKNOWN, held(), [], id="nothing taken: tried again"),
        pytest.param(FAILED, retries(), [], id="retried"),
        pytest.param(EXPIRED, reauthorises(), [], id="reauthorised"),
        pytest.param(WAITING, doubts(), [], id="doubted"),
        pytest.param(CANCELLED, let_go(), [], id="let go"),
        pytest.param(
            CHARGED, RecordTransfer(actor=SYSTEM, transfer_id="tr_1", amount=euros(100)), [], id="passed on"
        ),
        pytest.param(
            WAITING,
            disputes(),
            [("notifyPayoutDisputed", ADMINS_ARE), ("notifyPayoutDisputed", BOB_IS)],
            id="disputed",
        ),
        pytest.param(DISPUTED, disputes(), [], id="disputed again"),
        pytest.param(DISPUTED, settles_dispute(), both("notifyDisputeResolved"), id="released"),
        pytest.param(DISPUTED, settles_dispute(REFUND), both("notifyDisputeResolved"), id="refunded, once"),
        pytest.param(
            on_card(DISPUTED, settles_dispute()),
            denies(ROOT, final=True),
            [("notifyPayoutClosed", ADA_IS), ("notifyPayoutDenied", BOB_IS)],
            id="released, then denied for good",
        ),
        pytest.param(CHARGED, refunds(), [], id="to be given back: nothing has moved"),
        pytest.param(GOING_BACK, gave_back(), both("notifyRefundGiven"), id="given back"),
        pytest.param(
            CANCELLED_AND_TAKEN, gave_back(), [("notifyRefundGiven", ADA_IS)], id="given back, never paid out"
        ),
        pytest.param(
            GOING_BACK, refused_to_give_back(), [("notifyRefundFailed", ADMINS_ARE)], id="not given back"
        ),
        pytest.param(
            LARGE,
            refunds(amount=60_000),
            [("notifyRefundFirstMark", ADMINS_ARE)],
            id="one of two would give it back",
        ),
        pytest.param(MARKED, refunds(RITA, 60_000), [], id="two would: nothing has moved"),
    ],
)
def test_these_people_are_told_once_each_and_nobody_else(
    it: Assignment, command: AssignmentCommand, expected: Sequence[tuple[str, str]]
) -> None:
    assert told(leaves(it, command, at=AT, policy=CARDS)) == sorted(expected)


def test_the_end_of_a_hold_by_the_clock_is_told_like_any_other() -> None:
    ended = notices(WAITING, rings("auth_expiry/ipi_1"), at=CAPTURE_BEFORE)

    assert [(each.event, str(each.to)) for each in ended] == [("notifyAuthorisationExpired", ADMINS_ARE)]


def test_a_day_of_silence_is_escalated() -> None:
    last = notices(
        on_card(UNKNOWN, *[each for _ in range(143) for each in (doubts(), declined_nothing())]),
        rings("capture_check/p1.t1/144"),
        at=AT + 24 * HOUR,
    )

    assert [(each.event, str(each.to)) for each in last] == [("notifyEscalated", OPS_ARE)]


def declined_nothing() -> AssignmentCommand:
    """Return an answer that ends a doubt and says nothing new."""
    return missing()


def test_a_silence_is_told_once_however_often_we_try() -> None:
    again = on_card(UNKNOWN, held(), at=AT + HOUR)

    assert notices(again, unanswered(tries=2), at=AT + 2 * HOUR) == ()


def test_the_customer_learns_how_much_is_held_and_until_when() -> None:
    (notice,) = notices(WANTED, held())

    assert (notice.facts.amount, notice.facts.until) == (euros(120), CAPTURE_BEFORE)


def test_whoever_has_to_act_learns_what_is_wrong() -> None:
    (needed,) = notices(WANTED, declined("expired_card"))
    (failed,) = notices(CAPTURING, refused("card_declined"))
    ours, his = notices(WAITING, disputes(reason="It leaks."))

    assert (needed.facts.reason, needed.facts.amount) == ("expired_card", euros(120))
    assert (failed.facts.reason, failed.facts.amount) == ("card_declined", euros(120))
    assert ours.facts == his.facts
    assert (ours.facts.reason, ours.facts.amount) == ("It leaks.", euros(120))


def test_a_customer_learns_how_much_comes_back_and_not_why() -> None:
    his, hers = notices(GOING_BACK, gave_back())

    assert his.facts == hers.facts
    assert (hers.facts.amount, hers.facts.reason) == (euros(50), "")


def test_admins_learn_what_they_are_to_second_and_what_was_refused() -> None:
    (mark,) = notices(LARGE, refunds(amount=60_000))
    (refused_,) = notices(GOING_BACK, refused_to_give_back())

    assert (mark.facts.amount, mark.facts.reason) == (euros(600), "The pipe leaks again.")
    assert (refused_.facts.amount, refused_.facts.reason) == (euros(50), "charge_already_refunded")


def test_a_refund_names_no_amount_to_come() -> None:
    assert {each.facts.amount for each in notices(DISPUTED, settles_dispute(REFUND))} == {None}
