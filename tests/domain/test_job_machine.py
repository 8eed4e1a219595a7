"""A job under random commands, at random times, with a clock and a matching door that may lag behind."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from fulfillment.domain.assignment.state import CLOSED, Assignment, Status
from fulfillment.domain.errors import DomainError
from fulfillment.domain.job.commands import (
    AcceptOffer,
    AcceptQuote,
    AssignProvider,
    CancelJob,
    DeclineOffer,
    ExtendJob,
    JobCommand,
    NoteAssignmentClosed,
    OpenWave,
    PassJobDeadline,
    ReadmitProvider,
    SubmitQuote,
    WidenDispatch,
    WithdrawQuote,
)
from fulfillment.domain.job.deadlines import job_deadlines
from fulfillment.domain.job.deciding import decide_job
from fulfillment.domain.job.dispatching import wants_candidates
from fulfillment.domain.job.events import (
    AssignmentMade,
    JobEvent,
    JobRequeued,
    JobUnfilled,
    ProviderLost,
    WaveOpened,
)
from fulfillment.domain.job.evolving import apply_job
from fulfillment.domain.job.posting import post
from fulfillment.domain.job.state import ENDED, DispatchMode, Job, JobStatus, OfferStatus, QuoteStatus
from fulfillment.domain.money import Money
from fulfillment.domain.people import SYSTEM
from fulfillment.domain.window import VisitWindow
from tests.domain.jobs import ADA, NOON, OPS, POLICY, posting, provider, window

PEOPLE = ("ann", "ben", "cem", "dov", "eli")
BUSY = replace(POLICY, max_requeues=1, max_waves=2, wave_size=2)

people = st.sampled_from(PEOPLE)
spans = st.sampled_from([1, 10, 30, 60, 60, 125, 125, 24 * 60, 2 * 24 * 60])
windows = st.none() | st.integers(-2, 60).map(lambda hours: window(NOON + timedelta(hours=hours)))
outcomes = st.sampled_from([Status.REJECTED, Status.REJECTED, Status.REJECTED, *sorted(CLOSED)])
seldom = st.sampled_from([False] * 9 + [True])


class JobMachine(RuleBasedStateMachine):
    """Commands, deadlines and news in any order; what holds afterwards is said by the invariants."""

    @initialize(mode=st.sampled_from(DispatchMode), delay=st.sampled_from([0, 45]))
    def begin(self, mode: DispatchMode, delay: int) -> None:
        self.at = NOON
        self.policy = replace(BUSY, requeue_delay=timedelta(minutes=delay))
        self.job: Job = post(posting(mode), at=NOON, policy=self.policy).job
        self.steps = 0
        self.made: list[Assignment] = []
        self.rejected: list[str] = []
        self.unfilled: list[str] = []
        self.outcomes: dict[str, Status] = {}
        self.the_clock_catches_up()

    @property
    def stands(self) -> JobStatus:
        return self.job.status

    def ask(self, command: JobCommand) -> None:
        """Carry a command out; a refusal has to be one of those with a name."""
        before = self.job
        try:
            events = decide_job(before, command, at=self.at, policy=self.policy)
        except DomainError:
            return
        if not events:
            return
        self.job = apply_job(before, events, policy=self.policy)
        self.steps += 1
        self.watch(before, events)

    def watch(self, before: Job, events: Sequence[JobEvent]) -> None:
        for event in events:
            match event:
                case WaveOpened(offers=offers):
                    asked = {offer.provider_id for offer in offers}
                    assert not asked & {*before.excluded, before.customer_id}
                case AssignmentMade(assignment=assignment):
                    assert before.live is None
                    assert assignment.provider_id not in before.excluded
                    self.made.append(assignment)
                case ProviderLost(rejected=True, assignment_id=lost):
                    self.rejected.append(lost)
                    rows = [each for each in events if isinstance(each, JobRequeued)]
                    handed = [each for each in events if isinstance(each, JobUnfilled)]
                    assert len(rows) + len(handed) == 1
                    self.unfilled.extend(lost for _ in handed)
                case _:
                    pass

    # Time, the clock and the matching door.

    @rule(minutes=spans, known=st.lists(people, max_size=4), lagging=seldom)
    def time_passes(self, minutes: int, known: list[str], *, lagging: bool) -> None:
        self.at += timedelta(minutes=minutes)
        if lagging:
            return
        self.the_clock_catches_up()
        self.the_matching_door_answers([*known, *known], stray=False)

    @rule()
    def the_clock_catches_up(self) -> None:
        while due := [each for each in job_deadlines(self.job, self.policy) if each.due <= self.at]:
            self.ask(PassJobDeadline(actor=SYSTEM, deadline_id=due[0].id))

    @rule(place=st.integers(0, 5))
    def the_clock_rings_too_early(self, place: int) -> None:
        coming = job_deadlines(self.job, self.policy)
        if coming:
            self.ask(PassJobDeadline(actor=SYSTEM, deadline_id=coming[place % len(coming)].id))

    @precondition(lambda self: self.job.seeking or self.stands in {JobStatus.OFFERING, JobStatus.ACCEPTED})
    @rule(known=st.lists(st.sampled_from([*PEOPLE, "ada"]), max_size=6), stray=seldom)
    def the_matching_door_answers(self, known: list[str], *, stray: bool) -> None:
        """Answer with anybody, the barred and the repeated among them; at times for another wave."""
        search = wants_candidates(self.job, self.policy)
        round, wave = (search.round, search.wave) if search else (self.job.round, self.job.wave)
        self.ask(OpenWave(actor=SYSTEM, round=round, wave=wave + stray, candidates=tuple(known)))

    # People.

    @precondition(lambda self: self.stands not in {JobStatus.ACCEPTED, *ENDED})
    @rule(who=people, price=st.integers(1, 21_000), window=windows, valid=st.none() | st.integers(1, 100))
    def somebody_quotes(self, who: str, price: int, window: VisitWindow | None, valid: int | None) -> None:
        command = SubmitQuote(
            actor=provider(who),
            quote_id=f"q-{who}",
            price=Money(amount=price, currency="EUR"),
            window=window,
            valid_until=None if valid is None else self.at + timedelta(hours=valid),
        )
        self.ask(command)
        self.ask(replace(command, window=None))

    @precondition(lambda self: self.job.usable_quotes)
    @rule(who=people)
    def somebody_withdraws(self, who: str) -> None:
        self.ask(WithdrawQuote(actor=provider(who), quote_id=f"q-{who}"))

    @precondition(lambda self: self.job.usable_quotes)
    @rule(place=st.integers(0, 4), stale=seldom)
    def the_customer_chooses(self, place: int, *, stale: bool) -> None:
        if self.job.quotes:
            quote = self.job.quotes[place % len(self.job.quotes)]
            self.ask(AcceptQuote(actor=ADA, quote_id=quote.id, version=quote.version - stale))

    @precondition(lambda self: self.job.offers)
    @rule(place=st.integers(0, 9), old=seldom, yes=st.booleans())
    def somebody_answers_an_offer(self, place: int, *, old: bool, yes: bool) -> None:
        offers = self.job.offers if old else self.job.open_offers
        if not offers:
            return
        offer = offers[place % len(offers)]
        who = provider(offer.provider_id)
        answer = AcceptOffer(actor=who, offer_id=offer.id)
        self.ask(answer if yes else DeclineOffer(actor=who, offer_id=offer.id, reason_code="busy"))

    @rule(who=people, window=windows)
    def somebody_is_found(self, who: str, window: VisitWindow | None) -> None:
        """Let a job find its provider as it can: by an open offer, by a quote, or by operations."""
        self.the_matching_door_answers([who], stray=False)
        self.somebody_answers_an_offer(0, old=False, yes=True)
        if self.job.live:
            return
        self.somebody_quotes(who, 9_000, window, None)
        self.the_customer_chooses(0, stale=False)
        amount = Money(amount=9_000, currency="EUR")
        self.ask(AssignProvider(actor=OPS, reason="by phone", provider_id=who, amount=amount))

    @precondition(lambda self: self.made)
    @rule(outcome=outcomes, keep=st.booleans(), exclude=st.booleans(), late=st.booleans(), window=windows)
    def an_assignment_ends(
        self, outcome: Status, *, keep: bool, exclude: bool, late: bool, window: VisitWindow | None
    ) -> None:
        """Report the end of the newest assignments, of which only one can still be live."""
        for made in self.made[-2:]:
            news = NoteAssignmentClosed(
                actor=SYSTEM,
                assignment_id=made.id,
                outcome=self.outcomes.setdefault(made.id, outcome),
                at=self.at,
                keep_job=keep,
                exclude=exclude,
                late=late,
                window=window,
            )
            live, steps = self.job.live, self.steps
            self.ask(news)
            assert self.steps == steps or (live and live.assignment_id == made.id)

    @precondition(lambda self: self.made)
    @rule(really=seldom)
    def the_customer_cancels(self, *, really: bool) -> None:
        if really:
            self.ask(CancelJob(actor=ADA, reason="no need"))

    @precondition(lambda self: self.stands in {JobStatus.UNFILLED, JobStatus.REQUEUED})
    @rule(who=people, hours=st.integers(1, 100), wide=st.sampled_from([None, *DispatchMode]))
    def operations_help(self, who: str, hours: int, wide: DispatchMode | None) -> None:
        amount = Money(amount=9_000, currency="EUR")
        commands: list[JobCommand] = [
            ExtendJob(actor=OPS, reason="more time", hours=hours),
            ReadmitProvider(actor=OPS, reason="they called", provider_id=who),
            WidenDispatch(actor=OPS, reason="again", dispatch_mode=wide),
            AssignProvider(actor=OPS, reason="by phone", provider_id=who, amount=amount),
        ]
        self.ask(commands[hours % len(commands)])

    # What holds.

    @invariant()
    def there_is_at_most_one_live_assignment(self) -> None:
        ids = [assignment.id for assignment in self.made]
        live = (self.job.live.assignment_id,) if self.job.live else ()
        assert len(set(ids)) == len(ids)
        assert [*self.job.closed, *live] == ids
        assert (self.job.status is JobStatus.ACCEPTED) == bool(live)

    @invariant()
    def each_rejection_left_one_row_or_an_unfilled_job(self) -> None:
        counted = [row.from_assignment for row in self.job.requeues if row.counted]
        assert sorted(counted + self.unfilled) == sorted(self.rejected)
        assert [row.no for row in self.job.requeues] == list(range(1, len(self.job.requeues) + 1))
        assert self.job.requeue_count == len(counted) <= self.policy.max_requeues

    @invariant()
    def every_step_counts_once(self) -> None:
        assert self.job.state_version == self.steps

    @invariant()
    def an_end_is_an_end(self) -> None:
        if not self.job.is_ended:
            return
        assert job_deadlines(self.job, self.policy) == ()
        assert wants_candidates(self.job, self.policy) is None
        assert not self.job.open_offers
        assert not self.job.usable_quotes

    @invariant()
    def each_provider_has_one_offer_a_round_and_one_quote(self) -> None:
        offers = [(offer.round, offer.provider_id) for offer in self.job.offers]
        assert len(set(offers)) == len(offers) == len({offer.id for offer in self.job.offers})
        assert len({quote.provider_id for quote in self.job.quotes}) == len(self.job.quotes)

    @invariant()
    def nothing_stands_open_where_it_does_not_belong(self) -> None:
        offering = self.job.status is JobStatus.OFFERING
        assert offering or not self.job.open_offers
        assert not offering or bool(self.job.open_offers) != self.job.seeking
        quotes = {quote.status for quote in self.job.quotes}
        assert self.job.status is JobStatus.ACCEPTED or QuoteStatus.STANDBY not in quotes
        assert self.job.status is not JobStatus.ACCEPTED or QuoteStatus.OPEN not in quotes
        accepted = [offer for offer in self.job.offers if offer.status is OfferStatus.ACCEPTED]
        assert len(accepted) <= len(self.made)

    @invariant()
    def a_job_is_never_forgotten(self) -> None:
        stages = {"begin", "requeue_delay", "wave_ttl", "quote_deadline", "ops_sla", "job_expiry"}
        coming = {each.kind.value for each in job_deadlines(self.job, self.policy)}
        assert self.job.is_ended or self.job.live or coming & stages


TestJobMachine = JobMachine.TestCase
TestJobMachine.settings = settings(max_examples=250, stateful_step_count=50, deadline=None, database=None)
