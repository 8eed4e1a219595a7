"""Up to a thousand reminders fall due at one instant, and the worker that sends them is killed, twice."""

import asyncio
import time
import uuid
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncSession
from temporalio.client import Client

import worker
from fulfillment.domain.assignment.state import Assignment, Origin
from fulfillment.domain.money import Money
from fulfillment.domain.people import Role
from fulfillment.domain.policy import Policy
from fulfillment.store import directory
from fulfillment.store.database import engine as database_engine
from fulfillment.store.directory import Person
from tests.gateways.channels.postbox import Postbox, beside
from tests.plant import Plant, short_lived
from workflows.assignment import AssignmentWorkflow, Opened
from workflows.names import QUEUE, TASK_TIMEOUT, assignment_run
from workflows.payloads import data_converter

pytestmark = [pytest.mark.chaos, pytest.mark.nightly]

AT_ONCE = 16
PREPARATION = timedelta(seconds=30)
"""How long the runs may take to start, before what each of them owes is due."""
PATIENCE = 300.0


@pytest.mark.parametrize("many", [250, 1000])
def test_each_of_many_reminders_is_sent_once_though_the_worker_is_killed_twice(
    tmp_path: Path, many: int
) -> None:
    with (
        beside() as postbox,
        short_lived(
            tmp_path,
            SMTP_HOST="127.0.0.1",
            SMTP_PORT=str(postbox.port),
            SMTP_SECURITY="none",
        ) as plant,
    ):
        asyncio.run(_prepare(plant, many))
        for share in (0.2, 0.6):
            _wait(partial(_has_taken, postbox, int(many * share)), "the mails to go out")
            plant.kill_worker()
            plant.start_worker()
        _wait(lambda: _statuses(plant) == {("sent", many)}, "every reminder to be marked")

        mails = Counter(mail.mime["Message-ID"] for mail in postbox.taken)
        people = Counter(to for mail in postbox.taken for to in mail.to)
        sent = plant.rows("SELECT count(*) FROM notification_attempt WHERE outcome = 'sent'")

    assert len(mails) == len(people) == many
    assert sent == [(many,)]
    # A mail whose worker died between the server's 250 and our mark goes out again, under the same
    # Message-ID (P13): no more of them than one worker has in its hands.
    repeated = sum(mails.values()) - many
    print(f"{many} reminders, 2 kills, {repeated} mails repeated under their own Message-ID")  # noqa: T201 - a figure
    assert repeated <= 2 * worker.NOTICE_SLOTS


async def _prepare(plant: Plant, many: int) -> None:
    """Start a run for each of many assignments, each of which owes a nudge at one and the same instant."""
    due, policy = datetime.now(UTC) + PREPARATION, Policy()
    assignments = [_waiting(due - policy.sla_propose / 2) for _ in range(many)]
    await _register(plant, [each.provider_id for each in assignments])
    client = await Client.connect(plant.temporal.address, data_converter=data_converter)
    turn = asyncio.Semaphore(AT_ONCE)

    async def start(assignment: Assignment) -> None:
        async with turn:
            await client.start_workflow(
                AssignmentWorkflow.run,
                Opened(assignment=assignment, policy=policy),
                id=assignment_run(assignment.id),
                task_queue=QUEUE,
                task_timeout=TASK_TIMEOUT,
            )

    await asyncio.gather(*(start(each) for each in assignments))


def _waiting(since: datetime) -> Assignment:
    """Return an assignment past its opening, whose provider has owed a proposal since then."""
    return Assignment(
        id=uuid.uuid4().hex,
        job_id=uuid.uuid4().hex,
        customer_id="ann",
        provider_id=f"bob-{uuid.uuid4().hex}",
        origin=Origin.QUOTE,
        price=Money(amount=12_500, currency="EUR"),
        site_timezone="Europe/Berlin",
        created_at=since,
        status_entered_at=since,
        turn_since=since,
        state_version=1,
    )


async def _register(plant: Plant, providers: list[str]) -> None:
    database = database_engine(plant.postgres.url())
    async with AsyncSession(database) as session, session.begin():
        for id in providers:
            person = Person(id=id, name="Bob", email=f"{id}@example.org", roles=(Role.PROVIDER,))
            await directory.register(session, person)
    await database.dispose()


def _statuses(plant: Plant) -> set[tuple[str, int]]:
    return {(status, n) for status, n in plant.rows("SELECT status, count(*) FROM reminder GROUP BY status")}


def _wait(happened: Callable[[], bool], what: str) -> None:
    give_up = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < give_up, f"waited in vain for {what}"
        time.sleep(0.2)


def _has_taken(postbox: Postbox, number: int) -> bool:
    return len(postbox.taken) >= number
