"""Schedules at the engine: one of each name, brought up to date by every worker that starts."""

from datetime import timedelta
from typing import Any

from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
    ScheduleUpdate,
    ScheduleUpdateInput,
)
from temporalio.service import RPCError, RPCStatusCode

from workflows.names import QUEUE


async def keep_schedule(
    client: Client,
    name: str,
    *,
    cron: str,
    run: Any,
    argument: object,
    longest: timedelta,
    catch_up: timedelta,
) -> None:
    """Have the engine start `run` by `cron`, in UTC; a schedule that is there is brought up to date.

    A run that is still under way is not joined by another; what was missed is made up for within
    `catch_up`. One that operations have paused stays paused.
    """
    wanted = Schedule(
        action=ScheduleActionStartWorkflow(
            run, argument, id=name, task_queue=QUEUE, execution_timeout=2 * longest
        ),
        spec=ScheduleSpec(cron_expressions=[cron]),
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=catch_up),
    )

    def renewed(known: ScheduleUpdateInput) -> ScheduleUpdate:
        wanted.state = known.description.schedule.state
        return ScheduleUpdate(schedule=wanted)

    try:
        await client.create_schedule(name, wanted)
    except ScheduleAlreadyRunningError:
        await client.get_schedule_handle(name).update(renewed)


async def drop_schedule(client: Client, name: str) -> None:
    """Have the engine start nothing more by that name; where there is no such schedule, nothing happens."""
    try:
        await client.get_schedule_handle(name).delete()
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
