from dataclasses import replace

import pytest

from fulfillment.domain.assignment.commands import ApprovePayout, AssignmentCommand, CompleteAssignment
from fulfillment.domain.assignment.payout import PayoutStatus, Ruling
from fulfillment.domain.assignment.state import Assignment, Status
from fulfillment.domain.command import Source
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
from fulfillment.domain.people import Actor, Role
from tests.domain.cards import with_card
from tests.domain.people import (
    ADA,
    APPROVED,
    BOB,
    DAY,
    DENIED,
    DENIED_AT,
    DONE,
    DONE_AT,
    FRESH,
    IN_PROGRESS,
    MALLORY,
    NEXT_WEEK,
    OLGA,
    PAID,
    POLICY,
    RITA,
    ROOT,
    SCHEDULED,
    after,
    approves,
    assignment,
    confirms,
    deciding,
    denies,
    euros,
    in_time,
    payout,
    proposes,
    resubmits,
    settles,
)

LARGE = after(
    assignment(price=euros(800)),
    proposes(BOB, NEXT_WEEK, seeing=0),
    confirms(ADA, 1),
)
LARGE = after(LARGE, CompleteAssignment(actor=BOB), at=DONE_AT)
MARKED = after(LARGE, approves(ROOT), at=DONE_AT)
AGAIN = after(DENIED, resubmits(BOB), at=DENIED_AT)
CLOSED = after(DONE, denies(ROOT, final=True), at=DENIED_AT)
LAPSED, _ = in_time(DENIED, until=DENIED_AT + POLICY.resubmit_window)
LIMIT = POLICY.four_eyes_minor
ADMIN_BOB = Actor(id=BOB.id, role=Role.ADMIN)
ADMIN_ADA = Actor(id=ADA.id, role=Role.ADMIN)
ON_CARD = with_card(DONE, amount=euros(100))
DONE_BY_ROOT = after(IN_PROGRESS, CompleteAssignment(actor=ROOT), at=DONE_AT)


class TestApproving:
    """P1, P2, P19, A19."""

    def test_releases_the_amount_that_was_submitted(self) -> None:
        ruling = payout(APPROVED).ruling

        assert payout(APPROVED).status is PayoutStatus.APPROVED
        assert APPROVED.status is Status.PAYOUT_PENDING
        assert ruling is not None
        assert (ruling.ruling, ruling.by, ruling.amount) == (Ruling.APPROVED, ROOT.id, euros(120))
        assert (ruling.attempt, ruling.source, ruling.reason) == (1, Source.API, "bank transfer 4711")

    def test_may_release_less(self) -> None:
        ruling = payout(after(DONE, approves(ROOT, amount=9_000))).ruling

        assert ruling is not None
        assert ruling.amount == euros(90)

    def test_ends_being_overdue(self) -> None:
        assert after(replace(DONE, overdue_at=DONE_AT), approves(ROOT)).overdue_at is None

    def test_is_paid_once_the_money_has_moved(self) -> None:
        assert (PAID.status, payout(PAID).status) == (Status.PAID, PayoutStatus.SETTLED_MANUAL)
        assert (payout(PAID).settled_by, payout(PAID).reference) == (ROOT.id, "bank transfer 4711")

    def test_needs_no_reference_where_a_card_was_authorised(self) -> None:
        assert deciding(ON_CARD, approves(ROOT, amount=10_000, reason=""))
        with pytest.raises(AmountExceedsAuthorised):
            deciding(ON_CARD, approves(ROOT, amount=10_001, reason=""))

    @pytest.mark.parametrize("source", list(Source), ids=str)
    def test_below_the_four_eyes_takes_one_admin_by_whatever_door(self, source: Source) -> None:
        it = after(LARGE, approves(ROOT, amount=LIMIT - 1, source=source))

        assert payout(it).status is PayoutStatus.APPROVED
        assert payout(it).ruling == payout(it).decisions[-1]
        assert payout(it).decisions[-1].source is source


