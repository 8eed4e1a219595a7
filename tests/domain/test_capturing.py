"""Taking approved money from the card: what an approval begins, how it can go wrong, and the ways on."""

from dataclasses import replace
from itertools import permutations

import pytest

from fulfillment.domain.assignment.card import CardStatus
from fulfillment.domain.assignment.cards import AMOUNT_MISMATCH
from fulfillment.domain.assignment.commands import AssignmentCommand, CancelAssignment, RecordTransfer
from fulfillment.domain.assignment.money_calls import LetHoldGo, PlaceHold, SettleByHand, TakeMoney
from fulfillment.domain.assignment.payout import PayoutStatus
from fulfillment.domain.assignment.state import Assignment, Status
from fulfillment.domain.errors import (
    AlreadyDecided,
    AmountExceedsAuthorised,
    AssignmentClosed,
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
    CAPTURING,
    DECLINED,
    DISPUTED,
    EXPIRED,
    FAILED,
    UNKNOWN,
    WAITING,
    captured,
    card,
    deciding_on_card,
    declined,
    gone,
    held,
    missing,
    on_card,
    owed,
    reauthorises,
    refused,
    retries,
    unanswered,
    with_card,
)
from tests.domain.people import (
    ADA,
    BOB,
    DONE,
    EVE,
    OLGA,
    PAID,
    RITA,
    ROOT,
    approves,
    deciding,
    denies,
    euros,
    payout,
    settles,
)

Ps = PayoutStatus
WANTED = with_card(DONE, CardStatus.WANTED, intent_id=None, capture_before=None)
APPROVED_EARLY = on_card(WANTED, approves(ROOT, reason=""))
MISSING = with_card(DONE, CardStatus.MISSING, intent_id=None, capture_before=None)
BY_HAND = on_card(MISSING, approves(ROOT))
CHARGED = on_card(CAPTURING, captured(euros(120)))
MISMATCHED = on_card(CAPTURING, captured(euros(100)))
STUCK = on_card(WAITING, gone())
"""Nobody has ruled on it, and there is no money."""
ADMIN_ADA, ADMIN_BOB = Actor(id=ADA.id, role=Role.ADMIN), Actor(id=BOB.id, role=Role.ADMIN)
SOLD = CancelAssignment(actor=OLGA, reason="sold")


