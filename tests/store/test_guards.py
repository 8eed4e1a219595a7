"""What the database itself refuses, whatever the code above it believes."""

import asyncio
from dataclasses import replace

import psycopg
import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from fulfillment.domain.messages import Recipient, Reminder, ReminderKind
from fulfillment.domain.people import Role
from fulfillment.store.tables import OutboxRow, ReminderRow
from tests.domain.people import DAY, HOUR, NOON, ROOT, approves
from tests.store import server
from tests.store.crowd import populate
from tests.store.diaries import Diary, JobDiary, Sessions, fresh_id
from tests.store.looking import sql


class TestOneLiveAssignment:
    async def test_a_job_is_in_one_providers_hands_at_a_time(self, sessions: Sessions) -> None:
        first = Diary()
        second = Diary(job_id=first.it.job_id)
        await first.write(sessions)

        with pytest.raises(IntegrityError, match="uq_assignment_live_job"):
            await second.write(sessions)

    async def test_of_sixteen_at_once_one_is_taken(self, sessions: Sessions) -> None:
        job = fresh_id("j-")
        rivals = [Diary(job_id=job) for _ in range(16)]

        ends = await asyncio.gather(*(each.write(sessions) for each in rivals), return_exceptions=True)

        assert sum(end is None for end in ends) == 1

    async def test_after_a_rejection_it_may_go_to_another(self, sessions: Sessions) -> None:
        first = Diary().reject()
        await first.write(sessions)

        await Diary(job_id=first.it.job_id).write(sessions)


class TestThePast:
    @pytest.mark.parametrize("table", ["audit_event", "payout_decision"])
    @pytest.mark.parametrize(
        "change", ["UPDATE {} SET reason = 'nothing happened'", "DELETE FROM {}", "TRUNCATE {}"]
    )
    async def test_it_is_not_rewritten(
        self, sessions: Sessions, database_url: str, table: str, change: str
    ) -> None:
        diary = Diary().agree().finish()
        diary.say(approves(ROOT), at=diary.at + HOUR)
        await diary.write(sessions)

        with pytest.raises(psycopg.errors.RestrictViolation) as refused:
            sql(database_url, change.format(table))

        assert (
            refused.value.diag.message_primary
            == f"{table} is append-only: {change.split(maxsplit=1)[0]} is refused"
        )


class TestReminders:
    async def test_of_sixteen_that_plan_one_reminder_one_does(self, sessions: Sessions) -> None:
        diary = Diary()
        await diary.write(sessions)
        reminder = Reminder(
            kind=ReminderKind.PROPOSE_NUDGE,
            to=Recipient(role=Role.PROVIDER, id=diary.it.provider_id),
            basis="e1",
            n=1,
            due=NOON,
        )
        entry = replace(diary.entries[0], reminders=(reminder,))

        await asyncio.gather(*(diary.write(sessions, entry) for _ in range(16)))

        key = reminder.dedupe_key(diary.it.id, channel="email")
        async with sessions() as session:
            for column in (ReminderRow.dedupe_key, OutboxRow.dedupe_key):
                assert await session.scalar(select(func.count()).where(column == key)) == 1


class TestClosedSets:
    @pytest.mark.parametrize(
        "change",
        [
            "UPDATE assignment SET status = 'lost'",
            "UPDATE assignment SET origin = 'luck'",
            "UPDATE assignment SET schedule_proposed_by = 'nobody'",
            "UPDATE assignment SET scheduled_start = now()",
            "UPDATE assignment SET scheduled_start = now(), scheduled_end = now() - interval '1 hour'",
        ],
    )
    async def test_no_row_says_what_the_rules_do_not_know(
        self, sessions: Sessions, database_url: str, change: str
    ) -> None:
        diary = Diary()
        await diary.write(sessions)

        with pytest.raises(psycopg.errors.CheckViolation):
            sql(database_url, f"{change} WHERE id = %s", diary.it.id)


class TestTheTally:
    COUNTED = """
        SELECT 'assignment', status, count(*) FROM assignment GROUP BY status
        UNION ALL SELECT 'assignment', 'reminder_overdue', count(*) FROM assignment
            WHERE reminder_overdue HAVING count(*) > 0
        UNION ALL SELECT 'job', status, count(*) FROM job GROUP BY status
        ORDER BY 1, 2
    """
    KEPT = """
        SELECT noun, state, sum(n)::bigint FROM tally GROUP BY noun, state HAVING sum(n) <> 0 ORDER BY 1, 2
    """

    async def test_it_is_what_counting_would_say_however_many_write_at_once(
        self, alone: Sessions, alone_url: str
    ) -> None:
        diaries = [Diary().wait(until=NOON + DAY) for _ in range(12)]
        for diary in diaries[:6]:
            diary.reject()

        await asyncio.gather(*(diary.write(alone, entry) for diary in diaries for entry in diary.entries))
        await JobDiary().write(alone)

        assert sql(alone_url, self.KEPT) == sql(alone_url, self.COUNTED) != []

    def test_it_follows_bulk_changes(self) -> None:
        url = server.fresh()
        populate(url, size=400)
        inserted = sql(url, self.KEPT), sql(url, self.COUNTED)
        sql(url, "UPDATE job SET status = 'cancelled' WHERE status = 'quoting'")
        sql(url, "DELETE FROM command_outcome")
        changed = sql(url, self.KEPT), sql(url, self.COUNTED)
        sql(url, "TRUNCATE job CASCADE")
        emptied = sql(url, self.KEPT), sql(url, self.COUNTED)

        for kept, counted in (inserted, changed, emptied):
            assert kept == counted != []