class TestDenying:
    """P11, P13, A20."""

    def test_tells_why_and_leaves_room_to_answer(self) -> None:
        ruling = payout(DENIED).ruling

        assert (DENIED.status, payout(DENIED).status) == (Status.PAYOUT_PENDING, PayoutStatus.DENIED)
        assert ruling is not None
        assert (ruling.ruling, ruling.reason, ruling.final) == (
            Ruling.DENIED,
            "no_photo: Show the pipe.",
            False,
        )

    def test_for_good_closes_it_unpaid(self) -> None:
        assert (CLOSED.status, payout(CLOSED).status) == (Status.CLOSED_UNPAID, PayoutStatus.CLOSED_DENIED)

    def test_for_good_closes_what_was_denied_before(self) -> None:
        closed = after(DENIED, denies(RITA, final=True), at=DENIED_AT + DAY)

        assert (closed.status, payout(closed).status) == (Status.CLOSED_UNPAID, PayoutStatus.CLOSED_DENIED)
        assert [(each.by, each.final) for each in payout(closed).decisions] == [
            (ROOT.id, False),
            (RITA.id, True),
        ]

    def test_ends_being_overdue(self) -> None:
        assert after(replace(DONE, overdue_at=DONE_AT), denies(ROOT)).overdue_at is None

    def test_without_an_answer_in_time_closes_it_unpaid(self) -> None:
        assert (LAPSED.status, payout(LAPSED).status) == (Status.CLOSED_UNPAID, PayoutStatus.CLOSED_DENIED)


class TestResubmitting:
    """P12."""

    def test_asks_anew_as_the_next_attempt(self) -> None:
        assert (payout(AGAIN).attempt, payout(AGAIN).status) == (2, PayoutStatus.PENDING_APPROVAL)
        assert payout(AGAIN).decisions == payout(DENIED).decisions
        assert payout(AGAIN).ruling is None
        assert (payout(AGAIN).submitted_by, payout(AGAIN).submitted_at) == (BOB.id, DENIED_AT)

    def test_may_ask_for_another_amount_up_to_the_price(self) -> None:
        assert payout(after(DENIED, resubmits(BOB, amount=10_000))).amount == euros(100)
        assert payout(after(DENIED, resubmits(BOB, amount=12_000))).amount == euros(120)

    def test_is_possible_for_three_attempts_in_all(self) -> None:
        third = after(AGAIN, denies(ROOT, attempt=2), resubmits(BOB))
        denied = after(third, denies(ROOT, attempt=3))

        assert payout(third).attempt == 3
        with pytest.raises(WrongState):
            deciding(denied, resubmits(BOB))

    def test_whoever_submitted_for_the_provider_rules_on_the_next_attempt(self) -> None:
        by_root = after(DENIED, resubmits(ROOT))

        with pytest.raises(SelfApproval):
            deciding(by_root, approves(ROOT, attempt=2))
        assert deciding(by_root, approves(RITA, attempt=2))


