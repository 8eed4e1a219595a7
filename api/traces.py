"""Spans of requests, and where they go: nowhere, unless a collector is named."""

from collections.abc import Callable
from dataclasses import dataclass

from fastapi.telemetry import TelemetryConfig
from temporalio.client import Interceptor

from fulfillment.tracing import begin

SILENT: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False}
"""The framework's own would stand between our spans (`traced.py`), and tell paths as they were asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Traces:
    """What a client of the engine takes to be traced, and how to send what is left when a process ends."""

    interceptors: tuple[Interceptor, ...] = ()
    end: Callable[[], None] = lambda: None


def traces_to(collector: str | None, *, service: str) -> Traces:
    """Begin to trace if there is a collector; without one nothing is loaded, and nothing happens."""
    if collector is None:
        return Traces()
    from workflows.tracing import Tracing  # noqa: PLC0415 - loads OpenTelemetry, which takes its time

    return Traces(interceptors=(Tracing(),), end=begin(collector, service=service))
