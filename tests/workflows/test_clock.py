"""What time does to an assignment: weeks pass in a moment, and every deadline comes once, in order."""

import asyncio
from datetime import timedelta

from fulfillment.domain.assignment.commands import (
    ConfirmWindow,
    ExtendDeadline,
    HoldAssignment,
    ProposeWindow,
    SkipDeadline,
)
from fulfillment.domain.assignment.state import Status
from fulfillment.domain.policy import Policy
from tests.waiting import until
from tests.workflows.running import ADA, BOB, OLGA, Running, Start, fresh_assignment, window
from tests.workflows.witness import Witness
from workflows.assignment import AssignmentWorkflow as Workflow


async def test_a_silent_provider_is_nudged_twice_marked_overdue_and_escalated(
    start: Start, witness: Witness
) -> None:
    assignment = fresh_assignment()
    running = await start(assignment)

    await running.skip(days=3)

    assert witness.reminders(assignment.id) == [
        "propose_nudge provider:bob e1 1 planned",
        "propose_nudge provider:bob e1 2 planned",
    ]
    standing = await running.standing()
    assert standing.assignment.overdue_at is not None
    own = [each for each in witness.entries if each.standing.assignment.id == assignment.id]
    assert own[-1].step.events == ("DeadlinePassed", "Escalated")
    assert standing.coming == ()


async def test_nothing_comes_before_its_time(start: Start, witness: Witness) -> None:
    assignment = fresh_assignment()
    running = await start(assignment)

    await running.skip(hours=11.9)
    assert witness.reminders(assignment.id) == []
    await running.skip(hours=0.2)
    await until(lambda: len(witness.reminders(assignment.id)) == 1)


async def test_an_unanswered_proposal_lapses_and_the_silent_side_owes_the_next(start: Start) -> None:
    running = await start()
    await running.ask(Workflow.propose, ProposeWindow(actor=BOB, window=window(), expected_version=0))

    await running.skip(hours=25)

    standing = await running.standing()
    assert standing.assignment.schedule_version == 2
    assert standing.assignment.open_proposal is None
    assert standing.obligation is not None
    assert (standing.obligation.party, standing.obligation.action) == ("customer", "propose_schedule")
    assert await running.refusal(Workflow.confirm, ConfirmWindow(actor=ADA, version=1)) == "ProposalExpired"


async def test_a_reschedule_takes_the_old_reminders_back(start: Start, witness: Witness) -> None:
    assignment = fresh_assignment()
    running = await start(assignment)
    await _agree(running, version=0, days=5)
    await running.skip(days=3)
    await _agree(running, version=2, days=9)

    await running.skip(days=5, hours=23)

    assert witness.reminders(assignment.id) == [
        "visit_24h customer:ada v3 1 planned",
        "visit_24h provider:bob v3 1 planned",
        "visit_2h customer:ada v3 1 planned",
        "visit_2h provider:bob v3 1 planned",
    ]


async def test_a_hold_stops_patience_and_ends_by_itself(start: Start, witness: Witness) -> None:
    assignment = fresh_assignment()
    running = await start(assignment)
    until_when = assignment.created_at + timedelta(days=2)
    await running.ask(
        Workflow.hold, HoldAssignment(actor=OLGA, until=until_when, reason="parts are on order")
    )

    await running.skip(days=2, hours=11)
    assert witness.reminders(assignment.id) == []
    await running.skip(hours=2)

    await until(lambda: len(witness.reminders(assignment.id)) == 1)


async def test_operations_skip_one_deadline_and_move_another(start: Start, witness: Witness) -> None:
    assignment = fresh_assignment()
    running = await start(assignment)
    first, second, *_ = (await running.standing()).coming
    await running.ask(
        Workflow.skip_deadline, SkipDeadline(actor=OLGA, deadline_id=first.id, reason="they are talking")
    )
    moved_to = second.due + timedelta(hours=6)
    await running.ask(
        Workflow.extend_deadline,
        ExtendDeadline(actor=OLGA, deadline_id=second.id, to=moved_to, reason="until tonight"),
    )

    await running.skip(hours=25)
    assert witness.reminders(assignment.id) == []
    await running.skip(hours=6)

    await until(lambda: len(witness.reminders(assignment.id)) == 1)


async def test_with_auto_action_a_silent_provider_loses_the_job(start: Start) -> None:
    running = await start(policy=Policy(sla_auto_action=True))

    await running.skip(days=3)
    standing = await running.handle.result()

    assert standing.assignment.status is Status.REJECTED
    assert standing.assignment.reject_reason == "sla_provider"


async def test_ten_assignments_have_ten_clocks(start: Start, witness: Witness) -> None:
    assignments = [fresh_assignment() for _ in range(10)]
    running = [await start(each) for each in assignments]

    await asyncio.gather(*(each.skip(hours=n) for n, each in enumerate(running, start=3)))
    await until(lambda: len(witness.reminders(assignments[9].id)) == 1)

    nudged = [len(witness.reminders(each.id)) for each in assignments]
    assert nudged == [0] * 9 + [1]


async def test_a_timer_names_what_it_waits_for(start: Start) -> None:
    running = await start()
    await running.standing()

    history = await running.handle.fetch_history()

    started = [event for event in history.events if event.HasField("timer_started_event_attributes")]
    assert [event.user_metadata.summary.data for event in started] == [b'"sla_propose_l1/e1.v0/provider"']


async def _agree(running: Running, *, version: int, days: float) -> None:
    """Have the provider propose a visit that many days from the real now, and the customer confirm it."""
    await running.ask(
        Workflow.propose, ProposeWindow(actor=BOB, window=window(days=days), expected_version=version)
    )
    await running.ask(Workflow.confirm, ConfirmWindow(actor=ADA, version=version + 1))