class TestApproving:
    """P1, P2, P19 where cards pay."""

    def test_over_held_money_takes_it_in_the_same_step(self) -> None:
        now = on_card(WAITING, approves(ROOT, amount=9_000, reason=""))

        assert (payout(now).status, now.state_version) == (Ps.CAPTURING, WAITING.state_version + 1)
        assert owed(now) == TakeMoney(intent_id="pi_1", attempt=1, tries=1, amount=euros(90))

    def test_over_money_that_is_asked_for_waits_until_it_is_held(self) -> None:
        assert payout(APPROVED_EARLY).status is Ps.APPROVED
        assert owed(APPROVED_EARLY) == PlaceHold(n=1, amount=euros(120))
        assert owed(on_card(APPROVED_EARLY, held())) == TakeMoney(
            intent_id="pi_1", attempt=1, tries=1, amount=euros(120)
        )

    @pytest.mark.parametrize("it", [DONE, MISSING], ids=["none", "missing"])
    def test_over_no_card_takes_a_reference_and_is_settled_by_hand(self, it: Assignment) -> None:
        with pytest.raises(ReasonRequired):
            deciding_on_card(it, approves(ROOT, reason=""))

        now = on_card(it, approves(ROOT))
        assert isinstance(owed(now), SettleByHand)
        assert payout(on_card(now, settles())).status is Ps.SETTLED_MANUAL

    def test_over_money_taken_by_hand_looks_and_settles(self) -> None:
        now = on_card(WAITING, captured(euros(120)), approves(ROOT, reason=""), captured(euros(120)))

        assert (now.status, payout(now).status) == (Status.PAID, Ps.CAPTURED)

    @pytest.mark.parametrize(
        ("it", "way_out"),
        [
            pytest.param(STUCK, "reauthorise, or deny it for good", id="expired"),
            pytest.param(DECLINED, "customer has to pay", id="needs the customer"),
            pytest.param(DISPUTED, "resolved first", id="on hold"),
        ],
    )
    def test_what_no_money_stands_behind_is_told_the_way_out(self, it: Assignment, way_out: str) -> None:
        with pytest.raises(WrongState, match=way_out):
            deciding_on_card(it, approves(RITA))
        with pytest.raises(WrongState, match=way_out):
            deciding_on_card(it, denies(RITA))

    def test_never_takes_more_than_is_held(self) -> None:
        with pytest.raises(AmountExceedsAuthorised):
            deciding_on_card(with_card(DONE, amount=euros(100)), approves(ROOT))

    def test_takes_two_where_it_is_much_and_takes_nothing_before(self) -> None:
        large = replace(WAITING, price=euros(800), card=card(amount=euros(800)))
        large = replace(large, payout=replace(payout(large), amount=euros(800)))

        marked = on_card(large, approves(ROOT, reason=""))

        assert (payout(marked).status, owed(marked)) == (Ps.PENDING_APPROVAL, None)
        with pytest.raises(SelfApproval):
            deciding_on_card(marked, approves(ROOT, reason=""))
        assert payout(on_card(marked, approves(RITA, reason=""))).status is Ps.CAPTURING

    def test_a_mark_outlives_a_hold(self) -> None:
        large = replace(WAITING, price=euros(800), card=card(amount=euros(800)))
        large = replace(large, payout=replace(payout(large), amount=euros(800)))

        back = on_card(
            large, approves(ROOT, reason=""), gone(), reauthorises(RITA), held(n=2, amount=euros(800))
        )

        assert payout(back).status is Ps.PENDING_APPROVAL
        assert payout(on_card(back, approves(RITA, reason=""))).status is Ps.CAPTURING


class TestTwoAdminsAtOnce:
    """P17 and M11, in whatever order."""

    def test_the_first_word_stands(self) -> None:
        words = [
            approves(ROOT, amount=12_000, reason=""),
            denies(RITA),
            approves(RITA, amount=9_000, reason=""),
        ]
        for first, second, third in permutations(words):
            now = on_card(WAITING, first)

            for late in (second, third):
                with pytest.raises(AlreadyDecided):
                    deciding_on_card(now, late)

    @pytest.mark.parametrize("it", [CAPTURING, UNKNOWN, FAILED, EXPIRED, MISMATCHED, CHARGED])
    def test_the_same_word_again_moves_nothing(self, it: Assignment) -> None:
        assert deciding_on_card(it, approves(RITA, reason="")) == ()
        with pytest.raises(AlreadyDecided):
            deciding_on_card(it, denies(RITA, final=True))


class TestWhatGoesWrong:
    """P3 to P7."""

    def test_another_amount_is_not_paid(self) -> None:
        assert (payout(MISMATCHED).status, payout(MISMATCHED).problem) == (Ps.CAPTURE_FAILED, AMOUNT_MISMATCH)
        assert MISMATCHED.status is Status.PAYOUT_PENDING

    def test_until_the_amount_is_set_right_by_hand(self) -> None:
        assert on_card(MISMATCHED, retries(), captured(euros(120))).status is Status.PAID

    def test_a_refusal_is_kept_in_the_providers_words(self) -> None:
        assert (payout(FAILED).status, payout(FAILED).problem) == (Ps.CAPTURE_FAILED, "card_declined")
        assert owed(FAILED) is None

    @pytest.mark.parametrize("word", [refused, unanswered])
    @pytest.mark.parametrize(("attempt", "tries"), [(1, 2), (2, 1), (0, 1)])
    def test_a_word_about_another_try_changes_nothing(self, word: type, attempt: int, tries: int) -> None:
        assert deciding_on_card(CAPTURING, word(attempt=attempt, tries=tries)) == ()

    @pytest.mark.parametrize("it", [WAITING, UNKNOWN, FAILED, EXPIRED, CHARGED, AGREED])
    def test_a_late_word_changes_nothing(self, it: Assignment) -> None:
        assert deciding_on_card(it, refused()) == ()
        assert deciding_on_card(it, unanswered()) == ()

    def test_silence_is_no_answer_and_charges_nobody_again(self) -> None:
        assert (payout(UNKNOWN).status, owed(UNKNOWN)) == (Ps.CAPTURE_UNKNOWN, None)


