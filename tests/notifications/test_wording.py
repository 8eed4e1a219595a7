"""What people read: the messages that everything turns on, word by word, and what holds for all."""

import re

import pytest

from fulfillment.domain.messages import ReminderKind
from fulfillment.domain.people import Role
from fulfillment.notifications.payload import MoneyTold
from tests.notifications.examples import (
    CALLS_OFF,
    INVITES,
    OTHER_VISIT,
    PLACE,
    TITLE,
    VISIT,
    assignment,
    instant,
    payload,
    reminder,
    words,
)

PROPOSED = payload(
    "notifyScheduleProposed", window=VISIT, until=instant("2026-10-26T09:00"), reason="Earlier suits me, too."
)
CONFIRMED = payload("notifyScheduleConfirmed", window=VISIT, calendar=INVITES)
MOVED = payload("notifyScheduleConfirmed", window=OTHER_VISIT, previous_window=VISIT, calendar=INVITES)
REJECTED = payload(
    "notifyAssignmentRejected",
    window=VISIT,
    reason="sick",
    calendar=CALLS_OFF,
    assignment=assignment(status="rejected"),
)
IN_TWO_HOURS = reminder(ReminderKind.VISIT_2H, to=Role.PROVIDER, window=VISIT)


def test_a_proposal_says_when_by_when_to_answer_and_that_it_lapses() -> None:
    said = words(PROPOSED)

    assert said.subject == "Please answer: a time is proposed for “Mend the pipe”"
    assert (
        said.text
        == """\
Nearby

Please answer: a time is proposed for “Mend the pipe”

Hello Ada Lovelace,

A time is proposed for your visit with Bob Baumann.

Proposed: Tue 2026-10-27 10:00 to 12:00 (Europe/Berlin, UTC+01:00)
Job: Mend the pipe
With: Bob Baumann
Where: Lindenallee 7, 10115 Berlin
Note: Earlier suits me, too.

Please confirm it or propose another time by Mon 2026-10-26 10:00 (Europe/Berlin, UTC+01:00).
Without an answer in time, the proposal lapses by itself and no visit is booked.

Answer the proposal:
https://nearby.example/visits/a1?version=3

--
All times are local times of Europe/Berlin.
"""
    )
    assert said.short == (
        'Nearby: Please answer: a time is proposed for "Mend the pipe". '
        "Proposed: Tue 2026-10-27 10:00 to 12:00 (Europe/Berlin, UTC+01:00). "
        "Please confirm it or propose another time by Mon 2026-10-26 10:00 (Europe/Berlin, UTC+01:00). "
        "https://nearby.example/visits/a1?version=3"
    )


def test_a_confirmation_says_when_and_where_and_how_it_gets_into_the_calendar() -> None:
    said = words(CONFIRMED)

    assert said.subject == "Your visit is booked: Tue 2026-10-27 10:00 to 12:00 (Europe/Berlin, UTC+01:00)"
    assert (
        said.text
        == """\
Nearby

Your visit is booked: Tue 2026-10-27 10:00 to 12:00 (Europe/Berlin, UTC+01:00)

Hello Ada Lovelace,

Your visit with Bob Baumann for “Mend the pipe” is booked.

When: Tue 2026-10-27 10:00 to 12:00 (Europe/Berlin, UTC+01:00)
Job: Mend the pipe
With: Bob Baumann
Where: Lindenallee 7, 10115 Berlin

Please be there in time. If something comes up, propose another time early.
We remind you before the visit.

See your visit:
https://nearby.example/visits/a1?version=3

In your calendar:
Google Calendar: https://calendar.example/google?text=a&dates=b
Outlook: https://calendar.example/outlook?subject=a&body=b

--
All times are local times of Europe/Berlin.
"""
    )


def test_a_reschedule_shows_the_new_time_and_the_old_one() -> None:
    said = words(MOVED)

    assert said.subject == "Your visit has moved: Thu 2026-10-29 14:00 to 16:00 (Europe/Berlin, UTC+01:00)"
    assert "New time: Thu 2026-10-29 14:00 to 16:00 (Europe/Berlin, UTC+01:00)\n" in said.text
    assert "Old time: Tue 2026-10-27 10:00 to 12:00 (Europe/Berlin, UTC+01:00)\n" in said.text


def test_a_proposal_to_reschedule_says_that_the_agreed_time_stands() -> None:
    moving = PROPOSED.model_copy(update={"previous_window": OTHER_VISIT})

    said = words(moving)

    assert "The agreed time holds until you confirm the new one." in said.text
    assert "Agreed so far: Thu 2026-10-29 14:00 to 16:00 (Europe/Berlin, UTC+01:00)\n" in said.text
    assert "the agreed time stays as it is" in said.text


