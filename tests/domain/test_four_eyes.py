from dataclasses import replace

import pytest

from fulfillment.domain.assignment.commands import CompleteAssignment
from fulfillment.domain.assignment.payout import PayoutStatus
from fulfillment.domain.command import Source
from fulfillment.domain.errors import SelfApproval, ValueInvalid
from tests.domain.people import (
    ADA,
    BOB,
    DONE_AT,
    NEXT_WEEK,
    POLICY,
    RITA,
    ROOT,
    after,
    approves,
    assignment,
    confirms,
    deciding,
    denies,
    euros,
    payout,
    proposes,
    resubmits,
)

LARGE = after(
    assignment(price=euros(800)),
    proposes(BOB, NEXT_WEEK, seeing=0),
    confirms(ADA, 1),
)
LARGE = after(LARGE, CompleteAssignment(actor=BOB), at=DONE_AT)
MARKED = after(LARGE, approves(ROOT), at=DONE_AT)
LIMIT = POLICY.four_eyes_minor


class TestFourEyes:
    """P1 from 500 euros on; promise P16 for signals."""

    def test_the_first_of_two_marks_releases_nothing(self) -> None:
        first = payout(MARKED).first_mark

        assert payout(MARKED).status is PayoutStatus.PENDING_APPROVAL
        assert payout(MARKED).ruling is None
        assert first is not None
        assert (first.by, first.amount) == (ROOT.id, euros(800))

    def test_begin_at_the_very_amount(self) -> None:
        assert payout(after(LARGE, approves(ROOT, amount=LIMIT))).status is PayoutStatus.PENDING_APPROVAL
        assert payout(after(LARGE, approves(ROOT, amount=LIMIT - 1))).status is PayoutStatus.APPROVED

    def test_see_enough_with_the_mark_of_another_admin(self) -> None:
        it = after(MARKED, approves(RITA))

        assert payout(it).status is PayoutStatus.APPROVED
        assert [each.by for each in payout(it).decisions] == [ROOT.id, RITA.id]
        assert payout(it).first_mark is None

    def test_the_first_mark_leaves_the_admins_overdue(self) -> None:
        late = replace(LARGE, overdue_at=DONE_AT)

        assert after(late, approves(ROOT)).overdue_at == DONE_AT
        assert after(late, approves(ROOT), approves(RITA)).overdue_at is None

    @pytest.mark.parametrize("door", [Source.SIGNAL, Source.UPDATE, Source.CLOCK], ids=str)
    def test_a_word_from_nowhere_is_a_first_mark_and_never_the_second(self, door: Source) -> None:
        first = after(LARGE, approves(ROOT, source=door))

        assert payout(first).status is PayoutStatus.PENDING_APPROVAL
        with pytest.raises(SelfApproval):
            deciding(MARKED, approves(RITA, source=door))
        assert payout(after(first, approves(RITA))).status is PayoutStatus.APPROVED

    @pytest.mark.parametrize("door", [Source.API, Source.PAGE], ids=str)
    def test_the_second_mark_comes_by_a_door_with_a_lock(self, door: Source) -> None:
        assert payout(after(MARKED, approves(RITA, source=door))).status is PayoutStatus.APPROVED

    def test_one_admin_with_two_tokens_is_one_admin(self) -> None:
        with pytest.raises(SelfApproval):
            deciding(MARKED, approves(ROOT, source=Source.PAGE))

    def test_have_to_see_the_same_amount(self) -> None:
        with pytest.raises(ValueInvalid):
            deciding(MARKED, approves(RITA, amount=79_999))

    def test_a_mark_does_not_outlive_its_attempt(self) -> None:
        again = after(MARKED, denies(RITA), resubmits(BOB))

        assert payout(again).first_mark is None
        assert payout(after(again, approves(ROOT, attempt=2))).status is PayoutStatus.PENDING_APPROVAL

    def test_a_denial_takes_one_admin(self) -> None:
        assert payout(after(MARKED, denies(ROOT))).status is PayoutStatus.DENIED
