"""Three weeks of one assignment, over a change of the clocks and through the nights, message by message.

The real engine skips the time, the real worker sends, and what it sends is kept: nothing is faked. The run
begins when the test wants it to, so the clocks change in the middle of it, whatever day it is today.
"""

import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest_asyncio
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from temporalio.client import Client, WorkflowHandle

from doors import HOME
from fulfillment.domain.assignment.commands import (
    AssignmentCommand,
    CancelAssignment,
    ConfirmWindow,
    ProposeWindow,
)
from fulfillment.domain.assignment.state import Assignment, Origin, Status
from fulfillment.domain.clocks import QuietHours
from fulfillment.domain.money import Money
from fulfillment.domain.people import Actor, Role
from fulfillment.domain.policy import Policy
from fulfillment.domain.window import VisitWindow
from fulfillment.domain.zones import clock_of
from fulfillment.store import directory
from fulfillment.store.directory import Person
from fulfillment.store.tables import CalendarRow, KeptRow, OutboxRow, ReminderRow
from tests.gateways.calendars.readers import expect_sound
from tests.skipping import SkippingServer
from workflows.assignment import AssignmentWorkflow, Opened
from workflows.names import QUEUE, assignment_run

BERLIN, NEW_YORK = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
NIGHT = replace(Policy(), quiet=QuietHours(start=time(21), end=time(8)))


def next_change() -> datetime:
    """Return when the clocks of Berlin change next, three weeks from now or later."""
    now = datetime.now(UTC)
    clock = clock_of("Europe/Berlin", since=now, until=now + 365 * DAY)
    return next(each.since for each in clock.offsets[1:] if each.since > now + 21 * DAY)


def in_berlin(change: datetime, *, days: int, hour: int) -> datetime:
    """Return the instant at which it is `hour` there, that many days from the day of the change."""
    day = change.astimezone(BERLIN).date() + timedelta(days=days)
    return datetime.combine(day, time(hour), BERLIN).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Life:
    """One assignment between a provider in Berlin and a customer in New York."""

    assignment: Assignment
    run: WorkflowHandle[Any, Any]
    engine: SkippingServer
    sessions: async_sessionmaker[AsyncSession]
    change: datetime

    @property
    def customer(self) -> Actor:
        return Actor(id=self.assignment.customer_id, role=Role.CUSTOMER)

    @property
    def provider(self) -> Actor:
        return Actor(id=self.assignment.provider_id, role=Role.PROVIDER)

    async def at(self, instant: datetime) -> None:
        """Let the run's clock come to that instant."""
        now = await self.engine.environment.get_current_time(self.run)
        await self.engine.skip(self.run, instant - now)

    async def ask(self, update: Any, command: AssignmentCommand) -> None:
        await self.run.execute_update(update, replace(command, command_id=uuid.uuid4().hex))

    async def told(self) -> list[tuple[str, str, datetime]]:
        """Return what was said to whom, and when it was due or happened, by the clock of the run."""
        mine = OutboxRow.entity_id == self.assignment.id
        query = (
            select(
                OutboxRow.event,
                OutboxRow.reminder_kind,
                OutboxRow.recipient_role,
                OutboxRow.at,
                OutboxRow.status,
                ReminderRow.due_at,
            )
            .outerjoin(ReminderRow, ReminderRow.dedupe_key == OutboxRow.dedupe_key)
            .where(mine)
            .order_by(OutboxRow.state_version, OutboxRow.dedupe_key)
        )
        async with self.sessions() as session:
            rows = (await session.execute(query)).all()
        assert {row.status for row in rows} == {"sent"}
        return [(row.reminder_kind or row.event, row.recipient_role, row.due_at or row.at) for row in rows]

    async def mails(self, person: str) -> list[KeptRow]:
        query = select(KeptRow).where(KeptRow.to_address == f"{person}@example.org").order_by(KeptRow.kept_at)
        async with self.sessions() as session:
            return list(await session.scalars(query))

    async def files(self, role: Role) -> list[bytes]:
        mine = (CalendarRow.assignment_id == self.assignment.id) & (CalendarRow.recipient_role == role)
        async with self.sessions() as session:
            found = await session.scalars(select(CalendarRow.ics).where(mine).order_by(CalendarRow.sequence))
        return list(found)


@pytest_asyncio.fixture
async def life(
    town_engine: SkippingServer, running_worker: Client, town_database: Any
) -> AsyncIterator[Life]:
    sessions, change, name = async_sessionmaker(town_database), next_change(), uuid.uuid4().hex[:8]
    begins = in_berlin(change, days=-12, hour=10)
    customer, provider = f"ann-{name}", f"bob-{name}"
    async with sessions.begin() as session:
        for id, zone, role in (
            (customer, "America/New_York", Role.CUSTOMER),
            (provider, "Europe/Berlin", Role.PROVIDER),
        ):
            person = Person(
                id=id,
                name=id.title(),
                email=f"{id}@example.org",
                timezone=zone,
                roles=(role,),
                categories=(name,),  # no candidate for what other tests look for
            )
            await directory.register(session, person)
    assignment = Assignment(
        id=uuid.uuid4().hex,
        job_id=uuid.uuid4().hex,
        customer_id=customer,
        provider_id=provider,
        origin=Origin.QUOTE,
        price=Money(amount=12_500, currency="EUR"),
        site_timezone="Europe/Berlin",
        created_at=begins,
        status_entered_at=begins,
        turn_since=begins,
    )
    delay = begins - datetime.now(UTC)
    run = await running_worker.start_workflow(
        AssignmentWorkflow.run,
        Opened(assignment=assignment, policy=NIGHT),
        id=assignment_run(assignment.id),
        task_queue=QUEUE,
        start_delay=delay,
    )
    await town_engine.skip(run, delay)
    yield Life(assignment, run, town_engine, sessions, change)


