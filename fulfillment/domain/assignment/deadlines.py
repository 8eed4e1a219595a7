"""Every deadline of an assignment, as one function of its state and the policy.

Nothing else holds time: reminders, expiries and patience levels are all deadlines, recomputed from
the state whenever somebody asks, so a change of state takes back what no longer applies (trap R1).
Each carries in its id what it is anchored to, so that an old one never stands in for a new one (X9).
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from fulfillment.domain.assignment.deadline import (
    COMPLETION_NUDGES,
    HOURS_BEFORE,
    ORDER,
    OVERDUE_LEVEL,
    PATIENT,
    RESUBMISSION_ENDS,
    SILENT_WHILE_HELD,
    UNHELD,
    WAITS_FOR_MORNING,
    Deadline,
    DeadlineKind,
)
from fulfillment.domain.assignment.ladder import ladder
from fulfillment.domain.assignment.money_deadlines import card_deadlines, payout_deadlines
from fulfillment.domain.assignment.moving import (
    expiry,
    expiry_id,
    extension_of,
    put_off,
    too_late_to_agree,
    too_late_to_capture,
)
from fulfillment.domain.assignment.state import Agreed, Assignment, Status
from fulfillment.domain.people import Party
from fulfillment.domain.policy import Policy


def deadlines(assignment: Assignment, policy: Policy) -> tuple[Deadline, ...]:
    """Return what is still to come, soonest first; nothing for a closed assignment.

    What is left over from before a hold, or was pushed into it by the notice a visit needs, waits for
    its end: nobody is late while the clock stands still (the guard of A6 to A8).
    """
    still_until = assignment.holds[-1].until if assignment.holds else None
    waiting = (
        _after_the_hold(assignment, each, still_until, policy)
        if still_until and each.due < still_until and each.kind in SILENT_WHILE_HELD
        else each
        for each in every_deadline(assignment, policy)
        if each.id not in assignment.passed
    )
    return tuple(sorted(waiting, key=lambda each: (each.due, ORDER[each.kind], each.n, each.id)))


def every_deadline(assignment: Assignment, policy: Policy) -> Iterator[Deadline]:
    """Yield each deadline of the state as staff may have moved it, those already dealt with included."""
    for deadline in _by_the_rules(assignment, policy):
        moved = replace(deadline, due=_moved(assignment, deadline, policy))
        # Staff who name an instant mean it, whatever the hour.
        if extension_of(assignment, deadline.id):
            yield moved
        else:
            yield from _considerate(assignment, moved, policy)


def _considerate(assignment: Assignment, deadline: Deadline, policy: Policy) -> Iterator[Deadline]:
    """Yield `deadline` at an hour at which people want to hear of it (trap R12).

    A nudge waits for the morning; being overdue does not, so there the nudge becomes a deadline of its own.
    A reminder of a visit comes before the night, unless nothing was agreed yet by then.
    """
    span = policy.quiet_at(deadline.due, for_=deadline.to)
    if span is None:
        yield deadline
    elif waits_for_morning(deadline):
        yield _said_in_time(assignment, _after_the_night(deadline, policy), policy)
    elif deadline.before and deadline.before > HOURS_BEFORE and assignment.agreed:
        evening = span[0] - timedelta(minutes=1)
        due = evening if evening >= assignment.agreed.at else span[1]
        yield replace(deadline, due=due, moved_from=deadline.due)
    else:
        yield deadline
        if deadline.kind in PATIENT and deadline.n == OVERDUE_LEVEL:
            yield _said_in_time(assignment, _morning_nudge(deadline, due=span[1]), policy)


def _said_in_time(assignment: Assignment, nudge: Deadline, policy: Policy) -> Deadline:
    """Return `nudge` no later than the end of what it is about, so that it is on record (R3)."""
    proposal = assignment.open_proposal
    if nudge.kind is DeadlineKind.RESUBMIT_NUDGE:
        ends = (each.due for each in _by_the_rules(assignment, policy) if each.kind is RESUBMISSION_ENDS)
        return replace(nudge, due=min(nudge.due, next(ends, nudge.due)))
    if proposal is None or nudge.kind is DeadlineKind.COMPLETION_NUDGE:
        return nudge
    return replace(nudge, due=min(nudge.due, expiry(assignment, proposal, policy)))


def _after_the_hold(assignment: Assignment, deadline: Deadline, until: datetime, policy: Policy) -> Deadline:
    """Return `deadline` when the hold is over, and the night with it if it ends in one."""
    waiting = replace(deadline, due=until)
    if policy.quiet is None or extension_of(assignment, deadline.id):
        return waiting
    return _said_in_time(assignment, _after_the_night(waiting, policy), policy)


def _after_the_night(deadline: Deadline, policy: Policy) -> Deadline:
    """Return `deadline` after the quiet hours that it falls into, if it is one that waits for that."""
    span = policy.quiet_at(deadline.due, for_=deadline.to)
    if span is None or not waits_for_morning(deadline):
        return deadline
    return replace(deadline, due=span[1], moved_from=deadline.moved_from or deadline.due)


def waits_for_morning(deadline: Deadline) -> bool:
    """Return whether it is said after the quiet hours rather than in them: patience itself does not wait."""
    return deadline.kind in WAITS_FOR_MORNING and (deadline.kind not in PATIENT or deadline.n == 1)


def _morning_nudge(overdue: Deadline, *, due: datetime) -> Deadline:
    return replace(
        overdue,
        id=f"morning_{overdue.id}",
        kind=DeadlineKind.MORNING_NUDGE,
        due=due,
        moved_from=overdue.due,
    )


def last_moment(assignment: Assignment, deadline: Deadline, policy: Policy) -> datetime | None:
    """Return beyond what instant nobody may move `deadline`, where the rules know such a limit."""
    proposal = assignment.open_proposal
    if deadline.kind is DeadlineKind.PROPOSAL_EXPIRY and proposal:
        return too_late_to_agree(assignment, proposal, policy)
    if deadline.kind is DeadlineKind.RESUBMIT_EXPIRY:
        return too_late_to_capture(assignment)
    return None


def _moved(assignment: Assignment, deadline: Deadline, policy: Policy) -> datetime:
    extension = extension_of(assignment, deadline.id)
    if extension is None:
        return deadline.due
    if deadline.kind in UNHELD:
        return extension.to
    to = put_off(assignment, extension.to, since=extension.since)
    latest = last_moment(assignment, deadline, policy)
    return min(to, latest) if latest else to


def _by_the_rules(assignment: Assignment, policy: Policy) -> Iterator[Deadline]:
    if assignment.is_closed:
        return
    yield from _hold_end(assignment)
    yield from _answer_to_a_report(assignment)
    yield from card_deadlines(assignment, policy)
    match assignment.status:
        case Status.AWAITING_SCHEDULE | Status.SCHEDULED:
            yield from _schedule(assignment, policy)
            yield from _visit(assignment, policy)
        case Status.IN_PROGRESS:
            yield from _completion(assignment, policy)
        case Status.PAYOUT_PENDING:
            yield from payout_deadlines(assignment, policy)


def in_words(before: timedelta) -> str:
    """Return a span as ids spell it: in minutes where they are whole, else in seconds."""
    minutes, rest = divmod(before, timedelta(minutes=1))
    return f"{before.total_seconds():g}s" if rest else f"{minutes}m"


def _hold_end(assignment: Assignment) -> Iterator[Deadline]:
    if not assignment.holds:
        return
    hold = assignment.holds[-1]
    basis = f"h{len(assignment.holds)}"
    yield Deadline(
        id=f"hold_end/{basis}", kind=DeadlineKind.HOLD_END, due=hold.until, to=hold.by, basis=basis
    )


def _schedule(assignment: Assignment, policy: Policy) -> Iterator[Deadline]:
    proposal = assignment.open_proposal
    if proposal:
        end = expiry(assignment, proposal, policy)
        basis = f"v{proposal.version}"
        yield Deadline(
            id=expiry_id(proposal),
            kind=DeadlineKind.PROPOSAL_EXPIRY,
            due=end,
            to=proposal.proposed_by,
            basis=basis,
        )
        # The second level is never later than the expiry, so a lapsed proposal always counts as overdue.
        patience = min(policy.sla_confirm, end - proposal.made_at)
        for party in proposal.awaited:
            yield from ladder(
                assignment,
                DeadlineKind.SLA_CONFIRM,
                since=proposal.made_at,
                patience=patience,
                to=party,
                basis=basis,
                latest=end,
            )
    elif assignment.agreed is None:
        yield from ladder(
            assignment,
            DeadlineKind.SLA_PROPOSE,
            since=assignment.turn_since,
            patience=policy.sla_propose,
            to=assignment.turn,
            basis=f"e{assignment.epoch}.v{assignment.schedule_version}",
        )


def _visit(assignment: Assignment, policy: Policy) -> Iterator[Deadline]:
    if assignment.agreed is None:
        return
    window, basis = assignment.agreed.window, f"v{assignment.agreed.version}"
    for before in policy.visit_offsets:
        for party in (Party.CUSTOMER, Party.PROVIDER):
            yield Deadline(
                id=f"visit_{in_words(before)}/{basis}/{party}",
                kind=DeadlineKind.VISIT_REMINDER,
                due=window.start - before,
                to=party,
                basis=basis,
                before=before,
            )
    yield Deadline(
        id=f"start_check/{basis}",
        kind=DeadlineKind.START_CHECK,
        due=window.start + policy.start_check_after,
        to=Party.PROVIDER,
        basis=basis,
    )
    if policy.no_show_suspected_after is not None:
        yield Deadline(
            id=f"no_show_suspected/{basis}",
            kind=DeadlineKind.NO_SHOW_SUSPECTED,
            due=window.start + policy.no_show_suspected_after,
            to=Party.PROVIDER,
            basis=basis,
        )
    yield from _completion(assignment, policy)


def _completion(assignment: Assignment, policy: Policy) -> Iterator[Deadline]:
    """Yield the daily question whether the work is done, from the end of the window on (A16)."""
    if assignment.agreed is None:
        return
    end, basis = assignment.agreed.window.end, f"v{assignment.agreed.version}"
    for n in range(1, COMPLETION_NUDGES + 1):
        first = end + policy.completion_grace
        yield Deadline(
            id=f"completion_nudge/{basis}/{n}",
            kind=DeadlineKind.COMPLETION_NUDGE,
            due=put_off(assignment, first + timedelta(days=n - 1), since=first),
            to=Party.PROVIDER,
            basis=basis,
            n=n,
        )


def answer_id(agreed: Agreed) -> str:
    """Return the id under which the answer to a report falls due; a visit is reported once at most."""
    return f"no_show_answer/v{agreed.version}"


def _answer_to_a_report(assignment: Assignment) -> Iterator[Deadline]:
    """Yield by when the side that is reported not to have come is asked to answer (A17)."""
    incident, agreed = assignment.incident, assignment.agreed
    if incident is None or agreed is None or incident.answer_due is None or incident.answered_at:
        return
    yield Deadline(
        id=answer_id(agreed),
        kind=DeadlineKind.NO_SHOW_ANSWER,
        due=incident.answer_due,
        to=incident.accused,
        basis=f"v{agreed.version}",
    )
