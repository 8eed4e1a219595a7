"""Rows say again what they keep whole, and a database that was lost gets its steps back from the runs."""

import json
from typing import Any

import psycopg
import pytest

import activities.backfill
from fulfillment.store.ledger.restating_jobs import restate_jobs, rewrite
from tests.domain.jobs import BOB, CYD
from tests.journeys.town import Town
from tests.ops.conftest import Told, Type
from tests.ops.test_forget import CANARY, everything, somebody
from tests.store import server
from tests.store.diaries import Diary, JobDiary, Sessions
from tests.store.looking import sql
from tests.store.test_chain import life
from tests.store.test_job_ledger import quoted
from workflows.names import assignment_run, job_run

TABLES = ("assignment", "payout", "job", "quote", "offer", "audit_event", "notification_outbox", "reminder")


@pytest.fixture
def rows(alone_url: str, ops_type: Type, monkeypatch: pytest.MonkeyPatch) -> Type:
    """Type `backfill rows` against a database of the test's own."""
    monkeypatch.setenv("DATABASE_URL", alone_url)
    monkeypatch.setattr(activities.backfill, "LOCK", 50)

    async def it(*words: str) -> int:
        return await ops_type("backfill", "rows", *words)

    return it


def content(url: str) -> dict[str, Any]:
    """Return what the tables say, but for when it was written."""
    found = {}
    for table in TABLES:
        lines = [line for (line,) in sql(url, f"SELECT to_jsonb(t) FROM {table} t")]  # noqa: S608 - ours
        found[table] = sorted(
            json.dumps({key: value for key, value in line.items() if key != "projected_at"}, sort_keys=True)
            for line in lines
        )
    return found


async def written(sessions: Sessions) -> tuple[Diary, JobDiary]:
    """Return an assignment with a payout and a job with quotes, both in the database."""
    diary, job = life(), quoted()
    job.choose(BOB)
    await diary.write(sessions)
    await job.write(sessions)
    return diary, job


DRIFT = (
    "UPDATE assignment SET agreed_version = NULL, reminder_count = 7",
    "UPDATE payout SET amount = 1",
    "UPDATE job SET title = 'Other', round = 3",
    "UPDATE quote SET amount = 1 WHERE provider_id = 'cyd'",
)


WRITTEN = (
    "SELECT to_jsonb(t) - 'projected_at' FROM assignment t WHERE id = ANY(%s)",
    "SELECT to_jsonb(t) - 'projected_at' FROM payout t WHERE assignment_id = ANY(%s)",
    "SELECT to_jsonb(t) - 'projected_at' FROM job t WHERE id = ANY(%s)",
    """SELECT to_jsonb(t) - ARRAY['id', 'recorded_at', 'hash', 'prev_hash'] FROM audit_event t
        WHERE entity_id = ANY(%s) ORDER BY entity, state_version""",
    "SELECT dedupe_key FROM notification_outbox WHERE entity_id = ANY(%s) ORDER BY 1",
)
"""What steps leave behind; a hash of the audit is of the row's number as well, which is another one here."""


