"""A span for each request, under the name of its route. Only loaded where spans are sent (`traces.py`)."""

from functools import partial
from http import HTTPStatus

import structlog
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import Span, SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from api.visit import UNLOGGED

CARRIER = TraceContextTextMapPropagator()


class Traced:
    """To be put around all others. Whoever calls us with a `traceparent` finds us in their own trace.

    It takes the place of the framework's own spans, which tell paths and addresses: some paths of ours are
    secrets, and addresses are people's.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in UNLOGGED:
            await self._app(scope, receive, send)
            return
        came_from = CARRIER.extract(dict(Headers(scope=scope)), Context())
        tracer = trace.get_tracer(__name__)
        with tracer.start_as_current_span(
            "HTTP", came_from, kind=SpanKind.SERVER, record_exception=False
        ) as span:
            state = {**scope.get("state", {}), "answered": partial(_answered, span)}
            trace_id = trace.format_trace_id(span.get_span_context().trace_id)
            with structlog.contextvars.bound_contextvars(trace_id=trace_id):
                await self._app({**scope, "state": state}, receive, send)


def _answered(span: Span, *, method: str, route: str, status: int, request_id: str) -> None:
    """Name the span; only the guards know the route, once it is found."""
    span.update_name(f"{method} {route}")
    span.set_attributes(
        {
            "http.request.method": method,
            "http.route": route,
            "http.response.status_code": status,
            "fulfillment.request_id": request_id,
        }
    )
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        span.set_status(Status(StatusCode.ERROR))
