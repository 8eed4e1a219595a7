"""Whatever happens, there are words for it, for everybody who hears of it."""

import re
from pathlib import Path

import pytest

from fulfillment.domain.assignment import announcing
from fulfillment.domain.job import announcing as job_announcing
from fulfillment.domain.messages import ReminderKind
from fulfillment.domain.people import Role
from fulfillment.domain.policy import Policy
from fulfillment.notifications.payload import JobTold
from fulfillment.notifications.schema import ALWAYS
from fulfillment.notifications.sentences import CATALOGUE, REMINDER, NoWords
from fulfillment.notifications.sentences.words import GAPS, Words, gaps, ways
from fulfillment.notifications.wording import Setting, Worded, worded
from tests.domain import people
from tests.notifications import stories
from tests.notifications.examples import assignment, payload, reader, reminder, told_by, words

SIDES = (Role.CUSTOMER, Role.PROVIDER)
REMINDED = {
    ReminderKind.PROPOSE_NUDGE: SIDES,
    ReminderKind.CONFIRM_NUDGE: SIDES,
    ReminderKind.VISIT_24H: SIDES,
    ReminderKind.VISIT_2H: SIDES,
    ReminderKind.VISIT: SIDES,
    ReminderKind.START_CHECK: (Role.PROVIDER,),
    ReminderKind.COMPLETION_NUDGE: (Role.PROVIDER,),
    ReminderKind.PAYOUT_REVIEW: (Role.ADMIN,),
    ReminderKind.AUTH_EXPIRING: (Role.ADMIN,),
    ReminderKind.PAYMENT_NUDGE: (Role.CUSTOMER,),
    ReminderKind.RESUBMIT_NUDGE: (Role.PROVIDER,),
    ReminderKind.OFFER_EXPIRING: (Role.PROVIDER,),
}
ALL_WORDS = [
    pytest.param(each, id=f"{key} to {role}")
    for key, roles in CATALOGUE.items()
    for role, each in roles.items()
]


def is_whole(said: Worded) -> bool:
    """Return whether every part of a message is there, ends as it should and has no gap left."""
    gap = any(mark in part for part in (said.subject, said.text, said.short) for mark in ("{", "}", "None"))
    return bool(said.subject) and len(said.text.split("\n\n")) >= 5 and not gap


@pytest.mark.parametrize(("event", "role"), sorted(stories.everything()))
def test_each_event_has_words_for_each_role_that_may_hear_of_it(event: str, role: Role) -> None:
    assert is_whole(words(payload(event, to=role)))


@pytest.mark.parametrize("kind", ReminderKind)
def test_each_reminder_has_words_for_whoever_is_reminded(kind: ReminderKind) -> None:
    for role in REMINDED[kind]:
        assert is_whole(words(reminder(kind, to=role)))


def test_no_event_is_named_in_the_domain_that_the_stories_do_not_reach() -> None:
    source = "".join(
        Path(str(module.__file__)).read_text(encoding="utf-8") for module in (announcing, job_announcing)
    )

    named = set(re.findall(r'"(notify[A-Z]\w+)"', source))

    assert named
    assert named <= {event for event, _ in stories.everything()}


def test_there_are_no_words_for_what_never_happens() -> None:
    written = {(key.partition("/")[0], role) for key, roles in CATALOGUE.items() for role in roles}

    assert written - {(REMINDER, role) for role in Role} == stories.everything()
    assert {key.partition("/")[2] for key in CATALOGUE if key.startswith(REMINDER)} == set(ReminderKind)


def test_every_message_of_a_story_can_be_worded_with_its_own_facts() -> None:
    told = [
        *(told_by(notice, about_job=False, status=status) for notice, status in stories.of_assignments()),
        *(told_by(notice, about_job=True) for notice in stories.of_jobs()),
    ]

    assert [each.type for each in told if not is_whole(words(each))] == []


def test_reminders_go_to_these_roles_only() -> None:
    _, happened = people.in_time(people.FRESH, until=people.NOON + 90 * people.DAY, policy=Policy())
    for stage in (people.PROPOSED, people.SCHEDULED, people.IN_PROGRESS, people.DONE, people.DENIED):
        _, more = people.in_time(stage, until=people.NOON + 90 * people.DAY)
        happened = (*happened, *more)

    reminded = {(each.kind, each.to.role) for each in people.reminders(happened)}

    assert reminded <= {(kind, role) for kind, roles in REMINDED.items() for role in roles}


def test_an_unknown_event_is_no_message() -> None:
    with pytest.raises(NoWords, match="notifyWeather to customer"):
        words(payload("notifyWeather"))


def test_an_event_that_does_not_concern_a_role_has_no_words_for_it() -> None:
    with pytest.raises(ValueError, match="notifyPayoutPaid to customer"):
        words(payload("notifyPayoutPaid", to=Role.CUSTOMER))


@pytest.mark.parametrize("each", ALL_WORDS)
def test_sentences_are_short_and_calm_and_ask_for_what_is_known(each: Words) -> None:
    sentences = [way for line in each.lines for way in ways(line)]

    assert 1 <= len(each.says) <= 3
    assert each.do
    assert each.otherwise
    assert each.button
    for sentence in sentences:
        assert "!" not in sentence
        assert len(sentence) <= 130
        assert gaps(sentence) <= GAPS
    assert all(way[-1] in ".?" for line in each.lines[1:] for way in ways(line))


@pytest.mark.parametrize(("event", "role"), sorted(stories.everything()))
def test_a_message_can_be_worded_however_little_is_known(event: str, role: Role) -> None:
    there = assignment() if "assignment" in ALWAYS.get(event, ()) else None
    bare = payload(event, to=role, job=JobTold(id="j1"), assignment=there)

    said = worded(bare, reader=reader(role, name=""), setting=Setting(brand="Nearby"))

    assert is_whole(said)


def test_a_message_that_cannot_name_what_it_is_about_is_no_message() -> None:
    with pytest.raises(NoWords, match="too little is known"):
        words(payload("notifyLateCancel", to=Role.OPS, assignment=None))
