"""The cast of these tests, their lines, and how an assignment comes to where a test begins."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from fulfillment.domain.assignment.card import Card, CardStatus
from fulfillment.domain.assignment.commands import (
    ApprovePayout,
    AssignmentCommand,
    CheckIn,
    CompleteAssignment,
    ConfirmWindow,
    DeclineWindow,
    DenyPayout,
    HoldAssignment,
    PassDeadline,
    ProposeWindow,
    RecordSettlement,
    ResubmitPayout,
    ResumeAssignment,
    WithdrawWindow,
)
from fulfillment.domain.assignment.deadlines import deadlines
from fulfillment.domain.assignment.deciding import decide
from fulfillment.domain.assignment.events import Event, ReminderFellDue
from fulfillment.domain.assignment.evolving import apply
from fulfillment.domain.assignment.payout import Payout
from fulfillment.domain.assignment.state import Assignment, Origin
from fulfillment.domain.command import Source
from fulfillment.domain.messages import Reminder
from fulfillment.domain.money import Money
from fulfillment.domain.people import SYSTEM, Actor, Party, Role
from fulfillment.domain.policy import Policy
from fulfillment.domain.window import VisitWindow

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
POLICY = Policy()
ENDLESS = 500
"""Deadlines in a row after which the clock can only be running in circles."""

ADA = Actor(id="ada", role=Role.CUSTOMER)
BOB = Actor(id="bob", role=Role.PROVIDER)
OLGA = Actor(id="olga", role=Role.OPS)
ROOT = Actor(id="root", role=Role.ADMIN)
RITA = Actor(id="rita", role=Role.ADMIN)
OLGA_FOR_ADA = replace(OLGA, on_behalf_of=Party.CUSTOMER)
OLGA_FOR_BOB = replace(OLGA, on_behalf_of=Party.PROVIDER)
EVE = Actor(id="eve", role=Role.CUSTOMER)
MALLORY = Actor(id="mallory", role=Role.PROVIDER)


def visit(start: datetime, *, lasting: timedelta = 2 * HOUR) -> VisitWindow:
    return VisitWindow(start=start, end=start + lasting)


TOMORROW = visit(NOON + DAY)
NEXT_WEEK = visit(NOON + 7 * DAY)
LATER = visit(NOON + 9 * DAY)


def euros(whole: int) -> Money:
    return Money(amount=whole * 100, currency="EUR")


def assignment(**changes: Any) -> Assignment:
    """Return one that has just begun, at noon, with Bob, for 120 euros; `changes` are fields of it."""
    return replace(
        Assignment(
            id="a1",
            job_id="j1",
            customer_id=ADA.id,
            provider_id=BOB.id,
            origin=Origin.QUOTE,
            price=euros(120),
            site_timezone="Europe/Berlin",
            created_at=NOON,
            status_entered_at=NOON,
            turn_since=NOON,
        ),
        **changes,
    )


# What people say.


def proposes(who: Actor, window: VisitWindow, *, seeing: int, note: str = "") -> ProposeWindow:
    return ProposeWindow(actor=who, window=window, expected_version=seeing, note=note)


def confirms(who: Actor, version: int) -> ConfirmWindow:
    return ConfirmWindow(actor=who, version=version)


def forces(who: Actor, version: int, *, because: str = "agreed by phone") -> ConfirmWindow:
    return ConfirmWindow(actor=who, version=version, force=True, reason=because)


def declines(who: Actor, version: int) -> DeclineWindow:
    return DeclineWindow(actor=who, version=version, reason="does not suit")


def withdraws(who: Actor, version: int) -> WithdrawWindow:
    return WithdrawWindow(actor=who, version=version)


def holds(
    who: Actor = OLGA, *, until: datetime = NOON + DAY, reason: str = "parts on order"
) -> HoldAssignment:
    return HoldAssignment(actor=who, until=until, reason=reason)


def resumes(who: Actor = OLGA) -> ResumeAssignment:
    return ResumeAssignment(actor=who)


def approves(
    who: Actor,
    *,
    attempt: int = 1,
    amount: int | None = None,
    source: Source = Source.API,
    reason: str = "bank transfer 4711",
) -> ApprovePayout:
    return ApprovePayout(actor=who, attempt=attempt, amount=amount, source=source, reason=reason)


def denies(who: Actor, *, attempt: int = 1, final: bool = False) -> DenyPayout:
    return DenyPayout(actor=who, attempt=attempt, reason_code="no_photo", note="Show the pipe.", final=final)


def resubmits(who: Actor, *, amount: int | None = None) -> ResubmitPayout:
    return ResubmitPayout(actor=who, evidence=("https://photos.example/pipe",), amount=amount)


def settles(*, attempt: int = 1, status: str = "settled_manual") -> RecordSettlement:
    return RecordSettlement(actor=SYSTEM, attempt=attempt, status=status, reference="bank transfer 4711")


# What comes of it.


def deciding(
    it: Assignment, command: AssignmentCommand, *, at: datetime = NOON, policy: Policy = POLICY
) -> Sequence[Event]:
    return decide(it, command, at=at, policy=policy)


def after(
    it: Assignment, *commands: AssignmentCommand, at: datetime = NOON, policy: Policy = POLICY
) -> Assignment:
    """Return the assignment after these commands, each carried out at the moment `at`."""
    for command in commands:
        if events := decide(it, command, at=at, policy=policy):
            it = apply(it, events, policy=policy)
    return it


def in_time(
    it: Assignment, *, until: datetime, policy: Policy = POLICY
) -> tuple[Assignment, tuple[Event, ...]]:
    """Let the clock run: return the assignment once all that is due `until` then was done, and what happened.

    Each deadline is dealt with at its very instant, in order, as a worker that is never late would.
    """
    happened: list[Event] = []
    for _ in range(ENDLESS):
        coming = deadlines(it, policy)
        if not coming or coming[0].due > until:
            return it, tuple(happened)
        command = PassDeadline(actor=SYSTEM, deadline_id=coming[0].id)
        events = decide(it, command, at=coming[0].due, policy=policy)
        it = apply(it, events, policy=policy)
        happened.extend(events)
    raise AssertionError("the clock runs in circles")


def due(it: Assignment, deadline_id: str, *, policy: Policy = POLICY) -> datetime | None:
    """Return when that deadline comes, none if it does not."""
    return next((each.due for each in deadlines(it, policy) if each.id == deadline_id), None)


def plan(it: Assignment, policy: Policy = POLICY) -> dict[str, datetime]:
    """Return when each deadline comes that is still to come."""
    return {each.id: each.due for each in deadlines(it, policy)}


def payout(it: Assignment) -> Payout:
    """Return the payout of finished work."""
    assert it.payout is not None
    return it.payout


def with_capture_before(it: Assignment, instant: datetime) -> Assignment:
    """Return the assignment with its price held on a card until that instant."""
    card = Card(
        n=1,
        status=CardStatus.HELD,
        amount=it.price,
        since=it.status_entered_at,
        intent_id="pi_1",
        capture_before=instant,
    )
    return replace(it, card=card)


def rings(it: Assignment, deadline_id: str, *, at: datetime, policy: Policy = POLICY) -> Sequence[Event]:
    return deciding(it, PassDeadline(actor=SYSTEM, deadline_id=deadline_id), at=at, policy=policy)


def reminders(happened: Sequence[Event]) -> list[Reminder]:
    return [each.reminder for each in happened if isinstance(each, ReminderFellDue)]


def brief(happened: Sequence[Event]) -> list[tuple[str, str, str, int, str]]:
    """Return each reminder as kind, recipient, basis, n, verdict."""
    return [(each.kind, str(each.to), each.basis, each.n, each.verdict) for each in reminders(happened)]


# Where tests begin.

FRESH = assignment()
PROPOSED = after(FRESH, proposes(BOB, NEXT_WEEK, seeing=0))
SCHEDULED = after(PROPOSED, confirms(ADA, 1))
MOVING = after(SCHEDULED, proposes(ADA, LATER, seeing=2))
IN_PROGRESS = after(SCHEDULED, CheckIn(actor=BOB), at=NEXT_WEEK.start)
DONE_AT = NEXT_WEEK.end
DONE = after(IN_PROGRESS, CompleteAssignment(actor=BOB, evidence=("photo",)), at=DONE_AT)
APPROVED = after(DONE, approves(ROOT), at=DONE_AT + HOUR)
PAID = after(APPROVED, settles(), at=DONE_AT + HOUR)
DENIED_AT = DONE_AT + DAY
DENIED = after(DONE, denies(ROOT), at=DENIED_AT)
