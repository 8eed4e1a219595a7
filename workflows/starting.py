"""How runs are started: the same way by the API, the seed and the tests."""

from typing import Any

from temporalio.client import WithStartWorkflowOperation
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy

from fulfillment.domain.absence.commands import ReportAbsence
from fulfillment.domain.job.commands import PostJob
from fulfillment.domain.policy import Policy
from workflows.absence import ProviderUnavailableWorkflow
from workflows.job import JobWorkflow, Posted
from workflows.names import QUEUE, TASK_TIMEOUT, absence_run, job_run
from workflows.search import absence_identity, job_identity


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


def reporting(command: ReportAbsence) -> WithStartWorkflowOperation[Any, Any]:
    """Return the operation that starts the run of an absence, or finds it running.

    Its id is made of the command's key, so the same report is the same run.
    """
    return WithStartWorkflowOperation(
        ProviderUnavailableWorkflow.run,
        command,
        id=absence_run(command.absence_id),
        task_queue=QUEUE,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
        task_timeout=TASK_TIMEOUT,
        search_attributes=absence_identity(command.provider_id),
        static_summary=f"absence of provider {command.provider_id}",
    )
