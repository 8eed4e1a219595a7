"""What each step leaves behind: people who are told, an audit without gaps, an answer to repeat."""

from dataclasses import replace

from fulfillment.domain.assignment.commands import CancelAssignment, RejectAssignment
from fulfillment.domain.assignment.state import Status
from fulfillment.domain.command import Source
from fulfillment.domain.steps import Refusal
from fulfillment.store.tables import (
    AuditRow,
    DecisionRow,
    OutboxRow,
    OutcomeRow,
    ReminderRow,
)
from fulfillment.store.views import history
from tests.domain.people import (
    ADA,
    DAY,
    HOUR,
    MALLORY,
    NEXT_WEEK,
    NOON,
    ROOT,
    denies,
)
from tests.store.diaries import Diary, Sessions
from tests.store.looking import rows


async def numbers(sessions: Sessions, diary: Diary) -> list[int]:
    found = await rows(sessions, AuditRow, "state_version", entity_id=diary.it.id, applied=True)
    return [number for (number,) in found]


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


class TestDecisions:
    async def test_a_denial_that_the_same_admin_later_makes_final_is_kept_beside_the_first(
        self, sessions: Sessions
    ) -> None:
        diary = Diary().agree().finish()
        diary.say(denies(ROOT), at=diary.at + HOUR)
        diary.say(denies(ROOT, final=True), at=diary.at + HOUR)

        await diary.write(sessions)

        kept = await rows(sessions, DecisionRow, "final", payout_id=diary.it.id)
        assert sorted(final for (final,) in kept) == [False, True]
