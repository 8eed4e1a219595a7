"""Agreeing on a visit, for both sides alike: the forms to propose and to confirm a time, and what is wrong.

The pages of jobs and of work have routes of their own for it, and draw `parts/visit.html`.
"""

from dataclasses import dataclass, replace

from api.schemas.assignments import ConfirmationSent, ProposalSent
from api.ui.forms import Draft, Fault, Form
from api.ui.moments import Clock
from api.ui.refusals import Refusal, faults_of, newer
from api.ui.visits import Visit
from fulfillment.domain.errors import DstAmbiguous
from fulfillment.domain.policy import Policy

PROPOSE, CONFIRM = "propose", "confirm"
FOLD = "fold"
FIELDS = ("start", "end", "note", FOLD)
NUMBERS = ("expectedVersion", "version", FOLD)
PROPOSED = "Your proposal is sent. You hear from us when it is answered."
CONFIRMED = "The visit is booked."


@dataclass(frozen=True, slots=True, kw_only=True)
class Drafts:
    """The forms of a visit as they were sent and refused; None has not been sent.

    `meanwhile` says that something has changed since the page was drawn.
    """

    propose: Draft | None = None
    confirm: Draft | None = None
    meanwhile: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Forms:
    """The forms of a visit, to be drawn."""

    propose: Draft
    confirm: Draft
    meanwhile: bool

    @property
    def asks_fold(self) -> bool:
        """Whether it has to be said which passing of an hour is meant."""
        return FOLD in self.propose.values


def forms_of(drafts: Drafts, visit: Visit | None, clock: Clock) -> Forms:
    """Return the forms as the page draws them; a proposal begins with the time that is talked about."""
    return Forms(
        propose=drafts.propose or _fresh(visit, clock),
        confirm=drafts.confirm or Draft.fresh(CONFIRM),
        meanwhile=drafts.meanwhile,
    )


def _fresh(visit: Visit | None, clock: Clock) -> Draft:
    known = (visit.proposal or visit.agreed) if visit else None
    if known is None:
        return Draft.fresh(PROPOSE)
    return Draft.fresh(PROPOSE, start=clock.field(known.start), end=clock.field(known.end))


def refused(refusal: Refusal, form: Form, id: str, *, policy: Policy) -> Drafts:
    """Return what the page is drawn with again; the form called `id` was refused.

    Raises:
        ApiError, DomainError: filling it in otherwise would not help.
    """
    faults = faults_of(refusal, fields=FIELDS if id == PROPOSE else (), policy=policy)
    draft = form.draft(id, faults)
    if isinstance(refusal, DstAmbiguous):
        asked = tuple(Fault(name=FOLD, says=fault.says) for fault in faults)
        draft = replace(draft, values={**draft.values, FOLD: ""}, faults=asked)
    changed = newer(refusal) is not None
    if id == PROPOSE:
        return Drafts(propose=draft, meanwhile=changed)
    return Drafts(confirm=draft, meanwhile=changed)


def proposal_sent(form: Form) -> ProposalSent:
    """Return what is proposed: local times, the zone of the clocks they are by, and the version seen.

    Raises:
        InvalidBody: a field is wrong or missing.
    """
    return form.sent(ProposalSent, numbers=NUMBERS)


def confirmation_sent(form: Form) -> ConfirmationSent:
    """Return which proposal is confirmed.

    Raises:
        InvalidBody: no version is named.
    """
    return form.sent(ConfirmationSent, numbers=NUMBERS)
