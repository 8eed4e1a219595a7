"""Money that was taken is given back: by whose word, how much of it, and once."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fulfillment.domain.assignment.card import CardStatus
from fulfillment.domain.assignment.card_events import CardCaptured
from fulfillment.domain.assignment.cases import CaseType, cases
from fulfillment.domain.assignment.commands import AssignmentCommand, CancelAssignment
from fulfillment.domain.assignment.money_calls import GiveBack, refund_owed
from fulfillment.domain.assignment.payout import PayoutStatus
from fulfillment.domain.assignment.refund import RefundStatus
from fulfillment.domain.assignment.state import Assignment, Status
from fulfillment.domain.command import Source
from fulfillment.domain.errors import (
    AlreadyDecided,
    AmountExceedsAuthorised,
    DomainError,
    IdempotencyMismatch,
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
    BACK,
    CAPTURING,
    CARDS,
    CHARGED,
    CHARGED_BACK,
    GOING_BACK,
    LARGE,
    MARKED,
    NOT_BACK,
    PARTLY_BACK,
    WAITING,
    captured,
    chargeback,
    deciding_on_card,
    gave_back,
    on_card,
    refunds,
    refused_to_give_back,
)
from tests.domain.people import ADA, BOB, EVE, FRESH, OLGA, PAID, RITA, ROOT, SCHEDULED, denies, euros, payout

S, P = RefundStatus, PayoutStatus
RUTH = Actor(id="ruth", role=Role.ADMIN)
ADMIN_ADA, ADMIN_BOB = Actor(id=ADA.id, role=Role.ADMIN), Actor(id=BOB.id, role=Role.ADMIN)
TAKEN_BY_HAND = on_card(WAITING, captured(euros(120)))
CANCELLED = on_card(TAKEN_BY_HAND, CancelAssignment(actor=OLGA, reason="taken by mistake"))
DENIED = on_card(TAKEN_BY_HAND, denies(ROOT, final=True))


def standings(it: Assignment) -> list[tuple[int, str, int]]:
    """Return number, status and amount of each refund."""
    return [(each.n, each.status, each.amount.amount) for each in payout(it).refunds]


def left(it: Assignment) -> int:
    assert it.card is not None
    assert it.card.captured is not None
    return it.card.captured.amount


class TestAsking:
    @pytest.mark.parametrize("it", [CHARGED, CANCELLED, DENIED], ids=["paid", "cancelled", "denied"])
    def test_is_for_all_that_was_taken_unless_less_is_said(self, it: Assignment) -> None:
        assert standings(on_card(it, refunds())) == [(1, S.ASKED, 12_000)]
        assert standings(on_card(it, refunds(amount=1))) == [(1, S.ASKED, 1)]

    def test_moves_no_money_by_itself(self) -> None:
        assert left(GOING_BACK) == left(CHARGED)
        assert refund_owed(GOING_BACK) == GiveBack(n=1, amount=euros(50), intent_id="pi_1")
        assert refund_owed(CHARGED) is None

    def test_notes_who_decided_and_why(self) -> None:
        asked = refunds(ROOT, 5_000, request_id="r1", command_id="c1")

        (noted,) = payout(on_card(CHARGED, asked)).refunds

        assert (noted.by, noted.decided_by, noted.second) == (ROOT.id, ROOT.id, None)
        assert (noted.reason, noted.request_id, noted.source) == (asked.reason, "r1", Source.API)

    @pytest.mark.parametrize(
        ("it", "command", "refusal"),
        [
            pytest.param(CHARGED, refunds(OLGA), RoleForbidden, id="ops"),
            pytest.param(CHARGED, refunds(ADA), RoleForbidden, id="the customer"),
            pytest.param(CHARGED, refunds(EVE), NotAParty, id="a stranger"),
            pytest.param(CHARGED, refunds(SYSTEM), RoleForbidden, id="the clock"),
            pytest.param(CHARGED, refunds(ADMIN_ADA), SelfApproval, id="an admin who is the customer"),
            pytest.param(CHARGED, refunds(ADMIN_BOB), SelfApproval, id="an admin who is the provider"),
            pytest.param(CHARGED, refunds(reason=" "), ReasonRequired, id="no reason"),
            pytest.param(CHARGED, refunds(reason="\0"), ValueInvalid, id="an unfit reason"),
            pytest.param(CHARGED, refunds(amount=0), ValueInvalid, id="nothing"),
            pytest.param(CHARGED, refunds(amount=-1), ValueInvalid, id="less than nothing"),
            pytest.param(CHARGED, refunds(amount=12_001), AmountExceedsAuthorised, id="more than was taken"),
            pytest.param(PARTLY_BACK, refunds(amount=7_001), AmountExceedsAuthorised, id="more than is left"),
            pytest.param(CHARGED, refunds(amount=1, currency="CHF"), ValueInvalid, id="another currency"),
            pytest.param(FRESH, refunds(), WrongState, id="no payout yet"),
            pytest.param(SCHEDULED, refunds(), WrongState, id="no work yet"),
            pytest.param(AGREED, refunds(), WrongState, id="nothing taken yet"),
            pytest.param(WAITING, refunds(), WrongState, id="held, and not taken"),
            pytest.param(CAPTURING, refunds(), WrongState, id="being taken"),
            pytest.param(TAKEN_BY_HAND, refunds(), WrongState, id="taken by hand, and still open"),
            pytest.param(on_card(WAITING, denies(ROOT, final=True)), refunds(), WrongState, id="let go"),
            pytest.param(PAID, refunds(), WrongState, id="settled by hand"),
            pytest.param(CHARGED_BACK, refunds(), WrongState, id="charged back"),
            pytest.param(BACK, refunds(), WrongState, id="given back"),
            pytest.param(GOING_BACK, refunds(RITA), AlreadyDecided, id="one is under way"),
            pytest.param(CHARGED, refunds(n=2), AlreadyDecided, id="another than the next"),
            pytest.param(PARTLY_BACK, refunds(n=1), AlreadyDecided, id="one that was given"),
        ],
    )
    def test_is_refused(self, it: Assignment, command: AssignmentCommand, refusal: type[DomainError]) -> None:
        with pytest.raises(refusal) as refused:
            deciding_on_card(it, command)

        assert refused.type is refusal

    @pytest.mark.parametrize(
        ("it", "told"),
        [(PAID, "settled by hand"), (CHARGED_BACK, "bank decides"), (BACK, "has gone back")],
        ids=["by hand", "chargeback", "reversed"],
    )
    def test_who_decides_instead_is_told(self, it: Assignment, told: str) -> None:
        with pytest.raises(WrongState, match=told):
            deciding_on_card(it, refunds())

    def test_waits_while_the_run_of_the_assignment_still_writes(self) -> None:
        with pytest.raises(WrongState, match="let go"):
            deciding_on_card(replace(CANCELLED, let_go=("pi_2",)), refunds())


class TestRepeats:
    def test_the_same_command_changes_nothing_however_late(self) -> None:
        asked = refunds(amount=5_000, command_id="c1")

        for it in (on_card(CHARGED, asked), on_card(CHARGED, asked, gave_back())):
            assert deciding_on_card(it, asked) == ()

    def test_a_mark_is_repeated_without_becoming_a_second_one(self) -> None:
        mark = refunds(ROOT, 60_000, command_id="c1")
        marked = on_card(LARGE, mark)

        assert deciding_on_card(marked, mark) == ()
        seconded = on_card(marked, refunds(RITA, 60_000, command_id="c2"))
        assert deciding_on_card(seconded, mark) == ()
        assert deciding_on_card(seconded, refunds(RITA, 60_000, command_id="c2")) == ()

    def test_another_amount_under_the_same_id_is_another_request(self) -> None:
        it = on_card(CHARGED, refunds(amount=5_000, command_id="c1"), gave_back())

        with pytest.raises(IdempotencyMismatch):
            deciding_on_card(it, refunds(amount=6_000, command_id="c1"))

    def test_two_admins_at_once_make_one(self) -> None:
        for amount in (None, 5_000):
            it = on_card(CHARGED, refunds(ROOT, amount))

            with pytest.raises(AlreadyDecided, match="root"):
                deciding_on_card(it, refunds(RITA, amount))

    def test_whoever_names_the_refund_they_mean_makes_no_second_one(self) -> None:
        with pytest.raises(AlreadyDecided):
            deciding_on_card(PARTLY_BACK, refunds(RITA, 5_000, n=1))
        assert deciding_on_card(PARTLY_BACK, refunds(RITA, 5_000, n=2))


class TestFourEyes:
    """P19."""

    def test_it_takes_two_from_the_amount_on(self) -> None:
        below = on_card(LARGE, refunds(ROOT, CARDS.four_eyes_minor - 1))

        at = on_card(LARGE, refunds(ROOT, CARDS.four_eyes_minor))

        assert payout(below).refunds[0].status is S.ASKED
        assert payout(at).refunds[0].status is S.FIRST_MARK
        assert refund_owed(at) is None

    def test_the_second_over_the_same_amount_decides(self) -> None:
        now = on_card(MARKED, refunds(RITA, 60_000, request_id="r2"))

        (noted,) = payout(now).refunds
        assert (noted.by, noted.second, noted.decided_by) == (ROOT.id, RITA.id, RITA.id)
        assert (noted.n, noted.status, noted.request_id) == (1, S.ASKED, "r2")

    @pytest.mark.parametrize(
        ("command", "refusal"),
        [
            pytest.param(refunds(ROOT, 60_000), SelfApproval, id="the same admin"),
            pytest.param(refunds(RITA, 70_000), ValueInvalid, id="another amount"),
            pytest.param(refunds(RITA), ValueInvalid, id="all of it, where some was marked"),
            pytest.param(refunds(RITA, 60_000, source=Source.SIGNAL), SelfApproval, id="by signal"),
            pytest.param(refunds(RITA, 60_000, source=Source.UPDATE), SelfApproval, id="past the API"),
            pytest.param(refunds(ADMIN_ADA, 60_000), SelfApproval, id="a party"),
        ],
    )
    def test_no_other_word_is_a_second_mark(
        self, command: AssignmentCommand, refusal: type[Exception]
    ) -> None:
        with pytest.raises(refusal):
            deciding_on_card(MARKED, command)

    def test_a_signal_is_a_first_mark_at_most(self) -> None:
        now = on_card(LARGE, refunds(ROOT, source=Source.SIGNAL))

        assert payout(now).refunds[0].status is S.FIRST_MARK

    def test_whoever_set_a_mark_may_set_it_anew(self) -> None:
        now = on_card(MARKED, refunds(ROOT, 70_000))

        assert standings(now) == [(1, S.FIRST_MARK, 70_000)]
        assert standings(on_card(now, refunds(RITA, 70_000))) == [(1, S.ASKED, 70_000)]

    def test_a_small_refund_voids_a_mark_that_waits(self) -> None:
        now = on_card(MARKED, refunds(RITA, 1_000))

        assert standings(now) == [(1, S.ASKED, 1_000)]

    def test_many_small_ones_are_a_large_one(self) -> None:
        once = on_card(LARGE, refunds(ROOT, 30_000), gave_back())

        again = on_card(once, refunds(ROOT, 30_000))

        assert standings(again) == [(1, S.GIVEN, 30_000), (2, S.FIRST_MARK, 30_000)]

    def test_what_failed_and_what_two_decided_counts_for_nobody(self) -> None:
        failed = on_card(LARGE, refunds(ROOT, 30_000), refused_to_give_back())
        by_two = on_card(MARKED, refunds(RITA, 60_000), gave_back())

        assert payout(on_card(failed, refunds(ROOT, 30_000))).refund_under_way
        assert payout(on_card(by_two, refunds(ROOT, 1_000))).refund_under_way


class TestAnswers:
    def test_what_was_given_is_no_longer_taken(self) -> None:
        assert (left(PARTLY_BACK), payout(PARTLY_BACK).status) == (7_000, P.CAPTURED)
        (noted,) = payout(PARTLY_BACK).refunds
        assert (noted.status, noted.reference) == (S.GIVEN, "re_1")
        assert refund_owed(PARTLY_BACK) is None

    def test_all_of_it_reverses_the_payout(self) -> None:
        assert (left(BACK), payout(BACK).status, BACK.status) == (0, P.REVERSED, Status.PAID)
        assert BACK.card is not None
        assert BACK.card.status is CardStatus.RELEASED

    def test_two_partial_ones_are_the_whole(self) -> None:
        now = on_card(PARTLY_BACK, refunds(), gave_back(2))

        assert standings(now) == [(1, S.GIVEN, 5_000), (2, S.GIVEN, 7_000)]
        assert payout(now).status is P.REVERSED

    def test_of_a_cancelled_visit_it_closes_the_case(self) -> None:
        now = on_card(CANCELLED, refunds(), gave_back())

        assert [each.type for each in cases(CANCELLED)] == [CaseType.CAPTURED_UNAPPROVED]
        assert (cases(now), payout(now).status) == ((), P.CLOSED_DENIED)

    @pytest.mark.parametrize("answer", [gave_back(1), gave_back(2), refused_to_give_back(1)])
    def test_an_answer_about_another_one_changes_nothing(self, answer: AssignmentCommand) -> None:
        for it in (CHARGED, PARTLY_BACK, BACK, NOT_BACK, MARKED):
            assert deciding_on_card(it, answer) == ()

    def test_a_look_after_it_is_no_news(self) -> None:
        assert not any(
            isinstance(each, CardCaptured) for each in deciding_on_card(PARTLY_BACK, captured(euros(70)))
        )

    def test_a_refusal_moves_nothing_and_is_a_case(self) -> None:
        (noted,) = payout(NOT_BACK).refunds

        assert (noted.status, noted.problem, left(NOT_BACK)) == (S.FAILED, "charge_already_refunded", 12_000)
        assert [each.type for each in cases(NOT_BACK)] == [CaseType.REFUND_FAILED]

    @pytest.mark.parametrize(
        "settled",
        [
            pytest.param(on_card(NOT_BACK, refunds()), id="asked anew"),
            pytest.param(on_card(NOT_BACK, captured(euros(0))), id="given back in the dashboard"),
            pytest.param(
                on_card(NOT_BACK, chargeback(), chargeback(is_open=False, is_lost=True)),
                id="lost to the bank",
            ),
        ],
    )
    def test_the_case_closes_by_itself(self, settled: Assignment) -> None:
        assert cases(settled) == ()

    def test_it_is_asked_anew_under_another_number(self) -> None:
        assert standings(on_card(NOT_BACK, refunds())) == [(1, S.FAILED, 12_000), (2, S.ASKED, 12_000)]

    def test_what_came_back_by_itself_stays_back_when_the_bank_finds_for_us(self) -> None:
        empty = on_card(CHARGED_BACK, captured(euros(0)))

        assert payout(on_card(empty, chargeback(is_open=False))).status is P.REVERSED


words = st.lists(
    st.tuples(
        st.sampled_from([ROOT, RITA, RUTH]),
        st.sampled_from([None, 1, 10_000, 49_999, 50_000, 80_000]),
        st.sampled_from([Source.API, Source.API, Source.SIGNAL]),
        st.sampled_from(["given", "refused", "nothing", "by hand"]),
    ),
    max_size=12,
)


@given(words)
def test_whatever_is_asked_no_more_goes_back_than_was_taken_and_no_much_by_one(
    asked: list[tuple[Actor, int | None, Source, str]],
) -> None:
    it, by_hand = LARGE, 0
    for who, amount, source, then in asked:
        try:
            it = on_card(it, refunds(who, amount, source=source))
        except DomainError:
            continue
        owed = refund_owed(it)
        if then == "by hand" and left(it) and owed is None:
            by_hand += 1
            it = on_card(it, captured(replace(euros(0), amount=left(it) - 1)))
        elif owed and then != "nothing":
            it = on_card(it, gave_back(owed.n) if then == "given" else refused_to_give_back(owed.n))

    done = [each for each in payout(it).refunds if each.status is S.GIVEN]
    assert left(it) + payout(it).given_back + by_hand == 80_000
    assert left(it) >= 0
    assert sum(each.amount.amount for each in done if not each.second) < CARDS.four_eyes_minor
    assert all(each.by != each.second for each in done)
    assert [each.n for each in payout(it).refunds] == list(range(1, len(payout(it).refunds) + 1))
    assert all(each.status in {S.GIVEN, S.FAILED} for each in payout(it).refunds[:-1])
