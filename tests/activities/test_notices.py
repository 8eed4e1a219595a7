import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from prometheus_client import REGISTRY
from sqlalchemy.dialects.postgresql import insert
from structlog.testing import capture_logs
from temporalio.exceptions import ApplicationError

from fulfillment.domain.people import Role
from fulfillment.gateways.notices import NoticeFailed, NoticeRefused, WhyRefused
from fulfillment.store import outbox
from fulfillment.store.tables import OutboxRow, ReminderRow
from tests.activities.outboxes import (
    Died,
    Moody,
    Postbox,
    Sessions,
    Silent,
    aged,
    agreed,
    deliver,
    found,
    nudged,
    opened,
    pile,
    sent,
    statuses,
)


async def test_what_is_owed_goes_out_in_order(sessions: Sessions) -> None:
    about, postbox = await agreed(sessions), Postbox()

    number = await deliver(sessions, postbox, about)

    assert number == 3
    assert sent(postbox) == [
        ("notifyScheduleProposed", "customer"),
        ("notifyScheduleConfirmed", "customer"),
        ("notifyScheduleConfirmed", "provider"),
    ]
    assert await statuses(sessions, about) == ["sent"] * 3


async def test_a_message_says_what_it_is_about_and_which_request_it_came_of(sessions: Sessions) -> None:
    about, postbox = await agreed(sessions), Postbox()

    await deliver(sessions, postbox, about)

    first = postbox.kept[0].payload
    [(key, request_id)] = await found(
        sessions,
        OutboxRow.dedupe_key,
        OutboxRow.request_id,
        entity_id=about,
        event="notifyScheduleProposed",
    )
    assert first.assignment is not None
    assert (first.assignment.id, first.id, first.request_id) == (about, key, request_id)
    assert request_id


async def test_a_repeat_sends_nothing_twice(sessions: Sessions) -> None:
    about, postbox = await agreed(sessions), Postbox()

    numbers = [await deliver(sessions, postbox, about) for _ in range(2)]

    assert numbers == [3, 0]
    assert len(postbox.kept) == 3


async def test_a_refused_message_stops_no_other_and_is_never_tried_again(sessions: Sessions) -> None:
    about = await agreed(sessions)
    postbox = Moody(NoticeRefused(WhyRefused.NO_ADDRESS), to=Role.CUSTOMER)

    numbers = [await deliver(sessions, postbox, about) for _ in range(2)]

    assert numbers == [1, 0]
    assert sent(postbox) == [("notifyScheduleConfirmed", "provider")]
    assert await statuses(sessions, about) == ["failed", "failed", "sent"]
    reasons = await found(sessions, OutboxRow.reason, entity_id=about, status="failed")
    assert reasons == [("no_address",), ("no_address",)]


async def test_a_message_nobody_could_ever_send_is_refused_and_not_quoted(sessions: Sessions) -> None:
    about = await agreed(sessions)
    postbox = Moody(ValueError("a line break in a header: ada@example.org"), to=Role.CUSTOMER)

    with capture_logs() as lines:
        number = await deliver(sessions, postbox, about)

    assert number == 1
    assert await statuses(sessions, about) == ["failed", "failed", "sent"]
    assert "ada@example.org" not in str(lines)


async def test_a_channel_that_is_down_holds_up_only_its_own(sessions: Sessions) -> None:
    about, postbox = await agreed(sessions), Moody(NoticeFailed("451"), to=Role.CUSTOMER)

    with pytest.raises(ApplicationError, match="2 of 3") as delayed:
        await deliver(sessions, postbox, about)

    assert not delayed.value.non_retryable
    assert sent(postbox) == [("notifyScheduleConfirmed", "provider")]


async def test_the_next_try_sends_what_is_left(sessions: Sessions) -> None:
    about, postbox = await agreed(sessions), Moody(NoticeFailed("451"), to=Role.CUSTOMER)
    with pytest.raises(ApplicationError):
        await deliver(sessions, postbox, about)
    postbox.error = None

    number = await deliver(sessions, postbox, about)

    assert number == 2
    assert len(postbox.kept) == 3
    assert await statuses(sessions, about) == ["sent"] * 3


async def test_a_sender_that_died_before_marking_sends_the_same_message_again(sessions: Sessions) -> None:
    about, postbox = await agreed(sessions), Moody(Died(), to=Role.CUSTOMER, after=True)
    with pytest.raises(Died):
        await deliver(sessions, postbox, about)
    postbox.error = None
    await aged(sessions, about)

    number = await deliver(sessions, postbox, about)

    keys = postbox.keys
    assert number == 3
    assert keys[0] == keys[1]
    assert len(set(keys)) == 3


