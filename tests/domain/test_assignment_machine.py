"""Assignments under random commands by everybody, at random times: what `promises` says stays true."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from fulfillment.domain.assignment.commands import (
    AnswerIncident,
    ApprovePayout,
    AssignmentCommand,
    CancelAssignment,
    CheckIn,
    CompleteAssignment,
    ConfirmWindow,
    DeclineWindow,
    DenyPayout,
    ExtendDeadline,
    HoldAssignment,
    PassDeadline,
    ProposeWindow,
    RecordSettlement,
    RejectAssignment,
    ReportNoShow,
    ResolveIncident,
    ResubmitPayout,
    ResumeAssignment,
    SkipDeadline,
    WithdrawWindow,
)
from fulfillment.domain.assignment.deadlines import deadlines
from fulfillment.domain.assignment.incident import IncidentVerdict
from fulfillment.domain.assignment.payout import PayoutStatus
from fulfillment.domain.assignment.state import Assignment, RejectReason, Status
from fulfillment.domain.command import Source
from fulfillment.domain.money import Money
from fulfillment.domain.people import SYSTEM, Actor, Party
from fulfillment.domain.window import VisitWindow
from tests.domain import promises
from tests.domain.market import Life, Market, replayed
from tests.domain.people import (
    ADA,
    BOB,
    DAY,
    EVE,
    HOUR,
    MALLORY,
    MINUTE,
    NOON,
    OLGA,
    OLGA_FOR_ADA,
    OLGA_FOR_BOB,
    POLICY,
    RITA,
    ROOT,
    assignment,
    euros,
)

SLOT = 6 * HOUR
TALKING = frozenset({Status.AWAITING_SCHEDULE, Status.SCHEDULED})
VISITING = frozenset({Status.SCHEDULED, Status.IN_PROGRESS})
PAYING = frozenset({Status.PAYOUT_PENDING})
OPEN = TALKING | VISITING | PAYING
ANYBODY = (ADA, BOB, EVE, MALLORY, OLGA, OLGA_FOR_ADA, OLGA_FOR_BOB, ROOT, RITA, SYSTEM)

lives = st.integers(0, 11)
"""Which assignment, among those that a command may suit; the last number stands for any at all."""
ANY = 11
somebody = st.sampled_from([*[None] * 20, *ANYBODY])
"""None stands for whoever it is up to: with nobody but strangers a run would not get far."""
off = st.sampled_from([*[0] * 9, -1, 1, -2])
"""By how much a caller's version or attempt is out of date."""
spans = st.sampled_from([MINUTE, MINUTE, HOUR, HOUR, SLOT, SLOT, 11 * HOUR, DAY, 3 * DAY, 8 * DAY])
talks = st.lists(st.sampled_from(["propose", "decline", "withdraw", "confirm", "check in"]), max_size=4)
slots = st.integers(0, 9)
lengths = st.sampled_from([2 * HOUR, SLOT, 8 * HOUR, 14 * MINUTE])
amounts = st.sampled_from([*[None] * 6, 0, 9_000, 49_999, 50_000, 80_000, 80_001])
doors = st.sampled_from([*[Source.API] * 4, Source.PAGE, Source.SIGNAL, Source.UPDATE])
workers = st.sampled_from(["punctual", "punctual", "late", "away"])
autos = st.sampled_from([False, False, True])
caps = st.sampled_from([20, 20, 5])
heads = st.sampled_from([0, 1, 1, 2, 4, 5, 6])
"""How many of the usual steps an assignment has behind it when the run begins."""
ways_to_meddle = st.sampled_from(["skip", "move", "ring"])
ways_out = st.sampled_from([None, None, None, "reject", "reject", "cancel", "keep"])
suspicions = st.sampled_from([None, 20 * MINUTE, 20 * MINUTE, 3 * DAY])
fees = st.sampled_from([None, 4_000, 10_000_000])
accusations = st.sampled_from([None, None, Party.CUSTOMER, Party.PROVIDER])
verdicts = st.sampled_from([*IncidentVerdict])


