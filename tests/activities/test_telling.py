"""What the log says of an activity: whose it was and how it ended, and nothing that anybody wrote."""

from typing import Any

import pytest
import structlog
from structlog.testing import capture_logs
from structlog.typing import EventDict
from temporalio import activity
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput

from activities.cause import Cause, cause_in, headers_of
from activities.telling import Telling

CAUSE = Cause(request_id="r1", actor_role="customer")
WRITTEN = "I will be at my mother's, 12 Elm Street"


class _Hands(ActivityInboundInterceptor):
    """The activity itself, in place of what the SDK puts there."""

    def __init__(self, failure: Exception | None = None) -> None:
        self._failure = failure

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        structlog.get_logger().info("by hand")
        if self._failure:
            raise self._failure
        return 7


async def carried_out(cause: Cause | None = CAUSE, failure: Exception | None = None) -> list[EventDict]:
    """Return the lines that one activity leaves."""
    given = ExecuteActivityInput(
        fn=activity.defn, args=(), executor=None, headers=headers_of(cause) if cause else {}
    )
    told = Telling().intercept_activity(_Hands(failure))
    with capture_logs([structlog.contextvars.merge_contextvars]) as lines:
        try:
            assert await ActivityEnvironment().run(told.execute_activity, given) == 7
        except (ApplicationError, ValueError) as error:
            assert error is failure
    return lines


async def test_every_line_names_run_request_and_role() -> None:
    lines = await carried_out()

    assert [each["event"] for each in lines] == ["by hand", "activity.done"]
    assert {(each["workflow_id"], each["request_id"], each["actor_role"]) for each in lines} == {
        ("test", "r1", "customer")
    }


async def test_what_the_clock_does_names_no_request() -> None:
    for cause in (None, Cause(actor_role="system")):
        for line in await carried_out(cause):
            assert "request_id" not in line


@pytest.mark.parametrize(
    ("failure", "why"),
    [(ApplicationError(WRITTEN, type="NotYet"), "NotYet"), (ValueError(WRITTEN), "ValueError")],
)
async def test_a_failure_is_named_and_not_quoted(failure: Exception, why: str) -> None:
    lines = await carried_out(failure=failure)

    assert [(each["event"], each.get("why")) for each in lines] == [
        ("by hand", None),
        ("activity.failed", why),
    ]
    assert WRITTEN not in str(lines)


def test_a_cause_comes_back_out_of_its_headers() -> None:
    assert cause_in(headers_of(CAUSE)) == CAUSE
    assert cause_in({}) == Cause()
