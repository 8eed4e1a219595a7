"""Everything that an admin has to know about one payout, read at once."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from api.desk import Desk
from api.reading import once_at
from api.schemas.assignments import AssignmentShown
from api.schemas.jobs import JobShown
from api.schemas.payouts import PayoutShown
from api.schemas.values import MoneyShown, WindowShown
from api.ui.admin import wording
from api.ui.admin.options import Options, moment_of, options_of
from api.ui.admin.risk import Risk, risk_of
from api.ui.admin.said import Said, said_on
from api.ui.people import UNNAMED, names
from api.ui.visitor import Visitor
from api.ui.words import Badge, Turn, turn
from fulfillment.domain.assignment.card import NO_CARD
from fulfillment.domain.assignment.deadline import Deadline
from fulfillment.domain.assignment.refund import Refund
from fulfillment.domain.assignment.standing import Standing
from fulfillment.domain.assignment.state import Assignment
from fulfillment.domain.money import Money
from fulfillment.domain.people import Party
from fulfillment.domain.policy import Policy
from fulfillment.store.views import assignments, jobs, money
from fulfillment.store.views.money import Booked


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """An assignment and its payout, which is None while the work is not reported as done.

    `called` has people's names by their ids, `booked` the book of its money. It is `now` for whoever looks,
    and `at` for the assignment itself.
    """

    standing: Standing
    visit: AssignmentShown
    payout: PayoutShown | None
    job: JobShown | None
    called: Mapping[str, str]
    options: Options
    booked: tuple[Booked, ...]
    now: datetime
    at: datetime
    policy: Policy

    @property
    def it(self) -> Assignment:
        return self.standing.assignment

    @property
    def title(self) -> str:
        return self.job.title if self.job else f"Payout {self.it.id}"

    @property
    def badge(self) -> Badge | None:
        return wording.standing_of(self.payout) if self.payout else None

    @property
    def risk(self) -> Risk:
        return risk_of(self.payout.card if self.payout else None, now=self.now)

    @property
    def customer(self) -> str:
        return self.called.get(self.it.customer_id, UNNAMED[Party.CUSTOMER])

    @property
    def provider(self) -> str:
        return self.called.get(self.it.provider_id, UNNAMED[Party.PROVIDER])

    @property
    def turn(self) -> Turn | None:
        """Whose turn it is, if it is anybody's."""
        owed = self.visit.obligation
        if owed is None:
            return None
        other = self.customer if owed.party is Party.CUSTOMER else self.provider
        return turn(owed.party, owed.action, reader=Party.ADMIN, other=other)

    @property
    def next(self) -> Deadline | None:
        """What happens next by itself."""
        return self.standing.next

    @property
    def window(self) -> WindowShown | None:
        return WindowShown.of(self.it.agreed.window) if self.it.agreed else None

    @property
    def is_by_hand(self) -> bool:
        """Whether whoever approves moves the money themselves."""
        return self.it.card is None or self.it.card.status in NO_CARD

    @property
    def four_eyes(self) -> MoneyShown:
        """From which amount on it takes two admins."""
        return MoneyShown(amount=self.policy.four_eyes_minor, currency=self.it.price.currency)

    @property
    def most(self) -> Money:
        """The most that can be approved."""
        return self.it.authorised or self.it.price

    @property
    def to_approve(self) -> Money:
        """What the form begins with: what is asked for, or what the first of two admins has approved."""
        payout = self.it.payout
        if payout is None:
            return self.it.price
        taken = self.it.card.captured if self.it.card else None
        return payout.first_mark.amount if payout.first_mark else taken or payout.amount

    @property
    def mark(self) -> Refund | None:
        """The first mark on a refund, while the second is missing."""
        return self.it.payout.refund_mark if self.it.payout else None

    @property
    def left(self) -> Money | None:
        """What was taken from the card and not given back."""
        taken = self.it.card.captured if self.it.card else None
        return taken if taken and taken.amount else None

    @property
    def next_refund(self) -> int:
        refunds = self.it.payout.refunds if self.it.payout else ()
        return len(refunds) + (self.mark is None)

    @property
    def said(self) -> tuple[Said, ...]:
        """Every word on the payout, the latest first."""
        return said_on(self.it.payout, called=self.called) if self.it.payout else ()

    def name(self, id: str | None) -> str:
        """Return what somebody is called; their id, if the directory does not know them."""
        return self.called.get(id, id) if id else ""


async def case_of(
    id: str, visitor: Visitor, session: AsyncSession, desk: Desk, *, now: datetime, since: int | None
) -> Case:
    """Return the case of that id, once it is at the version that somebody knows of.

    Raises:
        Missing: there is no such assignment.
    """
    found = await once_at(
        lambda: assignments.assignment(session, id),
        version_of=lambda it: it.standing.assignment.state_version,
        least=since,
    )
    it, look = found.standing.assignment, desk.viewing(visitor.actor)
    job = await jobs.job(session, it.job_id)
    lines = await money.booked(session, id)
    at = moment_of(it, now=now)
    return Case(
        standing=found.standing,
        visit=look.assignment(found.standing, projected_at=found.projected_at),
        payout=look.payout(found.standing, projected_at=found.projected_at) if it.payout else None,
        job=look.job(job.job) if job else None,
        called=await names(session, _people(it, lines)),
        options=options_of(it, visitor.actor, at=at, policy=desk.policy),
        booked=lines,
        now=now,
        at=at,
        policy=desk.policy,
    )


def _people(it: Assignment, lines: tuple[Booked, ...]) -> set[str | None]:
    """Return the ids of all whose names the page says."""
    known = {it.customer_id, it.provider_id, *(each.decided_by for each in lines)}
    if it.payout is None:
        return known
    known |= {it.payout.submitted_by, it.payout.settled_by, *(each.by for each in it.payout.decisions)}
    known |= {each.by for each in it.payout.refunds} | {each.second for each in it.payout.refunds}
    return known | ({it.payout.dispute.by} if it.payout.dispute else set())