class TestRulingAgain:
    """P17: the same ruling again is no news, another one is a conflict."""

    @pytest.mark.parametrize(
        ("it", "command"),
        [
            pytest.param(APPROVED, approves(ROOT), id="P17 approve again"),
            pytest.param(APPROVED, approves(RITA), id="P17 another admin agrees"),
            pytest.param(APPROVED, approves(ROOT, amount=12_000), id="P17 by its amount"),
            pytest.param(PAID, approves(ROOT), id="P17 approve again, paid meanwhile"),
            pytest.param(DENIED, denies(RITA), id="P17 deny again"),
            pytest.param(CLOSED, denies(RITA, final=True), id="P17 deny for good again"),
            pytest.param(CLOSED, denies(RITA), id="P17 deny what is denied for good"),
            pytest.param(LAPSED, denies(ROOT), id="P17 deny again, closed meanwhile"),
            pytest.param(AGAIN, denies(ROOT, attempt=1), id="P17 deny an attempt since resubmitted"),
        ],
    )
    def test_changes_nothing(self, it: Assignment, command: AssignmentCommand) -> None:
        assert deciding(it, command, at=DENIED_AT) == ()

    @pytest.mark.parametrize(
        ("it", "command", "stands"),
        [
            pytest.param(APPROVED, denies(RITA), "approved by root", id="P17 deny the approved"),
            pytest.param(APPROVED, approves(RITA, amount=9_000), "approved by root", id="P17 other amount"),
            pytest.param(DENIED, approves(RITA), "denied by root", id="P17 approve the denied"),
            pytest.param(PAID, denies(RITA), "approved by root", id="P17 deny the paid"),
            pytest.param(CLOSED, approves(RITA), "denied by root", id="P17 approve the closed"),
            pytest.param(LAPSED, denies(RITA, final=True), "denied by root", id="P17 close the closed"),
            pytest.param(AGAIN, approves(RITA, attempt=1), "denied by root", id="P17 an attempt since gone"),
            pytest.param(
                AGAIN, denies(RITA, final=True), "denied by root", id="P17 close an attempt since gone"
            ),
            pytest.param(
                DONE, approves(ROOT, attempt=2), "attempt 1 is the current", id="P1 attempt to come"
            ),
            pytest.param(
                DONE, approves(ROOT, attempt=0), "attempt 1 is the current", id="P1 no such attempt"
            ),
            pytest.param(DONE, denies(ROOT, attempt=2), "attempt 1 is the current", id="P11 attempt to come"),
            pytest.param(
                DENIED,
                denies(RITA, attempt=2, final=True),
                "attempt 1 is the current",
                id="P13 attempt to come",
            ),
        ],
    )
    def test_differently_is_told_what_stands(
        self, it: Assignment, command: AssignmentCommand, stands: str
    ) -> None:
        with pytest.raises(AlreadyDecided, match=stands):
            deciding(it, command, at=DENIED_AT)

    def test_of_approve_and_deny_sent_at_once_the_first_stands(self) -> None:
        with pytest.raises(AlreadyDecided):
            after(DONE, approves(ROOT), denies(RITA))
        with pytest.raises(AlreadyDecided):
            after(DONE, denies(RITA), approves(ROOT))


