"""How a job looks for its provider, in words for its customer: what is under way, until when, what then."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from api.ui.bids import QuoteLine
from api.ui.people import UNNAMED
from api.ui.words import Turn
from fulfillment.domain.errors import DomainError
from fulfillment.domain.job.commands import CancelJob
from fulfillment.domain.job.deadlines import JobDeadlineKind, job_deadlines
from fulfillment.domain.job.deciding import decide_job
from fulfillment.domain.job.state import Job, JobStatus, Offer
from fulfillment.domain.people import Actor, Party, Role
from fulfillment.domain.policy import Policy
from fulfillment.notifications.sentences.codes import reason_in_words

ENDS: Mapping[JobStatus, str] = {
    JobStatus.COMPLETED: "This job is completed.",
    JobStatus.CANCELLED: "This job is cancelled. Nobody is asked any more, and nothing is charged for it.",
    JobStatus.EXPIRED: "The time of this job has run out, and nobody has taken it. You can post it again.",
}
CHOOSE = Turn(who="you", what="choose one of the quotes", is_yours=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Came:
    """How the job came back from the last provider: `says` it, at the moment `at`."""

    says: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What happens next, unless somebody does something, is `then`, at `due`.

    `asked` are the offers that are open, `until` is when the last of them runs out.
    """

    says: str
    quotes: tuple[QuoteLine, ...]
    asked: tuple[Offer, ...]
    until: datetime | None
    due: datetime | None
    then: str
    came: Came | None
    ends: datetime
    is_over: bool
    may_cancel: bool

    @property
    def turn(self) -> Turn | None:
        """Whose turn it is: the customer's once there is something to choose."""
        return CHOOSE if any(each.may_accept for each in self.quotes) else None


def search_of(
    job: Job,
    quotes: tuple[QuoteLine, ...],
    *,
    actor: Actor,
    names: Mapping[str, str],
    at: datetime,
    policy: Policy,
) -> Search:
    """Return how the search for a provider stands."""
    coming = [each for each in job_deadlines(job, policy) if each.kind in THEN]
    first = coming[0] if coming else None
    can_choose = any(each.may_accept for each in quotes)
    return Search(
        says=ENDS[job.status] if job.is_ended else _says(job, quotes),
        quotes=quotes,
        asked=job.open_offers,
        until=max((each.expires_at for each in job.open_offers), default=None),
        due=first.due if first else None,
        then=THEN[first.kind][can_choose] if first else "",
        came=_came(job, names),
        ends=job.expires_at,
        is_over=job.is_ended,
        may_cancel=_may_cancel(job, actor, at=at, policy=policy),
    )


THEN: Mapping[JobDeadlineKind, tuple[str, str]] = {
    JobDeadlineKind.WAVE_TTL: (
        "If none of them takes it, we ask others; and if there are none left, our team looks for somebody.",
        "If none of them takes it, we ask others. You can accept a quote at any time.",
    ),
    JobDeadlineKind.QUOTE_DEADLINE: (
        "If there is no quote by then, our team looks for somebody.",
        "If you have chosen none by then, we ask you again. The quotes stay open as long as they are valid.",
    ),
    JobDeadlineKind.OPS_SLA: (
        "If our team has found nobody by then, it is looked at again, and you hear from us.",
        "Our team helps to find somebody. You can accept a quote at any time.",
    ),
    JobDeadlineKind.JOB_EXPIRY: (
        "If nobody has taken it by then, the job ends by itself.",
        "If you have chosen none by then, the job ends by itself.",
    ),
}
"""What follows if nothing happens until then: without a quote to choose, and with one."""


def _says(job: Job, quotes: tuple[QuoteLine, ...]) -> str:
    takes, sends = job.dispatch_mode.takes_quotes, job.dispatch_mode.sends_offers
    if job.status is JobStatus.UNFILLED:
        return "Nobody was found so far. Our team is on it and looks for somebody."
    if any(each.may_accept for each in quotes):
        return "Compare the quotes below and take the one that suits you."
    if job.open_offers:
        more = " Others may send you quotes meanwhile." if takes else ""
        return "We are asking providers who fit. The first who says yes gets the job." + more
    if takes and not sends:
        return "Providers are reading your job and send you their quotes."
    return "We are looking for providers who fit."


def _came(job: Job, names: Mapping[str, str]) -> Came | None:
    if not job.requeues or job.status is JobStatus.ACCEPTED:
        return None
    last = job.requeues[-1]
    who = names.get(last.provider_id, UNNAMED[Party.PROVIDER])
    if not last.counted:
        return Came(says=f"The visit with {who} was cancelled, and the job is kept.", at=last.at)
    why = reason_in_words(last.reason, to=Role.CUSTOMER)
    who = names.get(last.provider_id, "The provider")
    return Came(says=f"{who} gave the job back ({why}).", at=last.at)


def _may_cancel(job: Job, actor: Actor, *, at: datetime, policy: Policy) -> bool:
    try:
        return bool(decide_job(job, CancelJob(actor=actor, reason="."), at=at, policy=policy))
    except DomainError:
        return False