class TestRows:
    async def test_say_again_what_they_keep_whole_and_nothing_else_is_touched(
        self, alone: Sessions, alone_url: str, rows: Type, told: Told
    ) -> None:
        await written(alone)
        before = content(alone_url)
        for statement in DRIFT:
            sql(alone_url, statement)
        drifted = content(alone_url)

        dry = await rows("--dry-run", "--json")
        found, untouched = json.loads(told()[0]), content(alone_url) == drifted
        wet = await rows("--batch", "1")
        repeat = await rows()

        assert (dry, untouched, wet, repeat) == (1, True, 0, 0)
        assert content(alone_url) == before != drifted
        assert found == {
            "lookedAt": 2,
            "changed": 2,
            "dryRun": True,
            "columns": {
                "assignment.agreed_version": 1,
                "assignment.reminder_count": 1,
                "job.round": 1,
                "job.title": 1,
                "payout.amount": 1,
                "quote.amount": 1,
            },
            "left": {},
        }
        assert told()[0].splitlines()[-2:] == [
            "2 looked at, 2 were written anew.",
            "2 looked at. All say what they should.",
        ]

    async def test_that_are_gone_beside_their_row_come_back(
        self, alone: Sessions, alone_url: str, rows: Type
    ) -> None:
        await written(alone)
        before = content(alone_url)
        sql(alone_url, "DELETE FROM quote_wording")
        sql(alone_url, "DELETE FROM quote WHERE provider_id = 'cyd'")

        status = await rows("--only", "jobs")

        assert (status, content(alone_url)["quote"]) == (0, before["quote"])

    async def test_before_a_place_are_left_to_who_has_been_there(
        self, alone: Sessions, alone_url: str, rows: Type, told: Told
    ) -> None:
        for _ in range(3):
            await Diary().write(alone)
        sql(alone_url, "UPDATE assignment SET reminder_count = 7")
        first, *others = sorted(id for (id,) in sql(alone_url, "SELECT id FROM assignment"))

        await rows("--only", "assignments", "--after", first)

        wrong = [id for (id,) in sql(alone_url, "SELECT id FROM assignment WHERE reminder_count = 7")]
        assert (wrong, len(others)) == ([first], 2)

    async def test_that_somebody_keeps_locked_stop_no_other(
        self, alone: Sessions, alone_url: str, rows: Type, told: Told
    ) -> None:
        one, other = Diary(), Diary()
        for each in (one, other):
            await each.write(alone)
        sql(alone_url, "UPDATE assignment SET reminder_count = 7")

        with psycopg.connect(server.plain(alone_url)) as busy:
            busy.execute("SELECT FROM assignment WHERE id = %s FOR UPDATE", [one.it.id])
            status = await rows("--json")

        assert (status, json.loads(told()[0])["left"]) == (1, {one.it.id: "somebody else has kept it locked"})
        assert sql(alone_url, "SELECT id FROM assignment WHERE reminder_count = 7") == [(one.it.id,)]

    async def test_that_keep_nothing_readable_are_named_and_left(
        self, alone: Sessions, alone_url: str, rows: Type, told: Told
    ) -> None:
        _, job = await written(alone)
        sql(alone_url, "UPDATE job SET snapshot = '{}'")

        status = await rows()

        assert status == 1
        assert f"{job.job.id}  what it keeps cannot be read" in told()[0]

    async def test_of_who_was_forgotten_bring_nothing_back(
        self, alone: Sessions, alone_url: str, rows: Type, ops_type: Type
    ) -> None:
        who = await somebody(alone, life())
        await ops_type("forget", who, "--after-days", "0", "--yes")

        status = await rows()

        assert status == 0
        assert [name for name, lines in everything(alone_url).items() if CANARY in lines] == []

    async def test_of_a_job_that_has_moved_on_are_left_alone(self, alone: Sessions) -> None:
        job = quoted()
        old = rewrite(job.job, head={}, quotes={}, offers={})
        job.choose(CYD)
        await job.write(alone)

        async with alone.begin() as session:
            assert await restate_jobs(session, [old]) == frozenset()

    async def test_of_one_id_need_to_be_told_what_of(self, rows: Type, told: Told) -> None:
        assert await rows("--id", "x") == 2
        assert await rows("--id", "x", "--only", "jobs") == 2

        assert told()[1].splitlines() == [
            "--id: say with --only whether it is of assignments or jobs",
            "--id: there is nothing called x among the jobs",
        ]


async def test_a_lost_database_gets_every_step_back_from_the_runs(
    town: Town, town_url: str, in_town: Type, told: Told, monkeypatch: pytest.MonkeyPatch, alone_url: str
) -> None:
    deal = await town.completed()
    await deal.written()
    monkeypatch.setenv("DATABASE_URL", alone_url)
    asked = ("backfill", "steps", "--id", job_run(deal.job_id), "--id", assignment_run(deal.id))

    dry = await in_town(*asked, "--dry-run", "--json")
    found, empty = json.loads(told()[0])["missing"], content(alone_url)["audit_event"]
    wet = await in_town(*asked)
    repeat = await in_town(*asked)

    assert (dry, empty, wet, repeat) == (1, [], 0, 0)
    assert [(each["entity"], each["id"]) for each in found] == [("job", deal.job_id), ("assignment", deal.id)]
    assert all(each["messages"] > 0 for each in found)
    assert told()[0].endswith("2 runs looked at. No step is missing.\n")
    for query in WRITTEN:
        about = [deal.id, deal.job_id]
        assert sql(alone_url, query, about) == sql(town_url, query, about) != [], query
    assert await in_town("audit", "verify") == 0


async def test_steps_that_are_there_are_left_alone(town: Town, in_town: Type, told: Told) -> None:
    deal = await town.deal()
    await deal.written()

    status = await in_town("backfill", "steps", "--id", assignment_run(deal.id), "--json")

    assert (status, json.loads(told()[0])["missing"]) == (0, [])