@pytest.mark.parametrize(
    ("it", "command", "refusal"),
    [
        pytest.param(DONE, approves(OLGA), RoleForbidden, id="P1 ops"),
        pytest.param(DONE, approves(BOB), RoleForbidden, id="P1 the provider"),
        pytest.param(DONE, approves(MALLORY), NotAParty, id="P1 a stranger"),
        pytest.param(DONE, approves(ADMIN_BOB), SelfApproval, id="P1 an admin who is the provider"),
        pytest.param(DONE, approves(ADMIN_ADA), SelfApproval, id="P1 an admin who is the customer"),
        pytest.param(
            DONE_BY_ROOT, approves(ADMIN_BOB), SelfApproval, id="P1 the provider, others submitting"
        ),
        pytest.param(DONE_BY_ROOT, approves(ROOT), SelfApproval, id="P1 the submitter"),
        pytest.param(DONE, approves(ROOT, amount=12_001), AmountExceedsAuthorised, id="P1 above the price"),
        pytest.param(DONE, approves(ROOT, amount=0), ValueInvalid, id="P1 nothing"),
        pytest.param(DONE, approves(ROOT, amount=-1), ValueInvalid, id="P1 less than nothing"),
        pytest.param(DONE, approves(ROOT, reason=" "), ReasonRequired, id="P19 without a reference"),
        pytest.param(LARGE, approves(ROOT, reason=""), ReasonRequired, id="P19 a first mark without one"),
        pytest.param(DONE, approves(ROOT, reason="\0"), ValueInvalid, id="P19 an unfit reference"),
        pytest.param(ON_CARD, approves(ROOT, amount=1, reason="\0"), ValueInvalid, id="P1 an unfit reason"),
        pytest.param(FRESH, approves(ROOT), WrongState, id="P1 nothing scheduled"),
        pytest.param(SCHEDULED, approves(ROOT), WrongState, id="P1 nothing done"),
        pytest.param(DONE, denies(OLGA), RoleForbidden, id="P11 ops"),
        pytest.param(DONE, denies(ADMIN_BOB), SelfApproval, id="P11 an admin who is the provider"),
        pytest.param(
            DENIED, denies(ADMIN_ADA, final=True), SelfApproval, id="P13 an admin who is the customer"
        ),
        pytest.param(SCHEDULED, denies(ROOT), WrongState, id="P11 nothing done"),
        pytest.param(DONE, replace(denies(ROOT), reason_code=""), ReasonRequired, id="P11 without a code"),
        pytest.param(DONE, replace(denies(ROOT), reason_code="x" * 129), ValueInvalid, id="P11 no word"),
        pytest.param(DONE, replace(denies(ROOT), note=""), ReasonRequired, id="P11 without a note"),
        pytest.param(DONE, replace(denies(ROOT), note="\0"), ValueInvalid, id="P11 an unfit note"),
        pytest.param(DONE, resubmits(BOB), WrongState, id="P12 nothing denied"),
        pytest.param(APPROVED, resubmits(BOB), WrongState, id="P12 approved"),
        pytest.param(CLOSED, resubmits(BOB), AssignmentClosed, id="P12 closed"),
        pytest.param(DENIED, resubmits(ADA), RoleForbidden, id="P12 the customer"),
        pytest.param(DENIED, resubmits(MALLORY), NotAParty, id="P12 a stranger"),
        pytest.param(
            DENIED, resubmits(BOB, amount=12_001), AmountExceedsAuthorised, id="P12 above the price"
        ),
        pytest.param(DENIED, resubmits(BOB, amount=0), ValueInvalid, id="P12 nothing"),
        pytest.param(DENIED, replace(resubmits(BOB), evidence=()), ReasonRequired, id="P12 no evidence"),
        pytest.param(
            DENIED, replace(resubmits(BOB), evidence=(" ",)), ReasonRequired, id="P12 blank evidence"
        ),
        pytest.param(
            DENIED, replace(resubmits(BOB), evidence=("\0",)), ValueInvalid, id="P12 unfit evidence"
        ),
        pytest.param(
            DENIED, replace(resubmits(BOB), evidence=("x",) * 21), ValueInvalid, id="P12 much evidence"
        ),
        pytest.param(APPROVED, replace(settles(), actor=ROOT), RoleForbidden, id="P2 an admin settles"),
        pytest.param(APPROVED, settles(attempt=2), WrongState, id="P2 another attempt"),
        pytest.param(APPROVED, settles(status="denied"), ValueInvalid, id="P2 settled as denied"),
        pytest.param(APPROVED, settles(status="banana"), ValueInvalid, id="P2 settled as nonsense"),
        pytest.param(DONE, settles(), WrongState, id="P2 not approved"),
        pytest.param(MARKED, settles(), WrongState, id="P2 half approved"),
        pytest.param(DENIED, settles(), WrongState, id="P2 denied"),
        pytest.param(PAID, settles(), AssignmentClosed, id="P2 settled already"),
    ],
)
def test_is_refused(it: Assignment, command: AssignmentCommand, refusal: type[DomainError]) -> None:
    with pytest.raises(refusal) as refused:
        deciding(it, command, at=DENIED_AT)

    assert refused.type is refusal


def test_an_approval_names_the_request_it_came_by() -> None:
    command = ApprovePayout(actor=ROOT, attempt=1, reason="transfer", request_id="r-77", source=Source.SIGNAL)

    decision = payout(after(DONE, command)).decisions[-1]

    assert (decision.request_id, decision.source) == ("r-77", Source.SIGNAL)
