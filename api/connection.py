"""How a process of ours is connected to Temporal."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from temporalio.client import Client, Interceptor
from temporalio.runtime import (
    LogForwardingConfig,
    LoggingConfig,
    PrometheusConfig,
    Runtime,
    TelemetryConfig,
    TelemetryFilter,
)
from temporalio.service import RetryConfig

from workflows.sealed import Sealing, converter

# The library retries by itself for ten seconds, without saying what it met. The engine's front retries
# with more knowledge (api/engine.py), so it wants to hear of a failure soon.
IMPATIENT = RetryConfig(
    initial_interval_millis=50, max_interval_millis=400, max_elapsed_time_millis=500, max_retries=2
)

SIGN_OF_LIFE = timedelta(seconds=10)
"""A worker tells the engine this often what it has in hand; `ops drain` waits for its word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where the engine is, how to be let in, and how what it keeps is sealed. `host` is `host:port`."""

    host: str
    namespace: str = "default"
    tls: bool = False
    api_key: str | None = field(default=None, repr=False)
    sealing: Sealing | None = None


async def connect(
    address: Address,
    *,
    runtime: Runtime | None = None,
    retry: RetryConfig | None = IMPATIENT,
    interceptors: Sequence[Interceptor] = (),
) -> Client:
    """Return a client. It is made once; when the engine goes and comes back, it finds it again.

    Raises:
        RuntimeError: nobody answers at that address, or not in that namespace.
    """
    return await Client.connect(
        address.host,
        namespace=address.namespace,
        tls=address.tls or address.api_key is not None,
        api_key=address.api_key,
        data_converter=converter(address.sealing),
        retry_config=retry,
        interceptors=interceptors,
        runtime=runtime,
    )


def runtime(*, metrics_at: str | None = None) -> Runtime:
    """Return a runtime whose own log lines take the way of all others; call it once in a process.

    With `metrics_at` (`host:port`) it says there what it counts itself: slots, pollers, waits.

    Left alone it prints log lines to standard output, between our JSON, with the texts of failures in them:
    what people wrote, in the end. So what it attaches to a line stays behind.
    """
    forwarding = LogForwardingConfig(
        logger=logging.getLogger("temporalio.core"),
        append_log_fields_to_message=False,
        append_target_to_name=False,
    )
    wanted = TelemetryFilter(core_level="WARN", other_level="ERROR")
    metrics = PrometheusConfig(bind_address=metrics_at, durations_as_seconds=True) if metrics_at else None
    logging_config = LoggingConfig(filter=wanted, forwarding=forwarding)
    return Runtime(
        telemetry=TelemetryConfig(logging=logging_config, metrics=metrics),
        worker_heartbeat_interval=SIGN_OF_LIFE,
    )