async def test_everybody_hears_of_everything_once_in_time_and_in_their_own_zone(life: Life) -> None:
    change, opened = life.change, in_berlin(life.change, days=-12, hour=10)
    first = VisitWindow(start=in_berlin(change, days=-3, hour=10), end=in_berlin(change, days=-3, hour=12))
    second = VisitWindow(start=in_berlin(change, days=2, hour=7), end=in_berlin(change, days=2, hour=9))

    # Bob says nothing: half a day later it is ten in the evening in Berlin, so he is nudged at eight.
    proposed = in_berlin(change, days=-11, hour=9)
    await life.at(proposed)
    await life.ask(
        AssignmentWorkflow.propose, ProposeWindow(actor=life.provider, window=first, expected_version=0)
    )
    # Ann says nothing: half a day later it is nine in the evening in Berlin and afternoon in New York.
    confirmed = proposed + 13 * HOUR
    await life.at(confirmed)
    await life.ask(AssignmentWorkflow.confirm, ConfirmWindow(actor=life.customer, version=1))
    # They move the visit over the change of the clocks.
    moved = in_berlin(change, days=-8, hour=15)
    await life.at(moved)
    await life.ask(
        AssignmentWorkflow.propose, ProposeWindow(actor=life.customer, window=second, expected_version=2)
    )
    await life.ask(AssignmentWorkflow.confirm, ConfirmWindow(actor=life.provider, version=3))
    # The day before comes, and in the night before the visit Ann calls it off.
    cancelled = second.start - 3 * HOUR
    await life.at(cancelled)
    await life.ask(AssignmentWorkflow.cancel, CancelAssignment(actor=life.customer, reason="it works again"))
    standing = await life.run.result()

    # A day before seven in the morning is night in both places: each hears of it in the evening before.
    evening_in_berlin = in_berlin(change, days=0, hour=21) - MINUTE
    eve = (second.start - DAY).astimezone(NEW_YORK)
    night_of = eve.date() if eve.time() >= time(21) else eve.date() - timedelta(days=1)
    evening_in_new_york = datetime.combine(night_of, time(20, 59), NEW_YORK).astimezone(UTC)
    expected = [
        ("notifyAssignmentOpened", "customer", opened),
        ("notifyAssignmentOpened", "provider", opened),
        ("propose_nudge", "provider", in_berlin(change, days=-11, hour=8)),
        ("notifyScheduleProposed", "customer", proposed),
        ("confirm_nudge", "customer", proposed + 12 * HOUR),
        ("notifyScheduleConfirmed", "customer", confirmed),
        ("notifyScheduleConfirmed", "provider", confirmed),
        ("notifyScheduleProposed", "provider", moved),
        ("notifyScheduleConfirmed", "customer", moved),
        ("notifyScheduleConfirmed", "provider", moved),
        *sorted(
            [
                ("visit_24h", "provider", evening_in_berlin),
                ("visit_24h", "customer", evening_in_new_york),
            ],
            key=lambda each: each[2],
        ),
        ("notifyAssignmentCancelled", "customer", cancelled),
        ("notifyAssignmentCancelled", "provider", cancelled),
        ("notifyLateCancel", "ops", cancelled),
    ]
    told = await life.told()
    assert [(what, whom) for what, whom, _ in told] == [(what, whom) for what, whom, _ in expected]
    for (what, whom, at), (_, _, should) in zip(told, expected, strict=True):
        assert abs(at - should) < MINUTE, f"{what} to the {whom}: {at}, not {should}"
    assert standing.assignment.status is Status.CANCELLED

    # Each of them is a mail, once; the run has ended, so nothing is owed any more.
    for whom, person in (("customer", life.customer.id), ("provider", life.provider.id)):
        mails = await life.mails(person)
        assert len({mail.id for mail in mails}) == len(mails) == sum(to == whom for _, to, _ in expected)

    # Ann reads New York's time and Bob Berlin's, of one and the same visit.
    for person, zone in ((life.customer.id, NEW_YORK), (life.provider.id, BERLIN)):
        agreed = [mail for mail in await life.mails(person) if mail.ics]
        here = second.start.astimezone(zone)
        assert f"{here:%a %Y-%m-%d %H:%M}" in agreed[1].body
        assert str(zone) in agreed[1].body
        assert f"{first.start.astimezone(zone):%a %Y-%m-%d %H:%M}" in agreed[1].body

    # And every calendar reads the three files: agreed, moved, called off.
    for role in (Role.CUSTOMER, Role.PROVIDER):
        files = await life.files(role)
        assert [mail.ics for mail in await life.mails(_person(life, role)) if mail.ics] == files
        readings = expect_sound(files)
        assert [each.method for each in readings] == ["REQUEST", "REQUEST", "CANCEL"]
        assert [each.event.sequence for each in readings] == [0, 1, 2]
        assert {each.event.uid for each in readings} == {
            f"assignment-{life.assignment.id}@{HOME.calendar_domain}"
        }
        assert [each.event.start for each in readings] == [first.start, second.start, second.start]


def _person(life: Life, role: Role) -> str:
    return life.customer.id if role is Role.CUSTOMER else life.provider.id
