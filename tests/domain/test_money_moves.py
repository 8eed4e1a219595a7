"""The book of money: each change of it has exactly one line, with its amount and the approval behind it."""

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
from fulfillment.domain.assignment.deciding import decide
from fulfillment.domain.assignment.entries import entry
from fulfillment.domain.assignment.evolving import apply
from fulfillment.domain.assignment.money_moves import MoneyMove, MoveKind
from fulfillment.domain.assignment.state import Assignment
from fulfillment.domain.people import SYSTEM
from tests.domain.cards import (
    CAPTURE_BEFORE,
    CAPTURING,
    CARDS,
    CHARGED,
    DECLINED,
    EXPIRED,
    FAILED,
    GOING_BACK,
    UNKNOWN,
    WAITING,
    captured,
    declined,
    disputes,
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
    unanswered,
    with_card,
)
from tests.domain.people import (
    APPROVED,
    DONE,
    DONE_AT,
    HOUR,
    OLGA,
    RITA,
    ROOT,
    approves,
    denies,
    euros,
    settles,
)

AT = DONE_AT + HOUR
K = MoveKind
WANTED = with_card(DONE, CardStatus.WANTED, intent_id=None, capture_before=None)
CANCELLED = on_card(WAITING, CancelAssignment(actor=OLGA, reason="sold"))
RUN_OUT = on_card(WAITING, PassDeadline(actor=SYSTEM, deadline_id="auth_expiry/ipi_1"), at=CAPTURE_BEFORE)


def moves(it: Assignment, command: AssignmentCommand, *, at: datetime = AT) -> Sequence[MoneyMove]:
    """Return the lines that `command` leaves in the book."""
    events = decide(it, command, at=at, policy=CARDS)
    now = apply(it, events, policy=CARDS)
    return entry(it, command, events, now, at=at, policy=CARDS).moves


@pytest.mark.parametrize(
    ("it", "command", "expected"),
    [
        pytest.param(WANTED, held(), (K.HELD, 12_000, "pi_1", ""), id="held"),
        pytest.param(DECLINED, held(), (K.HELD, 12_000, "pi_1", ""), id="held at last"),
        pytest.param(WAITING, gone(), (K.EXPIRED, 12_000, "pi_1", ""), id="gone"),
        pytest.param(CANCELLED, let_go(), (K.RELEASED, 12_000, "pi_1", ""), id="released"),
        pytest.param(CAPTURING, captured(euros(120)), (K.CAPTURED, 12_000, "pi_1", "ch_1"), id="captured"),
        pytest.param(CAPTURING, captured(euros(90)), (K.CAPTURED, 9_000, "pi_1", "ch_1"), id="less captured"),
        pytest.param(
            UNKNOWN, captured(euros(120)), (K.CAPTURED, 12_000, "pi_1", "ch_1"), id="found captured"
        ),
        pytest.param(
            WAITING, captured(euros(50)), (K.CAPTURED, 5_000, "pi_1", "ch_1"), id="captured by hand"
        ),
        pytest.param(
            CANCELLED,
            let_go(seen=captured(euros(120)).seen),
            (K.CAPTURED, 12_000, "pi_1", "ch_1"),
            id="captured before it could be let go",
        ),
        pytest.param(
            APPROVED, settles(), (K.SETTLED_MANUAL, 12_000, None, "bank transfer 4711"), id="settled by hand"
        ),
        pytest.param(
            CHARGED,
            RecordTransfer(actor=SYSTEM, transfer_id="tr_1", amount=euros(100)),
            (K.TRANSFERRED, 10_000, None, "tr_1"),
            id="passed on",
        ),
        pytest.param(GOING_BACK, gave_back(), (K.REFUNDED, 5_000, "pi_1", "re_1"), id="given back"),
        pytest.param(
            CHARGED, captured(euros(70)), (K.REFUNDED, 5_000, "pi_1", "ch_1"), id="given back by hand"
        ),
        pytest.param(
            GOING_BACK, captured(euros(90)), (K.REFUNDED, 3_000, "pi_1", "ch_1"), id="by hand in between"
        ),
    ],
)
def test_a_change_of_money_is_one_line(
    it: Assignment, command: AssignmentCommand, expected: tuple[MoveKind, int, str | None, str]
) -> None:
    (move,) = moves(it, command)

    assert move.amount is not None
    assert (move.kind, move.amount.amount, move.intent_id, move.reference) == expected
    assert (move.at, move.amount.currency) == (AT, "EUR")


@pytest.mark.parametrize(
    ("it", "command"),
    [
        pytest.param(WAITING, approves(ROOT, reason=""), id="approved"),
        pytest.param(WAITING, denies(ROOT), id="denied"),
        pytest.param(WAITING, denies(ROOT, final=True), id="closed"),
        pytest.param(WAITING, disputes(), id="disputed"),
        pytest.param(WAITING, held(), id="still held"),
        pytest.param(WANTED, declined(), id="declined"),
        pytest.param(WANTED, missing(), id="missing"),
        pytest.param(CAPTURING, refused(), id="refused"),
        pytest.param(CAPTURING, unanswered(), id="unanswered"),
        pytest.param(FAILED, retries(), id="tried again"),
        pytest.param(EXPIRED, reauthorises(), id="wanted anew"),
        pytest.param(EXPIRED, gone(), id="gone, as known"),
        pytest.param(on_card(WAITING, captured(euros(50))), captured(euros(50)), id="captured, as known"),
        pytest.param(RUN_OUT, let_go(), id="let go, having run out"),
        pytest.param(CHARGED, refunds(), id="to be given back"),
        pytest.param(GOING_BACK, refused_to_give_back(), id="not given back"),
    ],
)
def test_nothing_moved_is_no_line(it: Assignment, command: AssignmentCommand) -> None:
    assert moves(it, command) == ()


def test_money_that_moved_names_the_approval_behind_it() -> None:
    (by_card,) = moves(CAPTURING, captured(euros(120)))
    (by_hand,) = moves(APPROVED, settles())
    (behind_our_back,) = moves(WAITING, captured(euros(120)))

    assert (by_card.attempt, by_card.decided_by) == (1, ROOT.id)
    assert (by_hand.attempt, by_hand.decided_by) == (1, ROOT.id)
    assert (behind_our_back.attempt, behind_our_back.decided_by) == (None, None)


def test_money_that_goes_back_names_who_decided_that() -> None:
    (ours,) = moves(on_card(CHARGED, refunds(RITA, 5_000, request_id="r1")), gave_back())
    (behind_our_back,) = moves(CHARGED, captured(euros(70)))

    assert (ours.decided_by, ours.request_id, ours.attempt) == (RITA.id, "r1", None)
    assert (behind_our_back.decided_by, behind_our_back.request_id) == (None, "")


def test_the_end_of_a_hold_by_the_clock_is_one_line() -> None:
    (move,) = moves(WAITING, PassDeadline(actor=SYSTEM, deadline_id="auth_expiry/ipi_1"), at=CAPTURE_BEFORE)

    assert (move.kind, move.amount, move.intent_id) == (K.EXPIRED, euros(120), "pi_1")
