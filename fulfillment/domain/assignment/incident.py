"""An incident: somebody did not come to an agreed visit, as the other side says or the clock suspects."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from fulfillment.domain.people import Party, Role


class IncidentKind(StrEnum):
    """A suspicion is the clock's, and a check-in disperses it; a report has to be resolved by operations."""

    NO_SHOW_SUSPECTED = "no_show_suspected"
    NO_SHOW = "no_show"


class IncidentVerdict(StrEnum):
    """What operations say once they have heard both sides."""

    PROVIDER_FAULT = "provider_fault"
    CUSTOMER_FAULT = "customer_fault"
    NEITHER = "neither"


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """That the `accused` did not come, which `reported_by` says on the side of `by`; open until resolved.

    `answer_due` is by when the accused is asked to answer, none for a suspicion; `statement` is the answer.
    """

    kind: IncidentKind
    accused: Party
    reported_by: str
    by: Role
    opened_at: datetime
    answer_due: datetime | None = None
    note: str = ""
    statement: str = ""
    answered_at: datetime | None = None

    @property
    def is_reported(self) -> bool:
        return self.kind is IncidentKind.NO_SHOW

    @property
    def is_suspected(self) -> bool:
        return self.kind is IncidentKind.NO_SHOW_SUSPECTED