def test_a_rejection_blames_nobody_and_says_how_it_goes_on() -> None:
    said = words(REJECTED)

    assert said.subject == "Bob Baumann cannot come: “Mend the pipe”"
    assert (
        said.text
        == """\
Nearby

Bob Baumann cannot come: “Mend the pipe”

Hello Ada Lovelace,

Bob Baumann cannot do “Mend the pipe” after all.
The visit that was agreed for Tue 2026-10-27 10:00 to 12:00 (Europe/Berlin, UTC+01:00) is called off.

Called off: Tue 2026-10-27 10:00 to 12:00 (Europe/Berlin, UTC+01:00)
Job: Mend the pipe
With: Bob Baumann
Reason: not available

There is nothing you have to do now: your job is still with us.
A separate message tells you how it goes on.

See your job:
https://nearby.example/visits/a1?version=3

--
All times are local times of Europe/Berlin.
"""
    )


def test_operations_read_ids_and_codes_of_a_rejection() -> None:
    said = words(payload("notifyAssignmentRejected", to=Role.OPS, reason="conflict", window=VISIT))

    assert said.subject == "Provider lost: assignment a1"
    assert "Assignment: a1\nJob: j1\nStatus: scheduled\nReason: another appointment (conflict)\n" in said.text
    assert not any(personal in said.text for personal in ("Ada", "Bob", TITLE, PLACE))


def test_a_reminder_of_a_visit_says_when_where_and_for_whom() -> None:
    said = words(IN_TWO_HOURS)

    assert said.subject == "Reminder: your visit Tue 2026-10-27 10:00 to 12:00 (Europe/Berlin, UTC+01:00)"
    assert (
        said.text
        == """\
Nearby

Reminder: your visit Tue 2026-10-27 10:00 to 12:00 (Europe/Berlin, UTC+01:00)

Hello Bob Baumann,

You are expected at Ada Lovelace's for “Mend the pipe”.

When: Tue 2026-10-27 10:00 to 12:00 (Europe/Berlin, UTC+01:00)
Job: Mend the pipe
With: Ada Lovelace
Where: Lindenallee 7, 10115 Berlin

Please check in when you arrive. If something has come up, please tell Ada Lovelace now.
You need not confirm it again.

See the visit:
https://nearby.example/visits/a1?version=3

--
All times are local times of Europe/Berlin.
"""
    )


def test_an_offer_says_what_it_pays_and_that_it_lapses_by_itself() -> None:
    offer = payload(
        "notifyOfferSent",
        to=Role.PROVIDER,
        assignment=None,
        window=VISIT,
        amount=MoneyTold(amount=24_000, currency="EUR"),
        until=instant("2026-10-20T10:00"),
    )

    said = words(offer, other=None)

    assert said.subject == "A job for you at 240.00 EUR: Mend the pipe"
    assert "by Tue 2026-10-20 12:00 (Europe/Berlin, UTC+02:00)" in said.text
    assert "the offer lapses by itself" in said.text
    assert PLACE not in said.text


def test_whoever_has_lost_the_job_does_not_read_the_address_any_more() -> None:
    lost = REJECTED.model_copy(update={"recipient": payload("x", to=Role.PROVIDER).recipient})

    assert PLACE not in words(lost).text + words(lost).html


def test_without_a_name_the_other_side_is_called_by_its_role() -> None:
    to_provider = PROPOSED.model_copy(update={"recipient": payload("x", to=Role.PROVIDER).recipient})

    assert "your visit with the provider" in words(PROPOSED, other=None).text
    assert "your visit to the customer" in words(to_provider, other=None).text


def test_a_final_denial_does_not_ask_for_more() -> None:
    denied = payload("notifyPayoutDenied", to=Role.PROVIDER, reason="no_photo: Show the pipe.")
    final = denied.model_copy(update={"assignment": assignment(status="closed_unpaid")})

    assert "send it in again" in words(denied).text
    assert "Reason: no photo: Show the pipe.\n" in words(denied).text
    assert "This decision is final." in words(final).text
    assert "send it in again" not in words(final).text


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("provider_fault: nobody came", "is no longer in charge"),
        ("customer_fault: nobody was there", "call-out fee"),
        ("the street was closed", "nobody is at fault"),
    ],
)
def test_what_became_of_an_incident_is_said_by_its_verdict(reason: str, expected: str) -> None:
    said = words(payload("notifyIncidentResolved", window=VISIT, reason=reason))

    assert expected in said.text
    assert f"Our reason: {reason.partition(': ')[2] or reason}\n" in said.text
    assert "_fault" not in said.text


def test_a_reader_without_a_zone_is_told_that_times_are_in_utc() -> None:
    said = words(CONFIRMED, timezone="Mars/Olympus")

    assert "When: Tue 2026-10-27 09:00 to 11:00 (UTC)\n" in said.text
    assert "We do not know your time zone, so all times are in UTC." in said.text


@pytest.mark.parametrize(
    ("role", "expected"),
    [(Role.CUSTOMER, "not available"), (Role.PROVIDER, "illness"), (Role.OPS, "illness (sick)")],
)
def test_only_those_who_must_know_read_that_somebody_is_ill(role: Role, expected: str) -> None:
    said = words(payload("notifyAssignmentRejected", to=role, reason="sick"))

    assert f"Reason: {expected}\n" in said.text
    assert (role is not Role.CUSTOMER) or not re.search(r"\b(sick|ill)", said.text + said.html + said.short)
