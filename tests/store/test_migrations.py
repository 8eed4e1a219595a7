"""Every database comes to the same shape: an empty one, an old one, one that others migrate too (T1)."""

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from alembic import command
from sqlalchemy import Connection, create_engine
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.pool import NullPool

from fulfillment.domain.assignment.state import Status
from fulfillment.domain.money import Money
from fulfillment.store import migrate
from fulfillment.store.backfill import backfill
from fulfillment.store.database import engine as database_engine
from fulfillment.store.views.assignments import Listed, assignment, assignments, live_of_job
from fulfillment.store.views.jobs import job
from tests.store import server
from tests.store.looking import sql

ROOT = Path(__file__).parents[2]
LONG_AGO = datetime(2025, 5, 1, 9, 30, tzinfo=UTC)

OLD_ROWS = """
    INSERT INTO job (id, customer_id, title, category, site_tz, price_cap, currency, status, created_at)
    VALUES
        ('j1', 'ada', 'Mend the gutter', 'roof', 'Europe/Berlin', 20000, 'EUR', 'accepted', '{at}'),
        ('j2', 'ada', 'Paint the fence', 'paint', 'Europe/Lisbon', 9000, 'EUR', 'completed', '{at}'),
        ('j3', 'eve', 'Trim the hedge', 'garden', 'America/New_York', 5000, 'USD', 'open', '{at}');
    INSERT INTO assignment (id, job_id, customer_id, provider_id, price, currency, status, created_at)
    VALUES
        ('a1', 'j1', 'ada', 'bob', 12500, 'EUR', 'accepted', '{at}'),
        ('a2', 'j2', 'ada', 'cyd', 8000, 'EUR', 'completed', '{at}'),
        ('a3', 'j3', 'eve', 'dan', 4000, 'USD', 'cancelled', '{at}');
"""


def to(url: str, revision: str, *, back: bool = False) -> None:
    """Bring the database up to `revision`, or `back` down to it."""
    settings = migrate.config(url)
    with create_engine(url, poolclass=NullPool).connect() as connection:
        settings.attributes["connection"] = connection
        (command.downgrade if back else command.upgrade)(settings, revision)


@pytest.fixture
def old() -> str:
    """A database from before M4, with three jobs and three assignments in it."""
    url = server.empty()
    to(url, "0001_baseline")
    with psycopg.connect(server.plain(url), autocommit=True) as connection:
        connection.execute(OLD_ROWS.format(at=LONG_AGO.isoformat()).encode())
    return url


