"""What a workflow hands to the ledger is written once, counted once, and never in vain without a word."""

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import replace
from typing import Any

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.ledger import REJECTED, AssignmentBatch, JobBatch, Ledger, RunRef
from fulfillment.domain.assignment.entries import Entry
from fulfillment.domain.assignment.state import Status
from fulfillment.domain.command import Source
from fulfillment.domain.steps import Refusal
from fulfillment.store import news
from fulfillment.store.database import engine
from fulfillment.store.news import Moved
from fulfillment.store.tables import AssignmentRow, AuditRow, OpsTaskRow, RequeueRow
from tests.domain.jobs import BOB, CYD
from tests.domain.people import ADA, MALLORY, NEXT_WEEK, NOON, proposes
from tests.store.diaries import Diary, JobDiary, fresh_id

Sessions = async_sessionmaker[AsyncSession]


def batch(diary: Diary, *entries: Entry, refusals: tuple[Refusal, ...] = ()) -> AssignmentBatch:
    return AssignmentBatch(
        assignment_id=diary.it.id,
        run=RunRef(workflow_id=f"assignment-{diary.it.id}", run_id="run-7"),
        entries=entries or tuple(diary.entries),
        refusals=refusals,
    )


def job_batch(diary: JobDiary) -> JobBatch:
    run = RunRef(workflow_id=f"job-{diary.job.id}", run_id="run-7")
    return JobBatch(job_id=diary.job.id, run=run, entries=tuple(diary.entries))


async def run(activity: Callable[..., Any], given: Any) -> None:
    await ActivityEnvironment().run(activity, given)


async def rows(sessions: Sessions, *columns: Any, **where: str) -> list[tuple[Any, ...]]:
    table = columns[0].class_
    query = select(*columns).where(*(getattr(table, name) == value for name, value in where.items()))
    async with sessions() as session:
        return sorted(tuple(row) for row in await session.execute(query))


def requeued() -> float:
    return REGISTRY.get_sample_value("assignments_requeued_total") or 0.0


class TestAssignments:
    async def test_deliveries_late_and_double_change_nothing(self, sessions: Sessions) -> None:
        diary = Diary().agree()
        first, second = batch(diary, *diary.entries[:2]), batch(diary, diary.entries[2])
        write = Ledger(sessions).project_assignment

        for delivery in (first, second, first, second, first):
            await run(write, delivery)

        columns = (AssignmentRow.status, AssignmentRow.state_version)
        assert await rows(sessions, *columns, id=diary.it.id) == [("scheduled", 3)]
        audit = await rows(sessions, AuditRow.state_version, AuditRow.run_id, entity_id=diary.it.id)
        assert audit == [(1, "run-7"), (2, "run-7"), (3, "run-7")]

    async def test_whoever_listens_is_told_how_far_it_is_written(
        self, database_url: str, sessions: Sessions
    ) -> None:
        diary, write = Diary().agree(), Ledger(sessions)
        job = JobDiary()

        async with asyncio.timeout(20), aclosing(news.hear(database_url)) as heard:
            await anext(heard)
            await run(write.project_assignment, batch(diary))
            await run(write.project_job, job_batch(job))
            told = [await anext(heard), await anext(heard)]

        it = diary.it
        assert told == [
            Moved(
                job_id=it.job_id,
                customer_id=it.customer_id,
                version=it.state_version,
                assignment_id=it.id,
                provider_id=it.provider_id,
            ),
            Moved(job_id=job.job.id, customer_id=job.job.customer_id, version=job.job.state_version),
        ]

    async def test_refusals_alone_are_written_too(self, sessions: Sessions) -> None:
        diary = Diary()
        refusal = Refusal(
            command="CheckIn",
            command_id=fresh_id(),
            actor=MALLORY,
            source=Source.SIGNAL,
            code="NotAParty",
            detail="there is no such assignment",
            at=NOON,
        )

        await run(Ledger(sessions).project_assignment, replace(batch(diary, refusals=(refusal,)), entries=()))

        audit = await rows(sessions, AuditRow.applied, AuditRow.code, entity_id=diary.it.id)
        assert audit == [(False, "NotAParty")]

    async def test_it_survives_the_way_through_the_engine(self, sessions: Sessions) -> None:
        diary = Diary().agree().finish()
        given = batch(diary)

        (payload,) = await pydantic_data_converter.encode([given])
        (arrived,) = await pydantic_data_converter.decode([payload], [AssignmentBatch])

        assert arrived == given


