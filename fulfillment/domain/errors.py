"""The reasons a request can be refused. Each is expected, named, and safe to show to the caller.

DomainError
├── Invalid                      the request could never be right, whatever the state
│   ├── ValueInvalid             a text, number or date is out of bounds
│   ├── WindowInvalid            the visit window breaks a rule of length, notice or order
│   ├── DstGap                   the local time does not exist on that day
│   ├── DstAmbiguous             the local time happens twice on that day
│   ├── AmountExceedsAuthorised  more money than was agreed or authorised
│   ├── ReasonRequired           this step needs a reason or a reference in writing
│   └── IdempotencyMismatch      the same key came with another request
├── Forbidden                    this actor may not do that
│   ├── RoleForbidden            the role has no such right
│   ├── CannotConfirmOwnProposal the other side confirms a proposal
│   └── SelfApproval             nobody approves a payout they are part of, or marks it twice
├── NotFound                     there is no such thing for this actor
│   └── NotAParty                a stranger; answered exactly like a missing id
└── Conflict                     right in itself, but too late or out of step
    ├── VersionMismatch          the schedule has moved on since the caller last read it
    ├── ProposalSuperseded       a newer proposal took this one's place
    ├── ProposalNotOpen          it was declined, withdrawn or never made
    ├── ProposalExpired          its time ran out
    ├── TooManyProposals         only operations may propose now
    ├── ProviderBusy             the provider has another visit at that time
    ├── WrongState               the step does not follow from the current status
    ├── UseIncident              the visit has begun; report what happened instead
    ├── CutoffPassed             too close to the visit, or past it
    ├── AssignmentClosed         nothing more can happen to this assignment
    ├── NoLiveAssignment         the job has no provider at present
    ├── JobClosed                nothing more can happen to this job
    ├── QuoteNotOpen             it was withdrawn, declined, expired or is already accepted
    ├── OfferExpired             its time ran out
    ├── OfferFilled              somebody else was quicker
    ├── ProviderExcluded         this provider gave the job back, and is not asked again
    └── AlreadyDecided           somebody ruled on this payout first
"""


class DomainError(Exception):
    """Base of every refusal; its class name, in capitals, is the error code that clients see."""


class Invalid(DomainError):
    """The request could never be right."""


class ValueInvalid(Invalid):
    """A text, number or date is out of bounds; the message names the field."""


class WindowInvalid(Invalid):
    """The visit window is empty, backwards, too long, too soon, too far, or lacks a zone."""


class DstGap(Invalid):
    """The clocks jump over this local time."""


class DstAmbiguous(Invalid):
    """The clocks pass this local time twice; `fold` says which one is meant."""


class AmountExceedsAuthorised(Invalid):
    """More than the agreed price, or than the card was authorised for."""


class ReasonRequired(Invalid):
    """This step is only taken with a reason in writing."""


class IdempotencyMismatch(Invalid):
    """An Idempotency-Key stands for one request; this is another."""


class Forbidden(DomainError):
    """This actor may not do that."""


class RoleForbidden(Forbidden):
    """The actor's role has no such right."""


class CannotConfirmOwnProposal(Forbidden):
    """The party that proposed a window tried to confirm it."""


class SelfApproval(Forbidden):
    """A party, the submitter, or the admin of the first mark tried to approve a payout."""


class NotFound(DomainError):
    """There is no such thing, as far as this actor may know."""


class NotAParty(NotFound):
    """The actor has no part in this; the answer is that of a missing id."""


class Conflict(DomainError):
    """The request is sound but no longer fits what it is about."""


class VersionMismatch(Conflict):
    """The schedule has moved on since the caller last read it."""


class ProposalSuperseded(Conflict):
    """A newer proposal took the place of the one quoted."""


class ProposalNotOpen(Conflict):
    """The quoted proposal was declined or withdrawn, or there never was one."""


class ProposalExpired(Conflict):
    """The quoted proposal's time ran out."""


class TooManyProposals(Conflict):
    """The two sides have proposed so often that operations must step in."""


class ProviderBusy(Conflict):
    """The provider has another agreed visit that overlaps."""


class WrongState(Conflict):
    """The status does not allow this step."""


class UseIncident(Conflict):
    """The visit has begun; it can no longer be rejected."""


class CutoffPassed(Conflict):
    """It is too close to the visit, or past its start."""


class AssignmentClosed(Conflict):
    """The assignment has ended; nothing more can happen to it."""


class NoLiveAssignment(Conflict):
    """The job is in no provider's hands at present."""


class JobClosed(Conflict):
    """The job has ended; nothing more can happen to it."""


class QuoteNotOpen(Conflict):
    """The quote can no longer be taken up, or a newer version of it stands."""


class OfferExpired(Conflict):
    """The offer's time ran out."""


class OfferFilled(Conflict):
    """The job went to somebody else, or was withdrawn, before the answer came."""


class ProviderExcluded(Conflict):
    """The provider gave this job back earlier; operations can readmit them."""


class AlreadyDecided(Conflict):
    """Another ruling on this attempt stands."""
