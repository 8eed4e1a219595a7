"""The reconciliation as a story, told anew every hour by a schedule, and its way to the other runs."""

from dataclasses import dataclass
from datetime import timedelta

from temporalio import workflow
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.common import RetryPolicy
from temporalio.service import RPCError, RPCStatusCode

with workflow.unsafe.imports_passed_through():
    from activities.reconcile import Reconciled, Reconciler, Wanted
    from fulfillment.domain.assignment.standing import Standing

from workflows.aftercare import LOOK_AGAIN
from workflows.names import PAYMENTS_QUEUE, QUEUE, TASK_TIMEOUT, aftercare_run, assignment_run
from workflows.schedules import keep_schedule

SCHEDULE = "reconcile"
GRAIN = timedelta(minutes=30)
LONGEST = timedelta(minutes=50)
"""Shorter than the hour between two; what is not done by then, another attempt goes on with."""
SIGN_OF_LIFE = timedelta(minutes=1)
ANSWER = timedelta(seconds=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciling:
    """Nothing is asked for so far; a class of its own, so that something can be."""


@workflow.defn(name="Reconcile")
class ReconcileWorkflow:
    @workflow.run
    async def run(self, _: Reconciling) -> Reconciled:
        """Reconcile once; what the last reconciliation of the schedule has left is told to this one."""
        last = (
            workflow.get_last_completion_result(Reconciled) if workflow.has_last_completion_result() else None
        )
        found = await workflow.execute_activity_method(
            Reconciler.reconcile_money,
            Wanted(noted=last.marks if last else ()),
            task_queue=PAYMENTS_QUEUE,
            start_to_close_timeout=LONGEST,
            heartbeat_timeout=SIGN_OF_LIFE,
            retry_policy=RetryPolicy(maximum_attempts=3),
            summary="compare runs, rows and the payment provider",
        )
        workflow.set_current_details(_in_words(found))
        return found


async def schedule_reconciling(client: Client, *, cron: str) -> None:
    """Have the engine reconcile by `cron`, in UTC; a schedule that is there is brought up to date.

    A reconciliation that is still under way is not joined by another.
    """
    await keep_schedule(
        client,
        SCHEDULE,
        cron=cron,
        run=ReconcileWorkflow.run,
        argument=Reconciling(),
        longest=LONGEST,
        catch_up=GRAIN,
    )


class EngineStories:
    """The runs of assignments at the engine that `client` is connected to."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def state(self, assignment_id: str) -> Standing | None:
        """Return how its run says that it stands; None if no run goes on.

        Raises:
            RPCError: the engine, or a worker, does not answer.
        """
        handle = self._client.get_workflow_handle(assignment_run(assignment_id))
        try:
            described = await handle.describe(rpc_timeout=ANSWER)
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return None
            raise
        if described.status is not WorkflowExecutionStatus.RUNNING:
            return None
        standing: Standing = await handle.query("state", result_type=Standing, rpc_timeout=ANSWER)
        return standing

    async def doubt(self, assignment_id: str, *, by: str, reason: str) -> bool:
        """Have its run look at the card, and return whether there is a run to be told.

        Raises:
            RPCError: the engine does not answer.
        """
        handle = self._client.get_workflow_handle(assignment_run(assignment_id))
        try:
            await handle.signal("doubt_card", {"ops_id": by, "reason": reason}, rpc_timeout=ANSWER)
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return False
            raise
        return True

    async def look_after(self, payout_id: str) -> None:
        """Have somebody look for a complaint about a payout, and start who does if there is nobody.

        Raises:
            RPCError: the engine does not answer.
        """
        await self._client.start_workflow(
            "PayoutAftercare",
            payout_id,
            id=aftercare_run(payout_id),
            task_queue=QUEUE,
            task_timeout=TASK_TIMEOUT,
            start_signal=LOOK_AGAIN,
            rpc_timeout=ANSWER,
        )


def _in_words(found: Reconciled) -> str:
    compared = f"{found.compared} assignments were compared."
    unseen = f" Could not be looked at: {found.unreachable}." if found.unreachable else ""
    if not found.found and not found.open_cases:
        return f"{compared} All agrees.{unseen}"
    kinds = ", ".join(f"{kind} {count}" for kind, count in sorted(found.found.items())) or "nothing new"
    mended = sum(found.healed.values())
    return f"{compared} Found: {kinds}. Mended: {mended}. Cases that wait: {found.open_cases}.{unseen}"