class TestJobs:
    async def test_a_return_is_counted_once_however_often_it_is_delivered(self, sessions: Sessions) -> None:
        diary = JobDiary()
        diary.settle()
        diary.quote(BOB)
        diary.quote(CYD)
        diary.choose(BOB)
        diary.close(Status.REJECTED, reason="sick")
        before = requeued()

        for _ in range(3):
            await run(Ledger(sessions).project_job, job_batch(diary))

        assert requeued() - before == 1
        assert await rows(sessions, RequeueRow.no, RequeueRow.provider_id, job_id=diary.job.id) == [
            (1, "bob")
        ]

    async def test_it_survives_the_way_through_the_engine(self, sessions: Sessions) -> None:
        diary = JobDiary()
        diary.settle()
        diary.quote(BOB)
        given = job_batch(diary)

        (payload,) = await pydantic_data_converter.encode([given])
        (arrived,) = await pydantic_data_converter.decode([payload], [JobBatch])

        assert arrived == given


def poisoned(text: str) -> tuple[Diary, AssignmentBatch]:
    """Return a batch with a text that the rules would never let in."""
    diary = Diary()
    diary.say(proposes(ADA, NEXT_WEEK, seeing=0))
    entry = diary.entries[-1]
    step = replace(entry.step, reason=text)
    return diary, batch(diary, diary.entries[0], replace(entry, step=step))


class TestWhatWillNeverFit:
    @pytest.mark.parametrize("text", ["\0", "\ud800"], ids=["NUL", "a lone surrogate"])
    async def test_it_is_final_and_becomes_a_task(self, sessions: Sessions, text: str) -> None:
        diary, given = poisoned(f"secret {text}")

        with pytest.raises(ApplicationError) as final:
            await run(Ledger(sessions).project_assignment, given)

        assert (final.value.type, final.value.non_retryable) == (REJECTED, True)
        assert "secret" not in str(final.value)
        assert final.value.__cause__ is None
        tasks = await rows(sessions, OpsTaskRow.type, OpsTaskRow.detail, entity_id=diary.it.id)
        assert [kind for kind, _ in tasks] == ["projection_rejected"]
        assert "secret" not in tasks[0][1]
        assert await rows(sessions, AssignmentRow.id, id=diary.it.id) == []

    async def test_the_task_is_opened_once(self, sessions: Sessions) -> None:
        diary, given = poisoned("\0")

        for _ in range(2):
            with pytest.raises(ApplicationError):
                await run(Ledger(sessions).project_assignment, given)

        assert len(await rows(sessions, OpsTaskRow.id, entity_id=diary.it.id)) == 1

    async def test_a_row_that_breaks_a_rule_is_final(self, sessions: Sessions) -> None:
        diary = JobDiary()
        diary.settle()
        quote = diary.quote(BOB)
        entry = diary.entries[-1]
        twice = replace(entry.job, quotes=(quote, replace(quote, id=fresh_id("q-"))))
        given = replace(job_batch(diary), entries=(replace(entry, job=twice),))

        with pytest.raises(ApplicationError, match="uq_quote_job_id_provider_id") as final:
            await run(Ledger(sessions).project_job, given)

        assert final.value.type == REJECTED

    async def test_entries_of_another_assignment_are_final(self, sessions: Sessions) -> None:
        with pytest.raises(ApplicationError, match="ValueError"):
            await run(Ledger(sessions).project_assignment, batch(Diary(), *Diary().entries))


class TestWhatMayFitLater:
    async def test_the_next_assignment_waits_for_the_end_of_the_last(self, sessions: Sessions) -> None:
        """Two workflows write them, so the second can come first; it is tried again, not given up."""
        first = Diary()
        second = Diary(job_id=first.it.job_id)
        write = Ledger(sessions).project_assignment
        await run(write, batch(first))

        with pytest.raises(IntegrityError):
            await run(write, batch(second))
        first.reject()
        await run(write, batch(first))
        await run(write, batch(second))

        assert await rows(sessions, AssignmentRow.status, id=second.it.id) == [("awaiting_schedule",)]
        assert await rows(sessions, OpsTaskRow.id, entity_id=second.it.id) == []

    async def test_a_database_that_is_away_is_tried_again(self) -> None:
        nowhere = engine("postgresql+psycopg://nobody@127.0.0.1:1/nothing")

        with pytest.raises(OperationalError):
            await run(Ledger(async_sessionmaker(nowhere)).project_assignment, batch(Diary()))

        await nowhere.dispose()
