"""The ledger writes each step once, in order, and is deaf to echoes and to the dead."""

import asyncio
import itertools
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select, text

from fulfillment.domain.assignment.state import ProposalStatus
from fulfillment.store import ledger
from fulfillment.store.tables import (
    AssignmentRow,
    AuditRow,
    DecisionRow,
    Entity,
    OutboxRow,
    OutcomeRow,
    PayoutRow,
    ProposalRow,
    ReminderRow,
)
from fulfillment.store.views.assignments import assignment
from tests.domain.people import (
    ADA,
    DAY,
    HOUR,
    LATER,
    NEXT_WEEK,
    NOON,
    OLGA_FOR_ADA,
    RITA,
    ROOT,
    approves,
    confirms,
    declines,
    denies,
    euros,
    forces,
    proposes,
    resubmits,
    settles,
)
from tests.store.diaries import Diary, Sessions, about, fresh_id
from tests.store.looking import in_the_queue, rows


async def numbers(sessions: Sessions, diary: Diary) -> list[int]:
    found = await rows(sessions, AuditRow, "state_version", entity_id=diary.it.id, applied=True)
    return [number for (number,) in found]


class TestTheHead:
    async def test_it_says_what_the_seed_asked_for(self, sessions: Sessions) -> None:
        diary = Diary().agree()

        await diary.write(sessions)

        async with sessions() as session:
            row = (
                await session.execute(select(AssignmentRow).where(AssignmentRow.id == diary.it.id))
            ).scalar_one()
        assert (row.status, row.schedule_version, row.schedule_proposed_by) == ("scheduled", 2, "provider")
        assert (row.scheduled_start, row.scheduled_end) == (NEXT_WEEK.start, NEXT_WEEK.end)
        assert row.next_reminder_at == diary.entries[-1].standing.next_reminder_at
        assert (row.reminder_count, row.reminder_overdue, row.rejected_at) == (0, False, None)
        assert row.state_version == 3
        assert row.projected_at is not None

    async def test_what_is_read_again_is_what_was_written(self, sessions: Sessions) -> None:
        diary = Diary().agree().finish()
        diary.say(denies(ROOT), at=diary.at + HOUR)

        await diary.write(sessions)

        async with sessions() as session:
            read = await assignment(session, diary.it.id)
        assert read
        assert read.standing == diary.entries[-1].standing

    async def test_overdue_is_said_with_its_moment(self, sessions: Sessions) -> None:
        diary = Diary().wait(until=NOON + DAY)

        await diary.write(sessions)

        found = await rows(sessions, AssignmentRow, "reminder_overdue", "reminder_overdue_at", id=diary.it.id)
        assert found == [(True, NOON + DAY)]

    async def test_entries_of_another_assignment_are_refused(self, sessions: Sessions) -> None:
        diary, stranger = Diary(), Diary()

        with pytest.raises(ValueError, match=stranger.it.id):
            await diary.write(sessions, *stranger.entries)


class TestEchoes:
    async def test_a_repeat_changes_nothing(self, sessions: Sessions) -> None:
        diary = Diary().agree().finish()
        diary.say(denies(ROOT), at=diary.at + HOUR)
        await diary.write(sessions)
        before = await everything(sessions, diary)

        await diary.write(sessions)

        assert await everything(sessions, diary) == before

    async def test_any_order_of_delivery_ends_alike(self, sessions: Sessions) -> None:
        ends = set()
        for order in itertools.permutations(range(4)):
            diary = Diary()
            diary.say(proposes(diary.provider, NEXT_WEEK, seeing=0))
            diary.say(proposes(ADA, LATER, seeing=1))
            diary.say(declines(diary.provider, 2))
            for place in order:
                await diary.write(sessions, diary.entries[place])
            head = await rows(
                sessions, AssignmentRow, "status", "state_version", "schedule_version", id=diary.it.id
            )
            proposals = await rows(sessions, ProposalRow, "version", "status", assignment_id=diary.it.id)
            ends.add((tuple(head), tuple(proposals), tuple(await numbers(sessions, diary))))

        superseded, declined = (1, ProposalStatus.SUPERSEDED), (2, ProposalStatus.DECLINED)
        assert ends == {((("awaiting_schedule", 4, 3),), (superseded, declined), (1, 2, 3, 4))}

    async def test_a_worker_that_thaws_does_not_move_the_head_back(self, sessions: Sessions) -> None:
        diary = Diary().agree()
        await diary.write(sessions)

        await diary.write(sessions, *diary.entries[:2])

        assert await rows(sessions, AssignmentRow, "status", "state_version", id=diary.it.id) == [
            ("scheduled", 3)
        ]
        assert await rows(sessions, ProposalRow, "status", assignment_id=diary.it.id) == [("confirmed",)]

    async def test_writers_of_one_assignment_queue_up(self, sessions: Sessions) -> None:
        """Two who insert the same row at once can stumble over each other's unfinished one."""
        diary = Diary().agree()

        async with sessions.begin() as first:
            await ledger.record_assignment(
                first, about(Entity.ASSIGNMENT, diary.it.id), entries=diary.entries
            )
            second = asyncio.create_task(diary.write(sessions))
            await in_the_queue(sessions)
        await second

        assert await numbers(sessions, diary) == [1, 2, 3]

    async def test_the_first_account_of_a_step_stands(self, sessions: Sessions) -> None:
        diary = Diary()
        await diary.write(sessions)
        step = replace(diary.entries[0].step, command="SomethingElse", command_id=fresh_id())

        await diary.write(sessions, replace(diary.entries[0], step=step))

        assert await rows(sessions, AuditRow, "command", entity_id=diary.it.id) == [("OpenAssignment",)]


