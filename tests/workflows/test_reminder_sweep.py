"""The sweep runs by a schedule of the engine, which follows the settings and obeys operations."""

import uuid
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
import pytest_asyncio
from temporalio import activity
from temporalio.client import Client, ScheduleActionStartWorkflow, ScheduleOverlapPolicy
from temporalio.service import RPCError

import worker
from activities.sweep import TURNS, SweepWanted, Swept, slice_of
from tests.skipping import SkippingServer
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
        return Swept(late_reminders=2, checked=7)


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

    assert found == Swept(late_reminders=2, checked=7)
    [wanted] = broom.asked
    assert wanted.lookahead == QUARTER
    assert 0 <= wanted.turn < TURNS


@pytest.mark.parametrize("turn", [0, 1, TURNS - 1])
def test_the_slices_cover_every_id_once(turn: int) -> None:
    since, until = slice_of(turn)
    following, _ = slice_of(turn + 1)

    assert since < until
    assert until == (following if turn < TURNS - 1 else "g")
