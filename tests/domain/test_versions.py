"""domain.md 5.4 to the letter: what a version is, and who wins which race."""

from dataclasses import replace

import pytest

from fulfillment.domain.assignment.commands import (
    AssignmentCommand,
    CheckIn,
    HoldAssignment,
    PassDeadline,
    ResumeAssignment,
)
from fulfillment.domain.assignment.state import Assignment
from fulfillment.domain.errors import (
    Conflict,
    ProposalExpired,
    ProposalNotOpen,
    ProposalSuperseded,
    TooManyProposals,
    VersionMismatch,
)
from fulfillment.domain.people import SYSTEM, Actor
from tests.domain.people import (
    ADA,
    BOB,
    DAY,
    FRESH,
    HOUR,
    LATER,
    MOVING,
    NEXT_WEEK,
    NOON,
    OLGA,
    POLICY,
    PROPOSED,
    SCHEDULED,
    TOMORROW,
    after,
    confirms,
    deciding,
    declines,
    forces,
    in_time,
    proposes,
    withdraws,
)

COUNTERED = after(PROPOSED, proposes(ADA, LATER, seeing=1))
WITHDRAWN = after(PROPOSED, withdraws(BOB, 1))
DECLINED = after(PROPOSED, declines(ADA, 1))
EXPIRED, _ = in_time(PROPOSED, until=NOON + DAY)
BY_OPS = after(FRESH, proposes(OLGA, NEXT_WEEK, seeing=0))
HELD = after(PROPOSED, HoldAssignment(actor=ADA, until=NOON + HOUR, reason="holiday"))


@pytest.mark.parametrize(
    ("before", "command", "steps"),
    [
        pytest.param(FRESH, proposes(BOB, NEXT_WEEK, seeing=0), 1, id="propose"),
        pytest.param(PROPOSED, proposes(ADA, LATER, seeing=1), 1, id="counter, with what it supersedes"),
        pytest.param(PROPOSED, proposes(BOB, LATER, seeing=1), 1, id="propose anew, with what it supersedes"),
        pytest.param(SCHEDULED, proposes(BOB, LATER, seeing=2), 1, id="reschedule"),
        pytest.param(PROPOSED, confirms(ADA, 1), 1, id="confirm"),
        pytest.param(MOVING, confirms(BOB, 3), 1, id="confirm a reschedule"),
        pytest.param(PROPOSED, forces(OLGA, 1), 1, id="force"),
        pytest.param(PROPOSED, declines(ADA, 1), 1, id="decline"),
        pytest.param(PROPOSED, withdraws(BOB, 1), 1, id="withdraw"),
        pytest.param(BY_OPS, confirms(ADA, 1), 0, id="the first of two marks"),
        pytest.param(after(BY_OPS, confirms(ADA, 1)), confirms(BOB, 1), 1, id="the second of two marks"),
        pytest.param(SCHEDULED, confirms(ADA, 1), 0, id="confirm again"),
        pytest.param(PROPOSED, HoldAssignment(actor=ADA, until=NOON + HOUR, reason="holiday"), 0, id="hold"),
        pytest.param(HELD, ResumeAssignment(actor=ADA), 0, id="resume"),
    ],
)
def test_the_version_rises_by_one_for_each_step_of_the_schedule_and_for_nothing_else(
    before: Assignment, command: AssignmentCommand, steps: int
) -> None:
    assert after(before, command).schedule_version == before.schedule_version + steps


def test_the_version_rises_by_one_when_a_proposal_lapses() -> None:
    assert EXPIRED.schedule_version == PROPOSED.schedule_version + 1


def test_the_version_stays_when_the_visit_begins_and_voids_an_open_proposal() -> None:
    begun = after(MOVING, CheckIn(actor=BOB), at=NEXT_WEEK.start)

    assert begun.open_proposal is None
    assert begun.schedule_version == MOVING.schedule_version


def test_a_proposal_is_known_by_the_version_it_was_made_at_and_the_agreement_by_that_of_its_proposal() -> (
    None
):
    moved = after(MOVING, confirms(BOB, 3))

    assert moved.proposal is not None
    assert moved.proposal.version == 3
    assert moved.agreed is not None
    assert (moved.agreed.version, moved.schedule_version) == (3, 4)


