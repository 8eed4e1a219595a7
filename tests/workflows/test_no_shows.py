"""A visit to which somebody does not come: what time does about it, and what people make of it."""

from datetime import timedelta

from fulfillment.domain.assignment.commands import (
    AnswerIncident,
    CheckIn,
    ConfirmWindow,
    ProposeWindow,
    ReportNoShow,
    ResolveIncident,
)
from fulfillment.domain.assignment.incident import IncidentKind, IncidentVerdict
from fulfillment.domain.assignment.state import Status
from fulfillment.domain.money import Money
from fulfillment.domain.people import Party
from fulfillment.domain.policy import Policy
from tests.waiting import until
from tests.workflows.running import ADA, BOB, OLGA, Running, Start, window
from tests.workflows.witness import Witness
from workflows.assignment import AssignmentWorkflow as Workflow

WATCHFUL = Policy(no_show_suspected_after=timedelta(minutes=30))
STRICT = Policy(no_show_suspected_after=timedelta(minutes=30), no_show_auto=True)


async def test_a_provider_who_does_not_check_in_is_asked_then_suspected_and_comes_late(
    start: Start, witness: Witness
) -> None:
    running = await _scheduled(start, policy=WATCHFUL)

    await running.skip(days=1, minutes=31)
    suspected = (await running.standing()).assignment
    await running.ask(Workflow.check_in, CheckIn(actor=BOB))

    assert suspected.incident is not None
    assert suspected.incident.kind is IncidentKind.NO_SHOW_SUSPECTED
    await until(lambda: _told(witness, suspected.id)[-1] == "notifyCheckedIn customer:ada")
    assert "notifyNoShowSuspected ops:ops" in _told(witness, suspected.id)
    assert witness.reminders(suspected.id)[-1] == "start_check provider:bob v1 1 planned"
    assert (await running.standing()).assignment.incident is None


async def test_a_run_from_before_suspects_nobody(start: Start) -> None:
    running = await _scheduled(start, policy=Policy())

    await running.skip(days=1, hours=2)

    assert (await running.standing()).assignment.incident is None


async def test_a_report_nobody_answers_is_left_to_operations(start: Start, witness: Witness) -> None:
    running = await _scheduled(start, policy=WATCHFUL)
    await running.skip(days=1, minutes=31)

    reported = await running.ask(Workflow.report_no_show, ReportNoShow(actor=ADA))
    await running.skip(hours=2, minutes=1)

    id = reported.standing.assignment.id
    await until(lambda: _told(witness, id)[-1] == "notifyIncidentUnanswered ops:ops")
    standing = await running.standing()
    assert standing.obligation is not None
    assert (standing.obligation.party, standing.obligation.action) == (Party.ADMIN, "resolve_incident")
    assert await running.refusal(Workflow.report_no_show, ReportNoShow(actor=ADA)) == "WrongState"


async def test_a_report_nobody_answers_costs_the_provider_the_job_where_the_policy_is_strict(
    start: Start,
) -> None:
    running = await _scheduled(start, policy=STRICT)
    await running.skip(days=1, minutes=31)
    await running.ask(Workflow.report_no_show, ReportNoShow(actor=ADA))

    await running.skip(hours=2, minutes=1)

    ended = (await running.handle.result()).assignment
    assert (ended.status, ended.reject_reason, ended.late_rejection) == (Status.REJECTED, "no_show", True)


async def test_neithers_fault_clears_the_visit_and_the_next_takes_the_providers_time_anew(
    start: Start, witness: Witness
) -> None:
    running = await _scheduled(start, policy=WATCHFUL)
    await running.skip(days=1, minutes=31)
    await running.ask(Workflow.report_no_show, ReportNoShow(actor=ADA, note="waited"))
    await running.ask(Workflow.answer_incident, AnswerIncident(actor=BOB, statement="the street was closed"))

    cleared = await running.ask(
        Workflow.resolve_incident,
        ResolveIncident(actor=OLGA, verdict=IncidentVerdict.NEITHER, reason="a burst main"),
    )
    await running.ask(Workflow.propose, ProposeWindow(actor=BOB, window=window(days=9), expected_version=3))
    again = await running.ask(Workflow.confirm, ConfirmWindow(actor=ADA, version=4))

    assert cleared.standing.assignment.status is Status.AWAITING_SCHEDULE
    assert cleared.standing.assignment.schedule_version == 3
    assert again.standing.assignment.status is Status.SCHEDULED
    assert [each.agreed for each in witness.reservations] == [None, None]
    assert await running.replayed() > 0


async def test_operations_type_the_whole_incident_in(start: Start, witness: Witness) -> None:
    running = await _scheduled(start, policy=WATCHFUL)
    await running.skip(days=1, minutes=31)
    await running.ask(Workflow.check_in, CheckIn(actor=BOB))

    await running.handle.signal("report_no_show", {"ops_id": "olga", "who": "nobody"})
    await running.handle.signal("report_no_show", {"ops_id": "olga", "who": "customer", "note": "rang"})
    await running.handle.signal("answer_incident", {"customer_id": "ada", "statement": "I was at work"})
    verdict = {"verdict": "customer_fault", "reason": "she says so", "amount": 4000, "currency": "EUR"}
    await running.handle.signal("resolve_incident", {"ops_id": "olga", **verdict})

    it = (await running.standing()).assignment
    assert it.payout is not None
    assert (it.status, it.payout.amount) == (
        Status.PAYOUT_PENDING,
        Money(amount=4_000, currency="EUR"),
    )
    await until(lambda: len(witness.refusals) == 1)
    assert witness.refusals[0].detail == "who: it takes customer, provider, admin"


async def _scheduled(start: Start, *, policy: Policy) -> Running:
    """Return an assignment whose visit begins a day from the real now."""
    running = await start(policy=policy)
    await running.ask(Workflow.propose, ProposeWindow(actor=BOB, window=window(days=1), expected_version=0))
    await running.ask(Workflow.confirm, ConfirmWindow(actor=ADA, version=1))
    return running


def _told(witness: Witness, assignment_id: str) -> list[str]:
    return [
        f"{notice.event} {notice.to}"
        for each in witness.entries
        if each.standing.assignment.id == assignment_id
        for notice in each.notices
    ]
