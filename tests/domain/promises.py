"""What 5.10 promises of every assignment at every moment: one function each, failing where it is broken."""

from fulfillment.domain.assignment.commands import PassDeadline
from fulfillment.domain.assignment.deadline import COMPLETION_NUDGES, DeadlineKind
from fulfillment.domain.assignment.deadlines import deadlines
from fulfillment.domain.assignment.events import (
    BecameOverdue,
    Escalated,
    PayoutSettled,
    ProposalEnded,
    ReminderFellDue,
    WindowCleared,
    WindowConfirmed,
    WindowProposed,
)
from fulfillment.domain.assignment.moving import expiry
from fulfillment.domain.assignment.payout import SETTLED, PayoutStatus, Ruling
from fulfillment.domain.assignment.rulings import TRUSTED
from fulfillment.domain.assignment.standing import standing
from fulfillment.domain.assignment.state import Status
from fulfillment.domain.job.state import JobStatus
from fulfillment.domain.messages import ReminderKind, Verdict
from fulfillment.domain.people import Party
from fulfillment.domain.policy import Policy
from tests.domain.market import Life
from tests.domain.people import RITA, ROOT

ABOUT_THE_VISIT = {
    ReminderKind.VISIT,
    ReminderKind.VISIT_24H,
    ReminderKind.VISIT_2H,
    ReminderKind.START_CHECK,
    ReminderKind.COMPLETION_NUDGE,
}
WAS_PAID = SETTLED | {PayoutStatus.REVERSED}
STEPS = WindowProposed | WindowConfirmed | ProposalEnded | WindowCleared


def at_most_one_proposal_is_open(life: Life) -> None:
    """2."""
    opened = life.it.open_proposal

    assert life.open_versions == ({opened.version} if opened else set())


def the_schedule_version_counts_its_steps(life: Life) -> None:
    """3."""
    steps = [each for each in life.events if isinstance(each, STEPS)]

    assert life.it.schedule_version == len(steps)
    for number, step in enumerate(steps, 1):
        assert not isinstance(step, WindowProposed) or step.proposal.version == number


def scheduled_is_an_agreed_window_and_a_hold(life: Life, hold: object) -> None:
    """4."""
    match life.it.status:
        case Status.AWAITING_SCHEDULE:
            assert life.it.agreed is None
            assert hold is None
        case Status.SCHEDULED | Status.IN_PROGRESS:
            assert life.it.agreed is not None
            assert hold == life.it.agreed.window
        case Status.REJECTED | Status.CANCELLED:
            assert hold is None


def nothing_is_agreed_too_late(life: Life, policy: Policy) -> None:
    """A2 and trap X4, for the newest step."""
    proposal = life.before.open_proposal
    for event in life.newest:
        if isinstance(event, WindowConfirmed):
            assert proposal is not None
            assert event.at < expiry(life.before, proposal, policy)
            assert event.at < event.agreed.window.start - policy.min_notice


def nothing_comes_before_its_time(life: Life, policy: Policy) -> None:
    """P12 of the promises, for the newest step."""
    at, command = life.journal[-1]
    if isinstance(command, PassDeadline):
        dues = {each.id: each.due for each in deadlines(life.before, policy)}
        assert dues[command.deadline_id] <= at


def no_message_goes_out_twice(life: Life) -> None:
    """6."""
    keys = [notice.key for left in life.entries for notice in left.notices]
    keys += [
        each.dedupe_key(life.it.id, channel="email")
        for left in life.entries
        for each in left.reminders
        if each.verdict is Verdict.PLANNED
    ]

    assert len(set(keys)) == len(keys)


def no_reminder_speaks_of_what_is_no_longer_meant(life: Life) -> None:
    """7, for the newest step; the older ones were looked at when they were new."""
    left = life.entries[-1]
    now = left.standing.assignment
    for each in left.reminders:
        if each.kind in ABOUT_THE_VISIT:
            assert now.agreed is not None
            assert each.basis.split("-")[0] == f"v{now.agreed.version}"
        if each.kind is ReminderKind.CONFIRM_NUDGE:
            assert now.open_proposal is not None
            assert each.basis == f"v{now.open_proposal.version}"


