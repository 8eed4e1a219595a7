"""The audit is a chain: whoever gets past the guards and changes it is found out."""

import asyncio
import json
from dataclasses import dataclass, replace
from typing import Any

import psycopg
import pytest
import pytest_asyncio
from sqlalchemy import text
from sqlalchemy.ext.asyncio import async_sessionmaker

from fulfillment.domain.command import Source
from fulfillment.domain.steps import Refusal
from fulfillment.store import chain
from fulfillment.store.chain import COLUMNS, Broken, Flaw, Verified, verify
from fulfillment.store.database import engine as database_engine
from fulfillment.store.tables import AuditRow, Entity
from tests.domain.people import HOUR, MALLORY, NOON, ROOT, approves, denies, resubmits, settles
from tests.store import server
from tests.store.breaking import break_in, rehash, slip_in
from tests.store.diaries import Diary, JobDiary, Sessions, fresh_id
from tests.store.looking import in_the_queue, sql
from tests.store.test_migrations import to

NASTY = 'say "no"\\ \n\t\r\b\f\x01\x1f\x7f \u2028 \u00e9 e\u0301 \U0001f642 </script> \ufffd'


def life() -> Diary:
    """Return an assignment from its beginning to its payout, at the second attempt: nine steps."""
    diary = Diary().agree().finish()
    diary.say(denies(ROOT), at=diary.at + HOUR)
    diary.say(resubmits(diary.provider))
    diary.say(approves(ROOT, attempt=2))
    diary.say(settles(attempt=2))
    return diary


def refusal(**changes: Any) -> Refusal:
    told = Refusal(
        command="RejectAssignment",
        command_id=fresh_id(),
        actor=MALLORY,
        source=Source.SIGNAL,
        code="NotAParty",
        detail="there is no such assignment",
        at=NOON,
    )
    return replace(told, **changes)


async def only_refused(sessions: Sessions, diary: Diary, *refusals: Refusal) -> None:
    """Write refusals alone, as the ledger does it without taking its turn."""
    stub = Diary(id=diary.it.id)
    stub.entries.clear()
    await stub.write(sessions, refusals=refusals)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    id: int
    step: int | None
    prev: bytes | None
    hash: bytes | None


def rows(url: str, id: str) -> list[Row]:
    """Return the rows of one chain in the order of their ids."""
    found = sql(
        url,
        "SELECT id, state_version, prev_hash, hash FROM audit_event WHERE entity_id = %s ORDER BY id",
        id,
    )
    return [Row(id=id, step=step, prev=prev, hash=own) for id, step, prev, own in found]


def expect_chained(found: list[Row]) -> None:
    assert found[0].prev is None
    assert all(row.hash for row in found)
    assert [row.prev for row in found[1:]] == [row.hash for row in found[:-1]]


async def verified(sessions: Sessions, diary: Diary | JobDiary | None = None, **more: Any) -> Verified:
    """Verify one chain, or all."""
    async with sessions() as session:
        return await verify(session, about=about(diary) if diary else None, **more)


def about(diary: Diary | JobDiary) -> tuple[Entity, str]:
    if isinstance(diary, Diary):
        return Entity.ASSIGNMENT, diary.it.id
    return Entity.JOB, diary.job.id


async def flaws(sessions: Sessions, diary: Diary | None = None) -> list[tuple[Flaw, int | None, list[int]]]:
    found = await verified(sessions, diary)
    return [(broken.flaw, broken.row, list(broken.steps)) for broken in found.broken]


