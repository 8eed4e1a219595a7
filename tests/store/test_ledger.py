"""The ledger writes each step once, in order, and is deaf to echoes and to the dead."""

import asyncio
import itertools
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select, text

from fulfillment.domain.assignment import ProposalStatus, Status
from fulfillment.domain.commands import CancelAssignment, RejectAssignment, Source
from fulfillment.domain.entries import Refusal
from fulfillment.store.tables import (
    AssignmentRow,
    AuditRow,
    DecisionRow,
    OutboxRow,
    OutcomeRow,
    PayoutRow,
    ProposalRow,
    ReminderRow,
    Table,
)
from fulfillment.store.views import history
from fulfillment.store.views.assignments import assignment
from tests.domain.people import (
    ADA,
    DAY,
    HOUR,
    LATER,
    MALLORY,
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
from tests.store.diaries import Diary, Sessions, fresh_id


async def rows(sessions: Sessions, table: type[Table], *columns: str, **where: Any) -> list[tuple[Any, ...]]:
    """Return these columns of the rows that match, in the order of the columns."""
    query = select(*(getattr(table, name) for name in columns))
    query = query.where(*(getattr(table, name) == value for name, value in where.items()))
    async with sessions() as session:
        return sorted(tuple(row) for row in await session.execute(query))


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

    async def test_writers_of_one_new_assignment_do_not_block_each_other(self, sessions: Sessions) -> None:
        diary = Diary().agree()

        await asyncio.gather(*(diary.write(sessions) for _ in range(10)))

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


class TestMessages:
    async def test_each_notice_is_owed_once(self, sessions: Sessions) -> None:
        diary = Diary().agree()

        for entry in (*diary.entries, *diary.entries):
            await diary.write(sessions, entry)

        owed = await rows(sessions, OutboxRow, "dedupe_key", entity_id=diary.it.id)
        told = sorted(notice.key for entry in diary.entries for notice in entry.notices)
        assert [key for (key,) in owed] == told

    async def test_a_planned_reminder_is_owed_and_a_skipped_one_only_kept(self, sessions: Sessions) -> None:
        diary = Diary()
        diary.wait(until=NEXT_WEEK.start - 3 * HOUR)  # the day before has gone by when they agree
        diary = Diary(created_at=diary.at, status_entered_at=diary.at, turn_since=diary.at).agree()
        diary.wait(until=NEXT_WEEK.start)

        await diary.write(sessions)

        kept = await rows(
            sessions, ReminderRow, "kind", "recipient_role", "status", assignment_id=diary.it.id
        )
        assert kept == [
            ("visit_24h", "customer", "skipped_covered"),
            ("visit_24h", "provider", "skipped_covered"),
            ("visit_2h", "customer", "planned"),
            ("visit_2h", "provider", "planned"),
        ]
        owed = await rows(
            sessions,
            OutboxRow,
            "reminder_kind",
            "recipient_role",
            entity_id=diary.it.id,
            event="notifyReminderSent",
        )
        assert owed == [("visit_2h", "customer"), ("visit_2h", "provider")]


class TestTheAudit:
    async def test_it_has_no_gap_and_says_who_what_when_why(self, sessions: Sessions) -> None:
        diary = Diary().agree()
        said = diary.say(RejectAssignment(actor=diary.provider, reason_code="sick", note="flu"))

        await diary.write(sessions)

        assert await numbers(sessions, diary) == [1, 2, 3, 4]
        async with sessions() as session:
            newest = (await history.audit(session, diary.it.id)).items[0]
        assert (newest.command, newest.was, newest.now) == ("RejectAssignment", "scheduled", "rejected")
        assert (newest.actor, newest.reason, newest.at) == (diary.provider, "sick: flu", diary.at)
        assert newest.request_id == said.step.request_id
        assert (newest.workflow_id, newest.run_id) == (f"assignment-{diary.it.id}", "run-1")

    async def test_refusals_are_seen_once_and_have_no_number(self, sessions: Sessions) -> None:
        diary = Diary()
        refusal = Refusal(
            command="RejectAssignment",
            command_id="",
            actor=MALLORY,
            source=Source.SIGNAL,
            code="NotAParty",
            detail="there is no such assignment",
            at=NOON,
        )

        await diary.write(sessions, refusals=(refusal,))
        await diary.write(sessions, refusals=(refusal, replace(refusal, at=NOON + HOUR)))

        columns = ("at", "state_version", "actor_id", "code", "source")
        assert await rows(sessions, AuditRow, *columns, entity_id=diary.it.id, applied=False) == [
            (NOON, None, "mallory", "NotAParty", "signal"),
            (NOON + HOUR, None, "mallory", "NotAParty", "signal"),
        ]


class TestOutcomes:
    async def test_a_command_is_answered_alike_long_after(self, sessions: Sessions) -> None:
        diary = Diary().agree()
        proposed = diary.entries[1]
        diary.say(CancelAssignment(actor=ADA, reason="changed my mind"))
        await diary.write(sessions)

        async with sessions() as session:
            outcome = await history.outcome(session, proposed.step.command_id)

        assert outcome
        assert outcome.fingerprint == proposed.step.fingerprint
        assert (outcome.number, outcome.answer) == (2, proposed.standing)
        assert diary.it.status is Status.CANCELLED

    async def test_what_the_clock_asked_is_not_kept(self, sessions: Sessions) -> None:
        diary = Diary().wait(until=NOON + DAY)

        await diary.write(sessions)

        assert len(diary.entries) > 1
        assert await rows(sessions, OutcomeRow, "command_id", entity_id=diary.it.id) == []


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
