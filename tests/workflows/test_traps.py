"""The traps of durable execution, each sprung on purpose (docs/architecture.md lists them as E1 to E18)."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from temporalio.client import Client, WorkflowFailureError, WorkflowUpdateFailedError
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import ApplicationError, WorkflowAlreadyStartedError

import worker
import workflows.story
from fulfillment.domain.assignment import deciding
from fulfillment.domain.assignment.commands import (
    ApprovePayout,
    CheckIn,
    CompleteAssignment,
    ConfirmWindow,
    ProposeWindow,
    RejectAssignment,
)
from fulfillment.domain.assignment.state import Status
from fulfillment.domain.command import Source
from fulfillment.domain.policy import Policy
from tests.skipping import SkippingServer
from tests.waiting import until
from tests.workflows.running import ADA, BOB, RITA, ROOT, Running, Start, fresh_assignment, window
from tests.workflows.witness import Witness
from workflows.assignment import AssignmentWorkflow as Workflow
from workflows.assignment import Opened
from workflows.names import QUEUE, assignment_run

GARBAGE: Sequence[tuple[str, list[Any]]] = [
    ("approve_payout", []),
    ("approve_payout", [None]),
    ("approve_payout", [1, 2, 3]),
    ("approve_payout", ["text"]),
    ("approve_payout", [{"admin_id": "root", "attempt": "one", "reason": "x"}]),
    ("approve_payout", [{"admin_id": "root", "attempt": 1, "reason": "x", "extra": 1}]),
    ("approve_payout", [{"admin_id": "root", "customer_id": "ada", "attempt": 1}]),
    ("confirm_schedule", [{"customer_id": "ada", "version": 10**30}]),
    ("propose_schedule", [{"provider_id": "bob", "start": "soon", "end": "later", "expected_version": 0}]),
    ("no_such_signal", [{"a": "b"}]),
]


class TestE1AndE3Signals:
    @pytest.mark.parametrize(("name", "args"), GARBAGE)
    async def test_garbage_is_recorded_and_the_run_stays_well(
        self, start: Start, witness: Witness, name: str, args: list[Any]
    ) -> None:
        running = await start()

        await running.handle.signal(name, args=args)
        await until(lambda: bool(witness.refusals))

        assert witness.refusals[0].command == name
        assert (await _propose(running)).number == 2

    async def test_a_refused_signal_is_recorded_by_its_reason(self, start: Start, witness: Witness) -> None:
        running = await start()

        await running.handle.signal("confirm_schedule", {"customer_id": "ada", "version": 1})
        await until(lambda: bool(witness.refusals))

        assert witness.refusals[0].code == "ProposalNotOpen"
        assert witness.refusals[0].actor.id == "ada"

    async def test_a_sound_signal_is_a_command_like_any_other(self, start: Start, witness: Witness) -> None:
        running = await start()
        when = window()

        await running.handle.signal(
            "propose_schedule",
            {
                "provider_id": "bob",
                "start": when.start.isoformat(),
                "end": when.end.isoformat(),
                "expected_version": 0,
                "request_id": "typed by hand",
            },
        )
        await until(lambda: len(witness.entries) == 2)

        step = witness.entries[-1].step
        assert (step.command, step.source, step.request_id) == ("ProposeWindow", "signal", "typed by hand")


class TestE2PlainExceptions:
    async def test_a_bug_in_a_rule_answers_internal_and_the_next_command_works(
        self, start: Start, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        running = await start()
        decide = deciding.decide

        def buggy(assignment: Any, command: Any, **more: Any) -> Any:
            if getattr(command, "note", "") == "bug":
                raise KeyError("y")
            return decide(assignment, command, **more)

        monkeypatch.setattr("workflows.assignment.decide", buggy)
        monkeypatch.setattr(Workflow, "_check", lambda *_: None)

        with pytest.raises(WorkflowUpdateFailedError) as failed:
            await _propose(running, note="bug")

        assert isinstance(failed.value.cause, ApplicationError)
        assert (failed.value.cause.type, failed.value.cause.message) == ("Internal", "internal error")
        assert (await _propose(running)).number == 2

    async def test_a_bug_behind_a_signal_is_recorded(
        self, start: Start, witness: Witness, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        running = await start()
        monkeypatch.setattr(Workflow, "_take_turn", _raise_key_error)

        await running.handle.signal("confirm_schedule", {"customer_id": "ada", "version": 1})
        await until(lambda: bool(witness.refusals))

        assert (witness.refusals[0].code, witness.refusals[0].detail) == ("Internal", "internal error")


class TestE4AndE12FreshRuns:
    async def test_the_memory_of_commands_travels_along(
        self, start: Start, witness: Witness, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(workflows.story, "COMMANDS_PER_RUN", 5)
        running = await start()
        first = ProposeWindow(
            actor=BOB, window=window(), expected_version=0, command_id="first", call="first call"
        )
        answer = await running.ask(Workflow.propose, first)
        runs = {await _run_id(running)}
        for version in range(1, 12):
            await _propose(running, version=version)
            runs.add(await _run_id(running))

        again = await running.ask(Workflow.propose, replace(first, call="second call"))

        assert len(runs) > 1
        assert (answer.number, again.number, again.call) == (2, 2, "")
        await until(lambda: len(witness.entries) == 13)
        assert [each.step.number for each in witness.entries] == list(range(1, 14))

    async def test_nothing_is_lost_under_fire(
        self, start: Start, witness: Witness, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(workflows.story, "COMMANDS_PER_RUN", 7)
        running = await start(policy=Policy(max_proposals=1000))

        async def client(name: str) -> int:
            won = 0
            for _ in range(10):
                version = (await running.standing()).assignment.schedule_version
                try:
                    await _propose(running, version=version)
                except WorkflowUpdateFailedError:
                    continue
                won += 1
            return won

        won = sum(await asyncio.gather(*(client(name) for name in "abcd")))

        await until(lambda: len(witness.entries) == won + 1)
        assert [each.step.number for each in witness.entries] == list(range(1, won + 2))


async def test_e8_a_closed_assignment_does_not_start_again(start: Start, working: Client) -> None:
    assignment = fresh_assignment()
    running = await start(assignment)
    await running.ask(Workflow.reject, RejectAssignment(actor=BOB, reason_code="sick"))
    await running.handle.result()

    with pytest.raises(WorkflowAlreadyStartedError):
        await working.start_workflow(
            Workflow.run,
            Opened(assignment=assignment, policy=Policy()),
            id=assignment_run(assignment.id),
            task_queue=QUEUE,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
        )


async def test_e11_an_update_that_is_quicker_than_the_story_still_comes_second(
    skipping: SkippingServer, witness: Witness
) -> None:
    assignment = fresh_assignment()
    queue = f"{QUEUE}-{assignment.id}"
    handle = await skipping.client.start_workflow(
        Workflow.run,
        Opened(assignment=assignment, policy=Policy()),
        id=assignment_run(assignment.id),
        task_queue=queue,
    )
    proposing = asyncio.create_task(_propose(Running(handle, skipping)))
    await until_accepted(handle)

    async with worker.worker_for(skipping.client, queue, workflows=[Workflow], activities=witness.activities):
        assert (await proposing).number == 2
        await until(lambda: len(witness.entries) == 2)

    assert witness.steps(assignment.id) == ["OpenAssignment", "ProposeWindow"]


async def test_e13_a_command_refused_by_the_validator_leaves_no_trace(start: Start, witness: Witness) -> None:
    running = await start()
    await until(lambda: bool(witness.deliveries))
    before = await _settled_events(running)

    for _ in range(10):
        await running.refusal(Workflow.confirm, ConfirmWindow(actor=ADA, version=3))

    assert await _settled_events(running) == before


class TestS16Approvals:
    async def test_a_large_approval_without_the_seal_of_the_api_is_a_first_mark_at_most(
        self, start: Start, witness: Witness
    ) -> None:
        witness.voucher_opens = False
        running = await start(policy=Policy(four_eyes_minor=10_000))
        await _complete(running)
        await running.ask(
            Workflow.approve, ApprovePayout(actor=ROOT, attempt=1, reason="ok", source=Source.API)
        )

        refusal = await running.refusal(
            Workflow.approve,
            ApprovePayout(actor=RITA, attempt=1, reason="ok", source=Source.API),
        )

        assert refusal == "SelfApproval"
        assert witness.payments == []

    async def test_two_sealed_approvals_pay_once(self, start: Start, witness: Witness) -> None:
        running = await start(policy=Policy(four_eyes_minor=10_000))
        await _complete(running)

        for admin in (ROOT, RITA):
            await running.ask(
                Workflow.approve,
                ApprovePayout(actor=admin, attempt=1, reason="bank 1", source=Source.API),
            )
        standing = await running.handle.result()

        assert standing.assignment.status is Status.PAID
        assert [each.amount.amount for each in witness.payments] == [12_500]

    async def test_a_signal_pays_a_small_payout_and_names_its_source(
        self, start: Start, witness: Witness
    ) -> None:
        running = await start()
        await _complete(running)

        await running.handle.signal("approve_payout", {"admin_id": "root", "reason": "bank 7", "attempt": 1})
        standing = await running.handle.result()

        payout = standing.assignment.payout
        assert payout is not None
        assert (payout.reference, payout.decisions[0].source) == ("bank 7", "signal")


async def test_a_run_that_is_cancelled_from_outside_ends_as_such(start: Start) -> None:
    running = await start()

    await running.handle.cancel()

    with pytest.raises(WorkflowFailureError):
        await running.handle.result()


async def _propose(running: Running, *, version: int = 0, note: str = "") -> Any:
    command = ProposeWindow(actor=BOB, window=window(), expected_version=version, note=note)
    return await running.ask(Workflow.propose, command)


async def _complete(running: Running) -> None:
    """Bring an assignment to where its payout waits."""
    await _propose(running)
    await running.ask(Workflow.confirm, ConfirmWindow(actor=ADA, version=1))
    await running.skip(days=5)
    await running.ask(Workflow.check_in, CheckIn(actor=BOB))
    await running.ask(Workflow.complete, CompleteAssignment(actor=BOB, evidence=("a photo",)))


async def _raise_key_error(*_: Any) -> None:
    raise KeyError("y")


async def _run_id(running: Running) -> str:
    return str((await running.handle.describe()).run_id)


async def _settled_events(running: Running) -> int:
    """Return the number of events once no workflow task is under way any more."""
    counts = [0]
    async with asyncio.timeout(5):
        while len(counts) < 4 or len(set(counts[-3:])) > 1:
            counts.append(len((await running.handle.fetch_history()).events))
            await asyncio.sleep(0.05)
    return counts[-1]


async def until_accepted(handle: Any) -> None:
    """Wait until the server holds the start of a run that no worker has looked at yet."""

    async def waits() -> bool:
        return int((await handle.describe()).history_length) >= 2

    async with asyncio.timeout(5):
        while not await waits():
            await asyncio.sleep(0.02)
