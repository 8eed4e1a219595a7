"""Spans of what passes through the engine: a client's calls, a run's handlers, and activities.

Only loaded where spans are sent (`fulfillment/tracing.py`). Clients and activities have the library's own
spans. Runs do not: a span that is open while a story sleeps for weeks reaches nobody, and what replays must
not be told twice. So a run hands the trace on from whom it hears to whom it asks (`causing.py`), and has the
worker note, once, that it was there.
"""

from typing import Any

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import SpanKind
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from temporalio.api.common.v1 import Payload
from temporalio.contrib.opentelemetry import OpenTelemetryInterceptor
from temporalio.converter import PayloadConverter
from temporalio.worker import WorkflowInterceptorClassInput

from workflows.causing import WAS_THERE

CARRIER = TraceContextTextMapPropagator()
JSON = PayloadConverter.default


class Tracing(OpenTelemetryInterceptor):
    """To be given to the client; its workers take it from there."""

    def __init__(self) -> None:
        super().__init__(add_temporal_spans=True)

    def workflow_interceptor_class(self, input: WorkflowInterceptorClassInput) -> Any:
        input.unsafe_extern_functions[WAS_THERE] = was_there


def was_there(name: str, at: int, ids: dict[str, str], came_with: Payload) -> Payload:
    """Note that a run's handler was called `at` (nanoseconds), and return what leads from there."""
    context = CARRIER.extract(JSON.from_payload(came_with), Context())
    span = trace.get_tracer(__name__).start_span(
        name, context, kind=SpanKind.SERVER, attributes=ids, start_time=at
    )
    span.end(end_time=at)
    carrier: dict[str, str] = {}
    CARRIER.inject(carrier, trace.set_span_in_context(span, Context()))
    return JSON.to_payload(carrier)
