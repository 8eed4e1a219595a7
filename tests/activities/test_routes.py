"""By which channels a message goes, what happens when one fails, and what is left on record."""

from datetime import timedelta

import pytest
from sqlalchemy import delete, update
from sqlalchemy.exc import DBAPIError
from temporalio.exceptions import ApplicationError

from fulfillment.domain.messages import Channel
from fulfillment.domain.people import Role
from fulfillment.gateways.notices import NoticeFailed, NoticeRefused, WhyRefused
from fulfillment.gateways.sms import FateUnknown
from fulfillment.notifications.delivering import Patience
from fulfillment.store import outbox
from fulfillment.store.tables import AttemptRow, DeliveryRow, OpsTaskRow, OutboxRow, ReminderRow
from tests.activities.outboxes import (
    Died,
    Moody,
    Postbox,
    Sessions,
    aged,
    agreed,
    deliver,
    found,
    nudged,
    opened,
    sent,
    statuses,
)
from tests.domain.people import DAY, NEXT_WEEK, NOON, proposes

IMPATIENT = Patience(notices=timedelta(0), reminders=timedelta(0))


async def attempts(sessions: Sessions, about: str) -> list[tuple[str, str, str | None]]:
    """Return every attempt to deliver a reminder of something, in order: channel, outcome, reason."""
    [(key,)] = await found(sessions, ReminderRow.dedupe_key, assignment_id=about)
    rows = await found(
        sessions, AttemptRow.id, AttemptRow.channel, AttemptRow.outcome, AttemptRow.reason, dedupe_key=key
    )
    return [(channel, outcome, reason) for _, channel, outcome, reason in rows]


async def reminder(sessions: Sessions, about: str) -> tuple[str, str, str | None]:
    [row] = await found(
        sessions, ReminderRow.status, ReminderRow.channel, ReminderRow.reason, assignment_id=about
    )
    status, channel, reason = row
    return status, channel, reason


class TestAnotherChannel:
    async def test_takes_over_when_one_has_failed_for_good(self, sessions: Sessions) -> None:
        about, texts = await nudged(sessions), Postbox()
        mails = Moody(NoticeRefused(WhyRefused.REJECTED), to=Role.PROVIDER)

        number = await deliver(sessions, {Channel.EMAIL: mails, Channel.SMS: texts}, about)

        assert (number, sent(texts)) == (1, [("notifyReminderSent", "provider")])
        assert await attempts(sessions, about) == [("email", "failed", "rejected"), ("sms", "sent", None)]
        assert await reminder(sessions, about) == ("sent", "sms", None)

    async def test_is_not_used_while_the_first_may_come_back(self, sessions: Sessions) -> None:
        about, texts = await nudged(sessions), Postbox()
        mails = Moody(NoticeFailed("451"), to=Role.PROVIDER)

        with pytest.raises(ApplicationError):
            await deliver(sessions, {Channel.EMAIL: mails, Channel.SMS: texts}, about)

        assert texts.kept == []

    async def test_takes_over_when_one_has_been_down_for_too_long(self, sessions: Sessions) -> None:
        about, texts = await nudged(sessions), Postbox()
        mails = Moody(NoticeFailed("451"), to=Role.PROVIDER)

        await deliver(sessions, {Channel.EMAIL: mails, Channel.SMS: texts}, about, channels=IMPATIENT)

        assert await attempts(sessions, about) == [("email", "failed", "gave_up"), ("sms", "sent", None)]

    async def test_is_of_no_use_without_a_way_to_the_person(self, sessions: Sessions) -> None:
        about, texts = await nudged(sessions), Postbox(reaches=False)
        mails = Moody(NoticeRefused(WhyRefused.REJECTED), to=Role.PROVIDER)

        assert await deliver(sessions, {Channel.EMAIL: mails, Channel.SMS: texts}, about) == 0
        assert await reminder(sessions, about) == ("failed", "email", "rejected")


class TestSomebodyNobodyCanReach:
    async def test_is_a_task_for_operations_and_not_silence(self, sessions: Sessions) -> None:
        about = await nudged(sessions)

        for _ in range(2):
            await deliver(sessions, Postbox(reaches=False), about)

        assert await reminder(sessions, about) == ("failed", "email", "no_address")
        [(type, detail)] = await found(sessions, OpsTaskRow.type, OpsTaskRow.detail, entity_id=about)
        assert type == "notice_undelivered"
        assert detail.startswith("notifyReminderSent did not reach provider:")
        assert detail.endswith("no_address")


class TestATextWhoseFateNobodyKnows:
    async def test_is_not_sent_again(self, sessions: Sessions) -> None:
        about, texts = await nudged(sessions), Moody(Died(), to=Role.PROVIDER, after=True)
        with pytest.raises(Died):
            await deliver(sessions, {Channel.SMS: texts}, about)
        texts.error = None
        await aged(sessions, about)

        assert await deliver(sessions, {Channel.SMS: texts}, about) == 0

        assert len(texts.kept) == 1
        assert await reminder(sessions, about) == ("unknown", "email", "sender_died")
        assert len(await found(sessions, OpsTaskRow.type, entity_id=about)) == 1

    async def test_nor_is_one_that_got_no_answer(self, sessions: Sessions) -> None:
        about, texts = await nudged(sessions), Moody(FateUnknown("no answer"), to=Role.PROVIDER, after=True)

        numbers = [await deliver(sessions, {Channel.SMS: texts}, about) for _ in range(2)]

        assert (numbers, len(texts.kept)) == ([0, 0], 1)
        assert await reminder(sessions, about) == ("unknown", "email", "no_answer")


