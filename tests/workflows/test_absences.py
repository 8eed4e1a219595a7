"""The story of an absence: each assignment has its turn, whatever refuses, moves on, or dies in between."""

import asyncio
from datetime import timedelta

import pytest
from temporalio.client import Client, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.worker import Worker

import worker
from activities.absences import Order
from fulfillment.domain.absence.consequences import What
from fulfillment.domain.absence.results import AbsenceStatus, Outcome
from fulfillment.domain.assignment.commands import CheckIn, ConfirmWindow, ProposeWindow
from fulfillment.domain.assignment.state import ProposalStatus, Status
from fulfillment.domain.policy import Policy
from tests.skipping import SkippingServer
from tests.waiting import until
from tests.workflows.absences import Absence, Notebook, away, ended, heard, ids, reported, waited
from tests.workflows.replaying import keep
from tests.workflows.running import ADA, BOB, Running, Start, fresh_assignment, window
from tests.workflows.witness import Witness
from workflows.absence import ProviderUnavailableWorkflow as Workflow
from workflows.assignment import AssignmentWorkflow, Opened
from workflows.job import JobWorkflow
from workflows.names import QUEUE, absence_run, assignment_run

PATIENT = 20
"""Seconds: what waits for a worker's end takes longer than the rest."""


def run_of(client: Client, absence_id: str) -> Absence:
    return client.get_workflow_handle_for(Workflow.run, absence_run(absence_id))


async def agreed(start: Start, *, days: float = 5) -> Running:
    running = await proposed(start, days=days)
    await running.ask(AssignmentWorkflow.confirm, ConfirmWindow(actor=ADA, version=1))
    return running


async def about_to_begin(start: Start) -> Running:
    """Return an assignment whose provider may check in."""
    running = await agreed(start, days=0.1)
    await running.skip(hours=1)
    return running


async def proposed(start: Start, *, days: float = 5) -> Running:
    running = await start()
    await running.ask(
        AssignmentWorkflow.propose, ProposeWindow(actor=BOB, window=window(days=days), expected_version=0)
    )
    return running


async def test_each_has_its_turn_soonest_first_and_what_is_left_alone_is_listed(
    working: Client, start: Start, notebook: Notebook, skipping: SkippingServer
) -> None:
    late, soon, talk = await agreed(start, days=6), await agreed(start, days=4), await proposed(start)
    under_way, elsewhere = await about_to_begin(start), await agreed(start, days=20)
    await under_way.ask(AssignmentWorkflow.check_in, CheckIn(actor=BOB))
    notebook.known = await ids(late, soon, talk, under_way, elsewhere)
    l8, s4, t5, now, _ = notebook.known
    report = away(days=-1, lasting=8)

    answer = await reported(working, report)
    await until(lambda: notebook.statuses == [AbsenceStatus.DONE])

    assert answer.call == report.call
    assert [(each.assignment_id, each.wanted.what) for each in answer.affected] == [
        (now, What.LEAVE),
        (s4, What.REJECT),
        (t5, What.WITHDRAW),
        (l8, What.REJECT),
    ]
    assert notebook.outcomes == {
        now: (Outcome.LEFT, ""),
        s4: (Outcome.DONE, ""),
        t5: (Outcome.DONE, ""),
        l8: (Outcome.DONE, ""),
    }
    assert [each.assignment_id for each in notebook.orders] == [s4, t5, l8]
    assert (await soon.handle.query(AssignmentWorkflow.state)).assignment.reject_reason == "sick"
    proposal = (await talk.standing()).assignment.proposal
    assert proposal is not None
    assert proposal.status is ProposalStatus.WITHDRAWN

    # It lasts as long as the provider is away, and then it is over.
    run = run_of(working, report.absence_id)
    await skipping.skip(run, timedelta(days=8))
    progress = await run.result()
    assert (progress.status, len(progress.results)) == (AbsenceStatus.DONE, 4)
    await keep("an absence", run)


async def test_a_refusal_is_a_result_and_holds_up_nobody(
    working: Client, start: Start, notebook: Notebook
) -> None:
    begun, other = await about_to_begin(start), await agreed(start)
    notebook.known = await ids(begun, other)
    report = away(days=-1, lasting=8)

    async def he_rings_the_bell(order: Order) -> None:
        if order.assignment_id == notebook.known[0]:
            await begun.ask(AssignmentWorkflow.check_in, CheckIn(actor=BOB))

    notebook.before = he_rings_the_bell

    await reported(working, report)
    await until(lambda: notebook.statuses == [AbsenceStatus.DONE])

    assert notebook.outcomes == {
        notebook.known[0]: (Outcome.REFUSED, "UseIncident"),
        notebook.known[1]: (Outcome.DONE, ""),
    }
    assert (await begun.standing()).assignment.status is Status.IN_PROGRESS


