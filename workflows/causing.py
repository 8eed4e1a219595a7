"""Telling what a run asks for which request it is done for, by headers; a trace takes the same way.

Headers are no part of what a replay compares, so deployed runs take this up at their next step.
"""

from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import replace
from typing import Any

from temporalio import workflow
from temporalio.api.common.v1 import Payload
from temporalio.worker import (
    HandleSignalInput,
    HandleUpdateInput,
    Interceptor,
    SignalExternalWorkflowInput,
    StartActivityInput,
    StartChildWorkflowInput,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
    WorkflowOutboundInterceptor,
)

with workflow.unsafe.imports_passed_through():
    from activities.cause import TRACE, Cause, cause_in, headers_of
    from fulfillment.domain.command import Command

WAS_THERE = "fulfillment_was_there"
"""A function of the worker's, which is there where spans are sent (`workflows/tracing.py`)."""

_heard: ContextVar[Payload | None] = ContextVar("heard", default=None)
_cause: ContextVar[Cause | None] = ContextVar("cause", default=None)


def caused_by(command: Command) -> Cause:
    """Return `command` as a cause, with the trace that it came with."""
    return Cause(request_id=command.request_id, actor_role=command.actor.role.value, trace=_heard.get())


def began_by(command: Command) -> Cause:
    """Return the cause of the run's beginning: `command`, or whatever had another run start this one."""
    cause = cause_in(workflow.info().headers)
    return cause if cause.actor_role else replace(caused_by(command), trace=cause.trace)


def carry_out(command: Command) -> None:
    """Let all that the handler at hand asks for be done for `command`.

    What goes on beside the story goes by the `cause` that a run has as its attribute.
    """
    _cause.set(caused_by(command))


class Causing(Interceptor):
    def workflow_interceptor_class(
        self, _: WorkflowInterceptorClassInput
    ) -> type[WorkflowInboundInterceptor] | None:
        return _Inbound


class _Inbound(WorkflowInboundInterceptor):
    def init(self, outbound: WorkflowOutboundInterceptor) -> None:
        super().init(_Outbound(outbound))

    async def handle_update_handler(self, input: HandleUpdateInput) -> Any:
        _heard.set(_noted(f"HandleUpdate:{input.update}", input.headers))
        return await super().handle_update_handler(input)

    async def handle_signal(self, input: HandleSignalInput) -> None:
        # Anybody can make up a signal's name, and a span's name is from a small closed set.
        _heard.set(_noted("HandleSignal", input.headers))
        await super().handle_signal(input)


class _Outbound(WorkflowOutboundInterceptor):
    def start_activity(self, input: StartActivityInput) -> workflow.ActivityHandle[Any]:
        input.headers = _with_cause(input.headers)
        return super().start_activity(input)

    async def start_child_workflow(
        self, input: StartChildWorkflowInput
    ) -> workflow.ChildWorkflowHandle[Any, Any]:
        input.headers = _with_cause(input.headers)
        return await super().start_child_workflow(input)

    async def signal_external_workflow(self, input: SignalExternalWorkflowInput) -> None:
        input.headers = _with_cause(input.headers)
        await super().signal_external_workflow(input)


def _with_cause(headers: Mapping[str, Payload]) -> Mapping[str, Payload]:
    cause: Cause | None = _cause.get() or getattr(workflow.instance(), "cause", None)
    return {**headers, **headers_of(cause)} if cause else headers


def _noted(name: str, headers: Mapping[str, Payload]) -> Payload | None:
    """Have it noted that a handler was called, and return what leads from there on.

    A replay notes nothing, and takes what had come in; what it leads to is asked for once only.
    """
    came_with = headers.get(TRACE)
    note = workflow.extern_functions().get(WAS_THERE)
    if came_with is None or note is None or workflow.unsafe.is_replaying():
        return came_with
    info = workflow.info()
    ids = {"temporalWorkflowID": info.workflow_id, "temporalRunID": info.run_id}
    led: Payload = note(name, workflow.time_ns(), ids, came_with)
    return led
