"""However much there is, reading a page of it reads an index: no list goes through a table."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import Connection, event, select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from fulfillment.domain.assignment.payout import PayoutStatus
from fulfillment.domain.assignment.state import Status
from fulfillment.domain.figures import spans
from fulfillment.domain.job.state import DispatchMode, JobStatus, OfferStatus
from fulfillment.domain.messages import Recipient
from fulfillment.domain.people import Role
from fulfillment.domain.window import VisitWindow
from fulfillment.store import (
    asides,
    calendars,
    chain,
    directory,
    kept,
    news,
    outbox,
    sessions,
    stripe_events,
    wallets,
)
from fulfillment.store.database import engine as database_engine
from fulfillment.store.evidence import evidence
from fulfillment.store.tables import AssignmentRow, Entity
from fulfillment.store.views import (
    absences,
    assignments,
    attention,
    bids,
    card_holds,
    counts,
    history,
    jobs,
    lateness,
    money,
    own_bids,
    payouts,
    pulse,
    reminders,
    search,
    tasks,
    trail,
    visits,
)
from fulfillment.store.views.paging import Turn, written
from tests.store import server
from tests.store.crowd import populate

SIZE = 8_000
NO_BIGGER = {"tally"}
"""Tables that stay as small as they are, however much there is."""
FEW = 200
"""Lines that may be sorted: what one person or one day has."""
THEN = datetime.fromisoformat("2024-01-10T00:00:00+00:00")
LATER = datetime.fromisoformat("2024-01-10T03:00:00+00:00")
TURN = Turn(cursor=written((THEN, "a9000")), limit=50)
AT_RISK = Turn(cursor=written((None, -5_000, THEN, "a9000")), limit=50)

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
CUSTOMER = Recipient(role=Role.CUSTOMER, id="c77")

Read = Callable[[AsyncSession], Awaitable[Any]]


async def forgotten_from_the_second_on(session: AsyncSession) -> None:
    first = await outbox.forgotten(session, limit=1)
    await outbox.forgotten(session, after=first[0], limit=100)


READS: dict[str, Read] = {
    "one assignment": lambda it: assignments.assignment(it, "a77"),
    "its version": lambda it: assignments.version(it, "a77"),
    "all assignments": lambda it: assignments.assignments(it, assignments.ALL, TURN),
    "a customer's": lambda it: assignments.assignments(it, assignments.Wanted(customer_id="c7"), TURN),
    "a provider's": lambda it: assignments.assignments(it, assignments.Wanted(provider_id="p7"), TURN),
    "a job's": lambda it: assignments.assignments(it, assignments.Wanted(job_id="j7")),
    "what a provider has to do": lambda it: assignments.assignments(
        it, assignments.Wanted(provider_id="p7", live=True), TURN
    ),
    "what a provider is done with": lambda it: assignments.assignments(
        it, assignments.Wanted(provider_id="p7", live=False), TURN
    ),
    "the scheduled": lambda it: assignments.assignments(
        it, assignments.Wanted(status=Status.SCHEDULED), TURN
    ),
    "the overdue": lambda it: assignments.assignments(it, assignments.Wanted(reminder_overdue=True), TURN),
    "those of a day": lambda it: assignments.assignments(it, assignments.Wanted(since=THEN, until=LATER)),
    "what needs a person": attention.needing,
    "more that needs a person": lambda it: attention.needing(it, TURN),
    "those whose id begins like that": lambda it: search.search(it, "a777abc"),
    "those with an id, a name or a title": lambda it: search.search(it, "number77"),
    "more of those with a title": lambda it: search.search(it, "gutter no777", assignments.ALL, TURN),
    "those found that are scheduled": lambda it: search.search(
        it, "number77", assignments.Wanted(status=Status.SCHEDULED)
    ),
    "the live one of a job": lambda it: assignments.live_of_job(it, "j80"),
    "one job": lambda it: jobs.job(it, "j77"),
    "all jobs": lambda it: jobs.jobs(it, jobs.ALL, TURN),
    "a customer's jobs": lambda it: jobs.jobs(it, jobs.Wanted(customer_id="c7"), TURN),
    "jobs open to a provider": lambda it: jobs.jobs(it, jobs.Wanted(open_to="p7"), TURN),
    "jobs in a status": lambda it: jobs.jobs(it, jobs.Wanted(status=JobStatus.ACCEPTED), TURN),
    "jobs in a mode": lambda it: jobs.jobs(it, jobs.Wanted(dispatch_mode=DispatchMode.AUTO), TURN),
    "whether a job involves somebody": lambda it: jobs.involves(it, "j7", provider_id="p7"),
    "the job of an offer": lambda it: jobs.of_offer(it, "o7"),
    "a job's quotes": lambda it: bids.quotes(it, "j7"),
    "what a job's quotes have said": lambda it: bids.wordings(it, "j7"),
    "a provider's offers": lambda it: bids.offers(it, "p7", TURN),
    "a provider's open offers": lambda it: bids.offers(it, "p7", TURN, status=OfferStatus.OPEN),
    "a provider's quotes": lambda it: own_bids.own_quotes(it, "p7", TURN),
    "how a quote stands": lambda it: own_bids.quote_stands(it, "q7"),
    "how an offer stands": lambda it: own_bids.offer_stands(it, "o7"),
    "the payout queue": payouts.pending,
    "more of the payout queue": lambda it: payouts.pending(it, AT_RISK),
    "all payouts": lambda it: payouts.payouts(it, TURN),
    "denied payouts": lambda it: payouts.payouts(it, TURN, status=PayoutStatus.DENIED),
    "the audit": lambda it: history.audit(it, "a77", Turn(cursor=written((9_000,)))),
    "past reminders": lambda it: history.reminders(it, "a77"),
    "reminders over time": lambda it: reminders.sent_and_failed(it, spans(6 * HOUR, HOUR, until=LATER)),
    "a person's past reminders": lambda it: history.reminders(it, "a77", to=CUSTOMER),
    "the tasks": lambda it: tasks.open_tasks(it, Turn(cursor=written((THEN, "capture_failed/a77")))),
    "a hold": lambda it: card_holds.hold(it, "pi_77"),
    "the open holds": lambda it: card_holds.open_holds(it, after=("a77", "pi_77"), limit=50),
    "an approval": lambda it: payouts.approved(it, "a77", attempt=1),
    "the notices": lambda it: trail.notices(it, "a77", to=None),
    "a person's notices": lambda it: trail.notices(it, "a77", to=CUSTOMER),
    "one chain of the audit": lambda it: chain.verify(it, about=(Entity.ASSIGNMENT, "a77")),
    "the evidence": lambda it: evidence(it, "a77", at=THEN),
    "the attempts": lambda it: trail.attempts(it, [f"a{n}|note" for n in range(100)]),
    "the steps": lambda it: trail.steps(it, "a77"),
    "the book of money": lambda it: money.booked(it, "a77"),
    "a visit": lambda it: visits.planned(it, "a77"),
    "a customer's visits": lambda it: visits.of_person(it, "c7", Role.CUSTOMER),
    "a provider's visits": lambda it: visits.of_person(it, "p7", Role.PROVIDER),
    "a provider's day": lambda it: visits.between(it, "p7", VisitWindow(start=THEN, end=LATER)),
    "what a provider is asked to agree to": lambda it: visits.proposed(it, "p7"),
    "whose feed it is": lambda it: calendars.subscriber(it, "token"),
    "what is connected": lambda it: visits.connected(it, "c7", Role.CUSTOMER),
    "an old answer": lambda it: history.outcome(it, "nobody's"),
    "what is owed": lambda it: outbox.waiting(it, "a1000"),
    "what is owed beside": lambda it: asides.waiting(it, "a1000"),
    "messages that were forgotten": lambda it: outbox.forgotten(it, limit=100),
    "more of them": forgotten_from_the_second_on,
    "asides that were forgotten": lambda it: asides.forgotten(it, limit=100),
    "who has not been reminded": lambda it: lateness.late(it, limit=100),
    "who is reminded soon": lambda it: lateness.soon_due(it, until=LATER, limit=100),
    "whose run is looked at next": lambda it: lateness.in_turn(it, after="a4", limit=50),
    "the newest mails": kept.newest,
    "a customer's card": lambda it: wallets.find(it, "c7"),
    "a provider's account": lambda it: wallets.account_of(it, "p7"),
    "whom an absence touches": lambda it: absences.affected(
        it, "p0", VisitWindow(start=THEN, end=LATER), reported_at=LATER
    ),
    "an absence": lambda it: absences.absence(it, "b77"),
    "a provider's absences": lambda it: absences.absences(it, "p7", TURN),
    "what became of an absence": lambda it: absences.touched_by(it, "b77"),
    "whether somebody is a provider": lambda it: absences.is_provider(it, "p7"),
    "who could take a job": lambda it: directory.candidates(it, category="roof", excluded=("p7",), limit=3),
    "events nobody has looked into": lambda it: stripe_events.unhandled(it, limit=50, older_than=MINUTE),
    "a session of the pages": lambda it: sessions.find_session(it, "s77", idle=MINUTE),
    "who has been here longest": lambda it: directory.earliest(it, limit=24),
    "assignments by their ids": lambda it: assignments.some(it, [f"a{n}" for n in range(50)]),
    "whether a customer's list has moved": lambda it: news.has_moved(it, customer_id="c7", at=THEN),
    "whether a provider's list has moved": lambda it: news.has_moved(it, provider_id="p7", at=THEN),
    "jobs by their ids": lambda it: jobs.some(it, [f"j{n}" for n in range(50)]),
    "the counts": counts.counts,
    "how things stand": pulse.pulse,
    "reminders that have just failed": lambda it: pulse.failed_reminders(it, within=MINUTE),
}


@pytest_asyncio.fixture(scope="module")
async def crowded() -> AsyncIterator[AsyncEngine]:
    url = server.fresh()
    populate(url, size=SIZE)
    engine = database_engine(url)
    yield engine
    await engine.dispose()


async def plans(engine: AsyncEngine, read: Read) -> list[dict[str, Any]]:
    """Return the plans of all statements that `read` sends."""
    sent: list[tuple[str, Any]] = []

    def note(_: Connection, __: Any, statement: str, parameters: Any, *___: Any) -> None:
        sent.append((statement, parameters))

    event.listen(engine.sync_engine, "before_cursor_execute", note)
    try:
        async with AsyncSession(engine) as session:
            await read(session)
    finally:
        event.remove(engine.sync_engine, "before_cursor_execute", note)
    async with engine.connect() as connection:
        told = [
            await connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", parameters)
            for statement, parameters in sent
        ]
        return [answer.scalar_one()[0]["Plan"] for answer in told]


def nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [plan, *(node for child in plan.get("Plans", ()) for node in nodes(child))]


def wasteful(found: list[dict[str, Any]]) -> list[str]:
    """Return the tables that are read from end to end, and the sorts of more than a few lines."""
    steps = [node for plan in found for node in nodes(plan)]
    through = {node["Relation Name"] for node in steps if node["Node Type"] == "Seq Scan"} - NO_BIGGER
    sorts = [node for node in steps if node["Node Type"] == "Sort" and node["Plans"][0]["Plan Rows"] > FEW]
    return [*through, *("sorted" for _ in sorts)]


@pytest.mark.parametrize("name", READS)
async def test_it_reads_an_index(crowded: AsyncEngine, name: str) -> None:
    found = await plans(crowded, READS[name])

    assert found
    assert wasteful(found) == []


async def test_a_table_that_is_gone_through_would_be_found(crowded: AsyncEngine) -> None:
    unindexed = select(AssignmentRow.id).where(AssignmentRow.currency == "EUR").order_by(AssignmentRow.price)

    found = await plans(crowded, lambda it: it.execute(unindexed))

    assert wasteful(found) == ["assignment", "sorted"]


async def test_what_is_over_is_not_looked_through_for_what_is_open(crowded: AsyncEngine) -> None:
    found = await plans(crowded, READS["whose run is looked at next"])

    used = {node["Index Name"] for plan in found for node in nodes(plan) if "Index Name" in node}
    assert used == {"ix_assignment_live", "ix_job_unended"}
