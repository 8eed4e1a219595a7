"""Every message that the domain can yield: from stories that happen, and from every form of every event."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from functools import cache
from itertools import product
from math import prod
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from fulfillment.domain.assignment import deciding, entries
from fulfillment.domain.assignment.announcing import announce
from fulfillment.domain.assignment.card import CardStatus
from fulfillment.domain.assignment.commands import AssignmentCommand
from fulfillment.domain.assignment.events import Event
from fulfillment.domain.assignment.payout import DisputeOutcome
from fulfillment.domain.assignment.standing import standing
from fulfillment.domain.assignment.state import Assignment, Status
from fulfillment.domain.job.announcing import announce_job
from fulfillment.domain.job.commands import CancelJob, JobCommand
from fulfillment.domain.job.events import JobEvent
from fulfillment.domain.job.state import DispatchMode
from fulfillment.domain.messages import Notice
from fulfillment.domain.money import Money
from fulfillment.domain.people import Role
from fulfillment.domain.policy import Policy
from fulfillment.domain.window import VisitWindow
from tests.domain import cards, jobs, no_shows, people, test_announcing
from tests.domain.jobs import Play

STAGES = (
    people.FRESH,
    people.PROPOSED,
    test_announcing.BY_OPS,
    people.SCHEDULED,
    people.MOVING,
    no_shows.REPORTED,
    people.DONE,
    people.DENIED,
    people.PAID,
)
MOST_FORMS = 200
"""All combinations of what an event may hold are tried up to here; beyond, each value once."""
NOBODY_DOES = {("notifyNoShowReported", Role.ADMIN)}
"""What the forms of events would allow and the rules do not: nobody reports staff."""


def notices(it: Assignment, command: AssignmentCommand, *, at: datetime, policy: Policy) -> Sequence[Notice]:
    events = deciding.decide(it, command, at=at, policy=policy)
    now = people.after(it, command, at=at, policy=policy)
    return entries.entry(it, command, events, now, at=at, policy=policy).notices


@cache
def of_assignments() -> tuple[tuple[Notice, str], ...]:
    """Return what people are told in stories that happen, each with the assignment's status by then."""
    table = test_announcing.test_these_people_are_told_once_each_and_nobody_else.pytestmark[0].args[1]  # type: ignore[attr-defined]  # the mark that pytest left on it
    rows = [(it, command, at, people.POLICY) for it, command, at, _ in (row.values for row in table)]
    return tuple(
        (notice, people.after(it, command, at=at, policy=policy).status)
        for it, command, at, policy in (*rows, *_incidents(), *_cards())
        for notice in notices(it, command, at=at, policy=policy)
    )


def _incidents() -> Iterator[tuple[Assignment, AssignmentCommand, datetime, Policy]]:
    at, later = no_shows.REPORTABLE, no_shows.REPORTABLE + 3 * people.HOUR
    suspects = test_announcing.rings("no_show_suspected/v1")
    yield people.SCHEDULED, suspects, at, no_shows.WATCHFUL
    yield people.SCHEDULED, no_shows.reports(), at, no_shows.WITH_FEE
    yield people.SCHEDULED, no_shows.reports(people.BOB), at, no_shows.WITH_FEE
    yield no_shows.REPORTED, no_shows.answers(), at, no_shows.WITH_FEE
    yield no_shows.REPORTED, test_announcing.rings("no_show_answer/v1"), later, no_shows.WITH_FEE
    for verdict in (no_shows.PROVIDER_FAULT, no_shows.CUSTOMER_FAULT, no_shows.NEITHER):
        yield no_shows.ANSWERED, no_shows.resolves(verdict), later, no_shows.WITH_FEE


def _cards() -> Iterator[tuple[Assignment, AssignmentCommand, datetime, Policy]]:
    at = people.DONE_AT + people.HOUR
    wanted = cards.with_card(people.DONE, CardStatus.WANTED, intent_id=None, capture_before=None)
    for it, command in (
        (wanted, cards.held()),
        (wanted, cards.declined()),
        (cards.DECLINED, cards.missing()),
        (cards.WAITING, cards.gone()),
        (cards.WAITING, cards.disputes()),
        (cards.DISPUTED, cards.settles_dispute()),
        (cards.DISPUTED, cards.settles_dispute(DisputeOutcome.REDUCE, amount=9_000)),
        (cards.DISPUTED, cards.settles_dispute(DisputeOutcome.REFUND)),
        (cards.CAPTURING, cards.refused()),
        (cards.CAPTURING, cards.unanswered()),
        (cards.CAPTURING, cards.captured(people.euros(120))),
        (cards.CAPTURING, cards.captured(people.euros(100))),
        (cards.CHARGED, cards.chargeback()),
        (cards.CHARGED_BACK, cards.chargeback(is_open=False, is_lost=True)),
        (cards.LARGE, cards.refunds(amount=60_000)),
        (cards.GOING_BACK, cards.gave_back()),
        (cards.GOING_BACK, cards.refused_to_give_back()),
    ):
        yield it, command, at, cards.CARDS


