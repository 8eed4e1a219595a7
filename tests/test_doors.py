"""Every door of the worker at once, as the settings open them: mail, text, webhook, calendar, file store."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest_asyncio
from cryptography.fernet import Fernet
from pydantic import SecretStr
from structlog.testing import capture_logs
from temporalio.testing import ActivityEnvironment

import doors
from activities.notices import Delivery, Notices
from api.house import house_of, sealer_of
from doors import Doors
from fulfillment.domain.alerts import Name
from fulfillment.domain.assignment.commands import RejectAssignment
from fulfillment.domain.people import Role
from fulfillment.gateways.alerting import Over
from fulfillment.gateways.google import event_id
from fulfillment.settings import AppEnv, Settings
from fulfillment.store import calendars, directory
from fulfillment.store.directory import Person
from fulfillment.store.tables import AttemptRow, CalendarRow, OutboxRow
from tests.activities.outboxes import Sessions, found
from tests.alerts import pager
from tests.domain.people import confirms, proposes, visit
from tests.gateways.calendars.readers import expect_sound
from tests.gateways.channels import fake_twilio, hook_sink, postbox
from tests.gateways.channels.fake_twilio import FakeTwilio
from tests.gateways.channels.hook_sink import HookSink
from tests.gateways.channels.postbox import Mode, Postbox
from tests.gateways.google.fake_google import FakeGoogle
from tests.store.diaries import Diary, fresh_id

SCHEMAS = Path(__file__).parent.parent / "docs" / "notifications.schema.json"
PHONE = "+491701234567"


@dataclass(frozen=True, slots=True)
class World:
    """The outside, as far as the worker's doors lead there, and the worker's hands."""

    doors: Doors
    settings: Settings
    sessions: Sessions
    mails: Postbox
    texts: FakeTwilio
    hooks: HookSink
    google: FakeGoogle
    files: Path

    async def deliver(self, about: str) -> int:
        engine = ActivityEnvironment()
        engine.info = replace(engine.info, workflow_id=about, start_to_close_timeout=timedelta(seconds=30))
        return await engine.run(Notices(self.sessions, self.doors.delivering).deliver, Delivery(about=about))


@pytest_asyncio.fixture
async def world(sessions: Sessions, database_url: str, tmp_path: Path) -> AsyncIterator[World]:
    google, secret = FakeGoogle(), "whsec_" + "QUJD" * 10
    async with (
        postbox.opened() as mails,
        fake_twilio.opened() as texts,
        hook_sink.opened(secret) as hooks,
        google.at_work(),
    ):
        settings = Settings(
            _env_file=None,
            app_env=AppEnv.DEV,
            database_url=database_url,
            data_dir=tmp_path,
            brand_name="Handy",
            public_url="https://api.handy.example",
            pages_url="https://handy.example",
            mail_from="visits@handy.example",
            ops_emails=("ops@handy.example", "night@handy.example"),
            smtp_host="127.0.0.1",
            smtp_port=mails.port,
            smtp_security="none",
            twilio_account_sid=fake_twilio.ACCOUNT,
            twilio_auth_token=fake_twilio.TOKEN,
            twilio_from="+491700000000",
            twilio_api_base=texts.base,
            webhook_url=hooks.url,
            webhook_secrets=(secret,),
            webhook_allow_private=True,
            calendar_google_api_enabled=True,
            google_oauth_client_id=google.accounts.client_id,
            google_oauth_client_secret=google.accounts.client_secret,
            google_oauth_token_url=f"{google.url}/token",
            google_oauth_revoke_url=f"{google.url}/revoke",
            google_api_base=google.api_base,
            secrets_keys=(Fernet.generate_key().decode(),),
            calendar_store_url=(tmp_path / "files").as_uri(),
        )
        opened = doors.of(settings, sessions)
        yield World(opened, settings, sessions, mails, texts, hooks, google, tmp_path / "files")
        await opened.aclose()


async def agreed(world: World, **customer: Any) -> Diary:
    """Write an assignment whose visit is agreed, between people whom we can reach."""
    diary = Diary(customer_id=fresh_id("c-"))
    ann = Person(
        id=diary.it.customer_id,
        name="Ann Ames",
        email="ann@example.org",
        timezone="America/New_York",
        roles=(Role.CUSTOMER,),
    )
    bob = Person(
        id=diary.it.provider_id,
        name="Bob Baumann",
        email="bob@example.org",
        roles=(Role.PROVIDER,),
        categories=(diary.it.id,),  # no candidate for what other tests look for
    )
    people = (replace(ann, **customer), bob)
    async with world.sessions.begin() as session:
        for person in people:
            await directory.register(session, person)
    customer_is = replace(diary.provider, id=diary.it.customer_id, role=Role.CUSTOMER)
    diary.say(proposes(diary.provider, visit(diary.at + timedelta(days=7)), seeing=0))
    diary.say(confirms(customer_is, 1))
    await diary.write(world.sessions)
    return diary


async def connect(world: World, person: str) -> str:
    """Let somebody give their consent, as the callback keeps it; return what it is worth."""
    token = world.google.accounts.consented(person)
    async with world.sessions.begin() as session:
        sealed = sealer_of(world.settings).seal(token)
        await calendars.connect(session, person, sealed=sealed, scope="calendar.events")
    return token


def to(world: World, address: str) -> list[Any]:
    return [mail for mail in world.mails.taken if address in mail.to]


async def test_a_confirmed_visit_reaches_mail_webhook_calendar_and_store(world: World) -> None:
    diary = await agreed(world)
    await connect(world, diary.it.customer_id)

    await world.deliver(diary.it.id)

    # The mail: from us, to her, with the file inside, byte for byte as it is kept and filed away.
    mail = to(world, "ann@example.org")[-1].mime
    [(kept, sent_at, key)] = await found(
        world.sessions,
        CalendarRow.ics,
        CalendarRow.sent_at,
        CalendarRow.object_key,
        assignment_id=diary.it.id,
        recipient_role="customer",
    )
    inside = [part for part in mail.walk() if part.get_content_type() == "text/calendar"]
    assert mail["From"] == "Handy <visits@handy.example>"
    assert [part.get_param("method") for part in inside] == ["REQUEST"]
    assert inside[0].get_payload(decode=True) == kept
    assert (world.files / key).read_bytes() == kept
    assert sent_at is not None
    assert expect_sound([kept])[0].event.uid == f"assignment-{diary.it.id}@handy.example"

    # The webhook: signed, and what its schema says.
    told = [each.said for each in world.hooks.heard if each.said["type"] == "notifyScheduleConfirmed"]
    schemas = json.loads(SCHEMAS.read_text())
    for each in told:
        jsonschema.validate(each, {**schemas, "$ref": f"#/$defs/{each['type']}.webhook"})
    assert world.hooks.forged == 0
    assert {each["recipient"]["role"] for each in told} == {"customer", "provider"}
    assert told[0]["link"].startswith("https://handy.example/ui/")
    assert (
        told[0]["calendar"]["icsUrl"] == f"https://api.handy.example/assignments/{diary.it.id}/calendar.ics"
    )

    # Her calendar, which she has opened to us; he has not.
    [event] = world.google.calendars.shown(diary.it.customer_id)
    assert event["id"] == event_id(diary.it.id, diary.it.customer_id)
    assert world.google.calendars.shown(diary.it.provider_id) == []


async def test_a_rejected_visit_leaves_mail_and_calendar_and_operations_know(world: World) -> None:
    diary = await agreed(world)
    await connect(world, diary.it.customer_id)
    await world.deliver(diary.it.id)
    diary.say(RejectAssignment(actor=diary.provider, reason_code="sick"))
    await diary.write(world.sessions)

    await world.deliver(diary.it.id)

    files = await found(
        world.sessions,
        CalendarRow.sequence,
        CalendarRow.ics,
        assignment_id=diary.it.id,
        recipient_role="provider",
    )
    assert [each.method for each in expect_sound([ics for _, ics in files])] == ["REQUEST", "CANCEL"]
    assert world.google.calendars.shown(diary.it.customer_id) == []
    # One mail to all of operations.
    [mail] = to(world, "ops@handy.example")
    assert mail.to == ("ops@handy.example", "night@handy.example")


async def test_whoever_has_opted_out_of_texts_is_never_texted_again(world: World) -> None:
    diary = await agreed(world, phone=PHONE, sms_consent=True)
    world.mails.mode, world.texts.opted_out = Mode.NO_SUCH_USER, {PHONE}

    for _ in range(2):
        await world.deliver(diary.it.id)

    async with world.sessions() as session:
        ann = await directory.find(session, diary.it.customer_id)
    assert ann is not None
    assert (ann.sms_opted_out, ann.may_be_texted) == (True, False)
    assert world.texts.texts == []
    # The first message met the refusal; those after it knew.
    assert world.texts.asked == 1
    async with world.sessions.begin() as session:
        await directory.register(session, replace(ann, phone="+491709999999"))
    async with world.sessions() as session:
        moved = await directory.find(session, diary.it.customer_id)
    assert moved is not None
    assert moved.may_be_texted


async def test_a_text_takes_over_where_mail_finds_nobody(world: World) -> None:
    diary = await agreed(world, phone=PHONE, sms_consent=True)
    world.mails.mode = Mode.NO_SUCH_USER

    await world.deliver(diary.it.id)

    assert {text["To"] for text in world.texts.texts} == {PHONE}
    assert all("https://handy.example/ui/" in text["Body"] for text in world.texts.texts)
    rows = await found(world.sessions, OutboxRow.recipient_role, OutboxRow.status, entity_id=diary.it.id)
    assert {status for role, status in rows if role == "customer"} == {"sent"}
    assert {status for role, status in rows if role == "provider"} == {"failed"}


async def test_a_consent_that_was_taken_back_is_forgotten(world: World) -> None:
    diary = await agreed(world)
    world.google.accounts.take_back(await connect(world, diary.it.customer_id))

    await world.deliver(diary.it.id)

    async with world.sessions() as session:
        assert await calendars.consent_of(session, diary.it.customer_id) is None
    # The mails went out all the same.
    assert len(to(world, "ann@example.org")) > 0
    outcomes = await found(world.sessions, AttemptRow.outcome, AttemptRow.reason, channel="calendar")
    assert outcomes


async def test_a_message_is_made_up_when_it_is_sent_of_what_is_known_then(world: World) -> None:
    diary = await agreed(world)
    async with world.sessions.begin() as session:
        ann = await directory.find(session, diary.it.customer_id)
        assert ann is not None
        await directory.register(
            session, replace(ann, name="Ann Ashe", email="ashe@example.org", timezone="Asia/Tokyo")
        )

    await world.deliver(diary.it.id)

    assert to(world, "ann@example.org") == []
    text = to(world, "ashe@example.org")[-1].mime.get_body(("plain",)).get_content()
    assert "Ann Ashe" in text
    assert "Asia/Tokyo" in text


async def test_nothing_personal_is_logged(world: World) -> None:
    diary = await agreed(world, phone=PHONE, sms_consent=True)

    with capture_logs() as lines:
        await world.deliver(diary.it.id)
        world.mails.mode = Mode.BUSY

    assert lines
    for secret in ("ann@example.org", "Ann Ames", PHONE, fake_twilio.TOKEN):
        assert secret not in str(lines)


def test_the_shut_doors_are_named_once_at_the_start(
    sessions: Sessions, database_url: str, tmp_path: Path
) -> None:
    settings = Settings(
        _env_file=None,
        app_env=AppEnv.DEV,
        database_url=database_url,
        data_dir=tmp_path,
    )

    with capture_logs() as lines:
        doors.of(settings, sessions)

    assert [line["door"] for line in lines] == [
        "payments",
        "matching",
        "mail",
        "texts",
        "webhooks",
        "calendars",
        "alerts",
        "objects",
    ]
    assert house_of(settings).calendar_domain == "fulfillment.example"


async def test_the_monitor_tells_the_address_that_is_set_and_says_who_it_is(
    sessions: Sessions, database_url: str, tmp_path: Path
) -> None:
    async with pager.on_call() as called:
        settings = Settings(
            _env_file=None,
            app_env=AppEnv.DEV,
            database_url=database_url,
            data_dir=tmp_path,
            public_url="https://visits.example/",
            alert_webhook_url=called.url,
            alert_routing_key=SecretStr("r0uting"),
            alert_webhook_allow_private=True,
        )
        await doors.of(settings, sessions).desk.tell(Over(name=Name.OUTBOX_STUCK))

    assert called.heard == [
        {
            "routing_key": "r0uting",
            "event_action": "resolve",
            "dedup_key": "https://visits.example/OutboxStuck",
        }
    ]
