"""What people say when somebody did not come, and how an assignment comes to where such a test begins."""

from dataclasses import replace

from fulfillment.domain.assignment.commands import (
    AnswerIncident,
    ReportNoShow,
    ResolveIncident,
)
from fulfillment.domain.assignment.incident import Incident, IncidentVerdict
from fulfillment.domain.assignment.state import Assignment
from fulfillment.domain.money import Money
from fulfillment.domain.people import Actor, Party
from tests.domain.people import (
    ADA,
    BOB,
    HOUR,
    IN_PROGRESS,
    MINUTE,
    NEXT_WEEK,
    OLGA,
    POLICY,
    SCHEDULED,
    after,
    in_time,
)

START, END = NEXT_WEEK.start, NEXT_WEEK.end
REPORTABLE = START + 30 * MINUTE
WATCHFUL = replace(POLICY, no_show_suspected_after=30 * MINUTE)
STRICT = replace(WATCHFUL, no_show_auto=True)
WITH_FEE = replace(POLICY, call_out_fee=4_000)
PROVIDER_FAULT, CUSTOMER_FAULT, NEITHER = IncidentVerdict


def reports(who: Actor = ADA, *, accused: Party | None = None, note: str = "") -> ReportNoShow:
    return ReportNoShow(actor=who, who=accused, note=note)


def answers(who: Actor = BOB, *, said: str = "I rang twice") -> AnswerIncident:
    return AnswerIncident(actor=who, statement=said)


def resolves(
    verdict: IncidentVerdict, *, who: Actor = OLGA, amount: Money | None = None, why: str = "heard both"
) -> ResolveIncident:
    return ResolveIncident(actor=who, verdict=verdict, reason=why, amount=amount)


def incident(it: Assignment) -> Incident:
    assert it.incident is not None
    return it.incident


WAITED, _ = in_time(SCHEDULED, until=REPORTABLE)
REPORTED = after(WAITED, reports(), at=REPORTABLE)
ABSENT_CUSTOMER = after(IN_PROGRESS, reports(BOB), at=REPORTABLE)
ANSWERED = after(REPORTED, answers(), at=REPORTABLE + HOUR)
SUSPECTED, _ = in_time(SCHEDULED, until=REPORTABLE, policy=WATCHFUL)
