"""A provider's absence, as it is reported, previewed and followed."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Self

from pydantic import Field

from api.outcomes import REFUSALS
from api.problems import code_of
from api.schemas.base import Instant, Note, OneOf, Sent, SentInstant, Shown
from api.schemas.values import WindowShown
from fulfillment.domain.absence.commands import AbsenceReason, ReportAbsence
from fulfillment.domain.absence.consequences import What
from fulfillment.domain.absence.results import AbsenceStatus, Affected, Outcome, Result
from fulfillment.domain.assignment.state import Status
from fulfillment.domain.people import Role
from fulfillment.store.views.absences import Reported, Touched

Links = Mapping[str, str]
Since = Annotated[SentInstant, Field(alias="from")]
Until = Annotated[SentInstant, Field(alias="to", description="Not included; 180 days after `from` at most.")]


class AbsenceSent(Sent):
    """When a provider takes no visits, and why; with `dryRun` nothing is done and nobody is told."""

    since: Since
    until: Until
    reason: Annotated[Note, Field(description="For the record. Customers learn the code and no more.")]
    reason_code: Annotated[
        OneOf[AbsenceReason] | None,
        Field(description="By default the reason, where that is one of these words, else `on_leave`."),
    ] = None
    dry_run: bool = False


class EndOfAbsenceSent(Sent):
    reason: Note


class AffectedShown(Shown):
    """An assignment that the absence touches, as it stood, and what is done about it."""

    assignment_id: str
    job_id: str
    customer_id: str
    status: Status
    window: WindowShown
    what: Annotated[
        What,
        Field(
            description="`reject`: given back, and its job looks for somebody else. `withdraw`, `decline`:"
            " the proposal is taken back, or answered with no, and the provider proposes another."
            " `leave`: nothing."
        ),
    ]
    why: str

    @classmethod
    def of(cls, affected: Affected) -> Self:
        return cls(**_affected(affected))


class AbsenceBegun(Shown):
    """An absence as it was reported: whom it touches, soonest first. What becomes of each is at `self`."""

    id: Annotated[str | None, Field(description="Null of a preview.")]
    provider_id: str
    since: Annotated[Instant, Field(alias="from")]
    until: Annotated[Instant, Field(alias="to")]
    reason: str
    reason_code: AbsenceReason
    dry_run: bool
    affected: list[AffectedShown]
    links: Links

    @classmethod
    def of(cls, report: ReportAbsence, affected: Sequence[Affected], *, links: Links | None = None) -> Self:
        """Return the report as it is answered; without links it is a preview."""
        return cls(
            id=report.absence_id if links else None,
            provider_id=report.provider_id,
            since=report.since,
            until=report.until,
            reason=report.reason,
            reason_code=AbsenceReason(report.reason_code),
            dry_run=links is None,
            affected=[AffectedShown.of(each) for each in affected],
            links=links or {},
        )


class AbsenceResultShown(AffectedShown):
    """An assignment that the absence touches, and what became of it."""

    outcome: Annotated[
        Outcome,
        Field(
            description="`waiting` for its turn; `done`; `left` alone; `refused`, with the `code`;"
            " `untouched`, because nothing of it was in that time any more; `unreached`, and a task is open;"
            " `spared`, because the absence was ended before its turn."
        ),
    ]
    did: Annotated[What | None, Field(description="What was tried, by how it stood when its turn came.")]
    command_id: Annotated[str | None, Field(description="By which it is found in the assignment's audit.")]
    state_version: Annotated[int | None, Field(description="The step of the assignment that it became.")]
    code: Annotated[str | None, Field(examples=["USE_INCIDENT", "WRONG_STATE"])]
    detail: str | None
    settled_at: Instant | None

    @classmethod
    def told(cls, touched: Touched) -> Self:
        it = touched.result
        return cls(
            **_affected(touched.affected),
            outcome=it.outcome if it else Outcome.WAITING,
            did=it.did if it else None,
            command_id=(it.command_id or None) if it else None,
            state_version=it.number if it else None,
            code=_code(it),
            detail=(it.detail or None) if it else None,
            settled_at=it.at if it else None,
        )


class AbsenceListed(Shown):
    """An absence, who reported it, and how far it has come: its assignments by what became of them."""

    id: str
    provider_id: str
    since: Annotated[Instant, Field(alias="from")]
    until: Annotated[Instant, Field(alias="to")]
    reason: str
    reason_code: AbsenceReason
    status: AbsenceStatus
    counts: dict[Outcome, int]
    reported_by: str
    reporter_role: Role
    reported_at: Instant
    request_id: str
    done_at: Instant | None
    ended_at: Instant | None
    ended_by: str | None
    end_reason: str | None
    links: Links

    @classmethod
    def of(cls, reported: Reported, *, links: Links) -> Self:
        return cls(**_reported(reported), links=links)


class AbsenceShown(AbsenceListed):
    """An absence, and what became of each assignment that it touches."""

    results: list[AbsenceResultShown]

    @classmethod
    def whole(cls, reported: Reported, touched: Sequence[Touched], *, links: Links) -> Self:
        results = [AbsenceResultShown.told(each) for each in touched]
        return cls(**_reported(reported), links=links, results=results)


def _affected(affected: Affected) -> dict[str, Any]:
    wanted = affected.wanted
    return {
        "assignment_id": affected.assignment_id,
        "job_id": affected.job_id,
        "customer_id": affected.customer_id,
        "status": affected.status,
        "window": WindowShown(start=wanted.window.start, end=wanted.window.end),
        "what": wanted.what,
        "why": wanted.why,
    }


def _reported(it: Reported) -> dict[str, Any]:
    return {
        "id": it.id,
        "provider_id": it.provider_id,
        "since": it.span.start,
        "until": it.span.end,
        "reason": it.reason,
        "reason_code": it.reason_code,
        "status": it.status,
        "counts": {outcome: it.counts.get(outcome, 0) for outcome in Outcome},
        "reported_by": it.reported_by,
        "reporter_role": it.reporter_role,
        "reported_at": it.reported_at,
        "request_id": it.request_id,
        "done_at": it.done_at,
        "ended_at": it.ending.at if it.ending else None,
        "ended_by": it.ending.by if it.ending else None,
        "end_reason": it.ending.reason if it.ending else None,
    }


def _code(result: Result | None) -> str | None:
    """Return a refusal as clients know it from everywhere else."""
    if result is None or not result.code:
        return None
    known = REFUSALS.get(result.code)
    return code_of(known) if known else result.code