class TestRetrying:
    """P8."""

    @pytest.mark.parametrize("it", [FAILED, UNKNOWN], ids=["failed", "unknown"])
    def test_is_another_try_at_the_same_amount(self, it: Assignment) -> None:
        assert owed(on_card(it, retries())) == TakeMoney(
            intent_id="pi_1", attempt=1, tries=2, amount=euros(120)
        )

    @pytest.mark.parametrize("answer", [None, declined(n=2), missing(n=2), gone(n=2)], ids=str)
    def test_takes_a_hold(self, answer: AssignmentCommand | None) -> None:
        """Captured without one it would wait for ever."""
        anew = on_card(FAILED, reauthorises())
        stuck = on_card(anew, answer) if answer else anew

        with pytest.raises(WrongState):
            deciding_on_card(stuck, retries())

    @pytest.mark.parametrize(
        ("it", "who", "refusal"),
        [
            pytest.param(FAILED, OLGA, RoleForbidden, id="ops"),
            pytest.param(FAILED, ADA, RoleForbidden, id="the customer"),
            pytest.param(FAILED, EVE, NotAParty, id="a stranger"),
            pytest.param(FAILED, ADMIN_ADA, SelfApproval, id="an admin, the customer"),
            pytest.param(FAILED, ADMIN_BOB, SelfApproval, id="an admin, the provider"),
            pytest.param(WAITING, ROOT, WrongState, id="nothing approved"),
            pytest.param(CAPTURING, ROOT, WrongState, id="on its way"),
            pytest.param(EXPIRED, ROOT, WrongState, id="no hold"),
            pytest.param(AGREED, ROOT, WrongState, id="no payout"),
            pytest.param(CHARGED, ROOT, AssignmentClosed, id="paid"),
        ],
    )
    def test_is_refused(self, it: Assignment, who: Actor, refusal: type[DomainError]) -> None:
        with pytest.raises(refusal):
            deciding_on_card(it, retries(who))


class TestReauthorising:
    """P9, P10."""

    @pytest.mark.parametrize("who", [ADA, OLGA, ROOT], ids=str)
    @pytest.mark.parametrize("it", [STUCK, EXPIRED, DECLINED], ids=["unruled", "approved", "declined"])
    def test_holds_the_money_anew(self, it: Assignment, who: Actor) -> None:
        now = on_card(it, reauthorises(who))

        assert now.card is not None
        assert (now.card.n, now.card.status) == (2, CardStatus.WANTED)

    def test_goes_on_to_the_capture_with_the_approval_it_had(self) -> None:
        less = on_card(WAITING, approves(ROOT, amount=9_000, reason=""), gone(), reauthorises(ADA))
        assert owed(less) == PlaceHold(n=2, amount=euros(90))

        now = on_card(less, held(n=2, amount=euros(90)))

        assert owed(now) == TakeMoney(intent_id="pi_2", attempt=1, tries=2, amount=euros(90))

    def test_goes_back_to_the_admins_without_one(self) -> None:
        assert payout(on_card(STUCK, reauthorises(ADA), held(n=2))).status is Ps.PENDING_APPROVAL

    def test_that_fails_again_waits_for_the_customer(self) -> None:
        for answer in (declined(n=2), missing(n=2)):
            assert payout(on_card(EXPIRED, reauthorises(), answer)).status is Ps.AWAITING_CUSTOMER_PAYMENT

    def test_lets_the_earlier_hold_go(self) -> None:
        assert owed(on_card(FAILED, reauthorises())) == LetHoldGo(intent_id="pi_1")

    @pytest.mark.parametrize(
        ("it", "who", "refusal"),
        [
            pytest.param(STUCK, BOB, RoleForbidden, id="the provider"),
            pytest.param(STUCK, SYSTEM, RoleForbidden, id="the clock"),
            pytest.param(STUCK, EVE, NotAParty, id="a stranger"),
            pytest.param(STUCK, ADMIN_ADA, SelfApproval, id="an admin, the customer"),
            pytest.param(STUCK, ADMIN_BOB, SelfApproval, id="an admin, the provider"),
            pytest.param(WAITING, ADA, WrongState, id="the customer, nothing wrong"),
            pytest.param(WANTED, ROOT, WrongState, id="asked for"),
            pytest.param(CAPTURING, ROOT, WrongState, id="on its way"),
            pytest.param(UNKNOWN, ROOT, WrongState, id="nobody knows"),
            pytest.param(MISMATCHED, ROOT, WrongState, id="taken"),
            pytest.param(BY_HAND, ROOT, WrongState, id="being settled by hand"),
            pytest.param(BY_HAND, ADA, WrongState, id="the customer, being settled by hand"),
            pytest.param(AGREED, ROOT, WrongState, id="no card yet"),
            pytest.param(CHARGED, ROOT, AssignmentClosed, id="paid"),
        ],
    )
    def test_is_refused(self, it: Assignment, who: Actor, refusal: type[DomainError]) -> None:
        with pytest.raises(refusal):
            deciding_on_card(it, reauthorises(who))

    def test_is_refused_where_no_card_pays(self) -> None:
        with pytest.raises(WrongState):
            deciding(STUCK, reauthorises())
        with pytest.raises(ValueInvalid):
            deciding_on_card(STUCK, replace(reauthorises(), reason="\0"))


