"""What operations could do with an assignment or a job now, as the rules say when they are asked.

Nothing is carried out: the rules are pure. They are asked again when a form is sent, and have the last word.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from fulfillment.domain.assignment.commands import (
    AnswerIncident,
    AssignmentCommand,
    CancelAssignment,
    CheckIn,
    CompleteAssignment,
    ConfirmWindow,
    DeclineWindow,
    ExtendDeadline,
    HoldAssignment,
    OpenDispute,
    ProposeWindow,
    RejectAssignment,
    ReportNoShow,
    ResolveIncident,
    ResumeAssignment,
    SkipDeadline,
    WithdrawWindow,
)
from fulfillment.domain.assignment.deadline import Deadline
from fulfillment.domain.assignment.deciding import decide
from fulfillment.domain.assignment.incident import IncidentVerdict
from fulfillment.domain.assignment.state import Assignment, RejectReason
from fulfillment.domain.errors import DomainError
from fulfillment.domain.job.commands import (
    AssignProvider,
    CancelJob,
    ExtendJob,
    JobCommand,
    ReadmitProvider,
    WidenDispatch,
)
from fulfillment.domain.job.deciding import decide_job
from fulfillment.domain.job.state import Job
from fulfillment.domain.people import Actor, Party
from fulfillment.domain.policy import Policy
from fulfillment.domain.window import VisitWindow

SOME = "."
"""A reason or a statement, where the rules want one."""
NOBODY = "-"
"""A provider, where the rules want one and do not look who it is."""
A_WHILE = timedelta(minutes=1)

Deeds = frozenset[str]
"""By the names of their forms."""


def deeds_of(it: Assignment, actor: Actor, *, at: datetime, policy: Policy) -> Deeds:
    """Return what `actor`, of our staff, may do with an assignment at the moment `at`."""
    asked = _commands(it, actor, at=at, policy=policy)
    return frozenset(name for name, command in asked if _may(it, command, at=at, policy=policy))


def control_of(
    it: Assignment, deadline: Deadline, actor: Actor, *, at: datetime, policy: Policy
) -> tuple[bool, bool]:
    """Return whether a coming deadline may be skipped, and whether it may be moved."""
    to = max(deadline.due, at + A_WHILE)
    skip = SkipDeadline(actor=actor, deadline_id=deadline.id, reason=SOME)
    extend = ExtendDeadline(actor=actor, deadline_id=deadline.id, to=to, reason=SOME)
    return _may(it, skip, at=at, policy=policy), _may(it, extend, at=at, policy=policy)


def deeds_of_job(job: Job, actor: Actor, *, at: datetime, policy: Policy) -> Deeds:
    """Return what `actor`, of our staff, may do for a job at the moment `at`."""
    asked: dict[str, JobCommand] = {
        "extend": ExtendJob(actor=actor, reason=SOME, until=max(job.expires_at, at) + A_WHILE),
        "widen": WidenDispatch(actor=actor, reason=SOME),
        "assign": AssignProvider(actor=actor, provider_id=NOBODY, amount=job.price_cap, reason=SOME),
        "cancel": CancelJob(actor=actor, reason=SOME),
    }
    if job.excluded:
        asked["readmit"] = ReadmitProvider(actor=actor, provider_id=job.excluded[0], reason=SOME)
    return frozenset(name for name, command in asked.items() if _may_job(job, command, at=at, policy=policy))


def _commands(
    it: Assignment, actor: Actor, *, at: datetime, policy: Policy
) -> Iterator[tuple[str, AssignmentCommand]]:
    soon, version = at + policy.min_notice, it.schedule_version
    window = VisitWindow(start=soon, end=soon + policy.shortest_window)
    yield "propose", ProposeWindow(actor=actor, window=window, expected_version=version)
    yield "confirm", ConfirmWindow(actor=actor, version=version, force=True, reason=SOME)
    if it.open_proposal:
        by = it.open_proposal.proposed_by
        yield "decline", DeclineWindow(actor=replace(actor, on_behalf_of=by.other), version=version)
        yield "withdraw", WithdrawWindow(actor=replace(actor, on_behalf_of=by), version=version)
    yield "reject", RejectAssignment(actor=actor, reason_code=RejectReason.OTHER)
    yield "cancel", CancelAssignment(actor=actor, reason=SOME)
    yield "check-in", CheckIn(actor=actor)
    yield "complete", CompleteAssignment(actor=actor)
    for who in (Party.CUSTOMER, Party.PROVIDER):
        yield "no-show", ReportNoShow(actor=actor, who=who)
    yield "answer", AnswerIncident(actor=actor, statement=SOME)
    yield "resolve", ResolveIncident(actor=actor, verdict=IncidentVerdict.NEITHER, reason=SOME)
    yield "dispute", OpenDispute(actor=actor, reason=SOME)
    yield "hold", HoldAssignment(actor=actor, until=at + A_WHILE, reason=SOME)
    yield "resume", ResumeAssignment(actor=actor)


def _may(it: Assignment, command: AssignmentCommand, *, at: datetime, policy: Policy) -> bool:
    try:
        return bool(decide(it, command, at=at, policy=policy))
    except DomainError:
        return False


def _may_job(job: Job, command: JobCommand, *, at: datetime, policy: Policy) -> bool:
    try:
        return bool(decide_job(job, command, at=at, policy=policy))
    except DomainError:
        return False