async def test_a_schedule_that_moves_on_is_looked_at_again(
    working: Client, start: Start, notebook: Notebook
) -> None:
    talk = await proposed(start)
    notebook.known = await ids(talk)

    async def she_counters(order: Order) -> None:
        if order.wanted.what is What.WITHDRAW:
            await talk.ask(
                AssignmentWorkflow.propose,
                ProposeWindow(actor=ADA, window=window(days=6), expected_version=1),
            )

    notebook.before = she_counters

    await reported(working, away())
    await until(lambda: notebook.statuses == [AbsenceStatus.DONE])

    assert [each.wanted.what for each in notebook.orders] == [What.WITHDRAW, What.DECLINE]
    assert list(notebook.outcomes.values()) == [(Outcome.DONE, "")]


async def test_what_has_left_that_time_before_its_turn_is_not_touched(
    working: Client, start: Start, notebook: Notebook
) -> None:
    first, second = await agreed(start, days=4), await agreed(start, days=5)
    notebook.known = await ids(first, second)

    async def they_move_the_other(_: Order) -> None:
        await second.ask(
            AssignmentWorkflow.propose, ProposeWindow(actor=ADA, window=window(days=30), expected_version=2)
        )
        await second.ask(AssignmentWorkflow.confirm, ConfirmWindow(actor=BOB, version=3))

    notebook.before = they_move_the_other

    await reported(working, away())
    await until(lambda: notebook.statuses == [AbsenceStatus.DONE])

    assert notebook.outcomes[notebook.known[1]] == (Outcome.UNTOUCHED, "")
    assert (await second.standing()).assignment.status is Status.SCHEDULED


async def test_what_was_written_down_too_late_for_the_first_look_is_found_by_the_second(
    working: Client, start: Start, notebook: Notebook
) -> None:
    first, behind = await agreed(start, days=4), await agreed(start, days=5)
    notebook.known, notebook.late = await ids(first), await ids(behind)

    answer = await reported(working, away())
    await until(lambda: notebook.statuses == [AbsenceStatus.DONE])

    assert [each.assignment_id for each in answer.affected] == notebook.known
    assert notebook.outcomes[notebook.late[0]] == (Outcome.DONE, "")


class TestOneThatDoesNotAnswer:
    async def test_has_another_turn_after_all_the_others(
        self, working: Client, start: Start, notebook: Notebook, skipping: SkippingServer
    ) -> None:
        first, second = await agreed(start, days=4), await agreed(start, days=5)
        notebook.known = await ids(first, second)
        notebook.deaf = {notebook.known[0]}
        report = away()
        await reported(working, report)
        await until(lambda: notebook.outcomes == {notebook.known[1]: (Outcome.DONE, "")})

        notebook.deaf.clear()
        await skipping.skip(run_of(working, report.absence_id), timedelta(minutes=2))

        await until(lambda: notebook.statuses == [AbsenceStatus.DONE])
        assert notebook.outcomes[notebook.known[0]] == (Outcome.DONE, "")

    async def test_is_left_to_operations_after_more_than_a_day(
        self, working: Client, start: Start, notebook: Notebook, skipping: SkippingServer
    ) -> None:
        notebook.known = await ids(await agreed(start))
        notebook.deaf = {*notebook.known}
        report = away()
        await reported(working, report)

        await skipping.skip(run_of(working, report.absence_id), timedelta(hours=24))
        after_a_day = notebook.outcomes
        await skipping.skip(run_of(working, report.absence_id), timedelta(hours=24))

        await until(lambda: notebook.statuses == [AbsenceStatus.DONE])
        assert after_a_day == {}
        assert notebook.outcomes == {notebook.known[0]: (Outcome.UNREACHED, "")}


class TestItsKey:
    async def test_the_same_report_is_the_same_absence(
        self, working: Client, start: Start, notebook: Notebook
    ) -> None:
        notebook.known = await ids(await agreed(start))
        report = away()

        first, again = await asyncio.gather(*(reported(working, report) for _ in range(2)))

        assert first == again
        await until(lambda: notebook.statuses == [AbsenceStatus.DONE])
        assert len(notebook.orders) == 1

    async def test_another_report_under_it_is_refused(self, working: Client, notebook: Notebook) -> None:
        report = away()
        await reported(working, report)

        with pytest.raises(WorkflowUpdateFailedError) as refused:
            await reported(working, away(absence_id=report.absence_id, reason="Holidays"))

        assert isinstance(refused.value.cause, ApplicationError)
        assert refused.value.cause.type == "IdempotencyMismatch"