class TestProposals:
    async def test_the_time_to_answer_and_the_name_it_was_made_in_are_kept(self, sessions: Sessions) -> None:
        diary = Diary()
        made = diary.say(proposes(OLGA_FOR_ADA, NEXT_WEEK, seeing=0, note="After lunch."))
        diary.say(confirms(diary.provider, 1))

        for entry in diary.entries:
            await diary.write(sessions, entry)

        columns = (
            "status",
            "proposed_by",
            "proposer_id",
            "on_behalf_of",
            "note",
            "expires_at",
            "responded_by",
        )
        assert await rows(sessions, ProposalRow, *columns, assignment_id=diary.it.id) == [
            (
                "confirmed",
                "customer",
                "olga",
                "customer",
                "After lunch.",
                made.standing.proposal_expires_at,
                diary.it.provider_id,
            )
        ]

    async def test_one_that_was_replaced_before_anybody_wrote_it_is_closed_too(
        self, sessions: Sessions
    ) -> None:
        diary = Diary()
        diary.say(proposes(diary.provider, NEXT_WEEK, seeing=0))
        diary.say(proposes(ADA, LATER, seeing=1))

        await diary.write(sessions)

        found = await rows(sessions, ProposalRow, "version", "status", assignment_id=diary.it.id)
        assert found == [(1, "superseded"), (2, "open")]

    async def test_a_forced_yes_keeps_its_reason(self, sessions: Sessions) -> None:
        diary = Diary()
        diary.say(proposes(ADA, NEXT_WEEK, seeing=0))
        diary.say(forces(ROOT, 1, because="both agreed by phone"))

        await diary.write(sessions)

        found = await rows(sessions, ProposalRow, "status", "forced_reason", assignment_id=diary.it.id)
        assert found == [("confirmed", "both agreed by phone")]


class TestPayouts:
    async def test_every_word_on_it_is_kept_once(self, sessions: Sessions) -> None:
        diary = Diary(price=euros(600)).agree().finish()
        diary.say(denies(ROOT), at=diary.at + HOUR)
        diary.say(resubmits(diary.provider))
        diary.say(approves(ROOT, attempt=2))
        diary.say(approves(RITA, attempt=2))
        diary.say(settles(attempt=2))

        for entry in (*diary.entries, *diary.entries):
            await diary.write(sessions, entry)

        columns = ("attempt", "ruling", "admin_id", "amount", "source")
        assert await rows(sessions, DecisionRow, *columns, payout_id=diary.it.id) == [
            (1, "denied", "root", 60_000, "update"),
            (2, "approved", "rita", 60_000, "api"),
            (2, "first_mark", "root", 60_000, "api"),
        ]
        columns = ("status", "attempt", "settled_by", "reference", "four_eyes_first")
        assert await rows(sessions, PayoutRow, *columns, id=diary.it.id) == [
            ("settled_manual", 2, "rita", "bank transfer 4711", None)
        ]

    async def test_the_first_of_two_marks_is_seen(self, sessions: Sessions) -> None:
        diary = Diary(price=euros(600)).agree().finish()
        diary.say(approves(ROOT), at=diary.at + HOUR)

        await diary.write(sessions)

        found = await rows(sessions, PayoutRow, "status", "four_eyes_first", id=diary.it.id)
        assert found == [("pending_approval", "root")]


async def everything(sessions: Sessions, diary: Diary) -> dict[str, list[Any]]:
    """Return all that is written about an assignment, the clock of the database aside."""
    keys = {
        AssignmentRow: "id",
        ProposalRow: "assignment_id",
        PayoutRow: "assignment_id",
        DecisionRow: "payout_id",
        ReminderRow: "assignment_id",
        OutboxRow: "entity_id",
        AuditRow: "entity_id",
        OutcomeRow: "entity_id",
    }
    found = {}
    async with sessions() as session:
        for table, key in keys.items():
            name = table.__tablename__
            query = text(f"SELECT to_jsonb(it) FROM {name} it WHERE {key} = :id")  # noqa: S608 - names of ours
            found[name] = sorted(map(repr, await session.scalars(query, {"id": diary.it.id})))
    return found
