"""Jobs to begin from, and a small play in which people, the clock and the matching door act on one."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from fulfillment.domain.assignment.state import Assignment, Status
from fulfillment.domain.job.commands import (
    AcceptOffer,
    AcceptQuote,
    CancelJob,
    DeclineOffer,
    JobCommand,
    NoteAssignmentClosed,
    OpenWave,
    PassJobDeadline,
    PostJob,
    SubmitQuote,
)
from fulfillment.domain.job.deadlines import job_deadlines
from fulfillment.domain.job.deciding import decide_job
from fulfillment.domain.job.dispatching import wants_candidates
from fulfillment.domain.job.events import AssignmentMade, JobEvent
from fulfillment.domain.job.evolving import apply_job
from fulfillment.domain.job.posting import post
from fulfillment.domain.job.state import DispatchMode, Job, JobStatus, Offer, Quote
from fulfillment.domain.money import Money
from fulfillment.domain.people import SYSTEM, Actor, Role
from fulfillment.domain.policy import Policy
from fulfillment.domain.window import VisitWindow

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
POLICY = Policy()
CAP = Money(amount=20_000, currency="EUR")
PRICE = Money(amount=12_500, currency="EUR")

ADA = Actor(id="ada", role=Role.CUSTOMER)
EVE = Actor(id="eve", role=Role.CUSTOMER)
OPS = Actor(id="olga", role=Role.OPS)


def provider(id: str) -> Actor:
    return Actor(id=id, role=Role.PROVIDER)


BOB, CYD, DAN, ZED = provider("bob"), provider("cyd"), provider("dan"), provider("zed")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def window(start: datetime, *, hours: int = 2) -> VisitWindow:
    return VisitWindow(start=start, end=start + timedelta(hours=hours))


def posting(mode: DispatchMode, **more: object) -> PostJob:
    command = PostJob(
        actor=ADA,
        job_id="j1",
        title="Mend the gutter",
        site_timezone="Europe/Berlin",
        price_cap=CAP,
        dispatch_mode=mode,
    )
    return replace(command, **more)  # type: ignore[arg-type]  # a test may post anything


def kinds(events: Sequence[JobEvent]) -> list[str]:
    return [type(event).__name__ for event in events]


class Play:
    """One job, the present instant, and who the matching door knows."""

    def __init__(
        self, mode: DispatchMode = DispatchMode.QUOTES, *, pool: Sequence[str] = (), policy: Policy = POLICY
    ) -> None:
        self.at = NOON
        self.policy = policy
        self.pool = tuple(pool)
        self.job: Job = post(posting(mode), at=NOON, policy=policy).job
        self.events: list[JobEvent] = []

    def do(self, command: JobCommand) -> Sequence[JobEvent]:
        """Carry a command out, as the workflow does."""
        events = decide_job(self.job, command, at=self.at, policy=self.policy)
        if events:
            self.job = apply_job(self.job, events, policy=self.policy)
            self.events.extend(events)
        return events

    def stands(self) -> JobStatus:
        return self.job.status

    def settle(self) -> "Play":
        """Let everything happen that is due by now, the matching door's answers included."""
        while True:
            due = [each for each in job_deadlines(self.job, self.policy) if each.due <= self.at]
            search = wants_candidates(self.job, self.policy)
            if search and self.at < self.job.expires_at:
                known = tuple(each for each in self.pool if each not in search.barred)
                self.do(OpenWave(actor=SYSTEM, round=search.round, wave=search.wave, candidates=known))
            elif due:
                self.do(PassJobDeadline(actor=SYSTEM, deadline_id=due[0].id))
            else:
                return self

    def wait(self, span: timedelta) -> "Play":
        """Let time pass, stopping at every deadline on the way as one alarm clock does."""
        until = self.at + span
        self.settle()
        while (coming := job_deadlines(self.job, self.policy)) and coming[0].due <= until:
            self.at = max(self.at, coming[0].due)
            self.settle()
        self.at = until
        return self

    def quote(self, who: Actor, price: Money = PRICE, **more: object) -> Quote:
        command = SubmitQuote(actor=who, quote_id=f"q-{who.id}", price=price, **more)  # type: ignore[arg-type]
        self.do(command)
        return self.quote_of(who)

    def quote_of(self, who: Actor) -> Quote:
        quote = self.job.quote_of(who.id)
        assert quote
        return quote

    def offer_to(self, who: Actor) -> Offer:
        """Return the newest offer that was made to `who`."""
        return [offer for offer in self.job.offers if offer.provider_id == who.id][-1]

    def choose(self, who: Actor) -> Assignment:
        """Let the customer accept the quote of `who`."""
        quote = self.quote_of(who)
        self.do(AcceptQuote(actor=ADA, quote_id=quote.id, version=quote.version))
        return self.made()

    def take(self, who: Actor) -> Assignment:
        """Let `who` accept their newest offer."""
        self.do(AcceptOffer(actor=who, offer_id=self.offer_to(who).id))
        return self.made()

    def refuse(self, who: Actor) -> Sequence[JobEvent]:
        return self.do(DeclineOffer(actor=who, offer_id=self.offer_to(who).id, reason_code="busy"))

    def made(self) -> Assignment:
        return [event for event in self.events if isinstance(event, AssignmentMade)][-1].assignment

    def close(self, outcome: Status, **more: object) -> Sequence[JobEvent]:
        """Let the live assignment report its end."""
        assert self.job.live
        command = NoteAssignmentClosed(
            actor=SYSTEM,
            assignment_id=self.job.live.assignment_id,
            outcome=outcome,
            at=self.at,
            **more,  # type: ignore[arg-type]
        )
        return self.do(command)


