"""An incident, as clients send and see what is said about it."""

from typing import Annotated, Literal, Self

from pydantic import Field

from api.schemas.base import Instant, Note, OneOf, Sent, Shown
from api.schemas.values import MoneySent
from fulfillment.domain.assignment.incident import Incident, IncidentKind, IncidentVerdict
from fulfillment.domain.people import Actor, Party


class NoShowSent(Sent):
    """A party speaks of the other one and may leave `who` out; operations say who did not come."""

    who: Literal["customer", "provider"] | None = None
    note: Note | None = None


class IncidentAnswerSent(Sent):
    statement: Note


class ResolutionSent(Sent):
    """`amount` is the call-out fee that a customer at fault owes; left out, it is the usual one."""

    verdict: OneOf[IncidentVerdict]
    reason: Note
    amount: MoneySent | None = None


class IncidentShown(Shown):
    """What is open; `answerDue` is by when the accused is asked to answer, none for a suspicion."""

    kind: IncidentKind
    accused: Party
    opened_at: Instant
    answer_due: Instant | None
    answered_at: Instant | None
    statement: Annotated[str | None, Field(description="For staff and the accused alone.")]

    @classmethod
    def of(cls, incident: Incident | None, *, viewer: Actor) -> Self | None:
        if incident is None:
            return None
        may_read = viewer.is_staff or viewer.role.value == incident.accused.value
        return cls(
            kind=incident.kind,
            accused=incident.accused,
            opened_at=incident.opened_at,
            answer_due=incident.answer_due,
            answered_at=incident.answered_at,
            statement=(incident.statement or None) if may_read else None,
        )
