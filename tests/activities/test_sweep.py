"""The sweep finds what the timers missed, mends it through the same ledger, and finds nothing in health."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio
from prometheus_client import REGISTRY
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from temporalio.testing import ActivityEnvironment

import activities.sweep
from activities.clocks import ClocksWanted, clocks
from activities.sweep import Sweep, SweepWanted, Swept
from fulfillment.domain.clocks import Clocks, QuietHours
from fulfillment.domain.messages import Channel
from fulfillment.domain.people import Role
from fulfillment.domain.policy import Policy
from fulfillment.gateways.notices import NoticeFailed
from fulfillment.store import outbox
from fulfillment.store.database import engine as database_engine
from fulfillment.store.tables import AttemptRow, OpsTaskRow, OutboxRow, ReminderRow
from tests.activities.outboxes import Moody, Postbox, Sessions, deliver, delivering, found, opened, sent
from tests.domain.people import DAY, POLICY, proposes, visit
from tests.store import server
from tests.store.diaries import Diary, JobDiary

NOBODY = SweepWanted(lookahead=timedelta(0))


class Running:
    """An engine in which these runs go on, or all but these."""

    def __init__(self, *ids: str, all_but: bool = True) -> None:
        self._ids = {f"{kind}-{id}" for id in ids for kind in ("assignment", "job")}
        self._all_but = all_but
        self.asked: list[str] = []

    async def is_running(self, id: str) -> bool:
        self.asked.append(id)
        return (id in self._ids) is not self._all_but


@pytest_asyncio.fixture
async def lonely() -> AsyncIterator[Sessions]:
    """A database of its own: a sweep looks at everything there is."""
    own = database_engine(server.fresh(), pool_size=10)
    yield async_sessionmaker(own)
    await own.dispose()


async def sweep(
    sessions: Sessions,
    mails: Postbox,
    *,
    runs: Running | None = None,
    wanted: SweepWanted = NOBODY,
    policy: Policy = POLICY,
) -> Swept:
    it = Sweep(
        sessions,
        notices=delivering(sessions, {Channel.EMAIL: mails}),
        runs=runs or Running(),
        policy=policy,
    )
    return await ActivityEnvironment().run(it.sweep_reminders, wanted)


async def asleep(sessions: Sessions) -> Diary:
    """Write an assignment whose run has slept through the first nudge, which was due half an hour ago."""
    now = datetime.now(UTC)
    diary = Diary(created_at=now - DAY, status_entered_at=now - DAY, turn_since=now - DAY / 2 - DAY / 48)
    await diary.write(sessions)
    await deliver(sessions, Postbox(), diary.it.id)
    return diary


async def reminders(sessions: Sessions, about: str) -> list[tuple[str, str, bool]]:
    rows = await found(sessions, ReminderRow.kind, ReminderRow.status, ReminderRow.swept, assignment_id=about)
    return [(kind, status, swept) for kind, status, swept in rows]


class TestALateReminder:
    async def test_is_sent_in_place_of_a_run_that_sleeps(self, lonely: Sessions) -> None:
        diary, mails = await asleep(lonely), Postbox()

        found_now = await sweep(lonely, mails)

        assert found_now.late_reminders == 1
        assert sent(mails) == [("notifyReminderSent", "provider")]
        assert await reminders(lonely, diary.it.id) == [("propose_nudge", "sent", True)]

    async def test_is_sent_once_however_often_it_is_swept(self, lonely: Sessions) -> None:
        await asleep(lonely)
        mails = Postbox()

        found_in_turn = [(await sweep(lonely, mails)).late_reminders for _ in range(3)]

        assert found_in_turn == [1, 0, 0]
        assert len(mails.kept) == 1

    async def test_is_not_sent_again_by_the_run_that_wakes_later(self, lonely: Sessions) -> None:
        diary, mails = await asleep(lonely), Postbox()
        await sweep(lonely, mails)

        diary.wait(until=datetime.now(UTC))
        await diary.write(lonely)
        await deliver(lonely, mails, diary.it.id)

        assert len(mails.kept) == 1
        assert await reminders(lonely, diary.it.id) == [("propose_nudge", "sent", True)]

    async def test_is_counted(self, lonely: Sessions) -> None:
        await asleep(lonely)
        before = REGISTRY.get_sample_value("reminder_sweep_recovered_total") or 0.0

        await sweep(lonely, Postbox())

        assert REGISTRY.get_sample_value("reminder_sweep_recovered_total") == before + 1

    async def test_of_somebody_who_sleeps_waits_for_the_morning(self, lonely: Sessions) -> None:
        now, mails = datetime.now(UTC), Postbox()
        start, end = ((now + timedelta(hours=hours)).time().replace(microsecond=0) for hours in (-3, 3))
        night = replace(POLICY, quiet=QuietHours(start=start, end=end))
        late = now - DAY / 2 - timedelta(minutes=40)
        diary = Diary(created_at=late, status_entered_at=late, turn_since=late, site_timezone="UTC")
        await diary.write(lonely)
        await deliver(lonely, Postbox(), diary.it.id)

        asleep = await sweep(lonely, mails, policy=night)
        awake = await sweep(lonely, mails)

        assert (asleep.late_reminders, awake.late_reminders) == (0, 1)
        assert sent(mails) == [("notifyReminderSent", "provider")]


class TestAForgottenMessage:
    async def test_is_sent_when_nobody_has_taken_care_of_it_for_a_while(self, lonely: Sessions) -> None:
        diary, mails = await opened(lonely), Postbox()
        diary.agree()
        await diary.write(lonely)
        await _age(lonely, diary.it.id)

        found_now = await sweep(lonely, mails)

        assert found_now.forgotten_messages == 3
        assert [event for event, _ in sent(mails) if event != "notifyReminderSent"] == [
            "notifyScheduleProposed",
            "notifyScheduleConfirmed",
            "notifyScheduleConfirmed",
        ]

    async def test_is_left_alone_while_it_is_fresh(self, lonely: Sessions) -> None:
        diary, mails = await opened(lonely), Postbox()
        diary.agree()
        await diary.write(lonely)

        assert (await sweep(lonely, mails)).forgotten_messages == 0
        assert {event for event, _ in sent(mails)} <= {"notifyReminderSent"}

    async def test_on_a_channel_that_is_down_ends_no_sweep(self, lonely: Sessions) -> None:
        diary = (await opened(lonely)).agree()
        await diary.write(lonely)
        await _age(lonely, diary.it.id)
        mails = Moody(NoticeFailed("451"), to=Role.CUSTOMER)

        assert (await sweep(lonely, mails)).forgotten_messages == 1


class TestAMissingRun:
    async def test_is_a_task_for_operations_once(self, lonely: Sessions) -> None:
        diary = await asleep(lonely)

        in_turn = [(await sweep(lonely, Postbox(), runs=Running(diary.it.id))).missing_runs for _ in range(2)]

        assert in_turn == [1, 0]
        [(type, detail)] = await found(lonely, OpsTaskRow.type, OpsTaskRow.detail, entity_id=diary.it.id)
        assert type == "run_missing"
        assert "awaiting_schedule" in detail

    async def test_is_found_before_it_is_needed(self, lonely: Sessions) -> None:
        now = datetime.now(UTC)
        diary = Diary(created_at=now, status_entered_at=now, turn_since=now)
        await diary.write(lonely)
        ahead = SweepWanted(lookahead=timedelta(hours=13))

        swept = await sweep(lonely, Postbox(), runs=Running(diary.it.id), wanted=ahead)

        assert swept.missing_runs == 1

    async def test_is_found_in_its_turn_whatever_it_waits_for(
        self, lonely: Sessions, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(activities.sweep, "MOST_CHECKED", 1)
        now, job = datetime.now(UTC), JobDiary()
        for _ in range(2):
            await Diary(created_at=now, status_entered_at=now, turn_since=now).write(lonely)
        await job.write(lonely)
        runs, checked_to, rounds = Running(job.job.id), "", []

        for _ in range(4):
            wanted = SweepWanted(lookahead=timedelta(0), checked_to=checked_to)
            swept = await sweep(lonely, Postbox(), runs=runs, wanted=wanted)
            checked_to = swept.checked_to
            rounds.append(swept.missing_runs)

        assert (sorted(rounds), checked_to) == ([0, 0, 0, 1], "")
        assert len(set(runs.asked)) == 3

    async def test_is_none_when_the_end_was_written_meanwhile(self, lonely: Sessions) -> None:
        diary = await asleep(lonely)

        class Ending(Running):
            async def is_running(self, id: str) -> bool:
                diary.reject()
                await diary.write(lonely)
                return False

        assert (await sweep(lonely, Postbox(), runs=Ending())).missing_runs == 0

    async def test_is_reported_again_when_it_was_seen_to(self, lonely: Sessions) -> None:
        diary = await asleep(lonely)
        await sweep(lonely, Postbox(), runs=Running(diary.it.id))
        async with lonely.begin() as session:
            done = {"closed_at": datetime.now(UTC), "closed_by": "olga"}
            await session.execute(update(OpsTaskRow).values(**done))

        assert (await sweep(lonely, Postbox(), runs=Running(diary.it.id))).missing_runs == 1


class TestOneBadThing:
    async def test_stops_nothing_else(self, lonely: Sessions) -> None:
        bad, good = await asleep(lonely), await asleep(lonely)
        await _owe(lonely, bad)
        mails = Moody(RuntimeError("a bug"), to=Role.CUSTOMER)

        swept = await sweep(lonely, mails)

        assert swept.failed == 0
        assert await reminders(lonely, good.it.id) == [("propose_nudge", "sent", True)]
        ends = await found(lonely, OutboxRow.status, OutboxRow.reason, event="notifyScheduleProposed")
        assert ends == [("failed", "malformed")]

    async def test_that_not_even_the_net_can_hold_is_counted(
        self, lonely: Sessions, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        bad, good = await asleep(lonely), await asleep(lonely)

        async def stumbles(session: AsyncSession, wanted: ClocksWanted) -> Clocks:
            if wanted.provider_id == bad.it.provider_id:
                raise RuntimeError("a bug")
            return await clocks(session, wanted)

        monkeypatch.setattr("activities.sweep.clocks", stumbles)

        swept = await sweep(lonely, Postbox())

        assert (swept.failed, swept.late_reminders) == (1, 1)
        assert await reminders(lonely, good.it.id) == [("propose_nudge", "sent", True)]

    async def test_is_seen_once_in_a_sweep_however_slow_it_is(self, lonely: Sessions) -> None:
        diary = await asleep(lonely)
        await _owe(lonely, diary)
        mails = Moody(NoticeFailed("451"), to=Role.CUSTOMER)

        await sweep(lonely, mails)

        rows = await found(lonely, AttemptRow.n, channel="email", outcome="delayed")
        assert rows == [(1,)]


async def test_in_health_it_finds_nothing(lonely: Sessions) -> None:
    now = datetime.now(UTC)
    diary = Diary(created_at=now, status_entered_at=now, turn_since=now)
    await diary.write(lonely)
    await deliver(lonely, Postbox(), diary.it.id)

    swept = await sweep(lonely, Postbox(), wanted=SweepWanted(lookahead=DAY))

    assert swept == Swept(checked=1)


async def test_somebody_who_is_overdue_and_not_marked_so_is_noticed(lonely: Sessions) -> None:
    now = datetime.now(UTC)
    diary = Diary(created_at=now - 3 * DAY, status_entered_at=now - 3 * DAY, turn_since=now - 1.5 * DAY)
    await diary.write(lonely)

    assert (await sweep(lonely, Postbox())).unmarked_overdue == 1


async def _owe(sessions: Sessions, diary: Diary) -> None:
    """Let the customer be owed a message for longer than anybody should take."""
    diary.say(proposes(diary.provider, visit(datetime.now(UTC) + 7 * DAY), seeing=0))
    await diary.write(sessions)
    await _age(sessions, diary.it.id)


async def _age(sessions: Sessions, about: str) -> None:
    """Let what is owed lie in the outbox for longer than anybody should take."""
    async with sessions.begin() as session:
        long_ago = OutboxRow.created_at - outbox.UNMARKED - timedelta(seconds=1)
        await session.execute(
            update(OutboxRow).where(OutboxRow.entity_id == about).values(created_at=long_ago)
        )
