"""Commands on one assignment: carried out once, one after another, and answered from the run's own state."""

import asyncio
from dataclasses import replace

import pytest
from temporalio.client import WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError

from fulfillment.domain.assignment.commands import (
    CancelAssignment,
    ConfirmWindow,
    ProposeWindow,
    RejectAssignment,
)
from fulfillment.domain.assignment.standing import Standing
from fulfillment.domain.assignment.state import Status
from tests.waiting import until
from tests.workflows.running import ADA, BOB, Running, Start, fresh_assignment, window
from tests.workflows.witness import Witness
from workflows.assignment import AssignmentWorkflow as Workflow


async def agreed(running: Running) -> None:
    await running.ask(Workflow.propose, ProposeWindow(actor=BOB, window=window(), expected_version=0))
    await running.ask(Workflow.confirm, ConfirmWindow(actor=ADA, version=1))


async def test_of_eight_proposals_that_expect_one_version_one_wins(start: Start) -> None:
    running = await start()

    async def propose() -> int | str:
        command = ProposeWindow(actor=BOB, window=window(), expected_version=0)
        try:
            return (await running.ask(Workflow.propose, command)).number
        except WorkflowUpdateFailedError as refused:
            assert isinstance(refused.cause, ApplicationError)
            return str(refused.cause.type)

    outcomes = await asyncio.gather(*(propose() for _ in range(8)))

    assert sorted(map(str, outcomes)) == ["2"] + ["VersionMismatch"] * 7


async def test_a_refusal_carries_the_state_it_was_judged_by(start: Start) -> None:
    running = await start()
    await running.ask(Workflow.propose, ProposeWindow(actor=BOB, window=window(), expected_version=0))

    with pytest.raises(WorkflowUpdateFailedError) as refused:
        await running.ask(Workflow.propose, ProposeWindow(actor=ADA, window=window(), expected_version=0))

    cause = refused.value.cause
    assert isinstance(cause, ApplicationError)
    assert cause.details[0]["assignment"]["proposal"]["proposed_by"] == "provider"


async def test_a_stranger_is_shown_nothing(start: Start) -> None:
    running = await start()
    stranger = replace(ADA, id="mallory")

    with pytest.raises(WorkflowUpdateFailedError) as refused:
        await running.ask(Workflow.cancel, CancelAssignment(actor=stranger, reason="mine now"))

    cause = refused.value.cause
    assert isinstance(cause, ApplicationError)
    assert (cause.type, cause.details) == ("NotAParty", ())


async def test_a_repeat_by_the_same_id_changes_nothing(start: Start, witness: Witness) -> None:
    running = await start()
    command = ProposeWindow(actor=BOB, window=window(), expected_version=0, command_id="k", call="first")
    first = await running.ask(Workflow.propose, command)

    again: object = await running.handle.execute_update(
        Workflow.propose, replace(command, call="second"), id="another delivery"
    )

    assert again == replace(first, call="")
    assert (await running.standing()).assignment.state_version == 2


async def test_the_same_id_with_another_request_is_refused(start: Start) -> None:
    running = await start()
    command = ProposeWindow(actor=BOB, window=window(), expected_version=0, command_id="k")
    await running.ask(Workflow.propose, command)

    with pytest.raises(WorkflowUpdateFailedError) as refused:
        await running.handle.execute_update(
            Workflow.propose, replace(command, note="louder"), id="another delivery"
        )

    assert isinstance(refused.value.cause, ApplicationError)
    assert refused.value.cause.type == "IdempotencyMismatch"


async def test_confirming_takes_the_providers_time_first(start: Start, witness: Witness) -> None:
    running = await start()

    await agreed(running)

    assert [(each.provider_id, each.claim) for each in witness.reservations] == [("bob", 1)]
    assert (await running.standing()).assignment.status is Status.SCHEDULED


async def test_a_busy_provider_leaves_the_proposal_open(start: Start, witness: Witness) -> None:
    witness.provider_is_busy = True
    running = await start()
    await running.ask(Workflow.propose, ProposeWindow(actor=BOB, window=window(), expected_version=0))

    refusal = await running.refusal(Workflow.confirm, ConfirmWindow(actor=ADA, version=1))

    standing = await running.standing()
    assert refusal == "ProviderBusy"
    assert standing.assignment.open_proposal is not None
    assert standing.assignment.schedule_version == 1


async def test_a_command_that_comes_while_a_confirmation_waits_is_judged_after_it(
    start: Start, witness: Witness
) -> None:
    witness.holds_answer.clear()
    running = await start()
    await running.ask(Workflow.propose, ProposeWindow(actor=BOB, window=window(), expected_version=0))
    confirming = asyncio.create_task(running.ask(Workflow.confirm, ConfirmWindow(actor=ADA, version=1)))
    await until(lambda: bool(witness.reservations))
    countering = asyncio.create_task(
        running.refusal(Workflow.propose, ProposeWindow(actor=ADA, window=window(days=6), expected_version=1))
    )

    witness.holds_answer.set()

    assert (await confirming).standing.assignment.status is Status.SCHEDULED
    assert await countering == "VersionMismatch"


async def test_a_confirmation_without_a_database_asks_to_try_again_and_sets_the_hold_right(
    start: Start, witness: Witness
) -> None:
    running = await start()
    await running.ask(Workflow.propose, ProposeWindow(actor=BOB, window=window(), expected_version=0))
    witness.database_is_up.clear()

    refusal = await running.refusal(Workflow.confirm, ConfirmWindow(actor=ADA, version=1))
    witness.database_is_up.set()
    await until(lambda: bool(witness.settled))

    assert refusal == "Transient"
    assert witness.settled[0].agreed is None
    assert (await running.ask(Workflow.confirm, ConfirmWindow(actor=ADA, version=1))).number == 3


async def test_commands_are_answered_while_the_database_is_away(start: Start, witness: Witness) -> None:
    witness.database_is_up.clear()
    running = await start()

    answer = await running.ask(
        Workflow.propose, ProposeWindow(actor=BOB, window=window(), expected_version=0)
    )

    assert answer.number == 2
    assert witness.entries == []
    witness.database_is_up.set()
    await until(lambda: len(witness.entries) == 2)
    assert witness.steps(answer.standing.assignment.id) == ["OpenAssignment", "ProposeWindow"]


async def test_the_end_is_told_to_everybody_and_the_history_replays(start: Start, witness: Witness) -> None:
    assignment = fresh_assignment()
    running = await start(assignment)
    await agreed(running)

    await running.ask(Workflow.reject, RejectAssignment(actor=BOB, reason_code="sick"))
    standing: Standing = await running.handle.result()

    assert standing.assignment.status is Status.REJECTED
    assert witness.steps(assignment.id)[-1] == "RejectAssignment"
    assert assignment.id in witness.deliveries
    assert await running.replayed() > 0


async def test_a_closed_run_takes_no_new_command_but_still_answers_an_old_one(start: Start) -> None:
    running = await start()
    command = RejectAssignment(actor=BOB, reason_code="sick", command_id="last")
    first = await running.ask(Workflow.reject, command)
    await running.handle.result()

    again = await running.ask(Workflow.reject, command)

    assert again == first
