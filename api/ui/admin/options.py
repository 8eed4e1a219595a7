"""What an admin can do with a payout now, as the rules themselves say when they are asked.

Nothing is carried out: the rules are pure. They are asked again when a form is sent, and have the last word.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from fulfillment.domain.assignment.commands import (
    ApprovePayout,
    AssignmentCommand,
    DenyPayout,
    Reauthorise,
    ResolveDispute,
    RetryCapture,
)
from fulfillment.domain.assignment.deciding import decide
from fulfillment.domain.assignment.parties import expect_disinterested
from fulfillment.domain.assignment.payout import DisputeOutcome
from fulfillment.domain.assignment.refund_commands import RefundPayout
from fulfillment.domain.assignment.state import Assignment
from fulfillment.domain.command import Source
from fulfillment.domain.errors import DomainError, SelfApproval
from fulfillment.domain.people import Actor
from fulfillment.domain.policy import Policy

SOME = "."
"""A reason, where the rules want one."""


class Step(StrEnum):
    """What an admin may ask, by the end of its path; the name of its form, too."""

    APPROVE = "approve"
    DENY = "deny"
    CLOSE = "close"
    RETRY = "retry-capture"
    REAUTHORISE = "reauthorise"
    RESOLVE = "resolve-dispute"
    REFUND = "refund"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Which steps are open to this admin, and which are only open to another one (`closed_to_you`).

    `has_part` says why, if that is why: they are a side of the assignment, or submitted the payout.
    """

    open: frozenset[Step] = field(default_factory=frozenset)
    closed_to_you: frozenset[Step] = field(default_factory=frozenset)
    has_part: bool = False


def options_of(it: Assignment, actor: Actor, *, at: datetime, policy: Policy) -> Options:
    """Return what `actor` may do at the moment `at`."""
    open, closed = [], []
    for step, command in _probes(it, actor).items():
        try:
            if decide(it, command, at=at, policy=policy):
                open.append(step)
        except SelfApproval:
            closed.append(step)
        except DomainError:
            continue
    return Options(open=frozenset(open), closed_to_you=frozenset(closed), has_part=_has_part(it, actor))


def moment_of(it: Assignment, *, now: datetime) -> datetime:
    """Return what time it is for an assignment; in dev its own clock can be ahead of the one on the wall."""
    return max(now, it.status_entered_at)


def _probes(it: Assignment, actor: Actor) -> Mapping[Step, AssignmentCommand]:
    """Return the plainest command of each step."""
    page = Source.PAGE
    attempt = it.payout.attempt if it.payout else 1
    denial = DenyPayout(actor=actor, source=page, attempt=attempt, reason_code=SOME, note=SOME)
    final = DenyPayout(actor=actor, source=page, attempt=attempt, reason_code=SOME, note=SOME, final=True)
    mark = it.payout.refund_mark if it.payout else None
    return {
        Step.APPROVE: ApprovePayout(actor=actor, source=page, attempt=attempt, reason=SOME),
        Step.DENY: denial,
        Step.CLOSE: final,
        Step.RETRY: RetryCapture(actor=actor, source=page),
        Step.REAUTHORISE: Reauthorise(actor=actor, source=page),
        Step.RESOLVE: ResolveDispute(actor=actor, source=page, outcome=DisputeOutcome.RELEASE, reason=SOME),
        Step.REFUND: RefundPayout(
            actor=actor, source=page, reason=SOME, amount=mark.amount.amount if mark else None
        ),
    }


def _has_part(it: Assignment, actor: Actor) -> bool:
    if it.payout is None:
        return actor.id in {it.customer_id, it.provider_id}
    try:
        expect_disinterested(it, it.payout, actor)
    except SelfApproval:
        return True
    return False
