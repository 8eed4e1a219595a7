from dataclasses import replace
from datetime import datetime

import pytest

from fulfillment.domain.assignment.commands import HoldAssignment, SkipDeadline
from fulfillment.domain.assignment.standing import standing
from fulfillment.domain.assignment.state import Assignment
from fulfillment.domain.people import Party
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
    HOUR,
    IN_PROGRESS,
    LATER,
    MINUTE,
    MOVING,
    NEXT_WEEK,
    NOON,
    OLGA,
    PAID,
    POLICY,
    PROPOSED,
    RITA,
    ROOT,
    SCHEDULED,
    after,
    approves,
    confirms,
    declines,
    denies,
    in_time,
    proposes,
    resubmits,
)

START, END = NEXT_WEEK.start, NEXT_WEEK.end
BY_OPS = after(FRESH, proposes(OLGA, NEXT_WEEK, seeing=0))
LAST_DENIED = after(
    DENIED,
    resubmits(BOB),
    denies(RITA, attempt=2),
    resubmits(BOB),
    denies(RITA, attempt=3),
    at=DENIED_AT,
)


@pytest.mark.parametrize(
    ("it", "party", "action", "since", "sla_due"),
    [
        pytest.param(FRESH, Party.PROVIDER, "propose_schedule", NOON, NOON + DAY, id="A0"),
        pytest.param(PROPOSED, Party.CUSTOMER, "confirm_schedule", NOON, NOON + DAY, id="A1"),
        pytest.param(
            after(PROPOSED, proposes(ADA, LATER, seeing=1), at=NOON + HOUR),
            Party.PROVIDER,
            "confirm_schedule",
            NOON + HOUR,
            NOON + HOUR + DAY,
            id="A1 countered",
        ),
        pytest.param(BY_OPS, Party.CUSTOMER, "confirm_schedule", NOON, NOON + DAY, id="5.4 both, she first"),
        pytest.param(
            after(BY_OPS, confirms(ADA, 1)),
            Party.PROVIDER,
            "confirm_schedule",
            NOON,
            NOON + DAY,
            id="5.4 then he",
        ),
        pytest.param(
            after(PROPOSED, declines(ADA, 1), at=NOON + HOUR),
            Party.CUSTOMER,
            "propose_schedule",
            NOON + HOUR,
            NOON + HOUR + DAY,
            id="A3",
        ),
        pytest.param(SCHEDULED, Party.PROVIDER, "check_in", NOON, None, id="A2"),
        pytest.param(MOVING, Party.PROVIDER, "confirm_schedule", NOON, NOON + DAY, id="A9"),
        pytest.param(IN_PROGRESS, Party.PROVIDER, "complete", START, None, id="A11"),
        pytest.param(DONE, Party.ADMIN, "rule_on_payout", DONE_AT, DONE_AT + 2 * DAY, id="A14"),
        pytest.param(DENIED, Party.PROVIDER, "resubmit_payout", DENIED_AT, None, id="P11"),
        pytest.param(
            after(DENIED, resubmits(BOB), at=DENIED_AT + DAY),
            Party.ADMIN,
            "rule_on_payout",
            DENIED_AT + DAY,
            DENIED_AT + 3 * DAY,
            id="P12",
        ),
        pytest.param(
            after(PROPOSED, HoldAssignment(actor=OLGA, until=NOON + 5 * HOUR, reason="holiday")),
            Party.CUSTOMER,
            "confirm_schedule",
            NOON,
            NOON + DAY + 5 * HOUR,
            id="A21",
        ),
    ],
)
def test_it_is_this_partys_turn(
    it: Assignment, party: Party, action: str, since: datetime, sla_due: datetime | None
) -> None:
    obligation = standing(it, POLICY).obligation

    assert obligation is not None
    assert (obligation.party, obligation.action) == (party, action)
    assert (obligation.since, obligation.sla_due) == (since, sla_due)


