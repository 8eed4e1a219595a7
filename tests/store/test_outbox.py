"""What people are owed is claimed by one sender at a time, and marked once."""

import asyncio
from datetime import timedelta

from sqlalchemy import select, update

from fulfillment.domain.messages import Channel, Recipient, ReminderKind
from fulfillment.domain.people import Role
from fulfillment.store import outbox
from fulfillment.store.outbox import Outcome
from fulfillment.store.tables import DeliveryStatus, OutboxRow, OutboxStatus, ReminderRow
from tests.domain.people import ADA, DAY, NEXT_WEEK, NOON, proposes
from tests.store.diaries import Diary, Sessions
from tests.store.looking import rows

BY_TEXT = Outcome(channel=Channel.SMS, status=DeliveryStatus.SENT, message_id="m1")


async def owing(sessions: Sessions) -> tuple[Diary, str]:
    """Return an assignment that owes one more message, and the key of that."""
    diary = Diary()
    await diary.write(sessions)
    async with sessions.begin() as session:
        for owed in await outbox.waiting(session, diary.it.id):
            await outbox.finish(session, owed.key, OutboxStatus.SENT)
    diary.say(proposes(ADA, NEXT_WEEK, seeing=0))
    await diary.write(sessions)
    return diary, diary.entries[-1].notices[0].key


async def claim(sessions: Sessions, key: str, by: str) -> bool:
    async with sessions.begin() as session:
        return await outbox.claim(session, key, by=by)


async def age(sessions: Sessions, key: str, span: timedelta) -> None:
    """Let a claim be a little older than that."""
    long_ago = OutboxRow.claimed_at - span - timedelta(seconds=1)
    async with sessions.begin() as session:
        aged = update(OutboxRow).where(OutboxRow.dedupe_key == key).values(claimed_at=long_ago)
        await session.execute(aged)


class TestWaiting:
    async def test_it_says_who_is_owed_what(self, sessions: Sessions) -> None:
        diary, key = await owing(sessions)

        async with sessions() as session:
            (owed,) = await outbox.waiting(session, diary.it.id)

        assert owed.key == key
        assert (owed.event, owed.about, owed.number) == ("notifyScheduleProposed", diary.it.id, 2)
        assert owed.to == Recipient(role=Role.PROVIDER, id=diary.it.provider_id)
        assert owed.request_id == diary.entries[-1].step.request_id
        assert owed.reminder is None

    async def test_what_was_sent_or_failed_is_owed_no_longer(self, sessions: Sessions) -> None:
        diary, key = await owing(sessions)

        async with sessions.begin() as session:
            first = await outbox.finish(session, key, OutboxStatus.SENT)
            again = await outbox.finish(session, key, OutboxStatus.FAILED, reason="no_address")

        async with sessions() as session:
            assert await outbox.waiting(session, diary.it.id) == ()
        assert (first, again) == (True, False)
        assert await rows(sessions, OutboxRow, "status", "reason", dedupe_key=key) == [("sent", None)]


class TestClaiming:
    async def test_of_sixteen_senders_one_sends(self, sessions: Sessions) -> None:
        _, key = await owing(sessions)

        taken = await asyncio.gather(*(claim(sessions, key, f"sender-{n}") for n in range(16)))

        assert sum(taken) == 1

    async def test_whoever_claimed_it_may_go_on_after_a_crash_but_not_at_once(
        self, sessions: Sessions
    ) -> None:
        diary, key = await owing(sessions)
        await claim(sessions, key, "sender-1")

        at_once = await claim(sessions, key, "sender-1")
        await age(sessions, key, outbox.OURS_AGAIN)

        assert not at_once
        assert not await claim(sessions, key, "sender-2")
        assert await claim(sessions, key, "sender-1")
        async with sessions() as session:
            assert await outbox.waiting(session, diary.it.id) == ()
            [mine] = await outbox.waiting(session, diary.it.id, by="sender-1")
        assert (mine.attempts, mine.ours) == (2, True)

    async def test_a_claim_that_was_given_back_is_anybodys(self, sessions: Sessions) -> None:
        _, key = await owing(sessions)
        await claim(sessions, key, "sender-1")
        async with sessions.begin() as session:
            await outbox.release(session, key, by="sender-1")

        assert await claim(sessions, key, "sender-2")

    async def test_a_claim_nobody_marked_is_up_for_claiming_again(self, sessions: Sessions) -> None:
        _, key = await owing(sessions)
        await claim(sessions, key, "sender-1")
        await age(sessions, key, outbox.UNMARKED)

        assert await claim(sessions, key, "sender-2")

    async def test_what_was_sent_is_not_claimed_again(self, sessions: Sessions) -> None:
        _, key = await owing(sessions)
        async with sessions.begin() as session:
            await outbox.finish(session, key, OutboxStatus.SENT)

        assert not await claim(sessions, key, "sender-1")


class TestReminders:
    async def test_the_reminder_says_the_same_as_its_message(self, sessions: Sessions) -> None:
        diary = Diary().wait(until=NOON + DAY / 2)
        await diary.write(sessions)
        async with sessions() as session:
            reminder = next(each for each in await outbox.waiting(session, diary.it.id) if each.reminder)

        await claim(sessions, reminder.key, "sender-1")
        claimed = await rows(sessions, ReminderRow, "status", dedupe_key=reminder.key)
        async with sessions.begin() as session:
            await outbox.finish(session, reminder.key, OutboxStatus.SENT, by=[BY_TEXT])

        assert reminder.reminder is not None
        assert reminder.reminder.kind is ReminderKind.PROPOSE_NUDGE
        assert claimed == [("claimed",)]
        async with sessions() as session:
            query = select(ReminderRow).where(ReminderRow.dedupe_key == reminder.key)
            row = (await session.execute(query)).scalar_one()
        assert (row.status, row.provider_message_id, row.channel) == ("sent", "m1", "sms")
        assert row.sent_at is not None
