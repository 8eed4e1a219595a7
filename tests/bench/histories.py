"""What the runs of a measurement have cost the engine, counted in their histories."""

from collections import Counter
from dataclasses import dataclass, field

from temporalio.api.enums.v1 import EventType
from temporalio.api.workflowservice.v1 import DescribeWorkflowExecutionRequest
from temporalio.client import Client

ACTIONS = {
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED,
    EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED,
    EventType.EVENT_TYPE_TIMER_STARTED,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED,
    EventType.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES,
    EventType.EVENT_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED,
}
"""What counts as an action, where actions are paid for. A child counts where it starts."""


@dataclass(slots=True)
class Histories:
    """What all of them have together."""

    events: Counter[int] = field(default_factory=Counter)
    activities: Counter[str] = field(default_factory=Counter)
    bytes: int = 0
    transitions: int = 0

    def __sub__(self, other: "Histories") -> "Histories":
        return Histories(
            events=self.events - other.events,
            activities=self.activities - other.activities,
            bytes=self.bytes - other.bytes,
            transitions=self.transitions - other.transitions,
        )

    @property
    def actions(self) -> int:
        return sum(number for kind, number in self.events.items() if kind in ACTIONS)

    @property
    def timers_fired(self) -> int:
        return self.events[EventType.EVENT_TYPE_TIMER_FIRED]

    @property
    def workflow_tasks(self) -> int:
        return self.events[EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED]


async def read(client: Client) -> Histories:
    """Return what the runs of jobs and assignments at this engine have cost."""
    found = Histories()
    async for run in client.list_workflows("WorkflowType = 'Job' OR WorkflowType = 'Assignment'"):
        handle = client.get_workflow_handle(run.id, run_id=run.run_id)
        async for event in handle.fetch_history_events():
            found.events[event.event_type] += 1
            if event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
                found.activities[event.activity_task_scheduled_event_attributes.activity_type.name] += 1
        request = DescribeWorkflowExecutionRequest(namespace=client.namespace)
        request.execution.workflow_id, request.execution.run_id = run.id, run.run_id
        info = (await client.workflow_service.describe_workflow_execution(request)).workflow_execution_info
        found.bytes += info.history_size_bytes
        found.transitions += info.state_transition_count
    return found
