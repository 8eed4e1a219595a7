"""What the ledger is handed, what one request is told from another by, and what no envelope may hold."""

from dataclasses import replace

import pytest

from fulfillment.domain.assignment.commands import (
    AssignmentCommand,
    CancelAssignment,
    PassDeadline,
    RejectAssignment,
    SkipDeadline,
    WithdrawWindow,
)
from fulfillment.domain.assignment.entries import entry
from fulfillment.domain.assignment.state import Assignment
from fulfillment.domain.command import Source, fingerprint
from fulfillment.domain.errors import DomainError, NotAParty, ValueInvalid
from fulfillment.domain.money import MOST, Money
from fulfillment.domain.people import SYSTEM
from fulfillment.domain.steps import reason_of
from tests.domain.people import (
    ADA,
    BOB,
    DONE,
    EVE,
    FRESH,
    LATER,
    MALLORY,
    NEXT_WEEK,
    NOON,
    OLGA,
    OLGA_FOR_ADA,
    POLICY,
    PROPOSED,
    ROOT,
    SCHEDULED,
    after,
    approves,
    confirms,
    deciding,
    declines,
    denies,
    forces,
    proposes,
    resubmits,
    visit,
)


def test_an_entry_says_who_asked_what_by_which_door_and_what_became_of_it() -> None:
    command = replace(confirms(ADA, 1), command_id="k-1", request_id="r-1", source=Source.PAGE)
    events = deciding(PROPOSED, command)
    now = after(PROPOSED, command)

    left = entry(PROPOSED, command, events, now, at=NOON, policy=POLICY)

    assert (left.step.number, left.step.command, left.step.command_id) == (2, "ConfirmWindow", "k-1")
    assert (left.step.actor, left.step.request_id, left.step.source) == (ADA, "r-1", Source.PAGE)
    assert (left.step.was, left.step.now, left.step.events) == (
        "awaiting_schedule",
        "scheduled",
        ("WindowConfirmed",),
    )
    assert left.step.fingerprint == fingerprint(command)
    assert left.standing.assignment is now


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        pytest.param(confirms(ADA, 1), "", id="a plain yes"),
        pytest.param(forces(OLGA, 1), "agreed by phone", id="force"),
        pytest.param(declines(ADA, 1), "does not suit", id="a no"),
        pytest.param(RejectAssignment(actor=BOB, reason_code="sick", note="flu"), "sick: flu", id="reject"),
        pytest.param(CancelAssignment(actor=ADA, reason="sold"), "sold", id="cancel"),
        pytest.param(denies(ROOT), "no_photo: Show the pipe.", id="deny"),
        pytest.param(
            SkipDeadline(actor=OLGA, deadline_id="start_check/v1", reason="called"),
            "called: start_check/v1",
            id="skip",
        ),
        pytest.param(PassDeadline(actor=SYSTEM, deadline_id="hold_end/h1"), "hold_end/h1", id="the clock"),
    ],
)
def test_a_step_is_explained_in_the_words_of_whoever_took_it(command: AssignmentCommand, reason: str) -> None:
    assert reason_of(command) == reason


@pytest.mark.parametrize(
    "again",
    [
        pytest.param(replace(proposes(BOB, NEXT_WEEK, seeing=0), command_id="k-1"), id="another key"),
        pytest.param(replace(proposes(BOB, NEXT_WEEK, seeing=0), request_id="r-9"), id="another request id"),
        pytest.param(replace(proposes(BOB, NEXT_WEEK, seeing=0), call="c-9"), id="another delivery"),
        pytest.param(replace(proposes(BOB, NEXT_WEEK, seeing=0), source=Source.SIGNAL), id="another door"),
    ],
)
def test_a_request_delivered_again_is_the_same_request(again: AssignmentCommand) -> None:
    assert fingerprint(again) == fingerprint(proposes(BOB, NEXT_WEEK, seeing=0))


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(proposes(ADA, NEXT_WEEK, seeing=0), id="another actor"),
        pytest.param(proposes(OLGA, NEXT_WEEK, seeing=0), id="another role"),
        pytest.param(proposes(OLGA_FOR_ADA, NEXT_WEEK, seeing=0), id="in another's name"),
        pytest.param(proposes(BOB, LATER, seeing=0), id="another window"),
        pytest.param(proposes(BOB, NEXT_WEEK, seeing=1), id="another version"),
        pytest.param(proposes(BOB, NEXT_WEEK, seeing=0, note="ring"), id="another note"),
        pytest.param(resubmits(BOB), id="another verb"),
    ],
)
def test_another_request_is_told_apart(other: AssignmentCommand) -> None:
    assert fingerprint(other) != fingerprint(proposes(BOB, NEXT_WEEK, seeing=0))


def test_the_verb_is_part_of_the_request() -> None:
    no = declines(ADA, 1)

    assert fingerprint(no) != fingerprint(
        WithdrawWindow(actor=no.actor, version=no.version, reason=no.reason)
    )


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(replace(confirms(ADA, 1), command_id="\0"), id="a command id no store takes"),
        pytest.param(replace(confirms(ADA, 1), command_id="x" * 301), id="too long a command id"),
        pytest.param(replace(confirms(ADA, 1), request_id="\ud800"), id="a request id no store takes"),
        pytest.param(replace(confirms(ADA, 1), actor=replace(ADA, id="\0")), id="an actor no store takes"),
        pytest.param(replace(approves(ROOT), actor=replace(ROOT, id="\0")), id="an admin no store takes"),
        pytest.param(replace(approves(ROOT), actor=replace(ROOT, id="")), id="an admin without a name"),
        pytest.param(replace(approves(ROOT), actor=replace(ROOT, id="x" * 129)), id="too long a name"),
    ],
)
def test_an_envelope_that_no_store_could_keep_is_refused(command: AssignmentCommand) -> None:
    with pytest.raises(ValueInvalid):
        deciding(PROPOSED, command)


@pytest.mark.parametrize(
    ("it", "command"),
    [
        pytest.param(FRESH, proposes(EVE, visit(NOON), seeing=7), id="with a bad window and version"),
        pytest.param(SCHEDULED, CancelAssignment(actor=MALLORY, reason=""), id="in a role that may not"),
        pytest.param(DONE, approves(EVE), id="ruling on money"),
        pytest.param(SCHEDULED, SkipDeadline(actor=EVE, deadline_id="x", reason=""), id="moving the clock"),
        pytest.param(DONE, RejectAssignment(actor=MALLORY, reason_code="x"), id="in a state that does not"),
    ],
)
def test_a_stranger_learns_nothing_but_that_there_is_no_such_thing(
    it: Assignment, command: AssignmentCommand
) -> None:
    with pytest.raises(DomainError) as refused:
        deciding(it, command)

    assert refused.type is NotAParty
    assert str(refused.value) == "there is no such assignment"


@pytest.mark.parametrize("amount", [0, 1, MOST])
def test_money_is_a_whole_number_of_minor_units(amount: int) -> None:
    assert Money(amount=amount, currency="EUR").amount == amount


@pytest.mark.parametrize(
    ("amount", "currency"),
    [(-1, "EUR"), (MOST + 1, "EUR"), (1, "eur"), (1, "EURO"), (1, ""), (1, "E\0R"), (1, "EUR\n")],
)
def test_money_that_is_none_does_not_come_to_be(amount: int, currency: str) -> None:
    with pytest.raises(ValueInvalid):
        Money(amount=amount, currency=currency)
