"""What may be asked of a job: commands, in the imperative. `deciding.decide_job` answers them."""

from dataclasses import dataclass
from datetime import datetime

from fulfillment.domain.assignment.state import Status
from fulfillment.domain.command import Command
from fulfillment.domain.job.state import DispatchMode
from fulfillment.domain.money import Money
from fulfillment.domain.window import VisitWindow


@dataclass(frozen=True, slots=True, kw_only=True)
class PostJob(Command):
    """Begin a job; `posting.post` answers it, for there is no job yet to decide upon."""

    job_id: str
    title: str
    site_timezone: str
    price_cap: Money
    dispatch_mode: DispatchMode
    description: str = ""
    category: str = ""
    site_address: str = ""
    wanted_windows: tuple[VisitWindow, ...] = ()


# The customer.


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptQuote(Command):
    """Take a quote up; `version` is the wording the customer has read."""

    quote_id: str
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelJob(Command):
    reason: str


# Providers.


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitQuote(Command):
    """Name a price; a second quote by the same provider is a new wording of the first and keeps its id."""

    quote_id: str
    price: Money
    window: VisitWindow | None = None
    note: str = ""
    valid_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawQuote(Command):
    quote_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptOffer(Command):
    offer_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclineOffer(Command):
    offer_id: str
    reason_code: str


# Operations.


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtendJob(Command):
    """Give the job more time: by `hours`, or `until` an instant; exactly one of them."""

    reason: str
    hours: int | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WidenDispatch(Command):
    """Search once more; with another mode or larger waves, where given."""

    reason: str
    dispatch_mode: DispatchMode | None = None
    wave_size: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignProvider(Command):
    """Give the job to a provider who has agreed to it by other means."""

    provider_id: str
    amount: Money
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadmitProvider(Command):
    """Let a provider who gave the job back be asked again."""

    provider_id: str
    reason: str


# The clock, the matching door, and the assignment's last word.


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenWave(Command):
    """Hand in the candidates for the wave that waits for them; `round` and `wave` say which that was."""

    round: int
    wave: int
    candidates: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PassJobDeadline(Command):
    """The clock reports that a deadline has come."""

    deadline_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteAssignmentClosed(Command):
    """The assignment reports how it ended, and when (`at`). Reporting it again changes nothing.

    `window` is the one that was agreed, `late` says whether the provider left late, `exclude` whether
    a customer who keeps the job wants another provider.
    """

    assignment_id: str
    outcome: Status
    at: datetime
    reason: str = ""
    keep_job: bool = False
    exclude: bool = False
    late: bool = False
    window: VisitWindow | None = None


JobCommand = (
    AcceptQuote
    | CancelJob
    | SubmitQuote
    | WithdrawQuote
    | AcceptOffer
    | DeclineOffer
    | ExtendJob
    | WidenDispatch
    | AssignProvider
    | ReadmitProvider
    | OpenWave
    | PassJobDeadline
    | NoteAssignmentClosed
)
"""Everything that is asked of a job that exists; `PostJob` is what makes one."""
