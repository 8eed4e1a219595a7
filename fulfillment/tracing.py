"""Where a request spends its time: spans of what we do ourselves, sent to a collector if there is one.

Nothing of OpenTelemetry is loaded until somebody calls `begin`: without a collector, tracing costs nothing.
Spans go out with their names, times and the few attributes that `discretion.py` lets pass. Events, links and
the words of errors stay here, because they may quote what people wrote.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Timer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer

PATIENCE = 2.0
"""Seconds that a collector may take to answer, and to be told the rest when a process ends."""

_tracers: "list[Tracer]" = []


def begin(endpoint: str, *, service: str) -> Callable[[], None]:
    """Send this process's spans to the collector at `endpoint` (OTLP over HTTP); return how to end that.

    The exporter heeds the other variables of OpenTelemetry, such as OTEL_EXPORTER_OTLP_HEADERS and
    OTEL_TRACES_SAMPLER, as its documentation has them.
    """
    from opentelemetry import trace  # noqa: PLC0415 - see above
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    from fulfillment.discretion import Discreet  # noqa: PLC0415

    provider = TracerProvider(resource=Resource.create({"service.name": service}), shutdown_on_exit=False)
    exporter = OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces", timeout=PATIENCE)
    provider.add_span_processor(BatchSpanProcessor(Discreet(exporter)))
    trace.set_tracer_provider(provider)
    _tracers[:] = [provider.get_tracer(service)]

    def end() -> None:
        _tracers.clear()
        # What is left is sent first, batch by batch; nobody who waits for this process should wait for that.
        hurry = Timer(PATIENCE, exporter.shutdown)
        hurry.daemon = True
        hurry.start()
        provider.shutdown()
        hurry.cancel()

    return end


@contextmanager
def span(name: str) -> Iterator[None]:
    """Time what is asked of somebody outside, under a name of ours; without a collector, do nothing."""
    if not _tracers:
        yield
        return
    from opentelemetry.trace import SpanKind  # noqa: PLC0415 - it is loaded by now

    with _tracers[0].start_as_current_span(name, kind=SpanKind.CLIENT, record_exception=False):
        yield
