"""Reading what operations type into a signal: one JSON object, checked field by field.

A signal has no caller to refuse, so a bad one becomes a line in the audit and never an error (traps E1,
E3). Who acts is told by the name of the id: `admin_id`, `ops_id`, `provider_id` or `customer_id`.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import MISSING, Field, fields
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVar

from temporalio import workflow
from temporalio.common import RawValue

with workflow.unsafe.imports_passed_through():
    from fulfillment.domain.assignment.incident import IncidentVerdict
    from fulfillment.domain.assignment.payout import DisputeOutcome
    from fulfillment.domain.command import Command, Source
    from fulfillment.domain.errors import ValueInvalid
    from fulfillment.domain.job.state import DispatchMode
    from fulfillment.domain.money import Money
    from fulfillment.domain.people import Actor, Party, Role
    from fulfillment.domain.text import LONGEST_WORD, expect_text
    from fulfillment.domain.window import VisitWindow

C = TypeVar("C", bound=Command)

ACTORS = {
    "admin_id": Role.ADMIN,
    "ops_id": Role.OPS,
    "provider_id": Role.PROVIDER,
    "customer_id": Role.CUSTOMER,
}
ENVELOPE = {"command_id", "request_id", "on_behalf_of"}


def payload_of(args: Sequence[RawValue]) -> Mapping[str, Any]:
    """Return the one JSON object a signal carries.

    Raises:
        ValueInvalid: there is none, or it is something else.
    """
    if len(args) != 1:
        raise ValueInvalid("the signal takes one JSON object as its input")
    try:
        value = workflow.payload_converter().from_payload(args[0].payload)
    except Exception as error:
        raise ValueInvalid("the signal's input is not JSON") from error
    if not isinstance(value, dict):
        raise ValueInvalid("the signal takes one JSON object as its input")
    return value


def actor_of(payload: Mapping[str, Any], *, others: Collection[str] = ()) -> Actor:
    """Return who acts; `others` are ids of people whom the signal is about.

    Raises:
        ValueInvalid: nobody or several are named, or an id is unfit.
    """
    known = {key: role for key, role in ACTORS.items() if key not in others}
    named = [(key, role) for key, role in known.items() if key in payload]
    if len(named) != 1:
        raise ValueInvalid(f"name who acts by exactly one of {', '.join(known)}")
    key, role = named[0]
    behalf = payload.get("on_behalf_of")
    if behalf is not None and behalf not in set(Party):
        raise ValueInvalid("on_behalf_of: it takes customer or provider")
    return Actor(id=_text(key, payload[key]), role=role, on_behalf_of=Party(behalf) if behalf else None)


def command_of(kind: type[C], payload: Mapping[str, Any], *, command_id: str) -> C:
    """Return the command of that kind which `payload` asks for.

    Raises:
        ValueInvalid: names the field that is missing, unknown or of another type.
    """
    wanted = [field for field in fields(kind) if field.name not in _GIVEN]
    parts = {part for field in wanted for part in typed_as(field)}
    actor = actor_of(payload, others=parts)
    known = parts | ACTORS.keys() | ENVELOPE
    for key in payload:
        if key not in known:
            raise ValueInvalid(f"{key}: not a field of this signal; it takes {', '.join(sorted(known))}")
    values: dict[str, Any] = {}
    for field in wanted:
        if any(part in payload for part in typed_as(field)):
            values[field.name] = _READERS[field.type](field.name, payload)
        elif field.default is MISSING:
            raise ValueInvalid(f"{', '.join(typed_as(field))}: missing")
    return kind(
        actor=actor,
        command_id=_text("command_id", payload.get("command_id", command_id)),
        request_id=_text("request_id", payload.get("request_id", "")),
        source=Source.SIGNAL,
        **values,
    )


def typed_as(field: Field[Any]) -> tuple[str, ...]:
    """Return the names under which a field is typed in: windows and prices come in two parts."""
    if field.type in {VisitWindow, VisitWindow | None}:
        return "start", "end"
    if field.type in {Money, Money | None}:
        return _amount_of(field.name), "currency"
    return (field.name,)


def _amount_of(name: str) -> str:
    return "amount" if name == "price" else name


_GIVEN = {"actor", "command_id", "request_id", "call", "source", "voucher"}


def _text(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise ValueInvalid(f"{name}: it takes a text")
    expect_text(name, value, most=LONGEST_WORD if name.endswith("_id") else 2000)
    return value


def _integer(name: str, value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueInvalid(f"{name}: it takes a whole number")
    return value


def _flag(name: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueInvalid(f"{name}: it takes true or false")
    return value


def _instant(name: str, value: object) -> datetime:
    try:
        instant = datetime.fromisoformat(_text(name, value))
    except ValueError as error:
        raise ValueInvalid(f"{name}: it takes an instant such as 2026-03-02T12:00:00Z") from error
    if instant.tzinfo is None:
        raise ValueInvalid(f"{name}: it takes an instant with Z or a UTC offset")
    return instant


def _texts(name: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise ValueInvalid(f"{name}: it takes a list of texts")
    return tuple(_text(name, item) for item in value)


def _window(_: str, payload: Mapping[str, Any]) -> VisitWindow:
    return VisitWindow(start=_instant("start", payload.get("start")), end=_instant("end", payload.get("end")))


def _money(name: str, payload: Mapping[str, Any]) -> Money:
    amount, currency = _amount_of(name), _text("currency", payload.get("currency"))
    return Money(amount=_integer(amount, payload.get(amount)), currency=currency)


def _choice(kind: type[StrEnum]) -> Callable[[str, object], StrEnum]:
    def read(name: str, value: object) -> StrEnum:
        if not isinstance(value, str) or value not in set(kind):
            raise ValueInvalid(f"{name}: it takes {', '.join(kind)}")
        return kind(value)

    return read


def _plain(read: Callable[[str, object], Any]) -> Callable[[str, Mapping[str, Any]], Any]:
    return lambda name, payload: read(name, payload[name])


_READERS: dict[object, Callable[[str, Mapping[str, Any]], Any]] = {
    str: _plain(_text),
    str | None: _plain(_text),
    int: _plain(_integer),
    int | None: _plain(_integer),
    bool: _plain(_flag),
    datetime: _plain(_instant),
    datetime | None: _plain(_instant),
    DisputeOutcome: _plain(_choice(DisputeOutcome)),
    DispatchMode | None: _plain(_choice(DispatchMode)),
    IncidentVerdict: _plain(_choice(IncidentVerdict)),
    Party | None: _plain(_choice(Party)),
    tuple[str, ...]: _plain(_texts),
    VisitWindow: _window,
    VisitWindow | None: _window,
    Money: _money,
    Money | None: _money,
}