class AssignmentMachine(RuleBasedStateMachine):
    """Ada has two jobs with Bob, one of them dear; Eve has one with Mallory."""

    @initialize(auto=autos, cap=caps, suspicion=suspicions, fee=fees, heads=st.tuples(heads, heads, heads))
    def begin(
        self,
        *,
        auto: bool,
        cap: int,
        suspicion: timedelta | None,
        fee: int | None,
        heads: tuple[int, int, int],
    ) -> None:
        self.market = Market(
            assignment(),
            assignment(id="a2", job_id="j2", price=euros(800)),
            assignment(id="a3", job_id="j3", customer_id=EVE.id, provider_id=MALLORY.id),
            policy=replace(
                POLICY,
                sla_auto_action=auto,
                max_proposals=cap,
                no_show_suspected_after=suspicion,
                no_show_auto=auto,
                call_out_fee=fee,
            ),
        )
        for step in range(max(heads)):
            for n, head in enumerate(heads):
                if step < head:
                    self.go_on(which=self.market.lives[n], slot=4 + 2 * n, steps=1)

    @rule(dear=st.booleans())
    def take_on(self, *, dear: bool) -> None:
        """Give Bob another job as soon as one of the three is over."""
        if sum(not life.it.is_closed for life in self.market.lives) < 3:
            now, n = self.market.now, len(self.market.lives) + 1
            born = assignment(id=f"a{n}", job_id=f"j{n}", price=euros(800 if dear else 120))
            self.market.take_on(replace(born, created_at=now, status_entered_at=now, turn_since=now))

    # The schedule.

    @rule(which=lives, who=somebody, off=off, slot=slots, lasting=lengths)
    def propose(
        self, *, which: int | Life, who: Actor | None, off: int, slot: int, lasting: timedelta
    ) -> None:
        life = self.pick(which, TALKING)
        start = NOON + SLOT * ((self.market.now - NOON) // SLOT + slot)
        command = ProposeWindow(
            actor=who or (provider_of, customer_of)[slot % 2](life.it),
            window=VisitWindow(start=start, end=start + lasting),
            expected_version=life.it.schedule_version + off,
        )
        self.market.ask(life, command)

    @rule(which=lives, who=somebody, off=off, force=st.booleans())
    def confirm(self, *, which: int | Life, who: Actor | None, off: int, force: bool) -> None:
        life = self.pick(which, TALKING)
        who = who or awaited(life.it)
        version = life.it.schedule_version + off
        command = ConfirmWindow(actor=who, version=version, force=force and who.is_staff, reason="phone")

        if self.market.ask(life, command):
            assert not self.market.ask(life, command), "said again, it changes nothing"

    @rule(which=lives, who=somebody, off=off, take_back=st.booleans())
    def turn_down(self, *, which: int | Life, who: Actor | None, off: int, take_back: bool) -> None:
        life = self.pick(which, TALKING)
        version = life.it.schedule_version + off
        answerer = awaited(life.it)
        if take_back:
            proposer = customer_of(life.it) if answerer == provider_of(life.it) else provider_of(life.it)
            self.market.ask(life, WithdrawWindow(actor=who or proposer, version=version))
        else:
            self.market.ask(life, DeclineWindow(actor=who or answerer, version=version))

    @rule(which=lives, words=talks, slot=slots)
    def haggle(self, *, which: int | Life, words: list[str], slot: int) -> None:
        """Say several things in a row, as people do who cannot find a time."""
        life = self.pick(which, TALKING)
        for n, word in enumerate(["propose", *words]):
            if word == "propose":
                self.propose(which=life, who=None, off=0, slot=slot + n, lasting=2 * HOUR)
            elif word == "confirm":
                self.confirm(which=life, who=None, off=0, force=False)
            elif word == "check in":
                self.check_in(which=life, who=None)
            else:
                self.turn_down(which=life, who=None, off=0, take_back=word == "withdraw")

    # The visit.

    @rule(which=lives, who=somebody, way=ways_out, why=st.sampled_from([*RejectReason, "bored"]))
    def leave(self, *, which: int | Life, who: Actor | None, way: str | None, why: str) -> None:
        life = self.pick(which, OPEN)
        if way == "reject":
            self.market.ask(life, RejectAssignment(actor=who or provider_of(life.it), reason_code=why))
        elif way:
            keep, who = way == "keep", who or (customer_of(life.it) if life.it.status in TALKING else OLGA)
            self.market.ask(life, CancelAssignment(actor=who, reason="sold", keep_job=keep))

    @rule(which=lives, who=somebody)
    def check_in(self, *, which: int | Life, who: Actor | None) -> None:
        life = self.pick(which, VISITING)
        self.market.ask(life, CheckIn(actor=who or provider_of(life.it)))

    @rule(which=lives, who=somebody, amount=amounts)
    def complete(self, *, which: int | Life, who: Actor | None, amount: int | None) -> None:
        life = self.pick(which, VISITING)
        money = None if amount is None else Money(amount=amount, currency="EUR")
        self.market.ask(life, CompleteAssignment(actor=who or provider_of(life.it), final_amount=money))

    # What goes wrong on a visit.

    @rule(which=lives, who=somebody, accused=accusations, patient=st.booleans())
    def report(self, *, which: int | Life, who: Actor | None, accused: Party | None, patient: bool) -> None:
        """Report a no-show, mostly by somebody who has waited for long enough."""
        life = self.pick(which, VISITING)
        agreed = life.it.agreed
        if patient and agreed:
            reportable = agreed.window.start + self.market.policy.no_show_grace
            self.market.pass_time(max(reportable - self.market.now, timedelta()))
        other = provider_of(life.it) if accused is Party.CUSTOMER else customer_of(life.it)
        self.market.ask(life, ReportNoShow(actor=who or other, who=accused, note="waited"))

    @rule(which=lives, who=somebody)
    def answer(self, *, which: int | Life, who: Actor | None) -> None:
        life = self.pick(which, VISITING)
        command = AnswerIncident(actor=who or accused_in(life.it), statement="I was there")
        if self.market.ask(life, command):
            assert not self.market.ask(life, command), "one answer each"

    @rule(which=lives, who=somebody, verdict=verdicts, amount=amounts)
    def resolve(
        self, *, which: int | Life, who: Actor | None, verdict: IncidentVerdict, amount: int | None
    ) -> None:
        life = self.pick(which, VISITING)
        money = None if amount is None else Money(amount=amount, currency="EUR")
        self.market.ask(
            life, ResolveIncident(actor=who or OLGA, verdict=verdict, reason="heard both", amount=money)
        )

    @rule(which=lives, accused=accusations, answered=st.booleans(), verdict=verdicts, amount=amounts)
    def fall_out(
        self,
        *,
        which: int | Life,
        accused: Party | None,
        answered: bool,
        verdict: IncidentVerdict,
        amount: int | None,
    ) -> None:
        """Go through an incident from end to end, so that runs see what comes after one."""
        life = self.pick(which, VISITING)
        self.report(which=life, who=None, accused=accused, patient=True)
        if answered:
            self.answer(which=life, who=None)
        self.resolve(which=life, who=None, verdict=verdict, amount=amount)

    # The payout.

    @rule(which=lives, who=somebody, amount=amounts, door=doors, off=off, other=st.booleans())
    def approve(
        self, *, which: int | Life, who: Actor | None, amount: int | None, door: Source, off: int, other: bool
    ) -> None:
        life = self.pick(which, PAYING)
        admin, attempt = who or (RITA if other else ROOT), attempt_of(life.it) + off
        self.market.ask(
            life, ApprovePayout(actor=admin, attempt=attempt, amount=amount, reason="transfer", source=door)
        )

    @rule(which=lives, who=somebody, off=off, final=st.sampled_from([False, False, True]))
    def deny(self, *, which: int | Life, who: Actor | None, off: int, final: bool) -> None:
        life = self.pick(which, PAYING)
        attempt = attempt_of(life.it) + off
        self.market.ask(
            life,
            DenyPayout(actor=who or RITA, attempt=attempt, reason_code="photo", note="None.", final=final),
        )

    @rule(which=lives, who=somebody, amount=amounts)
    def resubmit(self, *, which: int | Life, who: Actor | None, amount: int | None) -> None:
        life = self.pick(which, PAYING)
        command = ResubmitPayout(actor=who or provider_of(life.it), evidence=("photo",), amount=amount)
        self.market.ask(life, command)

    @rule(which=lives, off=off, status=st.sampled_from([*PayoutStatus, PayoutStatus.SETTLED_MANUAL]))
    def settle(self, *, which: int | Life, off: int, status: PayoutStatus) -> None:
        life = self.pick(which, PAYING)
        attempt = attempt_of(life.it) + off
        self.market.ask(
            life, RecordSettlement(actor=SYSTEM, attempt=attempt, status=status, reference="transfer")
        )

    # Time.

    @rule(span=spans, worker=workers)
    def wait(self, *, span: timedelta, worker: str) -> None:
        self.market.pass_time(span, worker=worker)

    @rule(which=lives, who=somebody, span=spans)
    def hold(self, *, which: int | Life, who: Actor | None, span: timedelta) -> None:
        until = self.market.now + span
        self.market.ask(
            self.pick(which, OPEN), HoldAssignment(actor=who or OLGA, until=until, reason="holiday")
        )

    @rule(which=lives, who=somebody)
    def resume(self, *, which: int | Life, who: Actor | None) -> None:
        self.market.ask(self.pick(which, OPEN), ResumeAssignment(actor=who or OLGA))

    @rule(
        which=lives,
        who=somebody,
        nth=st.integers(0, 5),
        span=spans,
        how=st.sampled_from(["skip", "move", "ring"]),
    )
    def meddle(self, *, which: int | Life, who: Actor | None, nth: int, span: timedelta, how: str) -> None:
        life = self.pick(which, OPEN)
        ids = [each.id for each in deadlines(life.it, self.market.policy)] or ["start_check/v1"]
        id, to = ids[nth % len(ids)], self.market.now + span
        meddling: dict[str, AssignmentCommand] = {
            "skip": SkipDeadline(actor=who or OLGA, deadline_id=id, reason="called"),
            "move": ExtendDeadline(actor=who or OLGA, deadline_id=id, to=to, reason="called"),
            "ring": PassDeadline(actor=who or SYSTEM, deadline_id=id),
        }
        self.market.ask(life, meddling[how])

    @rule(which=lives, slot=slots, steps=st.integers(1, 4))
    def go_on(self, *, which: int | Life, slot: int, steps: int) -> None:
        """Do what is due next, as most people mostly do, so that runs come to an end."""
        life = self.pick(which, OPEN)
        for _ in range(steps):
            it = life.it
            match it.status:
                case Status.AWAITING_SCHEDULE if it.open_proposal:
                    self.confirm(which=life, who=None, off=0, force=False)
                case Status.AWAITING_SCHEDULE:
                    self.propose(which=life, who=None, off=0, slot=slot + 1, lasting=2 * HOUR)
                case Status.SCHEDULED if it.agreed and it.agreed.window.start - self.market.now > HOUR:
                    self.wait(span=it.agreed.window.start - HOUR - self.market.now, worker="punctual")
                case Status.SCHEDULED if slot % 2:
                    self.check_in(which=life, who=None)
                case Status.SCHEDULED | Status.IN_PROGRESS if (
                    it.agreed and it.agreed.window.start > self.market.now
                ):
                    self.wait(span=HOUR, worker="punctual")
                case Status.SCHEDULED | Status.IN_PROGRESS:
                    self.complete(which=life, who=None, amount=None)
                case Status.PAYOUT_PENDING if it.payout:
                    self.go_on_with_the_payout(life, it.payout.status, other=slot % 2 == 0)

    def go_on_with_the_payout(self, life: Life, status: PayoutStatus, *, other: bool) -> None:
        if status is PayoutStatus.APPROVED:
            self.settle(which=life, off=0, status=PayoutStatus.SETTLED_MANUAL)
        elif status is PayoutStatus.DENIED:
            self.resubmit(which=life, who=None, amount=None)
        else:
            self.approve(which=life, who=None, amount=None, door=Source.API, off=0, other=other)

    def pick(self, which: int | Life, stages: frozenset[Status]) -> Life:
        if isinstance(which, Life):
            return which
        fitting = [life for life in self.market.lives if life.it.status in stages and which < ANY]
        chosen = fitting or self.market.lives
        return chosen[which % len(chosen)]

    # What stays true.

    @invariant()
    def every_promise_is_kept(self) -> None:
        for life in self.market.lives:
            promises.at_most_one_proposal_is_open(life)
            promises.the_schedule_version_counts_its_steps(life)
            promises.scheduled_is_an_agreed_window_and_a_hold(life, self.market.holds.get(life.it.id))
            promises.nothing_is_agreed_too_late(life, self.market.policy)
            promises.nothing_comes_before_its_time(life, self.market.policy)
            promises.no_message_goes_out_twice(life)
            promises.no_reminder_speaks_of_what_is_no_longer_meant(life)
            promises.money_moves_once_and_only_as_ruled(life, self.market.policy)
            promises.a_rejection_is_one_requeue_or_an_unfilled_job(life)
            promises.an_end_leaves_nothing_open(life, self.market.policy)
            promises.the_audit_has_no_gap(life)
            promises.no_proposal_stays_open_for_ever(life, self.market.policy)
            promises.whoever_is_overdue_owes_something(life, self.market.policy)
            promises.nobody_is_late_while_the_clock_stands_still(life)
            promises.an_incident_is_about_a_visit_and_asks_once(life, self.market.policy)
            promises.nobody_is_asked_for_what_an_incident_is_about(life)
            promises.no_more_is_owed_than_the_price(life)

    @invariant()
    def no_two_visits_of_a_provider_overlap(self) -> None:
        """5."""
        bobs = [life.it for life in self.market.lives if life.it.provider_id == BOB.id]
        visits = [it.agreed.window for it in bobs if it.agreed and not it.is_closed]

        assert not any(one.overlaps(other) for n, one in enumerate(visits) for other in visits[n + 1 :])

    def teardown(self) -> None:
        """13."""
        for life in self.market.lives if hasattr(self, "market") else ():
            assert replayed(life, policy=self.market.policy) == life.it


def customer_of(it: Assignment) -> Actor:
    return ADA if it.customer_id == ADA.id else EVE


def provider_of(it: Assignment) -> Actor:
    return BOB if it.provider_id == BOB.id else MALLORY


def awaited(it: Assignment) -> Actor:
    """Return who is to answer the open proposal, or would be."""
    hers = it.open_proposal is None or Party.CUSTOMER in it.open_proposal.awaited
    return customer_of(it) if hers else provider_of(it)


def accused_in(it: Assignment) -> Actor:
    """Return who is to answer the incident, or would be."""
    his = it.incident is None or it.incident.accused is Party.PROVIDER
    return provider_of(it) if his else customer_of(it)


def attempt_of(it: Assignment) -> int:
    return it.payout.attempt if it.payout else 1


TestAssignmentMachine = AssignmentMachine.TestCase
TestAssignmentMachine.settings = settings(max_examples=120, stateful_step_count=50, deadline=None)
