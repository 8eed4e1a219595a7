"""Every reminder says in a sentence why somebody did or did not get it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from api.reasons import CALLED, why
from fulfillment.domain.messages import Channel, Recipient, ReminderKind
from fulfillment.domain.people import Role
from fulfillment.store.tables import DeliveryStatus, ReminderStatus
from fulfillment.store.views.history import Reminded
from fulfillment.store.views.trail import Attempt

DUE = datetime(2026, 5, 4, 9, tzinfo=UTC)
WHAT = "the reminder 24 hours before the visit"
MOVED = "moved out of the quiet hours of Europe/Berlin"
WHY_SKIPPED = {
    "skipped_covered": "the visit was agreed after its moment, and the confirmation said all of it",
    "skipped_late": "its moment came too late for it to be of use",
    "skipped_obsolete": "by then there was nothing left to remind of",
    "skipped_quiet": "it fell into the quiet hours of Europe/Berlin, and after them it was too late",
}
FAILURES = {
    "no_address": "we know no address to send it to",
    "opted_out": "the recipient has opted out of texts",
    "rejected": "the channel refused it for good",
    "malformed": "it could not be put into a form that the channel takes",
    "gave_up": "the channel was down until it was too late",
    "struck": "the channel said struck",
    None: "the channel did not say why",
}


def reminded(
    status: str,
    *,
    kind: str = "visit_24h",
    channel: str = "email",
    sent_at: datetime | None = None,
    reason: str | None = None,
    late_by_s: int = 0,
    moved_from: datetime | None = None,
    swept: bool = False,
) -> Reminded:
    return Reminded(
        kind=ReminderKind(kind),
        to=Recipient(role=Role.CUSTOMER, id="ada"),
        channel=channel,
        basis="v1",
        n=1,
        due=DUE,
        planned_at=DUE,
        status=ReminderStatus(status),
        sent_at=sent_at,
        reason=reason,
        late_by_s=late_by_s,
        key="k",
        rule="visit_1440m/v1/customer",
        moved_from=moved_from,
        zone="Europe/Berlin",
        number=3,
        swept=swept,
    )


def attempt(channel: str, outcome: str, n: int = 1) -> Attempt:
    return Attempt(channel=Channel(channel), n=n, outcome=DeliveryStatus(outcome), reason=None, at=DUE)


def sent(*, channel: str = "email", late_by_s: int = 0, moved_from: datetime | None = None) -> Reminded:
    return reminded("sent", channel=channel, sent_at=DUE, late_by_s=late_by_s, moved_from=moved_from)


@pytest.mark.parametrize("status", ReminderStatus)
@pytest.mark.parametrize("kind", ReminderKind)
def test_each_kind_has_a_sentence_in_each_status(kind: ReminderKind, status: ReminderStatus) -> None:
    sentence = why(reminded(status, kind=kind))

    assert sentence.startswith(CALLED[kind])
    assert "None" not in sentence


@pytest.mark.parametrize(
    ("status", "tries", "ending"),
    [
        ("planned", (), "waits to be sent"),
        ("claimed", (), "is being sent"),
        (
            "claimed",
            (attempt("email", "delayed"),),
            "is being sent: email is down, and it is tried again after 1 attempt",
        ),
        (
            "planned",
            (attempt("email", "delayed"), attempt("email", "delayed", 2)),
            "waits to be sent: email is down, and it is tried again after 2 attempts",
        ),
        ("claimed", (attempt("email", "failed"),), "is being sent after 1 attempt"),
        ("claimed", (attempt("webhook", "delayed"),), "is being sent"),
    ],
)
def test_what_is_under_way_says_how_far_it_is(status: str, tries: tuple[Attempt, ...], ending: str) -> None:
    assert why(reminded(status), tries) == f"{WHAT} {ending}"


@pytest.mark.parametrize(
    ("case", "tries", "ending"),
    [
        (sent(), (), "by email at 2026-05-04T09:00:00Z"),
        (
            sent(channel="sms"),
            (attempt("email", "failed"), attempt("sms", "sent")),
            "by sms at 2026-05-04T09:00:00Z, as email could not reach them",
        ),
        (
            sent(),
            (attempt("webhook", "failed"), attempt("calendar", "delayed")),
            "by email at 2026-05-04T09:00:00Z",
        ),
        (sent(late_by_s=59), (), "by email at 2026-05-04T09:00:00Z"),
        (sent(late_by_s=300), (), "by email at 2026-05-04T09:00:00Z, 5 minutes late"),
        (
            sent(moved_from=DUE + timedelta(hours=13)),
            (),
            f"by email at 2026-05-04T09:00:00Z; {MOVED}, from 2026-05-04T22:00:00Z",
        ),
        (
            replace(sent(), swept=True),
            (),
            "by email at 2026-05-04T09:00:00Z; the sweep found it, as its own timer had not rung",
        ),
    ],
)
def test_what_was_sent_says_how_and_when(case: Reminded, tries: tuple[Attempt, ...], ending: str) -> None:
    assert why(case, tries) == f"{WHAT} was sent {ending}"


@pytest.mark.parametrize("reason", FAILURES)
def test_what_failed_says_why(reason: str | None) -> None:
    assert why(reminded("failed", reason=reason)) == f"{WHAT} could not be sent: {FAILURES[reason]}"


@pytest.mark.parametrize(
    ("reason", "doubt"),
    [
        ("no_answer", "the channel took it and did not say what became of it"),
        ("sender_died", "the process that sent it died before it could tell"),
        (None, "nobody knows what became of it"),
    ],
)
def test_what_may_have_arrived_says_so(reason: str | None, doubt: str) -> None:
    said = why(reminded("unknown", reason=reason))

    assert said == f"{WHAT} may have arrived: {doubt}, and nobody is texted twice"


@pytest.mark.parametrize("status", WHY_SKIPPED)
def test_what_was_skipped_says_by_which_rule(status: str) -> None:
    assert why(reminded(status)) == f"{WHAT} was not sent: {WHY_SKIPPED[status]}"


def test_a_second_nudge_in_the_night_gave_way_to_a_notice() -> None:
    said = why(replace(reminded("skipped_quiet", kind="confirm_nudge"), n=2))

    assert said.endswith(
        "it fell into the quiet hours of Europe/Berlin, and the notice that it is overdue said as much"
    )


def test_a_second_nudge_that_waited_for_the_morning_came_too_late() -> None:
    said = why(replace(reminded("skipped_quiet", kind="confirm_nudge", moved_from=DUE), n=2))

    assert said.endswith("and after them it was too late")


def test_a_late_one_says_how_late_it_came() -> None:
    assert why(reminded("skipped_late", late_by_s=7_200)).endswith("of use, 2 hours late")


def test_a_warning_gives_way_to_a_more_urgent_one() -> None:
    said = why(reminded("skipped_covered", kind="auth_expiring"))

    assert said.endswith("was not sent: a more urgent warning was due already")
