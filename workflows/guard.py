"""How an error leaves a handler: a refusal by its name, anything else as `Internal`, and never into the run.

A plain exception in a handler stops the whole run, queries included (trap E2), so none gets out.
"""

import functools
from collections.abc import Awaitable, Callable
from typing import Any, Concatenate, ParamSpec, TypeVar

from temporalio import workflow
from temporalio.exceptions import ApplicationError, FailureError

with workflow.unsafe.imports_passed_through():
    from fulfillment.domain.errors import DomainError, NotFound

INTERNAL = "Internal"
TRANSIENT = "Transient"

P = ParamSpec("P")
R = TypeVar("R")


def refused(refusal: DomainError, *, snapshot: object = None) -> ApplicationError:
    """Return `refusal` as it travels to the caller; strangers are not shown the state it was judged by."""
    details = () if snapshot is None or isinstance(refusal, NotFound) else (snapshot,)
    return ApplicationError(str(refusal), *details, type=type(refusal).__name__, non_retryable=True)


def transient(message: str) -> ApplicationError:
    """Return a failure that says nothing about the request: the caller tries again with the same key."""
    return ApplicationError(message, type=TRANSIENT, non_retryable=True)


def guarded(
    handler: Callable[Concatenate[Any, P], Awaitable[R]],
) -> Callable[Concatenate[Any, P], Awaitable[R]]:
    """Let refusals and engine failures pass and turn every other exception into `Internal` (rule R14)."""

    async def kept_in(self: Any, /, *args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return await handler(self, *args, **kwargs)
        except FailureError:
            raise
        except Exception as error:
            workflow.logger.exception("handler.failed", extra={"handler": handler.__name__})
            raise ApplicationError("internal error", type=INTERNAL, non_retryable=True) from error

    functools.update_wrapper(kept_in, handler)
    return kept_in
