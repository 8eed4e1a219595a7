"""A process says whether it lives, whether it can work, and why not."""

import asyncio
import time

import httpx2
import pytest
from alembic.script import ScriptDirectory
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from api import checks, health
from api.health import NotReady, holders_of
from fulfillment.store import migrate
from tests.api.front import knocking

TOKEN = "t" * 20


async def well() -> None:
    pass


async def ill() -> None:
    raise NotReady("it has a cold")


async def failing() -> None:
    raise ConnectionRefusedError("at postgresql://ada:secret@10.0.0.1")


async def hanging() -> None:
    await asyncio.sleep(60)


class TestAlive:
    async def test_is_told_without_any_check(self) -> None:
        async with knocking(health.application({"database": failing})) as client:
            answer = await client.get("/healthz")

        assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


class TestReady:
    async def test_when_every_check_passes(self) -> None:
        async with knocking(health.application({"one": well, "other": well})) as client:
            answer = await client.get("/readyz")

        assert (answer.status_code, answer.json()["status"]) == (200, "ready")

    async def test_each_check_that_fails_gives_its_reason_and_no_address(self) -> None:
        app = health.application({"one": well, "two": ill, "three": failing, "four": hanging})
        began = time.monotonic()
        async with knocking(app) as client:
            answer = await client.get("/readyz")

        assert time.monotonic() - began < 2
        assert (answer.status_code, answer.json()["status"]) == (503, "not ready")
        assert answer.json()["checks"] == {
            "one": {"ok": True, "reason": None},
            "two": {"ok": False, "reason": "it has a cold"},
            "three": {"ok": False, "reason": "failed with ConnectionRefusedError"},
            "four": {"ok": False, "reason": "no answer within 1 s"},
        }


class TestChecks:
    async def test_a_database_that_answers_and_is_migrated(self, postgres: AsyncEngine) -> None:
        await checks.database_answers(postgres)()
        await checks.schema_is_current(postgres)()

    async def test_a_database_that_is_gone(self) -> None:
        gone = create_async_engine("postgresql+psycopg://nobody@127.0.0.1:1/nothing")
        app = health.application(
            {"database": checks.database_answers(gone), "migrations": checks.schema_is_current(gone)}
        )
        async with knocking(app) as client:
            answer = await client.get("/readyz")

        assert [check["ok"] for check in answer.json()["checks"].values()] == [False, False]

    @pytest.mark.parametrize(
        ("revision", "reason"),
        [
            pytest.param("0001_baseline", "the schema is at 0001_baseline", id="behind"),
            pytest.param(None, "the schema is at nothing", id="empty"),
            pytest.param("9999_from_the_future", None, id="ahead, as in a rolling deploy"),
        ],
    )
    async def test_the_schema_is_at_least_what_this_code_knows(
        self, postgres: AsyncEngine, revision: str | None, reason: str | None
    ) -> None:
        async with postgres.connect() as connection, connection.begin() as change:
            await connection.execute(
                text("UPDATE alembic_version SET version_num = :it"), {"it": revision or ""}
            )
            if revision is None:
                await connection.execute(text("DELETE FROM alembic_version"))

            told = await health._reason(checks.schema_is_current(_Borrowed(connection)))  # type: ignore[arg-type]

            await change.rollback()
        assert (told or "").partition(",")[0] == (reason or "")

    def test_the_revisions_are_those_that_alembic_finds(self) -> None:
        scripts = ScriptDirectory(str(migrate.MIGRATIONS))
        head, older = checks.known_revisions()

        assert head == migrate.head()
        assert older | {head} == {script.revision for script in scripts.walk_revisions()}


class _Borrowed:
    """An engine with one connection, whose transaction stays open."""

    def __init__(self, connection: object) -> None:
        self._connection = connection

    def connect(self) -> "_Borrowed":
        return self

    async def __aenter__(self) -> object:
        return self._connection

    async def __aexit__(self, *_: object) -> None:
        pass


class TestMetrics:
    @staticmethod
    def guarded(token: str | None) -> FastAPI:
        app = health.application({})
        app.router.routes.clear()
        app.include_router(health.router({}, metrics_for=holders_of(token)))
        return app

    async def test_are_prometheus_text(self) -> None:
        async with knocking(health.application({})) as client:
            answer = await client.get("/metrics")

        assert answer.headers["Content-Type"].startswith("text/plain")
        assert "assignments_requeued_total" in answer.text

    @pytest.mark.parametrize(
        ("headers", "status"),
        [
            ({}, 401),
            ({"Authorization": "Bearer wrong"}, 401),
            ({"Authorization": TOKEN}, 401),
            ({"Authorization": f"Bearer {TOKEN}"}, 200),
        ],
    )
    async def test_take_the_token_where_there_is_one(self, headers: dict[str, str], status: int) -> None:
        async with knocking(self.guarded(TOKEN)) as client:
            assert (await client.get("/metrics", headers=headers)).status_code == status

    async def test_are_not_there_where_a_token_is_wanted_and_none_is_set(self) -> None:
        async with knocking(self.guarded(None)) as client:
            answer: httpx2.Response = await client.get("/metrics")

        assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")