def quoting() -> Play:
    """A job that takes quotes, with one of Bob's and one of Cyd's."""
    play = Play(DispatchMode.QUOTES).settle()
    play.quote(BOB)
    play.quote(CYD)
    return play


def offering(*pool: str, mode: DispatchMode = DispatchMode.AUTO) -> Play:
    """A job offered to Bob, Cyd and Dan, or to the `pool`."""
    return Play(mode, pool=pool or ("bob", "cyd", "dan")).settle()


def accepted() -> Play:
    """A job in Bob's hands by his quote, with Cyd's standing by."""
    play = quoting()
    play.choose(BOB)
    return play


def filled() -> Play:
    """A job that Cyd took by an offer, before Bob and Dan answered theirs."""
    play = offering()
    play.take(CYD)
    return play


def called_off() -> Play:
    """A job that its customer cancelled while it was offered."""
    play = offering()
    play.do(CancelJob(actor=ADA, reason="no need"))
    return play


def unfilled() -> Play:
    """A job that found nobody, and lies with operations."""
    play = Play(DispatchMode.AUTO).settle()
    assert play.job.status is JobStatus.UNFILLED
    return play


def requeued() -> Play:
    """A job that Bob gave back a moment ago."""
    play = accepted()
    play.close(Status.REJECTED, reason="sick")
    return play


def ended(status: JobStatus) -> Play:
    """A job at one of its three ends."""
    play = accepted()
    if status is JobStatus.COMPLETED:
        play.close(Status.PAID)
    elif status is JobStatus.CANCELLED:
        play.close(Status.CANCELLED)
    else:
        play = quoting().wait(POLICY.job_expiry)
    assert play.job.status is status
    return play


def standing(status: JobStatus) -> Play:
    """A job in any status."""
    match status:
        case JobStatus.OPEN:
            return Play(DispatchMode.QUOTES)
        case JobStatus.QUOTING:
            return quoting()
        case JobStatus.OFFERING:
            return offering()
        case JobStatus.ACCEPTED:
            return accepted()
        case JobStatus.REQUEUED:
            return requeued()
        case JobStatus.UNFILLED:
            return unfilled()
        case _:
            return ended(status)
