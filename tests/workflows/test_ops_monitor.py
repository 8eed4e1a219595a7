"""The monitor tells what begins and what is over, each once, whoever dies or is away meanwhile."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta

import pytest
import pytest_asyncio
from temporalio import workflow
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode
from temporalio.testing import ActivityEnvironment
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

import worker
from activities.ops_monitor import OpsMonitor, Told
from fulfillment.domain.alerts import Name, Thresholds
from fulfillment.gateways.alerting import PagingDesk
from tests.alerts import pager
from tests.alerts.pager import Pager
from tests.skipping import SkippingServer
from tests.store.conftest import alone, alone_url
from tests.store.diaries import Diary, Sessions
from tests.store.looking import sql
from workflows.names import NOTIFICATIONS_QUEUE, PAYMENTS_QUEUE, QUEUE
from workflows.ops_monitor import SCHEDULE, OpsMonitorWorkflow, schedule_monitoring
from workflows.watching import EngineWatch

__all__ = ["alone", "alone_url"]

AGE = timedelta(hours=48)
ONE_TOO_MANY = Thresholds(payouts=0, payout_age=AGE)


class Engine:
    """An engine with as many runs in trouble as it is told."""

    def __init__(self, in_trouble: int = 0) -> None:
        self.runs = in_trouble

    async def pollers(self) -> Mapping[tuple[str, str], int]:
        return {}

    async def in_trouble(self) -> Mapping[str, int]:
        if self.runs < 0:
            raise RPCError("no such attribute", RPCStatusCode.INVALID_ARGUMENT, b"")
        return {"failed": self.runs}


@pytest_asyncio.fixture
async def called() -> AsyncIterator[Pager]:
    async with pager.on_call() as it:
        yield it


def monitor(
    sessions: Sessions, called: Pager, *, engine: Engine | None = None, thresholds: Thresholds = ONE_TOO_MANY
) -> OpsMonitor:
    desk = PagingDesk(called.url, source="https://visits.example", page="https://x/", allow_private=True)
    return OpsMonitor(sessions, engine or Engine(), desk=desk, thresholds=thresholds)


async def look(watching: OpsMonitor, before: Told | None = None) -> Told:
    told: Told = await ActivityEnvironment().run(watching.monitor_operations, before or Told())
    return told


async def payout(sessions: Sessions, url: str, *, age: timedelta) -> None:
    diary = Diary().agree().finish()
    await diary.write(sessions)
    sql(
        url,
        "UPDATE payout SET submitted_at = now() - %s WHERE assignment_id = %s",
        age,
        diary.it.id,
    )


class TestALook:
    async def test_that_finds_nothing_tells_nothing(self, alone: Sessions, called: Pager) -> None:
        assert await look(monitor(alone, called)) == Told()
        assert called.heard == []

    async def test_tells_once_what_has_begun_and_once_that_it_is_over(
        self, alone: Sessions, alone_url: str, called: Pager
    ) -> None:
        watching = monitor(alone, called)
        await payout(alone, alone_url, age=AGE * 2)

        first = await look(watching)
        second = await look(watching, first)
        sql(alone_url, "UPDATE payout SET status = 'settled_manual'")
        third = await look(watching, second)
        await look(watching, third)

        assert first.open == second.open == (Name.PAYOUTS_PENDING, Name.PAYOUTS_WAIT_LONG)
        assert third == Told(over=first.open)
        assert sorted(called.actions()) == [
            ("resolve", "PayoutsPending"),
            ("resolve", "PayoutsWaitLong"),
            ("trigger", "PayoutsPending"),
            ("trigger", "PayoutsWaitLong"),
        ]

    async def test_minds_no_payout_that_waits_for_others(
        self, alone: Sessions, alone_url: str, called: Pager
    ) -> None:
        await payout(alone, alone_url, age=AGE * 2)
        sql(alone_url, "UPDATE payout SET status = 'denied'")

        assert await look(monitor(alone, called)) == Told()

    async def test_sees_messages_that_wait_and_reminders_that_fail_and_holds_that_end(
        self, alone: Sessions, alone_url: str, called: Pager
    ) -> None:
        diary = Diary()
        await diary.write(alone)
        sql(alone_url, "UPDATE notification_outbox SET created_at = now() - interval '1 hour'")
        sql(
            alone_url,
            "INSERT INTO reminder (assignment_id, kind, recipient_role, recipient_id, channel, basis, n,"
            " due_at, planned_at, dedupe_key, status, claimed_at)"
            " VALUES (%s, 'visit', 'customer', 'c', 'email', '', 1, now(), now(), 'k', 'failed', now())",
            diary.it.id,
        )
        sql(
            alone_url,
            "INSERT INTO card_hold (intent_id, assignment_id, status, amount, currency, capture_before,"
            " state_version) VALUES ('pi', %s, 'held', 1, 'EUR', now() + interval '1 hour', 1)",
            diary.it.id,
        )

        told = await look(monitor(alone, called, thresholds=Thresholds(reminder_failures=0)))

        assert told.begun == (Name.REMINDER_FAILURES, Name.OUTBOX_STUCK, Name.HOLDS_ENDING)

    async def test_sees_runs_in_trouble(self, alone: Sessions, called: Pager) -> None:
        told = await look(monitor(alone, called, engine=Engine(in_trouble=2)))

        assert told.begun == (Name.RUNS_IN_TROUBLE,)
        assert called.heard[0]["payload"]["severity"] == "critical"

    async def test_leaves_open_what_it_cannot_look_into(self, alone: Sessions, called: Pager) -> None:
        before = Told(open=(Name.RUNS_IN_TROUBLE,))

        told = await look(monitor(alone, called, engine=Engine(in_trouble=-1)), before)

        assert (told.open, called.heard) == ((Name.RUNS_IN_TROUBLE,), [])

    async def test_tells_again_what_nobody_has_taken(
        self, alone: Sessions, alone_url: str, called: Pager
    ) -> None:
        watching = monitor(alone, called)
        await payout(alone, alone_url, age=timedelta())
        called.status = 503
        away = await look(watching)
        called.status = 202

        back = await look(watching, away)

        assert away == Told(untold=(Name.PAYOUTS_PENDING,))
        assert back == Told(open=(Name.PAYOUTS_PENDING,), begun=(Name.PAYOUTS_PENDING,))
        assert called.actions() == [("trigger", "PayoutsPending")]


@pytest_asyncio.fixture
async def engine(skipping: SkippingServer) -> AsyncIterator[Client]:
    yield skipping.client
    await schedule_monitoring(skipping.client, is_wanted=False)


class TestTheSchedule:
    async def test_what_was_told_outlives_the_worker_that_told_it(
        self, engine: Client, alone: Sessions, alone_url: str, called: Pager
    ) -> None:
        await schedule_monitoring(engine, is_wanted=True)
        await payout(alone, alone_url, age=timedelta())

        for _ in ("told", "told already"):
            await _looked(engine, monitor(alone, called))
        sql(alone_url, "UPDATE payout SET status = 'settled_manual'")
        await _looked(engine, monitor(alone, called))

        assert called.actions() == [("trigger", "PayoutsPending"), ("resolve", "PayoutsPending")]

    async def test_is_gone_when_nobody_wants_it_any_more(self, engine: Client) -> None:
        await schedule_monitoring(engine, is_wanted=True)
        there = await engine.get_schedule_handle(SCHEDULE).describe()

        for _ in ("gone", "gone already"):
            await schedule_monitoring(engine, is_wanted=False)

        assert there.schedule.spec.calendars[0].minute[0].step == 5
        with pytest.raises(RPCError):
            await engine.get_schedule_handle(SCHEDULE).describe()


async def _looked(engine: Client, watching: OpsMonitor) -> None:
    """Let the schedule look once, with a worker that lives no longer than that."""
    schedule = engine.get_schedule_handle(SCHEDULE)
    before = (await schedule.describe()).info.num_actions
    async with worker.worker_for(
        engine, QUEUE, workflows=[OpsMonitorWorkflow], activities=[watching.monitor_operations]
    ):
        await schedule.trigger()
        async with asyncio.timeout(20):
            while True:
                info = (await schedule.describe()).info
                if info.num_actions > before and not info.running_actions:
                    return
                await asyncio.sleep(0.05)


@workflow.defn(name="Wedged")
class Wedged:
    """A workflow whose code fails, as a bug does."""

    @workflow.run
    async def run(self) -> None:
        raise ZeroDivisionError


class TestTheEngine:
    async def test_says_who_asks_for_work(
        self, skipping: SkippingServer, alone: Sessions, called: Pager
    ) -> None:
        watch = EngineWatch(skipping.client)
        activities = [monitor(alone, called).monitor_operations]

        async with (
            worker.worker_for(skipping.client, PAYMENTS_QUEUE, activities=activities),
            asyncio.timeout(20),
        ):
            while not (found := await watch.pollers())[PAYMENTS_QUEUE, "activity"]:
                await asyncio.sleep(0.05)

        assert set(found) == {
            (QUEUE, "workflow"),
            (QUEUE, "activity"),
            (PAYMENTS_QUEUE, "activity"),
            (NOTIFICATIONS_QUEUE, "activity"),
        }

    async def test_says_how_many_runs_cannot_go_on(self, skipping: SkippingServer) -> None:
        watch, queue = EngineWatch(skipping.client), f"wedged-{uuid.uuid4().hex}"
        before = await watch.in_trouble()

        async with Worker(
            skipping.client,
            task_queue=queue,
            workflows=[Wedged],
            workflow_runner=UnsandboxedWorkflowRunner(),
        ):
            run = await skipping.client.start_workflow(Wedged.run, id=queue, task_queue=queue)
            async with asyncio.timeout(60):
                while (during := await watch.in_trouble())["failed"] == before["failed"]:
                    await asyncio.sleep(0.1)
            await run.terminate()
            async with asyncio.timeout(20):
                while await watch.in_trouble() != before:
                    await asyncio.sleep(0.1)

        assert during["failed"] == before["failed"] + 1