async def test_an_attempt_ends_itself_when_its_time_is_up(sessions: Sessions) -> None:
    about, silent, postbox = await agreed(sessions), Silent(), Postbox()

    with pytest.raises(TimeoutError):
        await deliver(sessions, silent, about, patience=timedelta(milliseconds=300))
    await aged(sessions, about)

    assert await deliver(sessions, postbox, about) == 3


async def test_what_an_attempt_of_ours_may_still_be_sending_is_waited_for(sessions: Sessions) -> None:
    about, postbox = await agreed(sessions), Postbox()
    async with sessions.begin() as session:
        first = (await outbox.waiting(session, about))[0]
        await outbox.claim(session, first.key, by="assignment-1")

    with pytest.raises(ApplicationError, match="1 of 3"):
        await deliver(sessions, postbox, about, workflow="assignment-1")

    assert first.key not in postbox.keys
    await aged(sessions, about)
    assert await deliver(sessions, postbox, about, workflow="assignment-1") == 1


async def test_an_unforeseen_error_stops_no_other_message(sessions: Sessions) -> None:
    about, postbox = await agreed(sessions), Moody(RuntimeError("a bug of ours"), to=Role.CUSTOMER)

    assert await deliver(sessions, postbox, about) == 1
    assert await statuses(sessions, about) == ["failed", "failed", "sent"]


async def test_what_somebody_else_is_sending_is_left_alone(sessions: Sessions) -> None:
    about, postbox = await agreed(sessions), Postbox()
    async with sessions.begin() as session:
        first = (await outbox.waiting(session, about))[0]
        await outbox.claim(session, first.key, by="the sweep")

    number = await deliver(sessions, postbox, about)

    assert number == 2
    assert first.key not in postbox.keys


async def test_two_who_deliver_at_once_send_each_message_once(sessions: Sessions) -> None:
    about, postbox = await agreed(sessions), Postbox()

    numbers = await asyncio.gather(
        *(deliver(sessions, postbox, about, workflow=f"workflow-{n}") for n in range(8))
    )

    assert sum(numbers) == 3
    assert len(postbox.kept) == 3


async def test_a_pile_is_delivered_to_the_last_message(sessions: Sessions) -> None:
    about, postbox = (await opened(sessions)).it.id, Postbox()
    async with sessions.begin() as session:
        await session.execute(insert(OutboxRow), pile(about, 101))

    number = await deliver(sessions, postbox, about)

    assert number == 101
    assert len(set(postbox.keys)) == 101


async def test_a_reminder_that_went_out_is_counted_once(sessions: Sessions) -> None:
    about, postbox = await nudged(sessions), Postbox()
    labels = {"kind": "propose_nudge", "channel": "email"}
    before = counted("reminder_sent_total", **labels)

    for _ in range(2):
        await deliver(sessions, postbox, about)

    assert counted("reminder_sent_total", **labels) == before + 1
    [reminder] = [letter.payload.reminder for letter in postbox.kept]
    assert reminder is not None
    assert (sent(postbox), reminder.kind) == ([("notifyReminderSent", "provider")], "propose_nudge")
    [(status, sent_at)] = await found(sessions, ReminderRow.status, ReminderRow.sent_at, assignment_id=about)
    assert status == "sent"
    assert sent_at is not None


async def test_a_reminder_that_was_refused_is_counted_by_its_reason(sessions: Sessions) -> None:
    about = await nudged(sessions)
    postbox = Moody(NoticeRefused(WhyRefused.OPTED_OUT), to=Role.PROVIDER)
    before = counted("reminder_failed_total", reason="opted_out")

    for _ in range(2):
        await deliver(sessions, postbox, about)

    assert counted("reminder_failed_total", reason="opted_out") == before + 1
    assert await found(sessions, ReminderRow.status, ReminderRow.reason, assignment_id=about) == [
        ("failed", "opted_out")
    ]


async def test_a_notice_counts_as_no_reminder(sessions: Sessions) -> None:
    about = await agreed(sessions)
    before = sum(sample.value for sample in samples("reminder_sent"))

    await deliver(sessions, Postbox(), about)

    assert sum(sample.value for sample in samples("reminder_sent")) == before


def counted(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def samples(name: str) -> Sequence[Any]:
    return [sample for metric in REGISTRY.collect() if metric.name == name for sample in metric.samples]
