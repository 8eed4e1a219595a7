"""What the log says of every activity: for which request and run it was done, and how it ended."""

import time
from typing import Any

import structlog
from structlog.typing import FilteringBoundLogger
from temporalio import activity
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from activities.cause import fields_of

log: FilteringBoundLogger = structlog.get_logger(__name__)


class Telling(Interceptor):
    """Let every line that is logged during an activity name run and request, and log how it ended."""

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        return _Telling(next)


class _Telling(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        info = activity.info()
        known = {"workflow_id": info.workflow_id, **fields_of(input.headers)}
        began = time.perf_counter()
        with structlog.contextvars.bound_contextvars(**known):
            try:
                answer = await super().execute_activity(input)
            except Exception as failure:
                # No text of it: that may quote what people wrote.
                why = getattr(failure, "type", None) or type(failure).__name__
                log.warning("activity.failed", why=why, **_told(info, began))
                raise
            log.info("activity.done", **_told(info, began))
            return answer


def _told(info: activity.Info, began: float) -> dict[str, object]:
    return {
        "activity": info.activity_type,
        "attempt": info.attempt,
        "milliseconds": round((time.perf_counter() - began) * 1000, 1),
    }