class TestEndedBeforeItsTime:
    async def test_what_has_not_had_its_turn_is_spared(
        self, working: Client, start: Start, notebook: Notebook
    ) -> None:
        first, second = await agreed(start, days=4), await agreed(start, days=5)
        notebook.known = await ids(first, second)
        at_it, go_on = asyncio.Event(), asyncio.Event()

        async def wait(_: Order) -> None:
            at_it.set()
            await waited(go_on)

        notebook.before = wait
        report = away()
        await reported(working, report)
        await waited(at_it)

        run = run_of(working, report.absence_id)
        ending = asyncio.create_task(ended(run, report))
        await heard(run, updates=2)
        go_on.set()

        assert await ending == "this"
        assert notebook.outcomes == {
            notebook.known[0]: (Outcome.DONE, ""),
            notebook.known[1]: (Outcome.SPARED, ""),
        }
        assert notebook.statuses == [AbsenceStatus.ENDED]
        assert (await run.result()).status is AbsenceStatus.ENDED
        assert (await second.standing()).assignment.status is Status.SCHEDULED

    async def test_it_is_over_at_once_though_it_should_have_lasted(
        self, working: Client, notebook: Notebook
    ) -> None:
        report = away()
        await reported(working, report)
        await until(lambda: notebook.statuses == [AbsenceStatus.DONE])
        run = run_of(working, report.absence_id)

        assert await ended(run, report) == "this"

        assert (await run.result()).status is AbsenceStatus.ENDED
        (last,) = [each for each in notebook.news if each.status is AbsenceStatus.ENDED]
        assert last.ending is not None
        assert (last.ending.actor, last.ending.reason) == (BOB, "a mistake")
        await keep("an absence that was ended", run)


class TestSomethingDies:
    async def test_a_command_whose_answer_is_lost_is_not_carried_out_twice(
        self, working: Client, start: Start, notebook: Notebook, witness: Witness
    ) -> None:
        talk, visit = await proposed(start, days=4), await agreed(start, days=5)
        notebook.known = await ids(talk, visit)
        notebook.lost = {notebook.known[0]}

        await reported(working, away())
        await until(lambda: notebook.statuses == [AbsenceStatus.DONE])

        assert [each.wanted.what for each in notebook.orders] == [What.WITHDRAW, What.WITHDRAW, What.REJECT]
        assert set(notebook.outcomes.values()) == {(Outcome.DONE, "")}
        assert witness.steps(notebook.known[0]).count("WithdrawWindow") == 1

    async def test_another_worker_goes_on_where_one_has_died(
        self, skipping: SkippingServer, witness: Witness, notebook: Notebook
    ) -> None:
        client, report = skipping.client, away()
        at_it, for_ever = asyncio.Event(), asyncio.Event()

        async def freeze(order: Order) -> None:
            if order.assignment_id == notebook.known[1] and not at_it.is_set():
                at_it.set()
                await for_ever.wait()

        notebook.before = freeze
        async with _mortal(client, witness, notebook):
            start = _starting(skipping)
            started = [await agreed(start, days=days) for days in (4, 5, 6)]
            notebook.known = await ids(*started)
            await reported(client, report)
            await waited(at_it)
        left_by_the_first = dict(notebook.outcomes)

        async with _mortal(client, witness, notebook):
            await until(lambda: notebook.statuses == [AbsenceStatus.DONE], within=PATIENT)
            await until(lambda: all("RejectAssignment" in witness.steps(id) for id in notebook.known))
            await ended(run_of(client, report.absence_id), report)

        assert left_by_the_first == {notebook.known[0]: (Outcome.DONE, "")}
        assert set(notebook.outcomes.values()) == {(Outcome.DONE, "")}
        assert [witness.steps(id).count("RejectAssignment") for id in notebook.known] == [1, 1, 1]
        for each in started:
            await each.handle.terminate("the test is over")


def _starting(skipping: SkippingServer) -> Start:
    """Return what starts an assignment, for a worker that comes and goes."""

    async def started() -> Running:
        opened = Opened(assignment=fresh_assignment(), policy=Policy())
        handle = await skipping.client.start_workflow(
            AssignmentWorkflow.run, opened, id=assignment_run(opened.assignment.id), task_queue=QUEUE
        )
        return Running(handle, skipping)

    return started


def _mortal(client: Client, witness: Witness, notebook: Notebook) -> Worker:
    """Return a worker that drops whatever it has in hand when it is told to stop."""
    return Worker(
        client,
        task_queue=QUEUE,
        workflows=[AssignmentWorkflow, JobWorkflow, Workflow],
        activities=[*witness.activities, *notebook.activities],
        workflow_runner=worker.runner(),
        sticky_queue_schedule_to_start_timeout=worker.STICKY,
        graceful_shutdown_timeout=timedelta(),
    )