@pytest.mark.parametrize(
    ("it", "command", "refusal"),
    [
        pytest.param(FRESH, proposes(BOB, NEXT_WEEK, seeing=1), VersionMismatch, id="from the future"),
        pytest.param(PROPOSED, proposes(ADA, LATER, seeing=0), VersionMismatch, id="unaware of a proposal"),
        pytest.param(PROPOSED, proposes(BOB, LATER, seeing=0), VersionMismatch, id="unaware of one's own"),
        pytest.param(
            WITHDRAWN, proposes(ADA, LATER, seeing=1), VersionMismatch, id="unaware of a withdrawal"
        ),
        pytest.param(EXPIRED, proposes(ADA, LATER, seeing=1), VersionMismatch, id="unaware of an expiry"),
        pytest.param(DECLINED, proposes(BOB, LATER, seeing=1), VersionMismatch, id="unaware of a no"),
        pytest.param(SCHEDULED, proposes(BOB, LATER, seeing=1), VersionMismatch, id="confirm beats counter"),
        pytest.param(COUNTERED, confirms(ADA, 1), ProposalSuperseded, id="counter beats confirm"),
        pytest.param(COUNTERED, declines(ADA, 1), ProposalSuperseded, id="counter beats decline"),
        pytest.param(COUNTERED, withdraws(BOB, 1), ProposalSuperseded, id="counter beats withdraw"),
        pytest.param(COUNTERED, forces(OLGA, 1), ProposalSuperseded, id="counter beats force"),
        pytest.param(WITHDRAWN, confirms(ADA, 1), ProposalNotOpen, id="withdraw beats confirm"),
        pytest.param(WITHDRAWN, declines(ADA, 1), ProposalNotOpen, id="withdraw beats decline"),
        pytest.param(DECLINED, withdraws(BOB, 1), ProposalNotOpen, id="decline beats withdraw"),
        pytest.param(DECLINED, confirms(ADA, 1), ProposalNotOpen, id="decline beats confirm"),
        pytest.param(EXPIRED, confirms(ADA, 1), ProposalExpired, id="expiry beats confirm"),
        pytest.param(EXPIRED, declines(ADA, 1), ProposalExpired, id="expiry beats decline"),
        pytest.param(EXPIRED, withdraws(BOB, 1), ProposalExpired, id="expiry beats withdraw"),
        pytest.param(SCHEDULED, declines(ADA, 1), ProposalNotOpen, id="confirm beats decline"),
        pytest.param(SCHEDULED, withdraws(BOB, 1), ProposalNotOpen, id="confirm beats withdraw"),
        pytest.param(FRESH, confirms(ADA, 0), ProposalNotOpen, id="nothing was ever proposed"),
        pytest.param(WITHDRAWN, confirms(ADA, 2), ProposalNotOpen, id="nothing is open at the newest step"),
        pytest.param(SCHEDULED, confirms(ADA, 2), ProposalNotOpen, id="the newest step is the confirmation"),
        pytest.param(PROPOSED, confirms(ADA, 0), VersionMismatch, id="confirm before the proposal"),
        pytest.param(PROPOSED, confirms(ADA, 2), VersionMismatch, id="confirm after it"),
        pytest.param(MOVING, confirms(BOB, 1), VersionMismatch, id="confirm the window that is being moved"),
        pytest.param(
            after(WITHDRAWN, proposes(ADA, LATER, seeing=2)),
            confirms(ADA, 1),
            VersionMismatch,
            id="old link to a withdrawn one while another is open",
        ),
        pytest.param(
            after(COUNTERED, confirms(BOB, 2)), confirms(ADA, 1), ProposalSuperseded, id="old link, settled"
        ),
        pytest.param(
            after(COUNTERED, proposes(BOB, NEXT_WEEK, seeing=2)),
            confirms(BOB, 2),
            ProposalSuperseded,
            id="old link to a counter that was countered",
        ),
        pytest.param(
            after(MOVING, confirms(BOB, 3)),
            confirms(ADA, 1),
            VersionMismatch,
            id="old link, rescheduled since",
        ),
    ],
)
def test_whoever_has_not_seen_the_newest_step_is_refused(
    it: Assignment, command: AssignmentCommand, refusal: type[Conflict]
) -> None:
    with pytest.raises(Conflict) as refused:
        deciding(it, command)

    assert refused.type is refusal


def test_a_countered_window_is_not_confirmed_by_its_date() -> None:
    same_again = after(PROPOSED, proposes(ADA, NEXT_WEEK, seeing=1))

    with pytest.raises(ProposalSuperseded):
        deciding(same_again, confirms(ADA, 1))


def test_of_two_proposals_that_expect_one_version_either_wins_and_the_other_is_told() -> None:
    by_ada, by_bob = proposes(ADA, LATER, seeing=0), proposes(BOB, NEXT_WEEK, seeing=0)

    for first, second in ((by_ada, by_bob), (by_bob, by_ada)):
        won = after(FRESH, first)
        with pytest.raises(VersionMismatch):
            deciding(won, second)


def test_of_eight_proposals_that_expect_one_version_one_wins() -> None:
    crowd = [proposes(BOB, NEXT_WEEK, seeing=0, note=str(n)) for n in range(8)]
    it, refused = FRESH, 0

    for each in crowd:
        try:
            it = after(it, each)
        except VersionMismatch:
            refused += 1

    assert (it.proposals_made, it.schedule_version, refused) == (1, 1, 7)


def test_a_counter_sent_again_in_the_knowledge_of_the_confirmation_is_a_reschedule() -> None:
    it = after(SCHEDULED, proposes(BOB, LATER, seeing=2))

    assert it.agreed == SCHEDULED.agreed
    assert it.open_proposal is not None
    assert it.open_proposal.version == 3


def test_the_clock_does_not_expire_a_proposal_that_was_confirmed_first() -> None:
    late = PassDeadline(actor=SYSTEM, deadline_id="proposal_expiry/v1")

    assert deciding(SCHEDULED, late, at=NOON + DAY) == ()


@pytest.mark.parametrize("who", [ADA, BOB], ids=["customer", "provider"])
def test_the_twenty_proposals_count_the_ones_that_came_to_nothing(who: Actor) -> None:
    it = FRESH
    for version in range(POLICY.max_proposals):
        side = BOB if version % 2 else ADA
        it = after(it, proposes(side, TOMORROW, seeing=version))

    with pytest.raises(TooManyProposals):
        deciding(it, proposes(who, LATER, seeing=POLICY.max_proposals))
    assert len(it.superseded) == POLICY.max_proposals - 1


def test_a_stale_caller_is_told_so_before_the_limit_of_proposals() -> None:
    worn_out = replace(PROPOSED, proposals_made=POLICY.max_proposals)

    with pytest.raises(VersionMismatch):
        deciding(worn_out, proposes(ADA, LATER, seeing=0))