def run(*arguments: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run Python from the root of the project."""
    command = (sys.executable, *arguments)
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)  # noqa: S603 - ours


@contextmanager
def autocommitting(url: str) -> Iterator[Connection]:
    with create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT").connect() as connection:
        yield connection


async def revision(url: str) -> str | None:
    engine = database_engine(url)
    try:
        return await migrate.current(engine)
    finally:
        await engine.dispose()


class TestAnEmptyDatabase:
    async def test_it_comes_to_the_head_and_stays_there(self) -> None:
        url = server.empty()
        before = await revision(url)

        migrate.upgrade(url)
        migrate.upgrade(url)

        assert before is None
        assert await revision(url) == migrate.head()

    async def test_processes_that_start_together_do_it_once(self) -> None:
        url = server.empty()
        program = "import sys; from fulfillment.store import migrate; migrate.upgrade(sys.argv[1])"

        with ThreadPoolExecutor() as pool:
            ends = list(pool.map(lambda _: run("-c", program, url), range(2)))

        assert [(end.returncode, end.stderr) for end in ends] == [(0, ""), (0, "")]
        assert await revision(url) == migrate.head()

    def test_a_password_with_a_percent_sign_is_no_riddle(self) -> None:
        settings = migrate.config("postgresql+psycopg://u:50%25@127.0.0.1/db")

        assert settings.get_main_option("sqlalchemy.url") == "postgresql+psycopg://u:50%25@127.0.0.1/db"

    def test_the_command_line_takes_the_database_and_nothing_else(self) -> None:
        url = server.empty()
        environment = {"PATH": os.environ["PATH"], "DATABASE_URL": server.plain(url)}

        upgraded = run("-m", "alembic", "upgrade", "head", env=environment)
        checked = run("-m", "alembic", "check", env=environment)

        assert (upgraded.returncode, checked.returncode) == (0, 0), upgraded.stderr + checked.stderr


class TestADatabaseFromBefore:
    def test_what_nobody_knew_is_null_and_the_rest_has_defaults(self, old: str) -> None:
        migrate.upgrade(old)

        nulls = sql(
            old,
            """SELECT num_nonnulls(scheduled_start, scheduled_end, schedule_proposed_by, rejected_at,
                next_reminder_at, last_reminder_at, reminder_overdue_at, agreed_version, payout_id)
            FROM assignment""",
        )
        defaults = sql(
            old,
            """SELECT id, schedule_version, reminder_count, reminder_overdue, epoch, state_version,
                status_entered_at = created_at, site_timezone, status
            FROM assignment ORDER BY id""",
        )
        assert nulls == [(0,)] * 3
        assert defaults == [
            ("a1", 0, 0, False, 1, 0, True, "Europe/Berlin", "awaiting_schedule"),
            ("a2", 0, 0, False, 1, 0, True, "Europe/Lisbon", "paid"),
            ("a3", 0, 0, False, 1, 0, True, "America/New_York", "cancelled"),
        ]

    async def test_old_rows_still_open(self, old: str) -> None:
        migrate.upgrade(old)

        engine = database_engine(old)
        async with AsyncSession(engine) as session:
            opened = await assignment(session, "a1")
            listed = await assignments(session)
            asked_for = await job(session, "j1")
            live = await live_of_job(session, "j1")
        await engine.dispose()
        assert isinstance(opened, Listed)
        it = opened.standing.assignment
        assert (it.status, it.created_at, it.turn_since) == (Status.AWAITING_SCHEDULE, LONG_AGO, LONG_AGO)
        assert (it.price, it.agreed, it.proposal) == (Money(amount=12_500, currency="EUR"), None, None)
        assert {line.standing.assignment.id for line in listed.items} == {"a1", "a2", "a3"}
        assert asked_for
        assert asked_for.job.live
        assert asked_for.job.live.assignment_id == live == "a1"

    def test_filling_in_again_finds_nothing_to_do(self, old: str) -> None:
        migrate.upgrade(old)
        before = sql(old, "SELECT xmin, * FROM assignment ORDER BY id")

        with autocommitting(old) as connection:
            filled = backfill(connection)

        assert filled == 0
        assert sql(old, "SELECT xmin, * FROM assignment ORDER BY id") == before

    def test_each_batch_is_a_transaction_of_its_own(self, old: str) -> None:
        sql(
            old,
            """INSERT INTO assignment (id, job_id, customer_id, provider_id, price, currency, status)
            SELECT 'b' || n, 'k' || n, 'ada', 'bob', 100, 'EUR', 'completed' FROM generate_series(1, 25) n""",
        )
        to(old, "0003_m4_indexes")

        with autocommitting(old) as connection:
            filled = backfill(connection, batch=10)

        assert filled == 28 + 3
        assert sql(old, "SELECT count(DISTINCT xmin::text) FROM assignment WHERE standing IS NOT NULL") == [
            (3,)
        ]

    def test_what_was_interrupted_goes_on_where_it_was(self, old: str) -> None:
        to(old, "0003_m4_indexes")
        sql(old, "ALTER TABLE assignment ADD CONSTRAINT stumble CHECK (id <> 'a3' OR standing IS NULL)")
        with autocommitting(old) as connection, pytest.raises(Exception, match="stumble"):
            backfill(connection, batch=2)
        sql(old, "ALTER TABLE assignment DROP CONSTRAINT stumble")
        first = sql(old, "SELECT xmin, id FROM assignment WHERE standing IS NOT NULL ORDER BY id")

        migrate.upgrade(old)

        assert [id for _, id in first] == ["a1", "a2"]
        assert sql(old, "SELECT xmin, id FROM assignment WHERE id <> 'a3' ORDER BY id") == first
        assert sql(old, "SELECT count(*) FROM assignment WHERE standing IS NULL") == [(0,)]

    def test_what_people_wrote_meanwhile_is_left_alone(self, old: str) -> None:
        to(old, "0003_m4_indexes")
        sql(old, """UPDATE assignment SET standing = '{"assignment": "mine"}' WHERE id = 'a2'""")

        with autocommitting(old) as connection:
            backfill(connection)

        assert sql(old, "SELECT standing->>'assignment' FROM assignment WHERE id = 'a2'") == [("mine",)]

    def test_an_index_that_was_interrupted_is_built_anew(self, old: str) -> None:
        to(old, "0002_m4")
        sql(old, "CREATE INDEX ix_assignment_newest ON assignment (price)")

        migrate.upgrade(old)

        (definition,) = sql(old, "SELECT indexdef FROM pg_indexes WHERE indexname = 'ix_assignment_newest'")[
            0
        ]
        assert definition.endswith("(created_at, id)")


class TestGoingBack:
    async def test_one_step_and_forward_again(self, old: str) -> None:
        migrate.upgrade(old)

        to(old, "-1", back=True)
        migrate.upgrade(old)

        assert await revision(old) == migrate.head()

    def test_to_before_m4_the_old_rows_are_what_they_were(self, old: str) -> None:
        before = sql(old, "SELECT * FROM assignment ORDER BY id")
        migrate.upgrade(old)

        to(old, "0001_baseline", back=True)

        assert sql(old, "SELECT * FROM assignment ORDER BY id") == before
        left = sql(old, "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
        assert left == [("alembic_version",), ("assignment",), ("job",)]

    async def test_to_nothing(self) -> None:
        url = server.empty()
        migrate.upgrade(url)

        to(url, "base", back=True)

        assert await revision(url) is None
        assert sql(url, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'") == [
            ("alembic_version",)
        ]