@pytest.mark.parametrize(
    "it",
    [
        pytest.param(APPROVED, id="P2 the money is on its way"),
        pytest.param(LAST_DENIED, id="P12 no attempt is left"),
        pytest.param(PAID, id="A23 paid"),
    ],
)
def test_it_is_nobodys_turn(it: Assignment) -> None:
    assert standing(it, POLICY).obligation is None


def test_an_obligation_that_is_overdue_still_says_when_it_was_due() -> None:
    late, _ = in_time(FRESH, until=NOON + DAY)

    obligation = standing(late, POLICY).obligation

    assert late.overdue_at == NOON + DAY
    assert obligation is not None
    assert obligation.sla_due == NOON + DAY


def test_a_first_mark_leaves_it_the_admins_turn() -> None:
    assert DONE.payout is not None
    large = replace(DONE, price=replace(DONE.price, amount=80_000))
    marked = after(large, approves(ROOT, amount=80_000))

    obligation = standing(marked, POLICY).obligation

    assert obligation is not None
    assert (obligation.party, obligation.since) == (Party.ADMIN, DONE_AT)


@pytest.mark.parametrize(
    ("it", "until", "next_reminder"),
    [
        pytest.param(FRESH, NOON, NOON + 12 * HOUR, id="5.5 the first nudge"),
        pytest.param(FRESH, NOON + 12 * HOUR, NOON + DAY, id="5.5 the second"),
        pytest.param(FRESH, NOON + DAY, None, id="5.5 then only operations are alerted"),
        pytest.param(replace(FRESH, nudged=(Party.PROVIDER,) * 2), NOON, None, id="5.5 nudged often enough"),
        pytest.param(
            replace(FRESH, nudged=(Party.CUSTOMER,) * 2), NOON, NOON + 12 * HOUR, id="5.5 the other side was"
        ),
        pytest.param(SCHEDULED, NOON, START - DAY, id="5.5 a day before"),
        pytest.param(SCHEDULED, START - DAY, START - 2 * HOUR, id="5.5 two hours before"),
        pytest.param(SCHEDULED, START - HOUR, START + 15 * MINUTE, id="5.5 at the start"),
        pytest.param(SCHEDULED, START + HOUR, END + HOUR, id="5.5 after the end"),
        pytest.param(IN_PROGRESS, END + DAY + HOUR, END + HOUR + 2 * DAY, id="5.5 the third question"),
        pytest.param(IN_PROGRESS, END + 3 * DAY, None, id="5.5 no fourth"),
        pytest.param(DONE, DONE_AT, DONE_AT + DAY, id="5.5 the admins"),
        pytest.param(DONE, DONE_AT + 2 * DAY, None, id="5.5 then operations"),
        pytest.param(DENIED, DENIED_AT, DENIED_AT + 3.5 * DAY, id="5.5 the evidence"),
        pytest.param(DENIED, DENIED_AT + 4 * DAY, None, id="5.5 no second nudge for it"),
        pytest.param(PAID, DONE_AT + DAY, None, id="A23"),
    ],
)
def test_the_next_reminder_is_the_next_that_somebody_gets(
    it: Assignment, until: datetime, next_reminder: datetime | None
) -> None:
    then, _ = in_time(it, until=until)

    assert standing(then, POLICY).next_reminder_at == next_reminder


def test_a_skipped_reminder_is_not_the_next_one() -> None:
    skipped = after(
        FRESH, SkipDeadline(actor=OLGA, deadline_id="sla_propose_l1/e1.v0/provider", reason="called")
    )

    assert standing(skipped, POLICY).next_reminder_at == NOON + DAY


def test_an_expiry_is_shown_while_a_proposal_is_open() -> None:
    assert standing(PROPOSED, POLICY).proposal_expires_at == NOON + DAY
    assert standing(FRESH, POLICY).proposal_expires_at is None
    assert standing(SCHEDULED, POLICY).proposal_expires_at is None
