"""What operations type into a signal: every command can be typed in, and nothing else."""

from dataclasses import fields

import pytest

from fulfillment.domain.assignment.commands import ApprovePayout, ReportNoShow, ResolveIncident
from fulfillment.domain.assignment.incident import IncidentVerdict
from fulfillment.domain.command import Command, Source
from fulfillment.domain.errors import ValueInvalid
from fulfillment.domain.job.commands import (
    AssignProvider,
    ExtendJob,
    ReadmitProvider,
    SubmitQuote,
    WidenDispatch,
)
from fulfillment.domain.job.state import DispatchMode
from fulfillment.domain.money import Money
from fulfillment.domain.people import Actor, Party, Role
from workflows import assignment_requests, job, refunding
from workflows.reading import _GIVEN, _READERS, command_of

KINDS = {**assignment_requests.SIGNALS, **refunding.SIGNALS, **job.SIGNALS}
PRICE = {"amount": 15_000, "currency": "EUR"}
OLGA = Actor(id="olga", role=Role.OPS)


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_each_field_of_each_command_can_be_read(kind: type[Command]) -> None:
    unread = {field.name for field in fields(kind) if field.type not in _READERS} - _GIVEN

    assert unread == set()


def test_a_price_is_typed_in_two_parts() -> None:
    quote = command_of(SubmitQuote, {"provider_id": "bob", "quote_id": "q", **PRICE}, command_id="c")

    assert quote.price == Money(amount=15_000, currency="EUR")
    assert (quote.actor.id, quote.source, quote.command_id) == ("bob", Source.SIGNAL, "c")


def test_the_provider_a_signal_is_about_is_not_taken_for_who_acts() -> None:
    said = {"ops_id": "olga", "provider_id": "bea", "reason": "by phone"}

    assigned = command_of(AssignProvider, {**said, **PRICE}, command_id="c")
    readmitted = command_of(ReadmitProvider, said, command_id="c")

    assert (assigned.actor, assigned.provider_id) == (OLGA, "bea")
    assert (readmitted.actor, readmitted.provider_id) == (OLGA, "bea")


def test_choices_and_instants_that_may_be_left_out_are_read_when_they_are_there() -> None:
    widened = command_of(
        WidenDispatch, {"ops_id": "olga", "reason": "x", "dispatch_mode": "both"}, command_id="c"
    )
    extended = command_of(
        ExtendJob, {"ops_id": "olga", "reason": "x", "until": "2026-03-02T12:00:00Z"}, command_id="c"
    )

    assert widened.dispatch_mode is DispatchMode.BOTH
    assert extended.until is not None


def test_who_did_not_come_and_whose_fault_it_was_are_choices() -> None:
    reported = command_of(ReportNoShow, {"ops_id": "olga", "who": "customer"}, command_id="c")
    said = {"ops_id": "olga", "verdict": "neither", "reason": "x"}
    resolved = command_of(ResolveIncident, said, command_id="c")

    assert (reported.who, resolved.verdict) == (Party.CUSTOMER, IncidentVerdict.NEITHER)
    others: list[object] = ["nobody", 7, ["neither"], {}, None]
    for other in others:
        with pytest.raises(ValueInvalid, match="verdict: it takes"):
            command_of(ResolveIncident, {**said, "verdict": other}, command_id="c")


@pytest.mark.parametrize(
    ("said", "named"),
    [
        ({"attempt": 1}, "admin_id"),
        ({"admin_id": "root", "ops_id": "olga", "attempt": 1}, "exactly one"),
        ({"admin_id": "root"}, "attempt: missing"),
        ({"admin_id": "root", "attempt": True}, "whole number"),
        ({"admin_id": "root", "attempt": 1, "voucher": "x"}, "voucher: not a field"),
        ({"admin_id": "ro\0ot", "attempt": 1}, "U+0000"),
    ],
)
def test_what_is_wrong_is_named(said: dict[str, object], named: str) -> None:
    with pytest.raises(ValueInvalid, match=named.replace("+", r"\+")):
        command_of(ApprovePayout, said, command_id="c")