class TestWriting:
    async def test_the_rows_of_one_batch_follow_each_other_by_their_steps(
        self, sessions: Sessions, database_url: str
    ) -> None:
        diary = life()

        await diary.write(sessions, refusals=[refusal(), refusal()])

        found = rows(database_url, diary.it.id)
        expect_chained(found)
        assert [row.step for row in found] == [1, 2, 3, 4, 5, 6, 7, 8, 9, None, None]
        assert (await verified(sessions, diary)).broken == ()

    async def test_what_is_there_already_leaves_no_trace_in_the_chain(
        self, sessions: Sessions, database_url: str
    ) -> None:
        diary = life()
        told = refusal()

        await diary.write(sessions, *diary.entries[:4], refusals=[told])
        before = rows(database_url, diary.it.id)
        await diary.write(sessions, *diary.entries[:4], refusals=[told])
        repeated = rows(database_url, diary.it.id)
        await diary.write(sessions)

        found = rows(database_url, diary.it.id)
        assert repeated == before == found[:5]
        expect_chained(found)
        assert [row.step for row in found] == [1, 2, 3, 4, None, 5, 6, 7, 8, 9]
        assert (await verified(sessions, diary)).broken == ()

    async def test_entities_that_are_written_at_once_have_a_chain_each(
        self, alone: Sessions, alone_url: str
    ) -> None:
        diaries, jobs = [life() for _ in range(8)], [JobDiary() for _ in range(4)]

        await asyncio.gather(
            *(diary.write(alone, *diary.entries[at:]) for diary in diaries for at in (0, 3, 6)),
            *(only_refused(alone, diary, refusal(), refusal()) for diary in diaries for _ in range(3)),
            *(job.write(alone) for job in jobs),
        )

        for diary in diaries:
            expect_chained(rows(alone_url, diary.it.id))
        found = await verified(alone)
        assert (found.chains, found.rows, found.broken) == (12, 8 * (9 + 6) + 4, ())

    async def test_who_has_not_taken_their_turn_waits_for_it_all_the_same(
        self, sessions: Sessions, database_url: str
    ) -> None:
        diary = Diary()
        await diary.write(sessions)

        async with sessions.begin() as first:
            await first.execute(
                text("""INSERT INTO audit_event (entity, entity_id, applied, command, command_id, request_id,
                actor_id, actor_role, source, code, reason, workflow_id, run_id, at)
                VALUES ('assignment', :id, false, 'CheckIn', 'k', '', 'bob', 'provider', 'signal', 'TooEarly',
                '', 'w', 'r', now())"""),
                {"id": diary.it.id},
            )
            second = asyncio.create_task(only_refused(sessions, diary, refusal()))
            await in_the_queue(sessions)
        await second

        expect_chained(rows(database_url, diary.it.id))

    async def test_nobody_chooses_their_own_id_or_hash(self, sessions: Sessions, database_url: str) -> None:
        diary = Diary()
        await diary.write(sessions)
        columns = "entity, entity_id, applied, command, command_id, request_id, actor_id, actor_role, source"

        sql(
            database_url,
            f"""INSERT INTO audit_event ({columns}, reason, workflow_id, run_id, at, id, prev_hash, hash)
            OVERRIDING SYSTEM VALUE
            SELECT entity, entity_id, false, 'Forge', '', '', actor_id, actor_role, source, reason,
                workflow_id, run_id, at, -1, 'made', 'up' FROM audit_event WHERE entity_id = %s""",  # noqa: S608
            diary.it.id,
        )

        found = rows(database_url, diary.it.id)
        assert found[0].id > 0
        expect_chained(found)
        assert (await verified(sessions, diary)).broken == ()

    async def test_no_setting_of_a_session_changes_a_hash(self, alone_url: str) -> None:
        diary = life()
        zones: list[str] = []
        verdicts: list[Verified] = []
        for zone, style in (("Asia/Kathmandu", "German, DMY"), ("America/St_Johns", "SQL, MDY")):
            engine = database_engine(alone_url)
            async with engine.begin() as connection:
                name = alone_url.rpartition("/")[2]
                await connection.execute(text(f"ALTER DATABASE \"{name}\" SET TimeZone = '{zone}'"))
                await connection.execute(text(f"ALTER DATABASE \"{name}\" SET DateStyle = '{style}'"))
            await engine.dispose()
            engine = database_engine(alone_url)
            sessions = async_sessionmaker(engine)
            await diary.write(sessions, *diary.entries[: 4 + 5 * len(verdicts)])
            async with sessions() as session:
                zones.append(await session.scalar(text("SHOW TimeZone")))
            verdicts.append(await verified(sessions))
            await engine.dispose()

        assert zones == ["Asia/Kathmandu", "America/St_Johns"]
        assert [(found.rows, found.broken) for found in verdicts] == [(4, ()), (9, ())]

    async def test_its_form_is_json_as_python_writes_it(self, sessions: Sessions) -> None:
        diary = Diary()
        await diary.write(sessions, refusals=[refusal(detail=NASTY, actor=replace(MALLORY, id=NASTY))])

        async with sessions() as session:
            said = await session.scalars(
                text(f"""SELECT jsonb_build_array({chain.CONTENT})::text FROM audit_event
                WHERE entity_id = :id"""),  # noqa: S608 - names of ours
                {"id": diary.it.id},
            )

        for line in said.all():
            assert json.dumps(json.loads(line), ensure_ascii=False) == line
        assert NASTY in json.loads(line)
        assert (await verified(sessions, diary)).broken == ()

    def test_it_covers_every_column(self) -> None:
        columns = {column.name for column in AuditRow.__table__.columns}

        assert {*COLUMNS} == columns - {"prev_hash", "hash"}


