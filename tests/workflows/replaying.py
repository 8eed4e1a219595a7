"""Replaying histories strictly: the same events, and the same answer to every command.

The SDK's replayer notices when code asks for other activities or timers. It does not notice a rule that
answers differently, so each update's outcome is computed again and compared with the recorded one (R22).
"""

import json
import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter
from temporalio.client import WorkflowHandle, WorkflowHistory
from temporalio.worker import (
    HandleUpdateInput,
    Interceptor,
    Replayer,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
)

import worker
from workflows.aftercare import PayoutAftercareWorkflow
from workflows.assignment import AssignmentWorkflow
from workflows.job import JobWorkflow
from workflows.payloads import data_converter

HISTORIES = Path(__file__).parent / "histories"
RECORD = "RECORD_HISTORIES"
"""Set to a release, such as 0.5.0, this makes the tests write down the histories they make."""

_outcomes: dict[str, Any] = {}
_readers: dict[type, TypeAdapter[Any]] = {}


class _Witness(WorkflowInboundInterceptor):
    async def handle_update_handler(self, input: HandleUpdateInput) -> Any:
        outcome = await super().handle_update_handler(input)
        _outcomes[input.id] = outcome
        return outcome


class _Witnessing(Interceptor):
    def workflow_interceptor_class(
        self, _: WorkflowInterceptorClassInput
    ) -> type[WorkflowInboundInterceptor]:
        return _Witness


async def replay_strictly(history: WorkflowHistory) -> int:
    """Replay `history` with today's code, and return how many answers were compared.

    Raises:
        AssertionError: a command would be answered differently today.
        RuntimeError: today's code would take other steps.
    """
    _outcomes.clear()
    replayer = Replayer(
        workflows=[AssignmentWorkflow, JobWorkflow, PayoutAftercareWorkflow],
        workflow_runner=worker.runner(),
        data_converter=data_converter,
        interceptors=[_Witnessing()],
    )
    await replayer.replay_workflow(history)
    recorded = _recorded(history)
    computed = {id: _plain(outcome) for id, outcome in _outcomes.items() if id in recorded}
    assert computed == {id: _as_read_today(answer, _outcomes[id]) for id, answer in recorded.items()}
    return len(recorded)


async def keep(name: str, run: WorkflowHandle[Any, Any]) -> None:
    """Replay what a test has made, and write it down when a release is recorded."""
    history = await run.fetch_history()
    await replay_strictly(history)
    release = os.environ.get(RECORD)
    if release:
        folder = HISTORIES / release
        folder.mkdir(parents=True, exist_ok=True)
        kept = json.dumps(_impersonal(json.loads(history.to_json())), indent=1)
        (folder / f"{name}.json").write_text(kept + "\n")


@cache
def recorded() -> Mapping[str, WorkflowHistory]:
    """Return every recorded history by release and name."""
    return {
        f"{path.parent.name}/{path.stem}": WorkflowHistory.from_json(path.stem, path.read_text())
        for path in sorted(HISTORIES.glob("*/*.json"))
    }


def _impersonal(value: Any) -> Any:
    """Return `value` without a word about the machine it was made on."""
    match value:
        case dict():
            told = {"identity": "tests", "stackTrace": "", "binaryChecksum": "", "buildId": ""}
            return {key: told.get(key, _impersonal(inner)) for key, inner in value.items()}
        case list():
            return [_impersonal(inner) for inner in value]
        case str() if "@" in value and value.partition("@")[0].isdigit():
            return "sticky-queue-of-tests"
        case _:
            return value


def _recorded(history: WorkflowHistory) -> dict[str, Any]:
    """Return the answers in `history` by the id of their update; refusals are judged by the events alone."""
    answers = {}
    for event in history.events:
        if event.HasField("workflow_execution_update_completed_event_attributes"):
            done = event.workflow_execution_update_completed_event_attributes
            if done.outcome.HasField("success"):
                answers[done.meta.update_id] = json.loads(done.outcome.success.payloads[0].data)
    return answers


def _as_read_today(answer: Any, outcome: object) -> Any:
    """Return a recorded answer as clients of today read it: fields that came later take their defaults."""
    kind = type(outcome)
    if kind not in _readers:
        _readers[kind] = TypeAdapter(kind)
    return _plain(_readers[kind].validate_json(json.dumps(answer)))


def _plain(outcome: object) -> Any:
    payload = data_converter.payload_converter.to_payloads([outcome])[0]
    return json.loads(payload.data)
