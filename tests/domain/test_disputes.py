"""The customer disputes the work, and an admin settles that (P14, P15)."""

from dataclasses import replace

import pytest

from fulfillment.domain.assignment.card import CardStatus
from fulfillment.domain.assignment.commands import AssignmentCommand
from fulfillment.domain.assignment.money_calls import LetHoldGo
from fulfillment.domain.assignment.payout import DisputeOutcome, PayoutStatus
from fulfillment.domain.assignment.state import Assignment, Status
from fulfillment.domain.errors import (
    AlreadyDecided,
    AssignmentClosed,
    CutoffPassed,
    DomainError,
    NotAParty,
    ReasonRequired,
    RoleForbidden,
    SelfApproval,
    ValueInvalid,
    WrongState,
)
from fulfillment.domain.people import SYSTEM, Actor, Role
from tests.domain.cards import (
    AGREED,
    CAPTURE_BEFORE,
    CAPTURING,
    CARDS,
    DECLINED,
    DISPUTED,
    EXPIRED,
    FAILED,
    UNKNOWN,
    WAITING,
    card,
    deciding_on_card,
    disputes,
    gone,
    held,
    on_card,
    owed,
    settles_dispute,
    with_card,
)
from tests.domain.people import (
    ADA,
    APPROVED,
    BOB,
    DENIED,
    DENIED_AT,
    DONE,
    DONE_AT,
    EVE,
    HOUR,
    MINUTE,
    OLGA,
    OLGA_FOR_ADA,
    OLGA_FOR_BOB,
    PAID,
    RITA,
    ROOT,
    approves,
    denies,
    euros,
    in_time,
    payout,
    plan,
    resubmits,
)

RELEASE, REDUCE, REFUND = DisputeOutcome.RELEASE, DisputeOutcome.REDUCE, DisputeOutcome.REFUND
WANTED = with_card(DONE, CardStatus.WANTED, intent_id=None, capture_before=None)
APPROVED_EARLY = on_card(WANTED, approves(ROOT, reason=""))
DENIED_ON_CARD = replace(DENIED, card=card())
END = DONE_AT + CARDS.dispute_window
ADMIN_ADA, ADMIN_BOB = Actor(id=ADA.id, role=Role.ADMIN), Actor(id=BOB.id, role=Role.ADMIN)


class TestDisputing:
    """P14."""

    @pytest.mark.parametrize(
        "it",
        [WAITING, WANTED, APPROVED_EARLY, DENIED_ON_CARD, EXPIRED, DECLINED],
        ids=lambda it: it.payout.status,
    )
    def test_holds_back_what_has_not_moved(self, it: Assignment) -> None:
        now = on_card(it, disputes())

        assert payout(now).status is PayoutStatus.ON_HOLD
        dispute = payout(now).dispute
        assert dispute is not None
        assert (dispute.by, dispute.was) == (ADA.id, payout(it).status)

    @pytest.mark.parametrize("it", [CAPTURING, UNKNOWN, FAILED, APPROVED], ids=lambda it: it.payout.status)
    def test_comes_too_late_for_money_on_its_way(self, it: Assignment) -> None:
        with pytest.raises(WrongState):
            deciding_on_card(it, disputes())

    def test_is_possible_for_72_hours(self) -> None:
        assert deciding_on_card(WAITING, disputes(), at=END)
        with pytest.raises(CutoffPassed):
            deciding_on_card(WAITING, disputes(), at=END + MINUTE)
        assert deciding_on_card(WAITING, disputes(OLGA_FOR_ADA), at=END + MINUTE)

    def test_counts_from_the_work_and_not_from_the_last_attempt(self) -> None:
        again = on_card(DENIED_ON_CARD, resubmits(BOB), at=END)

        with pytest.raises(CutoffPassed):
            deciding_on_card(again, disputes(), at=END + MINUTE)

    def test_again_changes_nothing(self) -> None:
        assert deciding_on_card(DISPUTED, disputes(reason="Another thing.")) == ()

    @pytest.mark.parametrize(
        ("it", "command", "refusal"),
        [
            pytest.param(WAITING, disputes(BOB), RoleForbidden, id="the provider"),
            pytest.param(WAITING, disputes(OLGA_FOR_BOB), WrongState, id="for the provider"),
            pytest.param(WAITING, disputes(EVE), NotAParty, id="a stranger"),
            pytest.param(WAITING, disputes(SYSTEM), RoleForbidden, id="the clock"),
            pytest.param(WAITING, disputes(reason=" "), ReasonRequired, id="without a reason"),
            pytest.param(WAITING, disputes(reason="\0"), ValueInvalid, id="an unfit reason"),
            pytest.param(AGREED, disputes(), WrongState, id="no work yet"),
            pytest.param(PAID, disputes(), AssignmentClosed, id="paid"),
        ],
    )
    def test_is_refused(self, it: Assignment, command: AssignmentCommand, refusal: type[DomainError]) -> None:
        with pytest.raises(refusal) as refused:
            deciding_on_card(it, command)

        assert refused.type is refusal

    def test_stops_rulings_and_patience_but_not_the_card(self) -> None:
        with pytest.raises(WrongState, match="disputes"):
            deciding_on_card(DISPUTED, approves(ROOT))
        with pytest.raises(WrongState, match="disputes"):
            deciding_on_card(DISPUTED, denies(ROOT, final=True))
        assert set(plan(DISPUTED, CARDS)) == {
            "auth_expiring/ipi_1/1",
            "auth_expiring/ipi_1/2",
            "auth_expiring/ipi_1/3",
            "auth_expiry/ipi_1",
        }

    def test_begins_no_capture_when_the_money_comes(self) -> None:
        assert payout(on_card(APPROVED_EARLY, disputes(), held())).status is PayoutStatus.ON_HOLD


