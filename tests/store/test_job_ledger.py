"""The ledger of jobs: heads, quotes and offers as they are now, each return once."""

from dataclasses import replace

from sqlalchemy import select

from fulfillment.domain.assignment.state import Status
from fulfillment.domain.job.commands import CancelJob
from fulfillment.domain.job.state import DispatchMode
from fulfillment.domain.messages import Recipient, Reminder, ReminderKind
from fulfillment.domain.people import Role
from fulfillment.store.tables import AuditRow, JobRow, OfferRow, OutboxRow, QuoteRow, ReminderRow, RequeueRow
from fulfillment.store.views import bids, history
from fulfillment.store.views.jobs import job
from tests.domain.jobs import ADA, BOB, CYD, HOUR, NOON
from tests.domain.people import euros
from tests.store.diaries import JobDiary, Sessions
from tests.store.looking import rows


def quoted() -> JobDiary:
    """Return a job for which Bob and Cyd have named a price."""
    diary = JobDiary()
    diary.settle()
    diary.quote(BOB)
    diary.quote(CYD)
    return diary


class TestTheHead:
    async def test_what_is_read_again_is_what_was_written(self, sessions: Sessions) -> None:
        diary = quoted()
        diary.choose(BOB)

        await diary.write(sessions)

        async with sessions() as session:
            read = await job(session, diary.job.id)
        assert read
        assert read.job == diary.job

    async def test_it_names_the_assignment_and_the_providers_who_are_out(self, sessions: Sessions) -> None:
        diary = quoted()
        first = diary.choose(BOB)
        diary.close(Status.REJECTED, reason="sick")
        second = diary.choose(CYD)

        await diary.write(sessions)

        async with sessions() as session:
            row = (await session.execute(select(JobRow).where(JobRow.id == diary.job.id))).scalar_one()
        assert (row.status, row.requeue_count, row.excluded_providers) == ("accepted", 1, ["bob"])
        assert row.live_assignment_id == second.id != first.id
        assert row.state_version == len(diary.entries)

    async def test_a_worker_that_thaws_does_not_move_it_back(self, sessions: Sessions) -> None:
        diary = quoted()
        await diary.write(sessions)

        await diary.write(sessions, *diary.entries[:2])

        assert await rows(sessions, JobRow, "state_version", id=diary.job.id) == [(len(diary.entries),)]


class TestBids:
    async def test_a_new_wording_replaces_the_old_for_good(self, sessions: Sessions) -> None:
        diary = quoted()
        diary.quote(BOB, euros(99))

        for entry in (*diary.entries, *diary.entries):
            await diary.write(sessions, entry)

        found = await rows(
            sessions, QuoteRow, "provider_id", "amount", "version", "status", job_id=diary.job.id
        )
        assert found == [("bob", 9_900, 2, "open"), ("cyd", 12_500, 1, "open")]

    async def test_every_wording_is_kept_as_it_was_submitted(self, sessions: Sessions) -> None:
        diary = quoted()
        for price in (99, 98):
            diary.quote(BOB, euros(price))

        for entries in (diary.entries, diary.entries[:-1]):
            await diary.write(sessions, *entries)

        async with sessions() as session:
            found = await bids.wordings(session, diary.job.id)
        said = sorted([(each.version, each.price.amount) for each in kept] for kept in found.values())
        assert said == [[(1, 12_500)], [(1, 12_500), (2, 9_900), (3, 9_800)]]

    async def test_what_did_not_change_is_not_written_again(self, sessions: Sessions) -> None:
        diary = quoted()
        await diary.write(sessions)
        before = await rows(sessions, QuoteRow, "provider_id", "state_version", job_id=diary.job.id)
        diary.quote(BOB, euros(99))

        await diary.write(sessions, diary.entries[-1])

        after = await rows(sessions, QuoteRow, "provider_id", "state_version", job_id=diary.job.id)
        assert [after[0] != before[0], after[1] == before[1]] == [True, True]

    async def test_a_worker_that_thaws_brings_no_old_wording_back(self, sessions: Sessions) -> None:
        diary = quoted()
        diary.quote(BOB, euros(99))
        await diary.write(sessions)

        await diary.write(sessions, *diary.entries[:-1])

        found = await rows(sessions, QuoteRow, "provider_id", "amount", "version", job_id=diary.job.id)
        assert found == [("bob", 9_900, 2), ("cyd", 12_500, 1)]

    async def test_nor_an_offer_that_was_answered(self, sessions: Sessions) -> None:
        diary = JobDiary(DispatchMode.AUTO, pool=("bob", "cyd"))
        diary.settle()
        diary.refuse(BOB)
        await diary.write(sessions)

        await diary.write(sessions, *diary.entries[:-1])

        found = await rows(sessions, OfferRow, "provider_id", "status", job_id=diary.job.id)
        assert found == [("bob", "declined"), ("cyd", "open")]

    async def test_choosing_one_lets_the_others_stand_by(self, sessions: Sessions) -> None:
        diary = quoted()
        await diary.write(sessions)
        diary.choose(BOB)

        await diary.write(sessions, diary.entries[-1])

        found = await rows(sessions, QuoteRow, "provider_id", "status", job_id=diary.job.id)
        assert found == [("bob", "accepted"), ("cyd", "standby")]

    async def test_offers_say_what_became_of_them(self, sessions: Sessions) -> None:
        diary = JobDiary(DispatchMode.AUTO, pool=("bob", "cyd", "dan"))
        diary.settle()
        await diary.write(sessions)
        diary.refuse(BOB)
        diary.take(CYD)

        for entry in (*diary.entries, *diary.entries):
            await diary.write(sessions, entry)

        found = await rows(sessions, OfferRow, "provider_id", "status", "decline_reason", job_id=diary.job.id)
        assert found == [("bob", "declined", "busy"), ("cyd", "accepted", None), ("dan", "filled", None)]


