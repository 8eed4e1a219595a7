"""The monitor as a story, told anew every five minutes by a schedule where there is no Prometheus (T10.2)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from temporalio import workflow
from temporalio.client import Client
from temporalio.common import RetryPolicy

with workflow.unsafe.imports_passed_through():
    from activities.ops_monitor import OpsMonitor, Told

from workflows.names import QUEUE
from workflows.schedules import drop_schedule, keep_schedule

SCHEDULE = "ops-monitor"
CRON = "*/5 * * * *"
GRAIN = timedelta(minutes=5)
LOOK = timedelta(minutes=1)
"""Twice what its reading and a receiver that swallows everything can take."""
LONGEST = timedelta(minutes=4)


@dataclass(frozen=True, slots=True, kw_only=True)
class Monitoring:
    """Nothing is asked for so far; a class of its own, so that something can be."""


@workflow.defn(name="OpsMonitor")
class OpsMonitorWorkflow:
    @workflow.run
    async def run(self, _: Monitoring) -> Told:
        """Look once; what the last look of the schedule has told is told to this one."""
        before = workflow.get_last_completion_result(Told) if workflow.has_last_completion_result() else None
        told = await workflow.execute_activity_method(
            OpsMonitor.monitor_operations,
            before or Told(),
            task_queue=QUEUE,
            start_to_close_timeout=LOOK,
            retry_policy=RetryPolicy(maximum_attempts=3),
            summary="look whether all is well, and tell what has changed",
        )
        workflow.set_current_details(_in_words(told))
        return told


async def schedule_monitoring(client: Client, *, is_wanted: bool) -> None:
    """Have the engine look every five minutes, or no more; a schedule that is there is brought up to date."""
    if not is_wanted:
        await drop_schedule(client, SCHEDULE)
        return
    await keep_schedule(
        client,
        SCHEDULE,
        cron=CRON,
        run=OpsMonitorWorkflow.run,
        argument=Monitoring(),
        longest=LONGEST,
        catch_up=GRAIN,
    )


def _in_words(told: Told) -> str:
    parts = (
        ("Open", told.open),
        ("Begun", told.begun),
        ("Over", told.over),
        ("Nobody has taken the news of", told.untold),
    )
    return " ".join(_sentence(what, names) for what, names in parts if names) or "All is well."


def _sentence(what: str, names: Sequence[str]) -> str:
    return f"{what}: {', '.join(names)}."