class TestAWebhook:
    async def test_is_told_beside_the_person(self, sessions: Sessions) -> None:
        about, mails, hooks = await agreed(sessions), Postbox(), Postbox()

        assert await deliver(sessions, {Channel.EMAIL: mails, Channel.WEBHOOK: hooks}, about) == 3

        assert sent(hooks) == sent(mails)

    async def test_that_is_down_has_nobody_mailed_twice(self, sessions: Sessions) -> None:
        about, mails = await agreed(sessions), Postbox()
        hooks = Moody(NoticeFailed("503"), to=Role.CUSTOMER)
        channels = {Channel.EMAIL: mails, Channel.WEBHOOK: hooks}
        with pytest.raises(ApplicationError, match="2 of 6"):
            await deliver(sessions, channels, about)
        hooks.error = None
        reached = await statuses(sessions, about)

        assert await deliver(sessions, channels, about) == 0

        assert reached == ["sent"] * 3
        assert len(mails.kept) == len(hooks.kept) == 3
        assert await statuses(sessions, about) == ["sent"] * 3

    async def test_whose_sender_died_is_told_again_after_a_while(self, sessions: Sessions) -> None:
        about, mails = await agreed(sessions), Postbox()
        hooks = Moody(Died(), to=Role.PROVIDER, after=True)
        channels = {Channel.EMAIL: mails, Channel.WEBHOOK: hooks}
        with pytest.raises(Died):
            await deliver(sessions, channels, about)
        hooks.error = None

        await deliver(sessions, channels, about)
        too_soon = len(hooks.kept)
        async with sessions.begin() as session:
            long_ago = DeliveryRow.begun_at - outbox.UNMARKED - timedelta(seconds=1)
            await session.execute(update(DeliveryRow).values(begun_at=long_ago))
        await deliver(sessions, channels, about)

        assert (too_soon, len(hooks.kept), len(mails.kept)) == (3, 4, 3)
        assert len(set(hooks.keys)) == 3

    async def test_that_is_gone_changes_nothing_for_the_person(self, sessions: Sessions) -> None:
        about, mails = await agreed(sessions), Postbox()
        hooks = Moody(NoticeRefused(WhyRefused.REJECTED), to=Role.CUSTOMER)

        assert await deliver(sessions, {Channel.EMAIL: mails, Channel.WEBHOOK: hooks}, about) == 3
        assert await statuses(sessions, about) == ["sent"] * 3


class TestAReminder:
    async def test_that_has_nothing_to_say_any_more_is_not_sent(self, sessions: Sessions) -> None:
        diary, mails = await opened(sessions), Postbox()
        diary.wait(until=NOON + DAY / 2)
        diary.say(proposes(diary.provider, NEXT_WEEK, seeing=0))
        await diary.write(sessions)

        await deliver(sessions, mails, diary.it.id)

        assert sent(mails) == [("notifyScheduleProposed", "customer")]
        [(status, reason)] = await found(
            sessions, ReminderRow.status, ReminderRow.reason, assignment_id=diary.it.id
        )
        assert (status, reason) == ("skipped_obsolete", "obsolete")

    async def test_keeps_why_it_came(self, sessions: Sessions) -> None:
        about = await nudged(sessions)

        [(rule, basis, number)] = await found(
            sessions, ReminderRow.rule, ReminderRow.basis, ReminderRow.state_version, assignment_id=about
        )

        assert (rule, basis, number) == ("sla_propose_l1/e1.v0/provider", "e1", 2)


class TestTheRecord:
    @pytest.mark.parametrize("change", [update(AttemptRow).values(outcome="failed"), delete(AttemptRow)])
    async def test_of_attempts_is_never_rewritten(self, sessions: Sessions, change: object) -> None:
        await deliver(sessions, Postbox(), await nudged(sessions))

        with pytest.raises(DBAPIError, match="append-only"):
            async with sessions.begin() as session:
                await session.execute(change)  # type: ignore[call-overload]  # either kind of statement

    async def test_says_on_every_channel_how_far_a_message_came(self, sessions: Sessions) -> None:
        about = await agreed(sessions)

        await deliver(sessions, {Channel.EMAIL: Postbox(), Channel.WEBHOOK: Postbox()}, about)

        keys = [key for (key,) in await found(sessions, OutboxRow.dedupe_key, entity_id=about)]
        ways = [
            await found(sessions, DeliveryRow.channel, DeliveryRow.status, dedupe_key=key) for key in keys
        ]
        assert ways.count([("email", "sent"), ("webhook", "sent")]) == 3