class Heard(Play):
    """A job whose notices are kept."""

    def __init__(self, mode: DispatchMode = DispatchMode.QUOTES, *, pool: Sequence[str] = ()) -> None:
        super().__init__(mode, pool=pool)
        self.notices: list[Notice] = []

    def do(self, command: JobCommand) -> Sequence[JobEvent]:
        events = super().do(command)
        self.notices += [notice for event in events for notice in announce_job(self.job, event)]
        return events


@cache
def of_jobs() -> tuple[Notice, ...]:
    """Return what people are told in stories of jobs that happen."""
    offered = Heard(DispatchMode.AUTO, pool=("bob", "cyd", "dan")).settle()
    offered.take(jobs.CYD)
    given_back = Heard().settle()
    given_back.quote(jobs.BOB, window=jobs.window(jobs.NOON + 3 * jobs.DAY), note="With parts.")
    given_back.choose(jobs.BOB)
    given_back.close(Status.REJECTED, reason="sick")
    undecided = Heard().settle()
    undecided.quote(jobs.BOB)
    undecided.wait(jobs.POLICY.job_expiry)
    forgotten = Heard(DispatchMode.AUTO).wait(jobs.POLICY.job_expiry)
    cancelled = Heard().settle()
    cancelled.do(CancelJob(actor=jobs.ADA, reason="sold the house"))
    plays = (offered, given_back, undecided, forgotten, cancelled)
    return tuple(notice for play in plays if isinstance(play, Heard) for notice in play.notices)


@cache
def everything() -> frozenset[tuple[str, Role]]:
    """Return each name that a message may have, with each role that may receive it."""
    happened = {_told_to(notice) for notice in (*of_jobs(), *(notice for notice, _ in of_assignments()))}
    return frozenset(happened | of_every_form()) - NOBODY_DOES


def _told_to(notice: Notice) -> tuple[str, Role]:
    return notice.event, notice.to.role


@cache
def of_every_form() -> frozenset[tuple[str, Role]]:
    """Return each name and role that any form of any event yields, at any stage: more than can happen."""
    assignments = {
        _told_to(notice)
        for stage in STAGES
        for kind in get_args(Event)
        for event in forms_of(kind)
        for notice in announce(event, before=stage, after=standing(stage, people.POLICY))
    }
    job = jobs.filled().job
    of_a_job = {
        _told_to(notice)
        for kind in get_args(JobEvent)
        for event in forms_of(kind)
        for notice in announce_job(job, event)
    }
    return frozenset(assignments | of_a_job)


def forms_of(kind: Any) -> Sequence[Any]:
    """Return values of a type: of an enumeration all, of a dataclass those that follow from its fields."""
    return tuple(_forms(kind))


SIMPLE: Mapping[Any, Sequence[Any]] = {
    str: ("x",),
    int: (1,),
    bool: (True, False),
    datetime: (people.NOON,),
    VisitWindow: (people.NEXT_WEEK,),
    Money: (people.euros(120),),
    Assignment: (people.FRESH,),
}


def _forms(kind: Any) -> Iterator[Any]:
    if kind in SIMPLE:
        yield from SIMPLE[kind]
    elif get_origin(kind) in {Union, UnionType}:
        yield from (None, *forms_of(get_args(kind)[0])) if type(None) in get_args(kind) else ()
    elif get_origin(kind) is tuple:
        yield ()
    elif isinstance(kind, type) and issubclass(kind, Enum):
        yield from kind
    elif is_dataclass(kind):
        yield from _forms_of_fields(kind)
    else:
        raise TypeError(f"no form of {kind} is known")


def _forms_of_fields(kind: Any) -> Iterator[Any]:
    hints = get_type_hints(kind)
    names = [field.name for field in fields(kind)]
    values = [forms_of(hints[name]) for name in names]
    if prod(map(len, values)) <= MOST_FORMS:
        combinations: Iterator[tuple[Any, ...]] = product(*values)
    else:
        longest = max(map(len, values))
        combinations = (tuple(each[n % len(each)] for each in values) for n in range(longest))
    yield from (kind(**dict(zip(names, chosen, strict=True))) for chosen in combinations)
