"""What operations type into a signal, as a command or as a refusal: nobody waits for an answer to one."""

from collections.abc import Mapping, Sequence
from typing import TypeVar

from temporalio import workflow
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from fulfillment.domain.command import Command, Source
    from fulfillment.domain.errors import DomainError, ValueInvalid
    from fulfillment.domain.people import SYSTEM, Actor
    from fulfillment.domain.steps import Refusal
    from fulfillment.domain.text import legible

from workflows.reading import actor_of, command_of, payload_of

C = TypeVar("C", bound=Command)


def told(name: str, args: Sequence[RawValue], kinds: Mapping[str, type[C]], *, command_id: str) -> C:
    """Return the command a signal stands for.

    Raises:
        ValueInvalid: there is no signal of that name, or what it carries is no such command.
    """
    if name not in kinds:
        raise ValueInvalid(f"no signal is called {name!r}; there are {', '.join(kinds)}")
    return command_of(kinds[name], payload_of(args), command_id=command_id)


def refusal_of(name: str, args: Sequence[RawValue], error: Exception, *, command_id: str) -> Refusal:
    """Return the line of the audit that says why a signal was not honoured."""
    code, detail = _said(error)
    return Refusal(
        # Names and fields are whatever somebody typed, and Postgres cannot keep all of that.
        command=legible(name[:100]),
        command_id=command_id,
        actor=_whoever(args),
        source=Source.SIGNAL,
        code=code,
        detail=legible(detail[:500]),
        at=workflow.now(),
    )


def _said(error: Exception) -> tuple[str, str]:
    match error:
        case DomainError():
            return type(error).__name__, str(error)
        case ApplicationError():
            return error.type or "", error.message
        case _:
            return "Internal", "internal error"


def _whoever(args: Sequence[RawValue]) -> Actor:
    """Return who a bad signal says it is from, as far as that can be read."""
    try:
        return actor_of(payload_of(args))
    except DomainError:
        return SYSTEM