class TestSettling:
    """P15."""

    def test_releases_it_to_the_admins(self) -> None:
        now = on_card(DISPUTED, settles_dispute())

        assert (payout(now).status, payout(now).amount) == (PayoutStatus.PENDING_APPROVAL, euros(120))
        assert (payout(now).attempt, payout(now).reopened, payout(now).dispute) == (1, 0, None)
        assert payout(on_card(now, approves(ROOT, reason=""))).status is PayoutStatus.CAPTURING

    def test_reduces_it(self) -> None:
        now = on_card(DISPUTED, settles_dispute(REDUCE, amount=8_000))

        assert payout(now).amount == euros(80)

    @pytest.mark.parametrize("amount", [None, 0, -1, 12_000, 12_001])
    def test_reduces_it_to_less_and_to_something(self, amount: int | None) -> None:
        with pytest.raises(ValueInvalid):
            deciding_on_card(DISPUTED, settles_dispute(REDUCE, amount=amount))

    @pytest.mark.parametrize("outcome", [RELEASE, REFUND])
    def test_takes_an_amount_for_nothing_else(self, outcome: DisputeOutcome) -> None:
        with pytest.raises(ValueInvalid):
            deciding_on_card(DISPUTED, settles_dispute(outcome, amount=8_000))

    def test_refunds_by_letting_the_hold_go(self) -> None:
        now = on_card(DISPUTED, settles_dispute(REFUND))

        assert (now.status, payout(now).status) == (Status.CLOSED_UNPAID, PayoutStatus.CLOSED_DENIED)
        assert owed(now) == LetHoldGo(intent_id="pi_1")

    def test_voids_an_approval(self) -> None:
        now = on_card(APPROVED_EARLY, disputes(), settles_dispute(), held())

        assert (payout(now).attempt, payout(now).approval) == (2, None)
        assert payout(now).status is PayoutStatus.PENDING_APPROVAL
        with pytest.raises(AlreadyDecided):
            deciding_on_card(now, denies(RITA, attempt=1))
        assert payout(on_card(now, approves(RITA, attempt=2, reason=""))).status is PayoutStatus.CAPTURING

    def test_voids_a_first_mark(self) -> None:
        large = on_card(replace(WAITING, price=euros(800), card=card(amount=euros(800))))
        large = replace(large, payout=replace(payout(large), amount=euros(800)))
        marked = on_card(large, approves(ROOT, reason=""))

        now = on_card(marked, disputes(), settles_dispute(who=RITA))

        assert (payout(now).attempt, payout(now).first_mark) == (2, None)
        assert payout(on_card(now, approves(RITA, attempt=2))).status is PayoutStatus.PENDING_APPROVAL

    def test_is_not_charged_to_the_providers_three_submissions(self) -> None:
        it = DENIED_ON_CARD
        for attempt in (2, 4, 6):
            it = on_card(it, disputes(), settles_dispute(), denies(ROOT, attempt=attempt), at=DENIED_AT)
            if attempt < 6:
                it = on_card(it, resubmits(BOB), denies(ROOT, attempt=attempt + 1), at=DENIED_AT)

        assert (payout(it).attempt, payout(it).reopened, payout(it).submissions) == (6, 3, 3)
        with pytest.raises(WrongState, match="used"):
            deciding_on_card(it, resubmits(BOB))

    def test_holds_the_money_anew_if_the_hold_ran_out_meanwhile(self) -> None:
        lapsed, _ = in_time(DISPUTED, until=CAPTURE_BEFORE, policy=CARDS)
        assert payout(lapsed).status is PayoutStatus.ON_HOLD

        now = on_card(lapsed, settles_dispute(REDUCE, amount=8_000), at=CAPTURE_BEFORE)

        assert now.card is not None
        assert (now.card.n, now.card.status, now.card.amount) == (2, CardStatus.WANTED, euros(80))

    def test_goes_behind_a_customer_whose_card_is_declined(self) -> None:
        now = on_card(DECLINED, disputes(), settles_dispute())

        assert payout(now).status is PayoutStatus.AWAITING_CUSTOMER_PAYMENT
        assert payout(on_card(now, held())).status is PayoutStatus.PENDING_APPROVAL

    @pytest.mark.parametrize(
        ("it", "command", "refusal"),
        [
            pytest.param(WAITING, settles_dispute(), WrongState, id="nothing disputed"),
            pytest.param(DISPUTED, settles_dispute(who=OLGA), RoleForbidden, id="ops"),
            pytest.param(DISPUTED, settles_dispute(who=ADA), RoleForbidden, id="the customer"),
            pytest.param(DISPUTED, settles_dispute(who=ADMIN_ADA), SelfApproval, id="an admin, the customer"),
            pytest.param(DISPUTED, settles_dispute(who=ADMIN_BOB), SelfApproval, id="an admin, the provider"),
            pytest.param(DISPUTED, replace(settles_dispute(), reason=""), ReasonRequired, id="no reason"),
            pytest.param(
                DISPUTED,
                replace(settles_dispute(REDUCE, amount=8_000), currency="CHF"),
                ValueInvalid,
                id="another currency",
            ),
            pytest.param(PAID, settles_dispute(), AssignmentClosed, id="paid"),
        ],
    )
    def test_is_refused(self, it: Assignment, command: AssignmentCommand, refusal: type[DomainError]) -> None:
        with pytest.raises(refusal) as refused:
            deciding_on_card(it, command)

        assert refused.type is refusal


def test_a_hold_gone_during_a_dispute_is_no_news_for_the_payout() -> None:
    assert payout(on_card(DISPUTED, gone(), at=DONE_AT + HOUR)).status is PayoutStatus.ON_HOLD
