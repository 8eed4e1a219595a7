"""The real Temporal dev server with time that can be skipped, run by run.

The one place that knows how: the API for it is young and still moves (docs/testing.md).
"""

import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from temporalio.client import Client, WorkflowHandle
from temporalio.testing import WorkflowEnvironment
from temporalio.testing._timeskipping import TimeSkippingConfig

from workflows.payloads import data_converter
from workflows.search import KEYS

DYNAMIC = (
    "frontend.WorkflowTimeSkippingEnabled=true",
    'history.timerProcessorMaxTimeShift="1ms"',
    "history.transferProcessorMaxPollRPS=2000",
    "history.timerProcessorMaxPollRPS=2000",
    # A run whose code fails is marked at once, and not after its fifth failure in a row, a minute later.
    "system.numConsecutiveWorkflowTaskProblemsToTriggerSearchAttribute=1",
)


@dataclass(frozen=True, slots=True)
class SkippingServer:
    environment: WorkflowEnvironment

    @property
    def client(self) -> Client:
        return self.environment.client

    @classmethod
    @asynccontextmanager
    async def started(cls) -> AsyncIterator["SkippingServer"]:
        environment = await WorkflowEnvironment.start_time_skipping_v2(
            ts_config=TimeSkippingConfig(enabled=False),
            dev_server_existing_path=str(binary()),
            dev_server_log_level="error",
            dev_server_extra_args=[part for each in DYNAMIC for part in ("--dynamic-config-value", each)],
            data_converter=data_converter,
            search_attributes=KEYS,
        )
        try:
            yield cls(environment)
        finally:
            await environment.shutdown()

    async def skip(self, run: WorkflowHandle[Any, Any], span: timedelta) -> None:
        """Let `span` pass for one run, with everything that falls due in it."""
        await self.environment.fast_forward(run, span)


def binary() -> Path:
    """Return the Temporal server that the lock file brought."""
    beside = Path(sys.executable).parent / "temporal"
    return beside if beside.exists() else Path(shutil.which("temporal") or "temporal")
