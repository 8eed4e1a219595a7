"""Why something was refused, as a person reads it: a sentence for each reason, at the field it is about.

Routes of pages hand what the rules or the API have refused to `faults_of`, and draw their form again.
"""

import re
from collections.abc import Callable, Collection, Mapping

from api.errors import ApiError, OutcomeUnknown, TooManyRequests, Unavailable
from api.problems import snapshot_of, told_by
from api.schemas.assignments import AssignmentShown
from api.ui.forms import Fault
from api.ui.moments import duration
from fulfillment.domain import errors
from fulfillment.domain.errors import DomainError
from fulfillment.domain.policy import Policy

Refusal = DomainError | ApiError
REFUSED = (DomainError, ApiError)
"""For `except REFUSED as refusal`."""

NAMED = re.compile(r"(?P<field>[a-zA-Z]+): ")
"""How the rules name the field that is wrong, at the beginning of what they say."""

SENTENCES: Mapping[type[DomainError], str] = {
    errors.DstGap: "The clocks jump over this time on that day. Please choose an earlier or a later one.",
    errors.DstAmbiguous: "The clocks show this time twice on that day. Please say which one you mean.",
    errors.AmountExceedsAuthorised: "This is more than was agreed, or than the card was asked for.",
    errors.ReasonRequired: "Please give a reason.",
    errors.IdempotencyMismatch: "This form was sent before with something else in it. Please try again.",
    errors.RoleForbidden: "This is not yours to do.",
    errors.CannotConfirmOwnProposal: "You have proposed this time yourself; the other side confirms it.",
    errors.VersionMismatch: "Something has changed meanwhile. Please look at how things are now.",
    errors.ProposalSuperseded: "Another time was proposed meanwhile. Please look at that one.",
    errors.ProposalNotOpen: "This proposal is not open any more.",
    errors.ProposalExpired: "This proposal has run out. Please propose a time.",
    errors.TooManyProposals: "There have been so many proposals that our team takes it from here.",
    errors.ProviderBusy: "The provider has another visit at that time. Please choose a different time.",
    errors.WrongState: "This is not possible as things are now.",
    errors.UseIncident: "The visit has begun. Please report what happened instead.",
    errors.CutoffPassed: "It is too late for this: the visit is too close, or has begun.",
    errors.AssignmentClosed: "This has ended, and nothing more can happen to it.",
    errors.NoLiveAssignment: "No provider has this job at present, so there is nobody to agree with.",
    errors.JobClosed: "This job has ended, and nothing more can happen to it.",
    errors.QuoteNotOpen: "This quote is not open any more, or has changed. Please look again.",
    errors.OfferExpired: "This offer has run out.",
    errors.OfferFilled: "Somebody else was quicker, or the job was withdrawn.",
    errors.ProviderExcluded: "You gave this job back, so it is not open to you any more.",
    errors.AlreadyDecided: "Somebody has decided on this before you.",
}
"""What there is to say of a reason that needs nothing else; the others have words of their own below."""


def faults_of(refusal: Refusal, *, fields: Collection[str], policy: Policy) -> tuple[Fault, ...]:
    """Return what is wrong, each at one of the `fields` of the form if it is about one.

    Raises:
        ApiError, DomainError: the refusal itself, when filling the form in otherwise would not help.
    """
    if isinstance(refusal, ApiError):
        return _of_api(refusal, fields)
    if isinstance(refusal, errors.NotFound):
        raise refusal
    said = str(refusal)
    named = NAMED.match(said)
    name = named["field"] if named and named["field"] in fields else ""
    return (Fault(name=name or _usual_field(refusal, fields), says=_sentence(refusal, said, policy)),)


def status_of(refusal: Refusal) -> int:
    """Return the status of the page that shows the form again."""
    return told_by(refusal).status


def newer(refusal: Refusal) -> int | None:
    """Return the version at which the assignment is now, if that is why it was refused."""
    snapshot = snapshot_of(refusal)
    return snapshot.state_version if isinstance(snapshot, AssignmentShown) else None


def _of_api(refusal: ApiError, fields: Collection[str]) -> tuple[Fault, ...]:
    if refusal.errors:
        return tuple(
            Fault(name=each.field if each.field in fields else "", says=each.message)
            for each in refusal.errors
        )
    match refusal:
        case OutcomeUnknown():
            says = "No answer came in time, so it may have happened. See how it stands before you try again."
        case Unavailable():
            says = "A server of ours cannot be reached. Nothing has happened; please try again shortly."
        case TooManyRequests():
            says = "That was a little too often. Please send it again in a moment."
        case _:
            raise refusal
    return (Fault(name="", says=says),)


def _sentence(refusal: DomainError, said: str, policy: Policy) -> str:
    kind = type(refusal)
    worded = WORDED.get(kind)
    if worded:
        return worded(said, policy)
    return SENTENCES.get(kind, said)


def _window(_: str, policy: Policy) -> str:
    return (
        f"A visit lasts from {duration(policy.shortest_window)} to {duration(policy.longest_window)}, "
        f"ends after it begins, and is planned at least {duration(policy.min_notice)} and at most "
        f"{duration(policy.max_ahead)} ahead."
    )


def _value(said: str, _: Policy) -> str:
    """Return what a rule says, without the name of the field in front."""
    rest = NAMED.sub("", said, count=1)
    return f"{rest[:1].upper()}{rest[1:]}."


WORDED: Mapping[type[DomainError], Callable[[str, Policy], str]] = {
    errors.WindowInvalid: _window,
    errors.ValueInvalid: _value,
    # Whether it is a part in it or a first mark that stands in the way, the rule says.
    errors.SelfApproval: _value,
}


def _usual_field(refusal: DomainError, fields: Collection[str]) -> str:
    """Return the field that a refusal is about though it does not say so."""
    about = {
        errors.DstGap: "start",
        errors.DstAmbiguous: "start",
        errors.ProviderBusy: "start",
        errors.WindowInvalid: "start",
        errors.ReasonRequired: "reason",
    }.get(type(refusal), "")
    return about if about in fields else ""
