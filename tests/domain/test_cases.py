"""Cases of money that only a person can settle: open as long as the state says so."""

from dataclasses import replace

import pytest

from fulfillment.domain.assignment.card import CardStatus
from fulfillment.domain.assignment.cases import CaseType, cases
from fulfillment.domain.assignment.commands import CancelAssignment
from fulfillment.domain.assignment.money_deadlines import CAPTURE_CHECKS
from fulfillment.domain.assignment.payout import PayoutStatus
from fulfillment.domain.assignment.state import Assignment, Status
from tests.domain.cards import (
    AGREED,
    BACK,
    CAPTURING,
    DECLINED,
    DISPUTED,
    EXPIRED,
    FAILED,
    GOING_BACK,
    NOT_BACK,
    PARTLY_BACK,
    UNKNOWN,
    WAITING,
    WORKING,
    captured,
    held,
    on_card,
    reauthorises,
    retries,
    settles_dispute,
    with_card,
)
from tests.domain.people import OLGA, PAID, ROOT, approves, denies, euros, payout

C = CaseType
TAKEN = on_card(WAITING, captured(euros(120)))
MISMATCHED = on_card(CAPTURING, captured(euros(100)))
CHARGED = on_card(CAPTURING, captured(euros(120)))
SOLD = CancelAssignment(actor=OLGA, reason="sold")
SILENT = replace(UNKNOWN, payout=replace(payout(UNKNOWN), checks=CAPTURE_CHECKS))
UNHEARD = replace(DECLINED, passed=("payment_nudge/c1/3",))


@pytest.mark.parametrize(
    ("it", "expected"),
    [
        pytest.param(AGREED, [], id="agreed"),
        pytest.param(WORKING, [], id="at work"),
        pytest.param(WAITING, [], id="waiting"),
        pytest.param(CAPTURING, [], id="capturing"),
        pytest.param(PAID, [], id="paid by hand"),
        pytest.param(CHARGED, [], id="paid by card"),
        pytest.param(FAILED, [C.CAPTURE_FAILED], id="refused"),
        pytest.param(MISMATCHED, [C.CAPTURE_FAILED], id="another amount"),
        pytest.param(UNKNOWN, [], id="silent for less than a day"),
        pytest.param(SILENT, [C.CAPTURE_UNKNOWN], id="silent for a day"),
        pytest.param(EXPIRED, [C.AUTHORIZATION_EXPIRED], id="expired"),
        pytest.param(DECLINED, [], id="declined"),
        pytest.param(UNHEARD, [C.PAYMENT_OVERDUE], id="declined, and asked three times"),
        pytest.param(DISPUTED, [C.PAYOUT_DISPUTED], id="disputed"),
        pytest.param(TAKEN, [C.CAPTURED_UNAPPROVED], id="taken by hand"),
        pytest.param(on_card(WORKING, captured(euros(120))), [C.CAPTURED_UNAPPROVED], id="taken at work"),
        pytest.param(
            on_card(TAKEN, denies(ROOT, final=True)), [C.CAPTURED_UNAPPROVED], id="taken, and denied"
        ),
        pytest.param(on_card(MISMATCHED, SOLD), [C.CAPTURED_UNAPPROVED], id="taken, and cancelled"),
        pytest.param(
            replace(CHARGED, payout=replace(payout(CHARGED), status=PayoutStatus.DISPUTED)),
            [C.CHARGEBACK],
            id="charged back",
        ),
        pytest.param(GOING_BACK, [], id="being given back"),
        pytest.param(PARTLY_BACK, [], id="given back in part"),
        pytest.param(BACK, [], id="given back"),
        pytest.param(NOT_BACK, [C.REFUND_FAILED], id="refused to be given back"),
    ],
)
def test_these_are_open(it: Assignment, expected: list[CaseType]) -> None:
    assert [each.type for each in cases(it)] == expected


@pytest.mark.parametrize(
    "settled",
    [
        pytest.param(on_card(FAILED, retries()), id="tried again"),
        pytest.param(on_card(FAILED, SOLD), id="cancelled"),
        pytest.param(on_card(SILENT, captured(euros(120))), id="answered"),
        pytest.param(on_card(EXPIRED, reauthorises(), held(n=2)), id="held anew"),
        pytest.param(on_card(UNHEARD, held()), id="paid"),
        pytest.param(on_card(UNHEARD, denies(ROOT, final=True)), id="given up"),
        pytest.param(on_card(DISPUTED, settles_dispute()), id="resolved"),
        pytest.param(on_card(TAKEN, approves(ROOT, reason=""), captured(euros(120))), id="approved"),
    ],
)
def test_what_is_settled_closes_by_itself(settled: Assignment) -> None:
    assert cases(settled) == ()


def test_money_taken_without_an_approval_can_be_approved() -> None:
    """What the case asks for is possible wherever it opens."""
    for it in (TAKEN, on_card(DECLINED, captured(euros(120)))):
        assert [each.type for each in cases(it)] == [C.CAPTURED_UNAPPROVED]
        assert on_card(it, approves(ROOT, reason=""), captured(euros(120))).status is Status.PAID


def test_a_card_that_is_missing_before_the_work_is_nobodys_case() -> None:
    assert cases(with_card(AGREED, CardStatus.MISSING)) == ()
