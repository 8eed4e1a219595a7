"""Three accounts of the same money: each way to disagree has its name."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from fulfillment.domain.assignment.card import CardSeen, CardState, CardStatus
from fulfillment.domain.assignment.drift import BOOKS, DriftKind, Finding, Picture, Written, drift
from fulfillment.domain.assignment.state import Assignment, Status
from fulfillment.domain.policy import Policy
from tests.domain.cards import (
    BACK,
    CAPTURING,
    CARDS,
    CHARGED,
    CHARGED_BACK,
    DECLINED,
    EXPIRED,
    GOING_BACK,
    PARTLY_BACK,
    UNKNOWN,
    WAITING,
    card,
    doubts,
    on_card,
)
from tests.domain.people import DONE_AT, HOUR, PAID, ROOT, denies, euros

LATER = DONE_AT + 3 * HOUR
TRANSFERS = replace(CARDS, transfers=True)
UNPAID = on_card(WAITING, denies(ROOT, final=True))
LET_GO = replace(UNPAID, let_go=())
CANCELLED = replace(LET_GO, status=Status.CANCELLED)


def says(state: CardState, *, taken: int | None = None, of: int = 120, intent: str = "pi_1") -> CardSeen:
    captured = euros(taken) if taken is not None else None
    return CardSeen(state=state, intent_id=intent, amount=euros(of), captured=captured)


HELD, GONE = says(CardState.HELD), says(CardState.GONE)
NEEDS_CUSTOMER = says(CardState.NEEDS_CUSTOMER)
TAKEN = says(CardState.CAPTURED, taken=120)


def pictured(
    it: Assignment,
    seen: CardSeen | Mapping[str, CardSeen],
    *,
    running: bool | None = None,
    run: Assignment | None = None,
    **written: Any,
) -> Picture:
    """Return three pictures of `it` that agree on all that is not said otherwise; the closed have no run."""
    goes_on = not it.is_closed if running is None else running
    captured = it.card.captured.amount if it.card and it.card.captured else 0
    rows: dict[str, Any] = {"assignment": it, "version": it.state_version, "booked": captured} | written
    return Picture(
        written=Written(**rows),
        run=run or (it if goes_on else None),
        seen=seen if isinstance(seen, Mapping) else {"pi_1": seen},
    )


def found(picture: Picture, *, policy: Policy = CARDS) -> list[Finding]:
    return [*drift(picture, at=LATER, policy=policy)]


def kinds(picture: Picture, *, policy: Policy = CARDS) -> list[str]:
    return [finding.kind for finding in found(picture, policy=policy)]


@pytest.mark.parametrize(
    ("it", "seen"),
    [
        pytest.param(WAITING, HELD, id="held"),
        pytest.param(CAPTURING, HELD, id="about to be taken"),
        pytest.param(CAPTURING, TAKEN, id="taken, and the run is about to hear of it"),
        pytest.param(on_card(WAITING, doubts()), TAKEN, id="in doubt: the run is looking"),
        pytest.param(UNKNOWN, HELD, id="unknown, and not taken"),
        pytest.param(EXPIRED, GONE, id="expired"),
        pytest.param(DECLINED, NEEDS_CUSTOMER, id="declined"),
        pytest.param(CHARGED, TAKEN, id="paid"),
        pytest.param(CHARGED_BACK, TAKEN, id="complained about"),
        pytest.param(GOING_BACK, TAKEN, id="about to be given back"),
        pytest.param(
            GOING_BACK,
            says(CardState.CAPTURED, taken=70),
            id="given back, and its run is about to hear of it",
        ),
        pytest.param(PARTLY_BACK, says(CardState.CAPTURED, taken=70), id="given back in part"),
        pytest.param(BACK, says(CardState.CAPTURED, taken=0), id="given back"),
        pytest.param(LET_GO, GONE, id="let go after the end"),
        pytest.param(PAID, {}, id="settled by hand"),
        pytest.param(WAITING, {}, id="nobody could look"),
    ],
)
def test_where_all_agree_nothing_is_found(it: Assignment, seen: Any) -> None:
    assert found(pictured(it, seen)) == []


@pytest.mark.parametrize(
    ("it", "seen", "kind"),
    [
        pytest.param(WAITING, TAKEN, ["card_differs", "captured_unapproved"], id="taken by hand"),
        pytest.param(WAITING, GONE, ["card_differs"], id="expired, and nobody said so"),
        pytest.param(WAITING, NEEDS_CUSTOMER, ["card_differs"], id="not held after all"),
        pytest.param(DECLINED, HELD, ["card_differs"], id="paid by the customer"),
        pytest.param(UNKNOWN, TAKEN, ["card_differs"], id="unknown, and taken"),
        pytest.param(
            UNKNOWN,
            says(CardState.CAPTURED, taken=100),
            ["card_differs", "amount_differs"],
            id="less was taken than approved",
        ),
        pytest.param(WAITING, says(CardState.HELD, of=90), ["amount_differs"], id="less is held"),
        pytest.param(
            WAITING, says(CardState.CAPTURED, taken=0), ["card_differs"], id="taken and given back at once"
        ),
        pytest.param(CHARGED, says(CardState.CAPTURED, taken=100), ["amount_differs"], id="given back"),
        pytest.param(PARTLY_BACK, TAKEN, ["amount_differs"], id="given back, and it bounced"),
        pytest.param(BACK, TAKEN, ["captured_after_end"], id="all given back, and it bounced"),
        pytest.param(
            PARTLY_BACK, says(CardState.CAPTURED, taken=50), ["amount_differs"], id="more was given back"
        ),
        pytest.param(CHARGED, GONE, ["amount_differs"], id="paid, and nothing was taken"),
        pytest.param(LET_GO, TAKEN, ["captured_after_end"], id="taken after the end"),
        pytest.param(LET_GO, HELD, ["hold_left"], id="held after the end"),
        pytest.param(UNPAID, HELD, ["hold_left"], id="held after the end, and the run died over it"),
        pytest.param(LET_GO, NEEDS_CUSTOMER, ["hold_left"], id="may become a hold after the end"),
    ],
)
def test_what_the_payment_provider_says_otherwise(it: Assignment, seen: Any, kind: list[str]) -> None:
    assert kinds(pictured(it, seen)) == kind


class TestAHoldThatIsLeft:
    @pytest.mark.parametrize("it", [LET_GO, CANCELLED, replace(CANCELLED, status=Status.REJECTED)])
    def test_may_be_released_after_an_end_without_pay(self, it: Assignment) -> None:
        assert [finding.may_release for finding in found(pictured(it, HELD))] == [True]

    @pytest.mark.parametrize("it", [WAITING, CHARGED])
    def test_may_not_while_money_may_be_wanted_or_was_paid(self, it: Assignment) -> None:
        own = HELD if it is WAITING else TAKEN
        picture = pictured(it, {"pi_0": says(CardState.HELD, intent="pi_0"), "pi_1": own})

        (left,) = found(picture)

        assert (left.kind, left.about, left.may_release) == (DriftKind.HOLD_LEFT, "pi_0", False)

    def test_is_none_while_its_run_lets_it_go(self) -> None:
        assert found(pictured(UNPAID, HELD, running=True)) == []

    def test_that_is_gone_and_still_written_down_is_a_matter_of_rows(self) -> None:
        (stale,) = found(pictured(UNPAID, GONE, open_holds=frozenset({"pi_1"})))

        assert (stale.kind, stale.about) == (DriftKind.PROJECTION_DIFFERS, "pi_1")


class TestMoneyTakenTwice:
    def test_from_another_hold_is_noticed_beside_what_was_paid(self) -> None:
        other = says(CardState.CAPTURED, taken=30, intent="pi_0")

        (twice,) = found(pictured(CHARGED, {"pi_0": other, "pi_1": TAKEN}))

        assert (twice.kind, twice.about) == (DriftKind.CAPTURED_AFTER_END, "pi_0")

    def test_by_the_books_is_noticed(self) -> None:
        (twice,) = found(pictured(CHARGED, TAKEN, booked=24_000))

        assert (twice.kind, twice.about) == (DriftKind.AMOUNT_DIFFERS, BOOKS)

    def test_a_state_that_was_changed_by_hand_is_no_word_against_the_books(self) -> None:
        edited = replace(WAITING, card=card(CardStatus.CAPTURED, captured=euros(120)))

        assert kinds(pictured(edited, HELD, run=WAITING, booked=0)) == ["projection_differs"]


class TestTheRows:
    AHEAD = replace(WAITING, state_version=WAITING.state_version + 1)

    def test_behind_the_run_are_named_by_their_step(self) -> None:
        (behind,) = found(pictured(WAITING, HELD, run=self.AHEAD))

        assert (behind.kind, behind.about) == ("projection_behind", f"step {WAITING.state_version}")

    def test_behind_the_run_are_not_compared_in_detail(self) -> None:
        assert kinds(pictured(WAITING, HELD, run=self.AHEAD, differing=("payout.status",))) == [
            "projection_behind"
        ]

    def test_ahead_of_the_run_are_a_riddle(self) -> None:
        assert kinds(pictured(self.AHEAD, HELD, run=WAITING)) == ["projection_ahead"]

    def test_go_on_after_the_end_without_the_run(self) -> None:
        newer = replace(CHARGED, state_version=CHARGED.state_version + 1)

        assert found(pictured(newer, TAKEN, run=CHARGED)) == []

    def test_with_another_state_at_the_same_step_differ(self) -> None:
        assert kinds(pictured(replace(WAITING, price=euros(1)), HELD, run=WAITING)) == ["projection_differs"]

    @pytest.mark.parametrize("it", [WAITING, CHARGED])
    def test_with_another_column_differ(self, it: Assignment) -> None:
        seen = TAKEN if it is CHARGED else HELD
        (differs,) = found(pictured(it, seen, differing=("payout.status", "payout.amount")))

        assert differs.kind is DriftKind.PROJECTION_DIFFERS
        assert "payout.status, payout.amount" in differs.what


class TestWithoutARun:
    def test_an_open_assignment_is_only_said_to_have_none(self) -> None:
        assert kinds(pictured(WAITING, GONE, running=False, differing=("payout.status",))) == ["run_missing"]

    def test_money_is_still_looked_after(self) -> None:
        assert kinds(pictured(WAITING, TAKEN, running=False)) == ["run_missing", "captured_unapproved"]


class TestAShare:
    def late(self, **changes: Any) -> list[str]:
        assert CHARGED.payout is not None
        settled = replace(CHARGED.payout, settled_at=LATER - timedelta(minutes=61), **changes)
        return kinds(pictured(replace(CHARGED, payout=settled), TAKEN), policy=TRANSFERS)

    def test_that_was_not_passed_on_for_an_hour_is_missing(self) -> None:
        assert self.late() == ["transfer_missing"]

    def test_that_was_passed_on_is_not(self) -> None:
        assert self.late(transfer_id="tr_1") == []

    def test_has_an_hour(self) -> None:
        assert CHARGED.payout is not None
        settled = replace(CHARGED.payout, settled_at=LATER - timedelta(minutes=59))

        assert found(pictured(replace(CHARGED, payout=settled), TAKEN), policy=TRANSFERS) == []

    def test_is_nobodys_where_shares_are_not_passed_on(self) -> None:
        assert found(pictured(CHARGED, TAKEN), policy=CARDS) == []


class TestAFinding:
    def test_has_the_same_mark_whenever_it_is_found_again(self) -> None:
        one, two = found(pictured(WAITING, GONE)), found(pictured(on_card(WAITING), GONE))

        assert [each.mark for each in one] == [each.mark for each in two] == ["card_differs/a1/pi_1"]

    def test_of_unapproved_money_bears_the_name_of_the_runs_own_case(self) -> None:
        marks = [finding.mark for finding in found(pictured(WAITING, TAKEN))]

        assert "captured_unapproved/a1" in marks
