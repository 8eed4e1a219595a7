"""What is above a threshold is an alert, what is at it is none, and what is unknown is neither."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from fulfillment.domain.alerts import Name, Severity, Thresholds, Vitals, alarms

THRESHOLDS = Thresholds(reminder_failures=3, payouts=5, payout_age=timedelta(hours=10))
WELL = Vitals(
    reminder_failures=3,
    oldest_message=timedelta(minutes=15),
    payouts=5,
    oldest_payout=timedelta(hours=10),
    ending_holds=0,
    runs_in_trouble=0,
)


def wrong(vitals: Vitals) -> dict[Name, tuple[Severity, str]]:
    return {
        name: (alarm.severity, alarm.summary) for name, alarm in alarms(vitals, THRESHOLDS).items() if alarm
    }


def test_at_the_thresholds_all_is_well() -> None:
    assert wrong(WELL) == {}
    assert set(alarms(WELL, THRESHOLDS)) == set(Name)


@pytest.mark.parametrize(
    ("change", "name", "severity", "summary"),
    [
        pytest.param(
            {"reminder_failures": 4},
            Name.REMINDER_FAILURES,
            Severity.WARNING,
            "4 reminders could not be sent within 15 minutes",
            id="reminders fail",
        ),
        pytest.param(
            {"oldest_message": timedelta(minutes=16, seconds=59)},
            Name.OUTBOX_STUCK,
            Severity.WARNING,
            "A message has been waiting to be sent for 16 minutes",
            id="a message waits",
        ),
        pytest.param(
            {"payouts": 6},
            Name.PAYOUTS_PENDING,
            Severity.WARNING,
            "6 payouts wait for somebody of ours",
            id="payouts pile up",
        ),
        pytest.param(
            {"oldest_payout": timedelta(hours=11)},
            Name.PAYOUTS_WAIT_LONG,
            Severity.WARNING,
            "A payout has been waiting for somebody of ours for 11 hours",
            id="a payout waits",
        ),
        pytest.param(
            {"ending_holds": 1},
            Name.HOLDS_ENDING,
            Severity.CRITICAL,
            "1 holds on cards end within 24 hours",
            id="a hold ends",
        ),
        pytest.param(
            {"runs_in_trouble": 1},
            Name.RUNS_IN_TROUBLE,
            Severity.CRITICAL,
            "1 runs cannot go on: their workflow tasks fail",
            id="a run is stuck",
        ),
    ],
)
def test_above_one_of_them_that_is_wrong_and_nothing_else(
    change: dict[str, Any], name: Name, severity: Severity, summary: str
) -> None:
    assert wrong(replace(WELL, **change)) == {name: (severity, summary)}


def test_what_nobody_could_find_out_is_neither_wrong_nor_well() -> None:
    assert Name.RUNS_IN_TROUBLE not in alarms(replace(WELL, runs_in_trouble=None), THRESHOLDS)