class TestReturns:
    async def test_each_is_counted_by_whoever_writes_it_first(self, sessions: Sessions) -> None:
        diary = quoted()
        first = diary.choose(BOB)
        diary.close(Status.REJECTED, reason="sick", late=True)
        diary.choose(CYD)
        diary.close(Status.CANCELLED, keep_job=True, reason="found nobody at home")

        written = [await diary.write(sessions, entry) for entry in (*diary.entries, *diary.entries)]

        assert sum(written) == 2
        columns = ("no", "from_assignment", "provider_id", "late", "counted")
        found = await rows(sessions, RequeueRow, *columns, job_id=diary.job.id)
        assert found[0] == (1, first.id, "bob", True, True)
        assert [line[-1] for line in found] == [True, False]


class TestMessagesAndHistory:
    async def test_an_offer_that_runs_out_is_reminded_of_once(self, sessions: Sessions) -> None:
        diary = JobDiary(DispatchMode.AUTO, pool=("bob",))
        diary.settle().wait(HOUR)

        for entry in (*diary.entries, *diary.entries):
            await diary.write(sessions, entry)

        kept = await rows(sessions, ReminderRow, "kind", "recipient_id", "status", job_id=diary.job.id)
        assert kept == [("offer_expiring", "bob", "planned")]
        owed = await rows(sessions, OutboxRow, "event", "recipient_id", entity_id=diary.job.id, entity="job")
        assert ("notifyReminderSent", "bob") in owed

    async def test_a_reminder_is_the_assignments_or_the_jobs(self, sessions: Sessions) -> None:
        diary = JobDiary()
        reminder = Reminder(
            kind=ReminderKind.OFFER_EXPIRING,
            to=Recipient(role=Role.PROVIDER, id="bob"),
            basis="o1",
            n=1,
            due=NOON - HOUR,
        )

        await diary.write(sessions, replace(diary.entries[0], reminders=(reminder,)))

        columns = ("assignment_id", "late_by_s")
        assert await rows(sessions, ReminderRow, *columns, job_id=diary.job.id) == [(None, 3600)]

    async def test_the_audit_has_no_gap_and_the_answers_are_kept(self, sessions: Sessions) -> None:
        diary = quoted()
        diary.do(CancelJob(actor=ADA, reason="no need"))
        await diary.write(sessions)
        await diary.write(sessions)

        found = await rows(
            sessions, AuditRow, "state_version", "to_status", entity_id=diary.job.id, entity="job"
        )
        assert [number for number, _ in found] == list(range(1, len(diary.entries) + 1))
        assert found[-1][1] == "cancelled"
        async with sessions() as session:
            outcome = await history.outcome(session, diary.entries[-1].step.command_id)
        assert outcome
        assert outcome.answer == diary.job
