"""A visit as one side of it sees it: what is agreed, what is proposed, whose turn it is, what they may do.

Both the customer's page of a job and the provider's page of their work draw it, by `parts/visit.html`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from api.schemas.assignments import AssignmentShown, ProposalShown
from api.schemas.values import WindowShown
from api.ui.people import UNNAMED
from api.ui.words import Turn, turn
from fulfillment.domain.assignment.state import Status
from fulfillment.domain.people import Party

TO_BE_AGREED = frozenset({Status.AWAITING_SCHEDULE, Status.SCHEDULED})
"""Where a time can be proposed; the rules have the last word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """`reader` looks at `shown`, and calls the other side `other`. `moved_on` says that a link was older."""

    shown: AssignmentShown
    reader: Party
    other: str
    moved_on: bool = False

    @property
    def turn(self) -> Turn | None:
        """Whose turn it is, if it is anybody's."""
        owed = self.shown.obligation
        return turn(owed.party, owed.action, reader=self.reader, other=self.other) if owed else None

    @property
    def agreed(self) -> WindowShown | None:
        start, end = self.shown.scheduled_start, self.shown.scheduled_end
        return WindowShown(start=start, end=end) if start and end else None

    @property
    def is_off(self) -> bool:
        """Whether the visit that was agreed, if one was, does not take place."""
        return self.shown.status in {Status.REJECTED, Status.CANCELLED}

    @property
    def proposal(self) -> ProposalShown | None:
        return self.shown.open_proposal

    @property
    def may_answer(self) -> bool:
        """Whether a proposal of somebody else is open."""
        return self.proposal is not None and self.proposal.proposed_by is not self.reader

    @property
    def may_propose(self) -> bool:
        return self.shown.status in TO_BE_AGREED

    @property
    def proposed_by(self) -> str:
        """Who has made the open proposal, at the beginning of a sentence."""
        by = self.proposal.proposed_by if self.proposal else Party.ADMIN
        # A name is written as its owner writes it; our own words begin the sentence.
        other = self.other.capitalize() if self.other in UNNAMED.values() else self.other
        return {self.reader: "You", self.reader.other: other}.get(by, "Our team")


def visit_of(
    shown: AssignmentShown, *, reader: Party, names: Mapping[str, str], seen: int | None = None
) -> Visit:
    """Return the visit as `reader` sees it; `seen` is the schedule version that a link came with."""
    other = reader.other
    id = shown.provider_id if other is Party.PROVIDER else shown.customer_id
    return Visit(
        shown=shown,
        reader=reader,
        other=names.get(id, UNNAMED[other]),
        moved_on=seen is not None and seen < shown.schedule_version,
    )
