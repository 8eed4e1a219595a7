"""Every deadline says in a sentence why it comes when it does."""

from dataclasses import replace
from datetime import timedelta

import pytest

from fulfillment.domain.assignment.deadline import Deadline, DeadlineKind
from fulfillment.domain.assignment.reasons import in_prose, why_it_comes
from fulfillment.domain.assignment.state import Extension, Hold
from fulfillment.domain.people import Party
from tests.domain.no_shows import SUSPECTED
from tests.domain.people import DAY, FRESH, HOUR, MINUTE, NOON


def deadline(kind: str, *, n: int = 1, basis: str = "v3", before: timedelta | None = None) -> Deadline:
    return Deadline(
        id=f"{kind}/{basis}",
        kind=DeadlineKind(kind),
        due=NOON,
        to=Party.CUSTOMER,
        basis=basis,
        n=n,
        before=before,
    )


CASES = [
    (deadline("hold_end"), "the hold ends then, and the clock runs again"),
    (
        deadline("sla_propose", basis="e1.v0"),
        "half of the patience to propose a window (e1.v0) is used up then",
    ),
    (
        deadline("sla_propose", n=2, basis="e1.v0"),
        "all of the patience to propose a window (e1.v0) is used up then, and it counts as overdue",
    ),
    (deadline("sla_confirm"), "half of the patience to confirm (v3) is used up then"),
    (
        deadline("sla_confirm", n=3),
        "twice the patience to confirm (v3) is used up then, and operations are alerted",
    ),
    (
        deadline("morning_nudge", n=2),
        "patience (v3) was used up at night, and the nudge waits for the morning",
    ),
    (deadline("proposal_expiry"), "the proposal (v3) lapses then, if nobody has answered"),
    (deadline("visit_reminder", before=DAY), "24 hours before the visit"),
    (deadline("visit_reminder", before=HOUR), "1 hour before the visit"),
    (deadline("visit_reminder", before=90 * MINUTE), "90 minutes before the visit"),
    (deadline("start_check"), "the visit should have begun by then"),
    (
        deadline("no_show_suspected"),
        "if nobody has checked in by then, operations hear of a visit that may not take place",
    ),
    (deadline("no_show_answer"), "whoever is said not to have come is asked to answer by then"),
    (deadline("completion_nudge", n=2), "the visit should be over by then; question 2 of 3"),
    (
        deadline("sla_payout", basis="p1"),
        "half of the patience to rule on the payout (p1) is used up then",
    ),
    (
        deadline("resubmit_nudge", basis="p1"),
        "half of the time to resubmit the denied payout (p1) is used up then",
    ),
    (
        deadline("resubmit_expiry", basis="p1"),
        "the time to resubmit the denied payout (p1) ends then, and it is closed",
    ),
    (deadline("auth_expiring", n=1), "48 hours before the money held on the card is let go"),
    (
        deadline("authorise", basis="v1"),
        "late enough for the hold on the card to last until the payout is ruled on",
    ),
    (deadline("auth_expiry"), "the money held on the card is let go then, by the card's issuer"),
    (deadline("payment_nudge", n=2), "the customer's card could not be charged; question 2 of 3"),
    (deadline("capture_check", n=7), "nobody knows yet whether the card was charged; look 7 of 144"),
    (deadline("auth_expiring", n=3), "2 hours before the money held on the card is let go"),
]
NIGHTLY = replace(deadline("visit_reminder", before=DAY), moved_from=NOON + HOUR)
HELD = replace(FRESH, holds=(Hold(since=NOON - DAY, until=NOON, by=Party.PROVIDER, reason="parts"),))


def test_no_kind_is_forgotten() -> None:
    assert {case.kind for case, _ in CASES} == set(DeadlineKind)


@pytest.mark.parametrize(("case", "sentence"), CASES, ids=lambda it: getattr(it, "kind", None))
def test_it_says_what_it_hangs_on(case: Deadline, sentence: str) -> None:
    assert why_it_comes(case, FRESH) == sentence


@pytest.mark.parametrize(
    ("zone", "ending"),
    [
        ("Europe/Berlin", "; moved out of the quiet hours of Europe/Berlin"),
        ("", "; moved out of the quiet hours"),
    ],
)
def test_it_says_whose_night_it_keeps_clear_of(zone: str, ending: str) -> None:
    assert why_it_comes(NIGHTLY, FRESH, zone=zone) == f"24 hours before the visit{ending}"


def test_it_says_that_somebody_has_moved_it() -> None:
    moved = replace(FRESH, extended=(Extension(deadline=NIGHTLY.id, to=NOON, since=NOON - DAY),))

    assert why_it_comes(NIGHTLY, moved) == "24 hours before the visit; it was moved to this moment"


@pytest.mark.parametrize(("kind", "waits"), [("sla_confirm", True), ("start_check", False)])
def test_it_says_that_it_waits_for_a_hold_if_it_does(kind: str, *, waits: bool) -> None:
    assert why_it_comes(deadline(kind), HELD).endswith("; it waits for the end of the hold") is waits


def test_it_says_that_an_incident_silences_it() -> None:
    said = why_it_comes(deadline("completion_nudge"), SUSPECTED)

    assert (
        said == "the visit should be over by then; question 1 of 3; nobody is asked while an incident is open"
    )


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (DAY, "24 hours"),
        (HOUR, "1 hour"),
        (MINUTE, "1 minute"),
        (61 * MINUTE, "61 minutes"),
        (timedelta(seconds=90), "90 seconds"),
        (timedelta(0), "0 seconds"),
    ],
)
def test_spans_are_said_whole(span: timedelta, words: str) -> None:
    assert in_prose(span) == words
