"""Who hears of an incident, and of what becomes of it."""

from collections.abc import Sequence
from datetime import datetime

import pytest

from fulfillment.domain.assignment.commands import AssignmentCommand, PassDeadline
from fulfillment.domain.assignment.entries import entry
from fulfillment.domain.assignment.state import Assignment
from fulfillment.domain.messages import CalendarMethod, Notice
from fulfillment.domain.people import SYSTEM
from fulfillment.domain.policy import Policy
from tests.domain.no_shows import (
    ABSENT_CUSTOMER,
    ANSWERED,
    CUSTOMER_FAULT,
    END,
    NEITHER,
    PROVIDER_FAULT,
    REPORTABLE,
    REPORTED,
    STRICT,
    WATCHFUL,
    WITH_FEE,
    answers,
    reports,
    resolves,
)
from tests.domain.people import BOB, HOUR, NEXT_WEEK, SCHEDULED, after, deciding, euros

ADA_IS, BOB_IS, ADMINS_ARE, OPS_ARE = "customer:ada", "provider:bob", "admin:admins", "ops:ops"
RESOLVED = [("notifyIncidentResolved", ADA_IS), ("notifyIncidentResolved", BOB_IS)]
REJECTED = [("notifyAssignmentRejected", who) for who in (ADA_IS, OPS_ARE, BOB_IS)]


def notices(
    it: Assignment, command: AssignmentCommand, *, at: datetime, policy: Policy = WITH_FEE
) -> Sequence[Notice]:
    events = deciding(it, command, at=at, policy=policy)
    now = after(it, command, at=at, policy=policy)
    return entry(it, command, events, now, at=at, policy=policy).notices


def rings(deadline_id: str) -> PassDeadline:
    return PassDeadline(actor=SYSTEM, deadline_id=deadline_id)


@pytest.mark.parametrize(
    ("it", "command", "policy", "expected"),
    [
        pytest.param(
            SCHEDULED,
            rings("no_show_suspected/v1"),
            WATCHFUL,
            [("notifyNoShowSuspected", OPS_ARE)],
            id="A15 suspected",
        ),
        pytest.param(
            SCHEDULED,
            reports(),
            WITH_FEE,
            [("notifyNoShowReported", BOB_IS), ("notifyNoShowReported", OPS_ARE)],
            id="A17 of the provider",
        ),
        pytest.param(
            SCHEDULED,
            reports(BOB),
            WITH_FEE,
            [("notifyNoShowReported", ADA_IS), ("notifyNoShowReported", OPS_ARE)],
            id="A17 of the customer",
        ),
        pytest.param(REPORTED, answers(), WITH_FEE, [("notifyIncidentAnswered", OPS_ARE)], id="A17 answered"),
        pytest.param(
            REPORTED,
            rings("no_show_answer/v1"),
            WITH_FEE,
            [("notifyIncidentUnanswered", OPS_ARE)],
            id="A17 unanswered",
        ),
        pytest.param(
            REPORTED,
            rings("no_show_answer/v1"),
            STRICT,
            [("notifyIncidentUnanswered", OPS_ARE), *RESOLVED, *REJECTED],
            id="A18 by itself",
        ),
        pytest.param(
            ANSWERED, resolves(PROVIDER_FAULT), WITH_FEE, [*RESOLVED, *REJECTED], id="A18 the provider"
        ),
        pytest.param(
            ABSENT_CUSTOMER,
            resolves(CUSTOMER_FAULT),
            WITH_FEE,
            [*RESOLVED, ("notifyAssignmentCompleted", ADA_IS), ("notifyPayoutPending", ADMINS_ARE)],
            id="A18 the customer",
        ),
        pytest.param(ANSWERED, resolves(NEITHER), WITH_FEE, RESOLVED, id="A18 neither"),
    ],
)
def test_these_people_are_told_once_each_and_nobody_else(
    it: Assignment, command: AssignmentCommand, policy: Policy, expected: Sequence[tuple[str, str]]
) -> None:
    left = notices(it, command, at=END + HOUR, policy=policy)

    assert sorted((each.event, str(each.to)) for each in left) == sorted(expected)
    assert len({each.key for each in left}) == len(left)


def test_the_accused_reads_by_when_to_answer() -> None:
    to_him, to_ops = notices(SCHEDULED, reports(note="waited"), at=REPORTABLE)

    assert {each.facts.until for each in (to_him, to_ops)} == {REPORTABLE + 2 * HOUR}
    assert to_him.facts.reason == "waited"


def test_a_visit_that_comes_to_nothing_leaves_the_calendars_with_the_word_why() -> None:
    left = notices(ANSWERED, resolves(NEITHER, why="the street was closed"), at=END)

    assert {(each.facts.calendar, each.facts.window, each.facts.reason) for each in left} == {
        (CalendarMethod.CANCEL, NEXT_WEEK, "neither: the street was closed")
    }


def test_both_sides_read_the_verdict_and_the_fee() -> None:
    left = notices(ABSENT_CUSTOMER, resolves(CUSTOMER_FAULT, why="she forgot"), at=END)

    resolved = [each.facts for each in left if each.event == "notifyIncidentResolved"]
    assert {(each.amount, each.reason) for each in resolved} == {(euros(40), "customer_fault: she forgot")}
