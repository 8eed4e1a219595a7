"""What became of an assignment, as clients read it: refusals by the codes that they know from everywhere."""

import pytest

from api.schemas.absences import AbsenceResultShown
from fulfillment.domain.absence.results import Outcome, Result, touched
from fulfillment.domain.window import VisitWindow
from fulfillment.store.views.absences import Touched
from tests.domain.people import DAY, NEXT_WEEK, NOON, SCHEDULED

SPAN = VisitWindow(start=NEXT_WEEK.start - DAY, end=NEXT_WEEK.end)


def shown(result: Result | None) -> AbsenceResultShown:
    affected = touched(SCHEDULED, SPAN, reported_at=NOON)
    assert affected is not None
    return AbsenceResultShown.told(Touched(affected=affected, result=result))


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("UseIncident", "USE_INCIDENT"),
        ("AssignmentClosed", "ASSIGNMENT_CLOSED"),
        ("OfALaterRelease", "OfALaterRelease"),
        ("", None),
    ],
)
def test_a_refusal_has_the_code_that_its_command_would_have_met(name: str, code: str | None) -> None:
    assert shown(Result(assignment_id="a1", outcome=Outcome.REFUSED, at=NOON, code=name)).code == code


def test_whose_turn_has_not_come_waits_and_has_nothing_else_to_say() -> None:
    line = shown(None)

    assert line.outcome is Outcome.WAITING
    assert (line.did, line.code, line.detail, line.command_id, line.settled_at) == (None,) * 5
