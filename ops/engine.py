"""The engine that the settings lead to, for as long as one command takes."""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache

from temporalio.client import Client
from temporalio.runtime import Runtime
from temporalio.service import RPCError

from api import connection
from api.house import address_of
from fulfillment.settings import Settings
from fulfillment.telemetry import configure_logging


@asynccontextmanager
async def reaching(settings: Settings) -> AsyncIterator[Client]:
    """Yield a client that speaks with the engine as worker and API do, sealed payloads included.

    Raises:
        ConnectionError: nobody answers there, or the engine will not do what it is asked.
    """
    # What is found is on the page; the SDK would log each run that fails, with its whole traceback.
    configure_logging(service="ops", level="CRITICAL", stream=sys.stderr)
    address = address_of(settings)
    try:
        client = await connection.connect(address, runtime=shared_runtime())
    except RuntimeError:
        raise ConnectionError(f"nobody answers at {address.host}, where Temporal should be") from None
    try:
        yield client
    except RPCError as error:
        raise ConnectionError(f"Temporal at {address.host} refused: {error.message}") from error


@cache
def shared_runtime() -> Runtime:
    """Return the runtime of this process; what it has to say does not get between our lines."""
    return connection.runtime()
