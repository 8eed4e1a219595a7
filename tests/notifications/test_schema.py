"""What leaves us has the shape that the schemas promise."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from jsonschema import Draft202012Validator, ValidationError

from fulfillment.domain.messages import ReminderKind
from fulfillment.domain.people import Role
from fulfillment.gateways.mail import message_id
from fulfillment.notifications import schema
from fulfillment.notifications.payload import Payload
from fulfillment.notifications.sentences import REMINDER
from tests.notifications import stories
from tests.notifications.examples import VISIT, reminder, told_by, words

SCHEMAS = schema.schemas()


def validator(name: str) -> Draft202012Validator:
    return Draft202012Validator({**SCHEMAS, "$ref": f"#/$defs/{name}"})


def examples() -> Mapping[str, list[Payload]]:
    """Return every message of every story, and a reminder of each kind, by the name of the event."""
    told = [
        *(told_by(notice, about_job=False, status=status) for notice, status in stories.of_assignments()),
        *(told_by(notice, about_job=True) for notice in stories.of_jobs()),
        reminder(ReminderKind.VISIT_24H, window=VISIT),
        reminder(ReminderKind.OFFER_EXPIRING, to=Role.PROVIDER, assignment=None),
    ]
    return {event: [each for each in told if each.type == event] for event in {each.type for each in told}}


EXAMPLES = examples()


def webhook(told: Payload) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(told.model_dump_json(by_alias=True))
    return body


def email(told: Payload) -> dict[str, Any]:
    said = words(told)
    file = {"method": told.calendar.method.value, "ics": "BEGIN:VCALENDAR"} if told.calendar else None
    return {
        "to": ["ada@example.com"],
        "subject": said.subject,
        "text": said.text,
        "html": said.html,
        "messageId": message_id(told.id, "nearby.example"),
        "calendar": file,
    }


def sms(told: Payload) -> dict[str, Any]:
    return {"to": "+4915112345678", "body": words(told).short}


def test_the_file_is_up_to_date() -> None:
    said = schema.FILE.read_text(encoding="utf-8")

    assert said == schema.text(), "run: .venv/bin/python -m fulfillment.notifications.schema"


def test_the_schemas_are_schemas() -> None:
    Draft202012Validator.check_schema(SCHEMAS)


def test_every_event_has_a_shape_on_every_channel_and_an_example() -> None:
    named = {name.partition(".")[::2] for name in SCHEMAS["$defs"] if "." in name}

    assert named == {(event, channel) for event in schema.EVENTS for channel in ("webhook", "email", "sms")}
    assert set(EXAMPLES) == set(schema.EVENTS) == {event for event, _ in stories.everything()} | {REMINDER}


@pytest.mark.parametrize("event", schema.EVENTS)
def test_what_is_sent_has_the_promised_shape(event: str) -> None:
    for told in EXAMPLES[event]:
        validator(f"{event}.webhook").validate(webhook(told))
        validator(f"{event}.email").validate(email(told))
        validator(f"{event}.sms").validate(sms(told))


@pytest.mark.parametrize("event", schema.EVENTS)
def test_what_an_event_always_carries_may_be_neither_missing_nor_null(event: str) -> None:
    body = webhook(EXAMPLES[event][0])
    promised = SCHEMAS["$defs"][f"{event}.webhook"]["required"]

    for field in promised:
        without = {name: value for name, value in body.items() if name != field}
        for wrong in (without, {**body, field: None}):
            with pytest.raises(ValidationError):
                validator(f"{event}.webhook").validate(wrong)


def test_one_event_is_not_taken_for_another() -> None:
    body = webhook(EXAMPLES["notifyScheduleConfirmed"][0])

    with pytest.raises(ValidationError, match="notifyScheduleProposed"):
        validator("notifyScheduleProposed.webhook").validate(body)


def test_nothing_is_sent_that_has_no_name() -> None:
    body = webhook(EXAMPLES["notifyCheckedIn"][0])

    with pytest.raises(ValidationError, match="phone"):
        validator("notifyCheckedIn.webhook").validate({**body, "phone": "+4915112345678"})


@pytest.mark.parametrize("field", ["to", "subject", "text", "html", "messageId", "calendar"])
def test_a_mail_without_one_of_its_parts_is_none(field: str) -> None:
    mail = email(EXAMPLES["notifyCheckedIn"][0])

    del mail[field]

    with pytest.raises(ValidationError, match=field):
        validator("notifyCheckedIn.email").validate(mail)


def test_a_confirmation_invites_and_does_not_call_off() -> None:
    mail = email(EXAMPLES["notifyScheduleConfirmed"][0])
    wrong = {**mail, "calendar": {"method": "CANCEL", "ics": "BEGIN:VCALENDAR"}}

    validator("notifyScheduleConfirmed.email").validate(mail)
    with pytest.raises(ValidationError):
        validator("notifyScheduleConfirmed.email").validate(wrong)


def test_a_text_without_its_link_is_none() -> None:
    with pytest.raises(ValidationError):
        validator("notifyCheckedIn.sms").validate({"to": "+4915112345678", "body": "Hello"})
