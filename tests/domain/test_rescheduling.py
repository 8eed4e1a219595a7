from dataclasses import replace

import pytest

from fulfillment.domain.errors import CutoffPassed
from fulfillment.domain.people import Actor
from fulfillment.domain.policy import LateReschedule
from tests.domain.people import (
    ADA,
    BOB,
    DAY,
    HOUR,
    LATER,
    MINUTE,
    NEXT_WEEK,
    OLGA,
    OLGA_FOR_ADA,
    POLICY,
    SCHEDULED,
    after,
    deciding,
    due,
    proposes,
)


class TestMovingAVisitLate:
    """A9, inside the cut-off of 24 hours."""

    OPS_ONLY = replace(POLICY, late_reschedule=LateReschedule.OPS_ONLY)

    def test_is_flagged_from_less_than_a_day_before_the_visit_on(self) -> None:
        in_time = after(SCHEDULED, proposes(BOB, LATER, seeing=2), at=NEXT_WEEK.start - DAY)
        late = after(SCHEDULED, proposes(BOB, LATER, seeing=2), at=NEXT_WEEK.start - DAY + MINUTE)

        assert in_time.open_proposal is not None
        assert not in_time.open_proposal.late
        assert late.open_proposal is not None
        assert late.open_proposal.late

    def test_takes_operations_where_the_policy_says_so(self) -> None:
        late = NEXT_WEEK.start - DAY + MINUTE

        with pytest.raises(CutoffPassed):
            deciding(SCHEDULED, proposes(ADA, LATER, seeing=2), at=late, policy=self.OPS_ONLY)

        assert deciding(SCHEDULED, proposes(OLGA_FOR_ADA, LATER, seeing=2), at=late, policy=self.OPS_ONLY)

    def test_is_open_to_everybody_before_the_cutoff_whatever_the_policy(self) -> None:
        in_good_time = NEXT_WEEK.start - DAY

        assert deciding(SCHEDULED, proposes(ADA, LATER, seeing=2), at=in_good_time, policy=self.OPS_ONLY)

    @pytest.mark.parametrize("who", [ADA, OLGA], ids=["customer", "ops"])
    def test_ends_when_the_visit_begins(self, who: Actor) -> None:
        command = proposes(who, LATER, seeing=2)

        assert deciding(SCHEDULED, command, at=NEXT_WEEK.start - MINUTE)
        with pytest.raises(CutoffPassed):
            deciding(SCHEDULED, command, at=NEXT_WEEK.start)

    def test_lapses_when_the_visit_it_would_move_begins(self) -> None:
        it = after(SCHEDULED, proposes(ADA, LATER, seeing=2), at=NEXT_WEEK.start - 3 * HOUR)

        assert due(it, "proposal_expiry/v3") == NEXT_WEEK.start
