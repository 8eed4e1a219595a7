"""A page offers what the rules would honour now, and says from when on the rest can be done."""

from datetime import datetime

import pytest

from api.ui.doable import Rules, moment_of
from fulfillment.domain.assignment.commands import ReportNoShow
from fulfillment.domain.assignment.state import Assignment
from fulfillment.domain.people import Actor
from tests.domain.people import (
    ADA,
    BOB,
    DAY,
    DENIED,
    DENIED_AT,
    DONE,
    DONE_AT,
    FRESH,
    HOUR,
    IN_PROGRESS,
    MALLORY,
    MINUTE,
    NEXT_WEEK,
    NOON,
    PAID,
    POLICY,
    PROPOSED,
    SCHEDULED,
    after,
    in_time,
    proposes,
)

START = NEXT_WEEK.start
ASKED = after(FRESH, proposes(ADA, NEXT_WEEK, seeing=0))
ACCUSED = after(SCHEDULED, ReportNoShow(actor=ADA), at=START + HOUR)
WAYS_OUT = {"propose", "hold", "reject"}


def forms(it: Assignment, at: datetime, actor: Actor = BOB) -> set[str]:
    return set(Rules(it, actor, policy=POLICY, now=at).doable().forms)


@pytest.mark.parametrize(
    ("it", "at", "offered"),
    [
        pytest.param(FRESH, NOON, WAYS_OUT, id="fresh"),
        pytest.param(PROPOSED, NOON, WAYS_OUT | {"withdraw"}, id="proposed by them"),
        pytest.param(ASKED, NOON, WAYS_OUT | {"confirm", "decline"}, id="proposed to them"),
        pytest.param(SCHEDULED, NOON, WAYS_OUT, id="agreed"),
        pytest.param(SCHEDULED, START - HOUR, WAYS_OUT | {"check_in"}, id="at the door"),
        pytest.param(
            SCHEDULED,
            START + HOUR,
            {"hold", "reject", "check_in", "complete", "report"},
            id="begun without a word",
        ),
        pytest.param(IN_PROGRESS, START + MINUTE, {"hold", "complete"}, id="under way"),
        pytest.param(ACCUSED, START + HOUR, {"hold", "reject", "check_in", "answer"}, id="accused"),
        pytest.param(DONE, DONE_AT, {"hold"}, id="done"),
        pytest.param(DENIED, DENIED_AT, {"hold", "resubmit"}, id="denied"),
        pytest.param(PAID, DONE_AT + DAY, set(), id="paid"),
    ],
)
def test_what_is_offered_is_what_the_rules_would_honour(
    it: Assignment, at: datetime, offered: set[str]
) -> None:
    assert forms(it, at) == offered


def test_a_stranger_is_offered_nothing() -> None:
    assert forms(SCHEDULED, START, MALLORY) == set()


def test_what_can_be_done_later_says_from_when_on() -> None:
    early = Rules(SCHEDULED, BOB, policy=POLICY, now=NOON).doable()
    late = Rules(SCHEDULED, BOB, policy=POLICY, now=START + HOUR).doable()

    assert (early.check_in_from, early.complete_from, early.report_from) == (
        START - POLICY.early_checkin,
        START,
        START + POLICY.no_show_grace,
    )
    assert (late.check_in_from, late.complete_from, late.report_from) == (None, None, None)


@pytest.mark.parametrize(("at", "late"), [(NOON, False), (START - HOUR, True)])
def test_giving_it_back_late_is_said_before(at: datetime, late: bool) -> None:  # noqa: FBT001 - a case
    assert Rules(SCHEDULED, BOB, policy=POLICY, now=at).doable().rejects_late is late


def test_a_run_that_is_ahead_of_our_clock_is_believed() -> None:
    reminded, _ = in_time(SCHEDULED, until=START + HOUR)

    assert moment_of(reminded, now=NOON) == START + POLICY.start_check_after
    assert moment_of(reminded, now=START + DAY) == START + DAY
