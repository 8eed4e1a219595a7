"""The sweep runs by a schedule of the engine, which follows the settings and obeys operations."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial

import pytest_asyncio
from temporalio import activity
from temporalio.client import Client, ScheduleActionStartWorkflow, ScheduleOverlapPolicy
from temporalio.service import RPCError

import worker
from activities.sweep import SweepWanted, Swept
from tests.skipping import SkippingServer
from tests.waiting import until
from tests.workflows.witness import Witness
from workflows.names import NOTIFICATIONS_QUEUE, QUEUE
from workflows.reminder_sweep import SCHEDULE, ReminderSweepWorkflow, Sweeping, schedule_sweeps

QUARTER = timedelta(minutes=15)


class Broom:
    """Sweeps nothing, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[SweepWanted] = []

    @activity.defn(name="sweep_reminders")
    async def sweep_reminders(self, wanted: SweepWanted) -> Swept:
        self.asked.append(wanted)
        return Swept(late_reminders=2, checked=7, checked_to="a7")


@pytest_asyncio.fixture
async def engine(skipping: SkippingServer) -> AsyncIterator[Client]:
    yield skipping.client
    try:
        await skipping.client.get_schedule_handle(SCHEDULE).delete()
    except RPCError:
        return


async def crons(client: Client) -> list[str]:
    """Return when the engine would sweep, in words of its own: the hours and minutes."""
    described = await client.get_schedule_handle(SCHEDULE).describe()
    return [
        f"{[(each.start, each.end, each.step) for each in calendar.minute]}"
        for calendar in described.schedule.spec.calendars
    ]


class TestTheSchedule:
    async def test_follows_the_settings_and_never_runs_two_at_once(self, engine: Client) -> None:
        await schedule_sweeps(engine, cron="*/5 * * * *", lookahead=QUARTER)

        described = await engine.get_schedule_handle(SCHEDULE).describe()

        action = described.schedule.action
        assert isinstance(action, ScheduleActionStartWorkflow)
        assert action.workflow == "ReminderSweep"
        assert described.schedule.policy.overlap is ScheduleOverlapPolicy.SKIP
        assert await crons(engine) == ["[(0, 59, 5)]"]

    async def test_is_brought_up_to_date_by_the_next_worker(self, engine: Client) -> None:
        await schedule_sweeps(engine, cron="*/5 * * * *", lookahead=QUARTER)

        await schedule_sweeps(engine, cron="7 * * * *", lookahead=QUARTER)

        assert await crons(engine) == ["[(7, 7, 1)]"]

    async def test_that_operations_have_paused_stays_paused(self, engine: Client) -> None:
        await schedule_sweeps(engine, cron="*/5 * * * *", lookahead=QUARTER)
        await engine.get_schedule_handle(SCHEDULE).pause(note="the mail server moves")

        await schedule_sweeps(engine, cron="*/10 * * * *", lookahead=QUARTER)

        described = await engine.get_schedule_handle(SCHEDULE).describe()
        assert described.schedule.state.paused
        assert described.schedule.state.note == "the mail server moves"


async def test_a_sweep_passes_on_the_settings_and_says_what_it_found(
    engine: Client, witness: Witness
) -> None:
    broom = Broom()
    stories = worker.worker_for(
        engine, QUEUE, workflows=[ReminderSweepWorkflow], activities=witness.activities
    )
    notices = worker.worker_for(engine, NOTIFICATIONS_QUEUE, activities=[broom.sweep_reminders])

    async with stories, notices:
        found = await engine.execute_workflow(
            ReminderSweepWorkflow.run,
            Sweeping(lookahead=QUARTER),
            id=f"sweep-{uuid.uuid4().hex}",
            task_queue=QUEUE,
        )

    assert found == Swept(late_reminders=2, checked=7, checked_to="a7")
    [wanted] = broom.asked
    assert wanted == SweepWanted(lookahead=QUARTER, checked_to="")


async def test_a_sweep_goes_on_where_the_last_one_of_the_schedule_has_stopped(
    engine: Client, witness: Witness
) -> None:
    broom = Broom()
    stories = worker.worker_for(
        engine, QUEUE, workflows=[ReminderSweepWorkflow], activities=witness.activities
    )
    notices = worker.worker_for(engine, NOTIFICATIONS_QUEUE, activities=[broom.sweep_reminders])
    await schedule_sweeps(engine, cron="0 0 1 1 *", lookahead=QUARTER)
    schedule = engine.get_schedule_handle(SCHEDULE)

    async with stories, notices:
        for number in (1, 2):
            await schedule.trigger()
            await until(partial(_has_run, broom, number))
            await _over(engine)

    assert [wanted.checked_to for wanted in broom.asked] == ["", "a7"]


def _has_run(broom: Broom, number: int) -> bool:
    return len(broom.asked) >= number


async def _over(engine: Client) -> None:
    """Return once the sweep that was triggered has ended, as far as the schedule knows."""
    async with asyncio.timeout(10):
        while (await engine.get_schedule_handle(SCHEDULE).describe()).info.running_actions:
            await asyncio.sleep(0.05)
