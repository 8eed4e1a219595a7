"""How runs are started by whoever asks something of them: the same way by the API, the seed and the tests."""

from typing import Any

from temporalio.client import WithStartWorkflowOperation
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy

from fulfillment.domain.job.commands import PostJob
from fulfillment.domain.policy import Policy
from workflows.aftercare import PayoutAftercareWorkflow
from workflows.job import JobWorkflow, Posted
from workflows.names import QUEUE, TASK_TIMEOUT, aftercare_run, job_run
from workflows.search import job_identity


def posting(command: PostJob, policy: Policy) -> WithStartWorkflowOperation[Any, Any]:
    """Return the operation that starts the run of a new job, or finds it running.

    One that has ended does not start again: its id is taken for good (trap E8).
    """
    return WithStartWorkflowOperation(
        JobWorkflow.run,
        Posted(command=command, policy=policy),
        id=job_run(command.job_id),
        task_queue=QUEUE,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
        task_timeout=TASK_TIMEOUT,
        search_attributes=job_identity(command.job_id, command.actor.id),
        static_summary=f"{command.dispatch_mode} job of customer {command.actor.id}",
    )


def looking_after(payout_id: str) -> WithStartWorkflowOperation[Any, Any]:
    """Return the operation that starts the run which looks after a payout, or finds it running.

    One that has ended may start again, as often as there is something to do: what it knows is in Postgres.
    """
    return WithStartWorkflowOperation(
        PayoutAftercareWorkflow.run,
        args=[payout_id],
        id=aftercare_run(payout_id),
        task_queue=QUEUE,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
        task_timeout=TASK_TIMEOUT,
        static_summary="look after a payout that has ended",
    )