def money_moves_once_and_only_as_ruled(life: Life, policy: Policy) -> None:
    """8."""
    settled = [each for each in life.events if isinstance(each, PayoutSettled)]
    assert len(settled) == (life.it.status is Status.PAID)
    decisions = life.it.payout.decisions if life.it.payout else ()
    approved = [each for each in decisions if each.ruling is Ruling.APPROVED]
    assert len(settled) <= len(approved) <= 1
    for each in approved:
        marks = [it for it in decisions if it.attempt == each.attempt]
        assert each.amount.amount <= life.it.price.amount
        assert {it.by for it in marks} <= {ROOT.id, RITA.id}
        if each.amount.amount >= policy.four_eyes_minor:
            assert len({it.by for it in marks}) == 2
            assert each.source in TRUSTED


def a_rejection_is_one_requeue_or_an_unfilled_job(life: Life) -> None:
    """9."""
    rows = [each for each in life.job.requeues if each.from_assignment == life.it.id]
    match life.it.status:
        case Status.REJECTED:
            assert len(rows) + (life.job.status is JobStatus.UNFILLED) == 1
        case Status.CANCELLED:
            assert len(rows) == life.it.keep_job
        case _:
            assert rows == []
            assert (life.job.status is JobStatus.COMPLETED) == life.it.is_closed


def an_end_leaves_nothing_open(life: Life, policy: Policy) -> None:
    """10."""
    if not life.it.is_closed:
        return
    payout = life.it.payout
    assert deadlines(life.it, policy) == ()
    assert standing(life.it, policy).obligation is None
    assert (life.it.open_proposal, life.it.overdue_at, life.it.incident) == (None, None, None)
    assert (payout is not None and payout.status in WAS_PAID) == (life.it.status is Status.PAID)
    assert payout is None or payout.status in WAS_PAID or payout.status is PayoutStatus.CLOSED_DENIED


def the_audit_has_no_gap(life: Life) -> None:
    """12."""
    assert [left.step.number for left in life.entries] == list(range(1, life.it.state_version + 1))
    for left, follows in zip(life.entries, life.entries[1:], strict=False):
        assert left.step.now == follows.step.was


def no_proposal_stays_open_for_ever(life: Life, policy: Policy) -> None:
    """Trap X4."""
    expires = DeadlineKind.PROPOSAL_EXPIRY in {each.kind for each in deadlines(life.it, policy)}

    assert expires == (life.it.open_proposal is not None)


def whoever_is_overdue_owes_something(life: Life, policy: Policy) -> None:
    """A7: the mark goes with what it was set for; a visit to come is nothing to be late with."""
    it = life.it
    if it.overdue_at is None:
        return
    obligation = standing(it, policy).obligation
    assert obligation is not None
    if obligation.action == "check_in":
        assert it.agreed is not None
        assert f"completion_nudge/v{it.agreed.version}/{COMPLETION_NUDGES}" in it.passed


def an_incident_is_about_a_visit_and_asks_once(life: Life, policy: Policy) -> None:
    """A15, A17: it is open only where a visit is due, and staff always have a way to resolve it."""
    incident, obligation = life.it.incident, standing(life.it, policy).obligation
    if incident is None:
        return
    assert life.it.status in {Status.SCHEDULED, Status.IN_PROGRESS}
    assert incident.accused in {Party.CUSTOMER, Party.PROVIDER}
    assert obligation is not None
    assert obligation.action in {"answer_incident", "resolve_incident"}
    assert (incident.answered_at is None) == (incident.statement == "")
    assert not (incident.is_suspected and life.it.status is Status.IN_PROGRESS)


def no_more_is_owed_than_the_price(life: Life) -> None:
    """A18: a call-out fee, too."""
    payout = life.it.payout

    assert payout is None or 0 < payout.amount.amount <= life.it.price.amount


def nobody_is_asked_for_what_an_incident_is_about(life: Life) -> None:
    """A15, A16, for the newest step."""
    for event in life.newest:
        if isinstance(event, ReminderFellDue) and life.before.incident:
            silent = {ReminderKind.START_CHECK, ReminderKind.COMPLETION_NUDGE}
            assert (event.reminder.kind in silent) == (event.reminder.verdict is Verdict.SKIPPED_OBSOLETE)


def nobody_is_late_while_the_clock_stands_still(life: Life) -> None:
    """A6 to A8, for the newest step."""
    for event in life.newest:
        match event:
            case BecameOverdue(at=at) | Escalated(at=at):
                assert life.before.held_until(at) is None
            case ReminderFellDue(at=at, reminder=reminder) if reminder.kind not in ABOUT_THE_VISIT:
                assert life.before.held_until(at) is None
