"""Every deadline of an assignment, as one function of its state and the policy.

Nothing else holds time: reminders, expiries and patience levels are all deadlines, recomputed from
the state whenever somebody asks, so a change of state takes back what no longer applies (trap R1).
Each carries in its id what it is anchored to, so that an old one never stands in for a new one (X9).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from fulfillment.domain.assignment.moving import (
    expiry,
    expiry_id,
    extension_of,
    put_off,
    too_late_to_agree,
    too_late_to_capture,
)
from fulfillment.domain.assignment.payout import Payout, PayoutStatus
from fulfillment.domain.assignment.state import Agreed, Assignment, Status
from fulfillment.domain.people import Party
from fulfillment.domain.policy import Policy

HALF, WHOLE, DOUBLE = 0.5, 1.0, 2.0
LEVELS = ((1, HALF), (2, WHOLE), (3, DOUBLE))
"""Patience: a nudge at half of it, overdue at all of it, escalation at twice."""

OVERDUE_LEVEL = 2
COMPLETION_NUDGES = 3


class DeadlineKind(StrEnum):
    """What a deadline is for, in the order in which simultaneous ones are dealt with."""

    HOLD_END = "hold_end"
    SLA_PROPOSE = "sla_propose"
    SLA_CONFIRM = "sla_confirm"
    MORNING_NUDGE = "morning_nudge"
    PROPOSAL_EXPIRY = "proposal_expiry"
    VISIT_REMINDER = "visit_reminder"
    START_CHECK = "start_check"
    NO_SHOW_SUSPECTED = "no_show_suspected"
    NO_SHOW_ANSWER = "no_show_answer"
    COMPLETION_NUDGE = "completion_nudge"
    SLA_PAYOUT = "sla_payout"
    RESUBMIT_NUDGE = "resubmit_nudge"
    RESUBMIT_EXPIRY = "resubmit_expiry"
    AUTH_EXPIRING = "auth_expiring"


RESUBMISSION_ENDS = DeadlineKind.RESUBMIT_EXPIRY
ORDER = {kind: place for place, kind in enumerate(DeadlineKind)}

UNHELD = frozenset(
    {
        DeadlineKind.HOLD_END,
        DeadlineKind.VISIT_REMINDER,
        DeadlineKind.START_CHECK,
        DeadlineKind.NO_SHOW_SUSPECTED,
        DeadlineKind.NO_SHOW_ANSWER,
        DeadlineKind.AUTH_EXPIRING,
    }
)
"""What a hold does not move: the visit keeps its time, and the card its own (A21)."""

SILENT_WHILE_HELD = frozenset(
    {
        DeadlineKind.SLA_PROPOSE,
        DeadlineKind.SLA_CONFIRM,
        DeadlineKind.COMPLETION_NUDGE,
        DeadlineKind.SLA_PAYOUT,
        DeadlineKind.RESUBMIT_NUDGE,
        DeadlineKind.MORNING_NUDGE,
    }
)
"""What nobody hears of during a hold, even if it was due before or had no room to move."""

PATIENT = frozenset({DeadlineKind.SLA_PROPOSE, DeadlineKind.SLA_CONFIRM})
WAITS_FOR_MORNING = frozenset(
    {
        DeadlineKind.SLA_PROPOSE,
        DeadlineKind.SLA_CONFIRM,
        DeadlineKind.COMPLETION_NUDGE,
        DeadlineKind.RESUBMIT_NUDGE,
        DeadlineKind.MORNING_NUDGE,
    }
)
"""What is said after the quiet hours rather than in them (5.5)."""

HOURS_BEFORE = timedelta(hours=2)
"""A visit reminder this close to the visit comes when it comes; an earlier one keeps clear of the night."""
AUTH_WARNINGS = (timedelta(hours=48), timedelta(hours=24), timedelta(hours=2))


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """Something that happens at `due` unless the state moves on first.

    `to` is the side concerned; `n` is the patience level, or counts repeats from 1; `basis` names
    the promise it belongs to; `before` is how long before the visit a visit reminder comes.
    `moved_from` is when it would come if nobody slept.
    """

    id: str
    kind: DeadlineKind
    due: datetime
    to: Party
    basis: str
    n: int = 1
    before: timedelta | None = None
    moved_from: datetime | None = None


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
    proposal, payout = assignment.open_proposal, assignment.payout
    if deadline.kind is DeadlineKind.PROPOSAL_EXPIRY and proposal:
        return too_late_to_agree(assignment, proposal, policy)
    if deadline.kind is DeadlineKind.RESUBMIT_EXPIRY and payout:
        return too_late_to_capture(payout)
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
    match assignment.status:
        case Status.AWAITING_SCHEDULE | Status.SCHEDULED:
            yield from _schedule(assignment, policy)
            yield from _visit(assignment, policy)
        case Status.IN_PROGRESS:
            yield from _completion(assignment, policy)
        case Status.PAYOUT_PENDING:
            yield from _payout(assignment, policy)


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
            yield from _ladder(
                assignment,
                DeadlineKind.SLA_CONFIRM,
                since=proposal.made_at,
                patience=patience,
                to=party,
                basis=basis,
                latest=end,
            )
    elif assignment.agreed is None:
        yield from _ladder(
            assignment,
            DeadlineKind.SLA_PROPOSE,
            since=assignment.turn_since,
            patience=policy.sla_propose,
            to=assignment.turn,
            basis=f"e{assignment.epoch}.v{assignment.schedule_version}",
        )


def _ladder(
    assignment: Assignment,
    kind: DeadlineKind,
    *,
    since: datetime,
    patience: timedelta,
    to: Party,
    basis: str,
    latest: datetime | None = None,
) -> Iterator[Deadline]:
    for level, share in LEVELS:
        due = put_off(assignment, since + patience * share, since=since)
        if latest and level <= len(LEVELS) - 1:
            due = min(due, latest)
        yield Deadline(id=f"{kind}_l{level}/{basis}/{to}", kind=kind, due=due, to=to, basis=basis, n=level)


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


def _payout(assignment: Assignment, policy: Policy) -> Iterator[Deadline]:
    payout = assignment.payout
    if payout is None:
        return
    basis = f"p{payout.attempt}"
    yield from _authorisation(payout)
    if payout.status is PayoutStatus.PENDING_APPROVAL:
        yield from _ladder(
            assignment,
            DeadlineKind.SLA_PAYOUT,
            since=payout.submitted_at,
            patience=policy.sla_payout,
            to=Party.ADMIN,
            basis=basis,
        )
    if payout.status is PayoutStatus.DENIED and payout.ruling:
        yield from _resubmission(assignment, payout, denied=payout.ruling.at, policy=policy)


def _authorisation(payout: Payout) -> Iterator[Deadline]:
    """Yield the warnings that the money held on the card is about to be let go (P16)."""
    if payout.capture_before is None:
        return
    for n, before in enumerate(AUTH_WARNINGS, start=1):
        yield Deadline(
            id=f"auth_expiring/i{payout.id}/{n}",
            kind=DeadlineKind.AUTH_EXPIRING,
            due=payout.capture_before - before,
            to=Party.ADMIN,
            basis=f"i{payout.id}",
            n=n,
        )


def _resubmission(
    assignment: Assignment, payout: Payout, *, denied: datetime, policy: Policy
) -> Iterator[Deadline]:
    """Yield the end of the time to resubmit, and half-way there a nudge if an attempt is left (P11, P13)."""
    room, latest = policy.resubmit_window, too_late_to_capture(payout)
    if latest:
        room = max(min(room, latest - denied), timedelta())
    shares = {DeadlineKind.RESUBMIT_NUDGE: HALF, DeadlineKind.RESUBMIT_EXPIRY: WHOLE}
    if payout.attempt >= policy.max_attempts:
        del shares[DeadlineKind.RESUBMIT_NUDGE]
    for kind, share in shares.items():
        due = put_off(assignment, denied + room * share, since=denied)
        yield Deadline(
            id=f"{kind}/p{payout.attempt}",
            kind=kind,
            due=min(due, max(latest, denied)) if latest else due,
            to=Party.PROVIDER,
            basis=f"p{payout.attempt}",
        )
