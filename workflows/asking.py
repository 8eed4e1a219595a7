"""The way of an activity to the runs of assignments: how they stand, and a command to one of them."""

import uuid

from temporalio.client import WorkflowUpdateFailedError, WorkflowUpdateRPCTimeoutOrCancelledError
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from activities.absences import NOT_NOW, Gone, Refused
from fulfillment.domain import errors
from fulfillment.domain.assignment.commands import AssignmentCommand
from fulfillment.domain.errors import DomainError
from workflows.names import assignment_run
from workflows.reconcile import ANSWER, EngineStories
from workflows.reports import Answer

ENDED = ("workflow execution already completed", "workflow not found")
"""How the engine says that there is no run to ask."""


class EngineAssignments(EngineStories):
    """The runs of assignments at the engine that a worker is connected to."""

    async def ask(self, assignment_id: str, update: str, command: AssignmentCommand) -> int:
        """Have its run carry out `command`, and return the step that it became.

        The run knows the command by its own id. The update has a new one each time, since the engine
        would answer a known id with the failure that it has stored.

        Raises:
            Refused: the rules say no.
            Gone: there is no run to ask.
            RPCError, ApplicationError: not now.
        """
        handle = self._client.get_workflow_handle(assignment_run(assignment_id))
        try:
            answer: Answer = await handle.execute_update(
                update,
                command,
                id=f"{command.command_id}.{uuid.uuid4().hex[:8]}",
                result_type=Answer,
                rpc_timeout=ANSWER,
            )
        except WorkflowUpdateFailedError as failure:
            raise _refusal(failure) from None
        except WorkflowUpdateRPCTimeoutOrCancelledError:
            raise ApplicationError("the assignment did not answer in time", type=NOT_NOW) from None
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND and any(each in str(error).lower() for each in ENDED):
                raise Gone from None
            raise
        return answer.number


def _refusal(failure: WorkflowUpdateFailedError) -> Exception:
    """Return what a failed update says: a refusal of the rules, or that it may go better another time."""
    cause = failure.cause
    name = cause.type if isinstance(cause, ApplicationError) else None
    kind = getattr(errors, name or "", None)
    if isinstance(cause, ApplicationError) and isinstance(kind, type) and issubclass(kind, DomainError):
        return Refused(kind.__name__, cause.message)
    return ApplicationError(f"the assignment failed to answer: {name}", type=NOT_NOW)