class TestGivingUp:
    """A13 and P13 while money is about."""

    @pytest.mark.parametrize("it", [APPROVED_EARLY, CAPTURING, UNKNOWN, BY_HAND])
    def test_is_too_late_for_money_on_its_way(self, it: Assignment) -> None:
        with pytest.raises(WrongState, match="on its way"):
            deciding_on_card(it, SOLD)

    @pytest.mark.parametrize("it", [WAITING, FAILED, DISPUTED, DECLINED])
    def test_lets_the_hold_go(self, it: Assignment) -> None:
        now = on_card(it, SOLD)

        assert (now.status, payout(now).status) == (Status.CANCELLED, Ps.CLOSED_DENIED)
        assert owed(now) == LetHoldGo(intent_id="pi_1")

    @pytest.mark.parametrize("it", [STUCK, DECLINED], ids=["expired", "declined"])
    def test_for_good_ends_what_nobody_has_ruled_on(self, it: Assignment) -> None:
        assert on_card(it, denies(ROOT, final=True)).status is Status.CLOSED_UNPAID

    @pytest.mark.parametrize("it", [EXPIRED, FAILED, UNKNOWN])
    def test_for_good_does_not_undo_an_approval(self, it: Assignment) -> None:
        with pytest.raises(AlreadyDecided):
            deciding_on_card(it, denies(ROOT, final=True))


class TestSharing:
    """M14."""

    SENT = RecordTransfer(actor=SYSTEM, transfer_id="tr_1", amount=euros(100))

    def test_is_noted_once(self) -> None:
        now = on_card(CHARGED, self.SENT)

        assert payout(now).transfer_id == "tr_1"
        assert deciding_on_card(now, replace(self.SENT, transfer_id="tr_2")) == ()

    @pytest.mark.parametrize("status", [Ps.DISPUTED, Ps.REVERSED])
    def test_is_noted_though_the_bank_complains_meanwhile(self, status: PayoutStatus) -> None:
        disputed = replace(CHARGED, payout=replace(payout(CHARGED), status=status))

        assert payout(on_card(disputed, self.SENT)).transfer_id == "tr_1"

    def test_is_of_money_from_a_card(self) -> None:
        for it in (WAITING, PAID):
            with pytest.raises(WrongState):
                deciding_on_card(it, self.SENT)
        with pytest.raises(RoleForbidden):
            deciding_on_card(CHARGED, replace(self.SENT, actor=ROOT))
