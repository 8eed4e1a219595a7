"""The sweep as a story: short, and told anew every few minutes by a schedule (T4.3)."""

from dataclasses import dataclass
from datetime import timedelta

from temporalio import workflow
from temporalio.client import Client
from temporalio.common import RetryPolicy

with workflow.unsafe.imports_passed_through():
    from activities.sweep import Sweep, SweepWanted, Swept

from workflows.names import NOTIFICATIONS_QUEUE
from workflows.schedules import keep_schedule

SCHEDULE = "reminder-sweep"
GRAIN = timedelta(minutes=5)
LONGEST = timedelta(minutes=15)
SIGN_OF_LIFE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweeping:
    lookahead: timedelta


@workflow.defn(name="ReminderSweep")
class ReminderSweepWorkflow:
    @workflow.run
    async def run(self, sweeping: Sweeping) -> Swept:
        """Sweep once, and go on where the last sweep of the schedule has stopped checking runs."""
        before = workflow.get_last_completion_result(Swept) if workflow.has_last_completion_result() else None
        found = await workflow.execute_activity_method(
            Sweep.sweep_reminders,
            SweepWanted(lookahead=sweeping.lookahead, checked_to=before.checked_to if before else ""),
            task_queue=NOTIFICATIONS_QUEUE,
            start_to_close_timeout=LONGEST,
            heartbeat_timeout=SIGN_OF_LIFE,
            retry_policy=RetryPolicy(maximum_attempts=3),
            summary="send what is late, find what is missing",
        )
        workflow.set_current_details(_in_words(found))
        return found


async def schedule_sweeps(client: Client, *, cron: str, lookahead: timedelta) -> None:
    """Have the engine sweep by `cron`, in UTC; a schedule that is there is brought up to date.

    A sweep that is still under way is not joined by another.
    """
    await keep_schedule(
        client,
        SCHEDULE,
        cron=cron,
        run=ReminderSweepWorkflow.run,
        argument=Sweeping(lookahead=lookahead),
        longest=LONGEST,
        catch_up=GRAIN,
    )


def _in_words(found: Swept) -> str:
    if found.is_all_well:
        return f"All is well; {found.checked} runs were looked at."
    return (
        f"Late reminders sent: {found.late_reminders}. Forgotten messages sent: {found.forgotten_messages}. "
        f"Without a run: {found.missing_runs}. Overdue, but not marked: {found.unmarked_overdue}. "
        f"Could not be mended now: {found.failed}."
    )
