"""How things stand, counted: what is open, how old the oldest is, and nothing that is over."""

from datetime import timedelta

import pytest

from fulfillment.domain.assignment.payout import PayoutStatus
from fulfillment.store.views.pulse import Ending, Pile, Pulse, failed_reminders, pulse
from tests.store.diaries import Diary, JobDiary, Sessions
from tests.store.looking import sql

HOUR = timedelta(hours=1)
PENDING = "pending_approval"


async def look(sessions: Sessions) -> Pulse:
    async with sessions() as session:
        return await pulse(session)


async def paid_for(sessions: Sessions) -> str:
    """Write an assignment whose payout waits for its ruling, and return its id."""
    diary = Diary().agree().finish()
    await diary.write(sessions)
    return diary.it.id


def about(oldest: timedelta, count: int) -> object:
    """Return what a pile of that age equals, give or take the seconds that a test takes."""

    class Like:
        def __eq__(self, other: object) -> bool:
            assert isinstance(other, Pile)
            return other.count == count and abs(other.oldest - oldest) < timedelta(minutes=2)

        def __hash__(self) -> int:
            return 0

    return Like()


class TestWhatStandsWhere:
    async def test_is_counted_by_status_and_nobody_has_to_be_there(self, alone: Sessions) -> None:
        nothing = await look(alone)
        await Diary().write(alone)
        await JobDiary().write(alone)

        something = await look(alone)

        assert set(nothing.assignments.values()) | set(nothing.jobs.values()) | {nothing.overdue} == {0}
        assert something.assignments["awaiting_schedule"] == 1
        assert sum(something.assignments.values()) == sum(something.jobs.values()) == 1

    async def test_overdue_is_counted_beside_the_status(self, alone: Sessions, alone_url: str) -> None:
        await Diary().write(alone)
        sql(alone_url, "UPDATE assignment SET reminder_overdue = true, reminder_overdue_at = now()")

        found = await look(alone)

        assert (found.overdue, found.assignments["awaiting_schedule"]) == (1, 1)


class TestPayouts:
    async def test_the_oldest_counts_for_its_status_alone(self, alone: Sessions, alone_url: str) -> None:
        for status, hours in ((PENDING, 3), (PENDING, 50), ("denied", 900)):
            id = await paid_for(alone)
            sql(
                alone_url,
                "UPDATE payout SET status = %s, submitted_at = now() - %s WHERE assignment_id = %s",
                status,
                hours * HOUR,
                id,
            )

        found = await look(alone)

        assert found.payouts[PENDING] == about(50 * HOUR, 2)
        assert found.payouts["denied"] == about(900 * HOUR, 1)
        assert found.payouts["on_hold"] == Pile()

    async def test_those_that_are_over_do_not_count(self, alone: Sessions, alone_url: str) -> None:
        await paid_for(alone)
        sql(alone_url, "UPDATE payout SET status = 'settled_manual'")

        found = await look(alone)

        assert sum(pile.count for pile in found.payouts.values()) == 0
        assert PayoutStatus.SETTLED_MANUAL not in found.payouts


class TestHolds:
    @pytest.mark.parametrize(
        ("status", "hours", "closed", "counts"),
        [
            pytest.param("held", 23, False, True, id="ends today"),
            pytest.param("held", 25, False, False, id="ends later"),
            pytest.param("held", -1, False, False, id="has ended, which is another matter"),
            pytest.param("letting_go", 23, False, False, id="is being let go"),
            pytest.param("captured", 23, False, False, id="is taken"),
            pytest.param("held", 23, True, False, id="its work has ended"),
        ],
    )
    async def test_only_what_is_held_and_ends_soon_is_at_risk(
        self, alone: Sessions, alone_url: str, status: str, hours: int, *, closed: bool, counts: bool
    ) -> None:
        diary = Diary()
        if closed:
            diary.reject()
        await diary.write(alone)
        sql(
            alone_url,
            "INSERT INTO card_hold (intent_id, assignment_id, status, amount, currency, capture_before,"
            " state_version) VALUES ('pi', %s, %s, 12500, 'EUR', now() + %s, 1)",
            diary.it.id,
            status,
            hours * HOUR,
        )

        found = await look(alone)

        assert found.ending == ({"EUR": Ending(count=1, minor=12_500)} if counts else {})


class TestMessagesAndTasks:
    async def test_what_is_owed_counts_from_when_it_was_written(
        self, alone: Sessions, alone_url: str
    ) -> None:
        await Diary().write(alone)
        sql(alone_url, "UPDATE notification_outbox SET created_at = now() - %s", 2 * HOUR)
        owed = sql(alone_url, "SELECT count(*) FROM notification_outbox")[0][0]

        found = await look(alone)
        sql(alone_url, "UPDATE notification_outbox SET status = 'sent'")
        later = await look(alone)

        assert owed > 0
        assert found.outbox == {"waiting": about(2 * HOUR, owed), "claimed": Pile()}
        assert later.outbox == {"waiting": Pile(), "claimed": Pile()}

    async def test_open_tasks_count_by_their_type(self, alone: Sessions, alone_url: str) -> None:
        task = (
            "INSERT INTO ops_task (id, type, entity, entity_id, detail, created_at, closed_at)"
            " VALUES (%s, %s, 'job', 'j', '', now() - %s, %s)"
        )
        sql(alone_url, task, "1", "run_missing", HOUR, None)
        sql(alone_url, task, "2", "run_missing", 3 * HOUR, None)
        sql(alone_url, task, "3", "hold_left", 9 * HOUR, "2026-01-01T00:00:00Z")

        found = await look(alone)

        assert found.tasks == {"run_missing": about(3 * HOUR, 2)}


class TestFailedReminders:
    async def test_only_those_count_that_failed_just_now(self, alone: Sessions, alone_url: str) -> None:
        diary = Diary()
        await diary.write(alone)
        reminder = (
            "INSERT INTO reminder (assignment_id, kind, recipient_role, recipient_id, channel, basis, n,"
            " due_at, planned_at, dedupe_key, status, claimed_at)"
            " VALUES (%s, 'visit', 'customer', 'c', 'email', '', 1, now(), now(), %s, %s, now() - %s)"
        )
        for key, status, minutes in (
            ("1", "failed", 1),
            ("2", "failed", 14),
            ("3", "failed", 16),
            ("4", "sent", 1),
            ("5", "unknown", 1),
        ):
            sql(alone_url, reminder, diary.it.id, key, status, timedelta(minutes=minutes))

        async with alone() as session:
            found = await failed_reminders(session, within=timedelta(minutes=15))

        assert found == 2