def step_by_hand(url: str, *steps: int) -> None:
    """Write steps of assignment a1 as any release does: the tables of this one may not be there yet."""
    sql(
        url,
        """INSERT INTO assignment (id, job_id, customer_id, provider_id, price, currency, status)
        VALUES ('a1', 'j1', 'ada', 'bob', 12500, 'EUR', 'scheduled') ON CONFLICT DO NOTHING""",
    )
    sql(url, "UPDATE assignment SET state_version = %s", max(steps))
    sql(
        url,
        """INSERT INTO audit_event (entity, entity_id, state_version, applied, command, command_id,
            request_id, actor_id, actor_role, source, reason, workflow_id, run_id, at)
        SELECT 'assignment', 'a1', step, true, 'ProposeWindow', 'k' || step, '', 'bob', 'provider', 'api', '',
            'assignment-a1', 'r', now()
        FROM unnest(%s) step ON CONFLICT DO NOTHING""",
        [*steps],
    )


async def verified_at(url: str) -> tuple[int, int, tuple[Broken, ...]]:
    engine = database_engine(url)
    found = await verified(async_sessionmaker(engine))
    await engine.dispose()
    return found.rows, found.unchained, found.broken


class TestAnAuditFromBefore:
    async def test_old_rows_stay_as_they_are_and_the_chain_begins_with_the_next(self) -> None:
        url = server.empty()
        to(url, "0007_payment_sources")
        step_by_hand(url, 1, 2, 3, 4)
        before = sql(url, "SELECT to_jsonb(it) FROM audit_event it ORDER BY id")

        to(url, "0008_audit_chain")
        step_by_hand(url, 3, 4, 5, 6, 7)

        found = rows(url, "a1")
        assert [row.hash is None for row in found] == [True] * 4 + [False] * 3
        expect_chained(found[4:])
        after = sql(url, "SELECT to_jsonb(it) - 'prev_hash' - 'hash' FROM audit_event it ORDER BY id LIMIT 4")
        assert after == before
        assert await verified_at(url) == (7, 4, ())

    async def test_it_can_be_taken_back_and_begun_anew(self) -> None:
        url = server.empty()
        to(url, "0008_audit_chain")
        step_by_hand(url, 1, 2, 3)

        to(url, "0007_payment_sources", back=True)
        step_by_hand(url, 4, 5, 6)
        to(url, "0008_audit_chain")
        step_by_hand(url, 7, 8)

        assert await verified_at(url) == (8, 6, ())


