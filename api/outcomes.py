"""What became of a command, as told by the engine's answers, errors and silences."""

from typing import Any

import structlog
from temporalio.client import WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from api.errors import (
    ApiError,
    Internal,
    OutcomeUnknown,
    RunClosed,
    RunMissing,
    TooManyRequests,
    Unavailable,
)
from api.problems import with_snapshot
from fulfillment.domain.errors import DomainError

log = structlog.stdlib.get_logger(__name__)

TRANSIENT = frozenset({"Transient"})
"""Failures of a handler that say: not now. Stored under the update's id, so the next try needs another."""
CUT_SHORT = "AcceptedUpdateCompletedWorkflow"
MOST_CUT_SHORT = 3
ABORTED = "aborted by closing workflow"
"""The run closed before it took the command up; one that continues as new leaves room for another try."""
NEVER_ARRIVED = ("tcp connect error", "dns error", "shard status unknown", "not enough hosts")
MISCONFIGURED = frozenset({RPCStatusCode.UNAUTHENTICATED, RPCStatusCode.PERMISSION_DENIED})


def _tree(family: type[DomainError]) -> dict[str, type[DomainError]]:
    found = {family.__name__: family}
    for child in family.__subclasses__():
        found |= _tree(child)
    return found


REFUSALS = _tree(DomainError)
"""Every refusal of the domain by the name under which it crosses the engine."""


class Tries:
    """The tries of one command, and what is known after each.

    `number` is part of the update's id: the engine answers a known id with what it stored, so the id
    changes only when what is stored is a failure that is worth trying again.
    """

    def __init__(self) -> None:
        self.number = 0
        self._maybe = False
        self._sure_so_far = True
        self._crowded = True  # until the gate lets it through
        self._cut_short = 0
        self._aborted = False

    def begin(self) -> None:
        """Note that a try is under way: from now on, silence means that it may have happened."""
        self._sure_so_far = not self._maybe
        self._maybe = True
        self._crowded = False

    def failed(self, error: WorkflowUpdateFailedError) -> None:
        """Note an answer that is a failure; return if another try makes sense.

        Raises:
            DomainError: the rules refused, with the snapshot that came along.
            OutcomeUnknown: the run ended again and again while it carried the command out.
            Internal: something nobody foresaw.
        """
        cause = error.cause
        kind = cause.type if isinstance(cause, ApplicationError) else type(cause).__name__
        if kind in TRANSIENT:
            self.number += 1
            self._maybe = False
        elif kind == CUT_SHORT:
            self._cut_short += 1
            if self._cut_short >= MOST_CUT_SHORT:
                raise OutcomeUnknown from None
        elif isinstance(cause, ApplicationError) and kind in REFUSALS:
            raise _refusal(cause) from None
        else:
            log.error("engine.command.failed", kind=kind)  # the text may hold what people wrote
            raise Internal from None

    def unanswered(self, error: RPCError) -> None:
        """Note that the engine itself failed; return if another try makes sense.

        Raises:
            RunMissing: there is no such run.
            RunClosed: the run has ended.
            Unavailable: the engine does not let us in.
            Internal: the engine finds fault with what we sent.
        """
        told = str(error).lower()
        match error.status:
            case RPCStatusCode.NOT_FOUND if "workflow execution already completed" in told:
                raise RunClosed from None
            case RPCStatusCode.NOT_FOUND if "workflow not found" in told:
                raise RunMissing from None
            case RPCStatusCode.NOT_FOUND if ABORTED in told and self._aborted:
                raise RunClosed from None
            case RPCStatusCode.NOT_FOUND if ABORTED in told:
                self._aborted = True
                self._maybe = not self._sure_so_far
            case RPCStatusCode.RESOURCE_EXHAUSTED:
                self._crowded = True
                self._maybe = not self._sure_so_far
            case RPCStatusCode.UNAVAILABLE if any(phrase in told for phrase in NEVER_ARRIVED):
                self._maybe = not self._sure_so_far
            case status if status in MISCONFIGURED or "namespace" in told:
                log.error("engine.access.refused", told=told)
                raise Unavailable from None
            case RPCStatusCode.INVALID_ARGUMENT:
                log.error("engine.request.invalid", told=told)
                raise Internal from None
            case status:
                # Such as a workflow task that failed, or a run that began anew in the same moment.
                log.info("engine.request.repeated", status=status.name)

    def verdict(self) -> ApiError:
        """Return what to say when time is up."""
        if self._maybe:
            return OutcomeUnknown()
        return TooManyRequests() if self._crowded else Unavailable()


def _refusal(cause: ApplicationError) -> DomainError:
    details: tuple[Any, ...] = tuple(cause.details)
    return with_snapshot(REFUSALS[cause.type or ""](cause.message), details[0] if details else None)
