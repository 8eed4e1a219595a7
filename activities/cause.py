"""What an activity goes back to: the request it is done for, as the run that asks for it knows it."""

from collections.abc import Mapping
from dataclasses import dataclass

from temporalio.api.common.v1 import Payload
from temporalio.converter import PayloadConverter

HEADER = "fulfillment-cause"
"""A header of the engine. No codec touches it, so an id is found in the history as it is in the log."""
TRACE = "_tracer-data"
"""The header by which Temporal's own library hands a trace on: a traceparent (W3C), as JSON."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """A request by its id, and the role in which it was made: neither tells who. The clock makes none.

    `trace` is where the request's trace had got to, as a header; None where nobody traces.
    """

    request_id: str = ""
    actor_role: str = ""
    trace: Payload | None = None


def headers_of(cause: Cause) -> Mapping[str, Payload]:
    """Return `cause` as headers of what is done for it."""
    told = {"request_id": cause.request_id, "actor_role": cause.actor_role}
    headers = {HEADER: PayloadConverter.default.to_payload(told)}
    return headers | ({TRACE: cause.trace} if cause.trace else {})


def cause_in(headers: Mapping[str, Payload]) -> Cause:
    """Return the cause that is said in `headers`; an empty one if none is."""
    told = _read(headers.get(HEADER))
    return Cause(
        request_id=told.get("request_id", ""),
        actor_role=told.get("actor_role", ""),
        trace=headers.get(TRACE),
    )


def fields_of(headers: Mapping[str, Payload]) -> dict[str, str]:
    """Return what is said of the cause in `headers`, as fields of a log line; nothing if nothing is."""
    cause = cause_in(headers)
    known = {
        "request_id": cause.request_id,
        "actor_role": cause.actor_role,
        "trace_id": _read(cause.trace).get("traceparent", "").partition("-")[2][:32],
    }
    return {name: value for name, value in known.items() if value}


def _read(header: Payload | None) -> dict[str, str]:
    told: dict[str, str] = PayloadConverter.default.from_payload(header) if header else {}
    return told