@pytest_asyncio.fixture
async def told(sessions: Sessions) -> Diary:
    """An assignment of nine steps, two refusals after the fifth and one at the end."""
    diary = life()
    await diary.write(sessions, *diary.entries[:5], refusals=[refusal(), refusal()])
    await diary.write(sessions, refusals=[refusal()])
    return diary


OTHER = {
    "id": "-id",
    "state_version": "40",
    "applied": "false, state_version = NULL",
    "events": "events || '{More}'",
    "at": "at + interval '1 microsecond'",
    "recorded_at": "recorded_at - interval '1 microsecond'",
    "actor_role": "'admin'",
    "on_behalf_of": "'customer'",
    "source": "'page'",
}
"""How a column is given another value that the table takes."""


class TestVerifying:
    async def test_what_nobody_has_touched_is_sound(self, alone: Sessions) -> None:
        for diary in (life(), life()):
            await diary.write(alone, refusals=[refusal()])
        await JobDiary().write(alone)

        assert await verified(alone) == Verified(chains=3, rows=10 + 10 + 1, unchained=0, broken=())

    @pytest.mark.parametrize("column", [name for name in COLUMNS if name not in {"entity", "entity_id"}])
    async def test_any_change_of_a_row_is_found(
        self, sessions: Sessions, database_url: str, told: Diary, column: str
    ) -> None:
        row = rows(database_url, told.it.id)[2]
        value = OTHER.get(column, f"coalesce({column}, '') || '.'")

        break_in(database_url, f"UPDATE audit_event SET {column} = {value} WHERE id = %s", row.id)  # noqa: S608

        # A row that was given another id stands elsewhere in the chain.
        expected = (Flaw.FORGED, -row.id) if column == "id" else (Flaw.CHANGED, row.id)
        assert expected in [(flaw, at) for flaw, at, _ in await flaws(sessions, told)]

    @pytest.mark.parametrize(("entity", "id"), [("job", ""), ("assignment", "x")])
    async def test_a_row_that_was_moved_to_another_chain_is_found_in_both(
        self, sessions: Sessions, database_url: str, told: Diary, entity: Entity, id: str
    ) -> None:
        row, after = rows(database_url, told.it.id)[2:4]
        other = (Entity(entity), f"{told.it.id}{id}")

        break_in(
            database_url,
            "UPDATE audit_event SET entity = %s, entity_id = %s WHERE id = %s",
            *(*other, row.id),
        )

        assert (Flaw.ORPHANED, after.id, [4]) in await flaws(sessions, told)
        async with sessions() as session:
            found = (await verify(session, about=other)).broken
        assert (Flaw.FORGED, row.id) in [(broken.flaw, broken.row) for broken in found]

    @pytest.mark.parametrize("place", range(12))
    async def test_a_change_is_found_wherever_it_is(
        self, sessions: Sessions, database_url: str, told: Diary, place: int
    ) -> None:
        row = rows(database_url, told.it.id)[place]

        break_in(database_url, "UPDATE audit_event SET reason = reason || '.' WHERE id = %s", row.id)

        assert [(flaw, at) for flaw, at, _ in await flaws(sessions, told)] == [(Flaw.CHANGED, row.id)]

    @pytest.mark.parametrize("place", range(11))
    async def test_a_row_that_was_taken_out_is_missed(
        self, sessions: Sessions, database_url: str, told: Diary, place: int
    ) -> None:
        found = rows(database_url, told.it.id)
        gone, after = found[place], found[place + 1]

        break_in(database_url, "DELETE FROM audit_event WHERE id = %s", gone.id)

        steps = [after.step] if after.step else []
        missed = [(Flaw.MISSING, None, [gone.step])] if gone.step else []
        assert await flaws(sessions, told) == [(Flaw.ORPHANED, after.id, steps), *missed]

    async def test_steps_taken_off_the_end_are_missed_by_their_numbers(
        self, alone: Sessions, alone_url: str
    ) -> None:
        diary, job = life(), JobDiary()
        await diary.write(alone)
        await job.write(alone)

        break_in(alone_url, "DELETE FROM audit_event WHERE state_version IN (8, 9)")
        assert await flaws(alone) == [(Flaw.MISSING, None, [8, 9])]
        break_in(alone_url, "DELETE FROM audit_event")
        whole = await verified(alone)

        assert [str(broken) for broken in whole.broken] == [
            f"assignment {diary.it.id}, steps 1 to 9: the step was taken, and has no row",
            f"job {job.job.id}, step 1: the step was taken, and has no row",
        ]
        assert (await verified(alone, diary)).broken == whole.broken[:1]
        assert (await verified(alone, job)).broken == whole.broken[1:]

    async def test_a_refusal_taken_off_the_end_is_not_missed(
        self, sessions: Sessions, database_url: str, told: Diary
    ) -> None:
        """It has no number, and nothing follows it: only a hash that was noted before tells."""
        last = rows(database_url, told.it.id)[-1]

        break_in(database_url, "DELETE FROM audit_event WHERE id = %s", last.id)

        assert last.step is None
        assert await flaws(sessions, told) == []

    @pytest.mark.parametrize("place", range(11))
    @pytest.mark.parametrize("with_its_own_hash", [False, True])
    async def test_a_row_slipped_in_between_is_found(
        self, sessions: Sessions, database_url: str, told: Diary, place: int, *, with_its_own_hash: bool
    ) -> None:
        row = rows(database_url, told.it.id)[place]

        slip_in(database_url, after=row.id, at=row.id + 1)
        if with_its_own_hash:
            rehash(database_url, row.id + 1)

        assert await flaws(sessions, told) == [(Flaw.FORGED, row.id + 1, [])]

    @pytest.mark.parametrize("place", range(11))
    async def test_a_row_that_follows_the_same_one_as_another_is_found(
        self, sessions: Sessions, database_url: str, told: Diary, place: int
    ) -> None:
        row = rows(database_url, told.it.id)[place]

        slip_in(database_url, after=row.id, at=row.id + 1, changing="prev_hash", to="prev_hash")
        rehash(database_url, row.id + 1)

        assert await flaws(sessions, told) == [(Flaw.FORGED, row.id + 1, [])]

    async def test_a_row_that_names_nobody_is_found(
        self, sessions: Sessions, database_url: str, told: Diary
    ) -> None:
        row = rows(database_url, told.it.id)[-1]

        slip_in(database_url, after=row.id, at=row.id + 1, changing="prev_hash", to="sha256('nobody')")

        assert await flaws(sessions, told) == [(Flaw.FORGED, row.id + 1, [])]

    async def test_a_row_put_at_the_end_past_the_trigger_is_found_before_and_after_others_follow(
        self, sessions: Sessions, database_url: str, told: Diary
    ) -> None:
        row = rows(database_url, told.it.id)[-1]
        slip_in(database_url, after=row.id, at=row.id + 1)
        sql(database_url, "SELECT nextval('audit_event_id_seq')")
        before = await flaws(sessions, told)

        await only_refused(sessions, told, refusal())

        assert await flaws(sessions, told) == before == [(Flaw.CHANGED, row.id + 1, [])]

    async def test_a_row_written_anew_with_its_hash_leaves_the_next_one_behind(
        self, sessions: Sessions, database_url: str, told: Diary
    ) -> None:
        here, after = rows(database_url, told.it.id)[1:3]

        break_in(database_url, "UPDATE audit_event SET reason = 'agreed' WHERE id = %s", here.id)
        rehash(database_url, here.id)

        assert await flaws(sessions, told) == [(Flaw.ORPHANED, after.id, [after.step])]

    async def test_two_rows_that_change_places_are_found(
        self, sessions: Sessions, database_url: str, told: Diary
    ) -> None:
        _, here, after, *_ = rows(database_url, told.it.id)

        break_in(database_url, "UPDATE audit_event SET id = -id WHERE id = ANY(%s)", [here.id, after.id])
        break_in(
            database_url,
            "UPDATE audit_event SET id = CASE id WHEN %s THEN %s ELSE %s END WHERE id < 0 AND entity_id = %s",
            *(-here.id, after.id, here.id, told.it.id),
        )

        assert {row for _, row, _ in await flaws(sessions, told)} >= {here.id, after.id}

    @pytest.mark.parametrize("place", [0, 4, 11])
    async def test_a_row_without_a_hash_is_none_from_before(
        self, sessions: Sessions, database_url: str, told: Diary, place: int
    ) -> None:
        row = rows(database_url, told.it.id)[place]

        break_in(database_url, "UPDATE audit_event SET hash = NULL, prev_hash = NULL WHERE id = %s", row.id)

        assert (Flaw.UNHASHED, row.id, [row.step] if row.step else []) in await flaws(sessions, told)

    async def test_nor_does_the_next_row_begin_a_chain_after_it(
        self, sessions: Sessions, database_url: str, told: Diary
    ) -> None:
        last = rows(database_url, told.it.id)[-1]
        break_in(database_url, "UPDATE audit_event SET hash = NULL, prev_hash = NULL WHERE id = %s", last.id)

        await only_refused(sessions, told, refusal())

        assert await flaws(sessions, told) == [(Flaw.UNHASHED, last.id, [])]

    async def test_an_audit_of_nothing_is_found(
        self, sessions: Sessions, database_url: str, told: Diary
    ) -> None:
        break_in(
            database_url,
            "UPDATE assignment SET state_version = state_version - 1 WHERE id = %s",
            told.it.id,
        )

        last = next(row for row in rows(database_url, told.it.id) if row.step == 9)
        assert await flaws(sessions, told) == [(Flaw.TOO_LATE, last.id, [9])]

    async def test_pages_are_of_any_size_and_counted(self, alone: Sessions, alone_url: str) -> None:
        diaries = [life() for _ in range(3)]
        for diary in diaries:
            await diary.write(alone, refusals=[refusal()])
        for diary in diaries:
            there = rows(alone_url, diary.it.id)
            break_in(alone_url, "DELETE FROM audit_event WHERE id = %s", there[4].id)
            slip_in(alone_url, after=there[6].id, at=there[6].id + 1)
        whole = await verified(alone)

        for page in (1, 2, 3, 9, 10, 30, 31):
            seen: list[int] = []
            assert await verified(alone, page=page, seen=seen.append) == whole
            assert sum(seen) == whole.rows == 30
            assert max(seen) <= page
        assert [broken.flaw for broken in whole.broken] == [Flaw.ORPHANED, Flaw.FORGED, Flaw.MISSING] * 3

    async def test_one_chain_is_looked_at_alone(
        self, sessions: Sessions, database_url: str, told: Diary
    ) -> None:
        other = life()
        await other.write(sessions)
        break_in(database_url, "UPDATE audit_event SET reason = 'x' WHERE entity_id = %s", other.it.id)

        assert (await verified(sessions, told)).broken == ()
        assert len((await verified(sessions, other)).broken) == 9

    async def test_people_who_go_on_working_do_not_disturb_it(self, alone: Sessions) -> None:
        diaries = [life() for _ in range(6)]

        async def work() -> None:
            for step in range(9):
                await asyncio.gather(*(diary.write(alone, diary.entries[step]) for diary in diaries))

        working = asyncio.create_task(work())
        verdicts = []
        while not working.done():
            verdicts.append(await verified(alone, page=3))
        await working

        assert len(verdicts) > 2
        assert {verdict.broken for verdict in verdicts} == {()}


async def test_the_guards_themselves_refuse_all_that(sessions: Sessions, database_url: str) -> None:
    await Diary().write(sessions)

    for change in ("UPDATE audit_event SET hash = NULL", "DELETE FROM audit_event"):
        with pytest.raises(psycopg.errors.RestrictViolation):
            sql(database_url, change)
