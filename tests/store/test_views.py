"""Lists show each reader what is theirs, in the order that matters to them."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from fulfillment.domain.assignment.payout import PayoutStatus
from fulfillment.domain.assignment.state import Assignment, Status
from fulfillment.domain.job.state import DispatchMode, JobStatus, OfferStatus
from fulfillment.store.views import assignments, bids, history, jobs, payouts
from fulfillment.store.views.assignments import Wanted
from fulfillment.store.views.counts import Counts, counts
from fulfillment.store.views.paging import Turn
from tests.domain.jobs import BOB, CYD
from tests.domain.people import (
    DAY,
    HOUR,
    LATER,
    NEXT_WEEK,
    NOON,
    ROOT,
    approves,
    euros,
    with_capture_before,
)
from tests.store.diaries import Diary, JobDiary, Sessions, fresh_id


async def listed(sessions: Sessions, **wanted: Any) -> list[str]:
    async with sessions() as session:
        page = await assignments.assignments(session, Wanted(**wanted))
    return [line.standing.assignment.id for line in page.items]


async def live(sessions: Sessions, job_id: str) -> str | None:
    async with sessions() as session:
        return await assignments.live_of_job(session, job_id)


async def open_to(sessions: Sessions, provider: str, customer: str) -> list[str]:
    async with sessions() as session:
        page = await jobs.jobs(session, jobs.Wanted(open_to=provider, customer_id=customer))
    return [line.job.id for line in page.items]


class TestAssignments:
    async def test_each_filter_keeps_what_it_says(self, sessions: Sessions) -> None:
        mine = fresh_id("c-")
        new = Diary(customer_id=mine)
        overdue = Diary(customer_id=mine).wait(until=NOON + DAY)
        gone = Diary(customer_id=mine, provider_id=new.it.provider_id).reject()
        for diary in (new, overdue, gone, Diary()):
            await diary.write(sessions)

        assert {*await listed(sessions, customer_id=mine)} == {new.it.id, overdue.it.id, gone.it.id}
        assert {*await listed(sessions, provider_id=new.it.provider_id)} == {new.it.id, gone.it.id}
        assert await listed(sessions, job_id=new.it.job_id) == [new.it.id]
        assert await listed(sessions, customer_id=mine, status=Status.REJECTED) == [gone.it.id]
        assert await listed(sessions, customer_id=mine, reminder_overdue=True) == [overdue.it.id]
        assert {*await listed(sessions, customer_id=mine, reminder_overdue=False)} == {new.it.id, gone.it.id}

    async def test_a_span_takes_the_visits_that_begin_in_it(self, sessions: Sessions) -> None:
        provider = fresh_id("p-")
        soon, later, open_ = (Diary(provider_id=provider) for _ in range(3))
        await soon.agree().write(sessions)
        await later.agree(LATER).write(sessions)
        await open_.write(sessions)

        assert await listed(sessions, provider_id=provider, until=LATER.start) == [soon.it.id]
        assert await listed(sessions, provider_id=provider, since=LATER.start) == [later.it.id]
        assert (
            await listed(sessions, provider_id=provider, since=NEXT_WEEK.start, until=NEXT_WEEK.start) == []
        )

    async def test_what_nobody_wrote_is_not_there(self, sessions: Sessions) -> None:
        async with sessions() as session:
            assert await assignments.assignment(session, "nobody's") is None
            assert await assignments.version(session, "nobody's") is None

    async def test_the_version_is_that_of_the_last_step(self, sessions: Sessions) -> None:
        diary = Diary().agree()
        await diary.write(sessions)

        async with sessions() as session:
            assert await assignments.version(session, diary.it.id) == 3


class TestTheLiveAssignmentOfAJob:
    async def made(self, sessions: Sessions) -> tuple[JobDiary, Assignment]:
        diary = JobDiary()
        diary.settle()
        diary.quote(BOB)
        made = diary.choose(BOB)
        await diary.write(sessions)
        return diary, made

    async def test_the_job_may_know_it_first(self, sessions: Sessions) -> None:
        diary, made = await self.made(sessions)

        assert await live(sessions, diary.job.id) == made.id

    async def test_the_assignment_may_know_its_end_first(self, sessions: Sessions) -> None:
        diary, made = await self.made(sessions)
        own = Diary(id=made.id, job_id=diary.job.id)
        await own.write(sessions)
        before = await live(sessions, diary.job.id)

        await own.reject().write(sessions)

        assert before == made.id
        assert await live(sessions, diary.job.id) is None

    async def test_a_job_nobody_has_taken_has_none(self, sessions: Sessions) -> None:
        diary = JobDiary()
        await diary.write(sessions)

        assert await live(sessions, diary.job.id) is None


class TestJobs:
    async def test_providers_see_what_they_may_quote_for(self, sessions: Sessions) -> None:
        customer = fresh_id("c-")
        new, quoting, taken = JobDiary(), JobDiary(), JobDiary()
        for diary in (quoting, taken):
            diary.settle()
            diary.quote(BOB)
        taken.choose(BOB)
        for diary in (new, quoting, taken):
            await write_for(sessions, diary, customer)

        assert await open_to(sessions, "cyd", customer) == [quoting.job.id]

    async def test_whoever_gave_a_job_back_sees_it_no_more(self, sessions: Sessions) -> None:
        diary = JobDiary()
        diary.settle()
        diary.quote(BOB)
        diary.quote(CYD)
        diary.choose(BOB)
        diary.close(Status.REJECTED, reason="sick")
        customer = fresh_id("c-")
        await write_for(sessions, diary, customer)

        assert await open_to(sessions, "bob", customer) == []
        assert await open_to(sessions, "cyd", customer) == [diary.job.id]
        async with sessions() as session:
            assert not await jobs.involves(session, diary.job.id, provider_id="bob")
            assert await jobs.involves(session, diary.job.id, provider_id="cyd")
            assert not await jobs.involves(session, diary.job.id, provider_id="dan")

    async def test_status_and_mode_are_filters(self, sessions: Sessions) -> None:
        customer = fresh_id("c-")
        quotes, auto = JobDiary(), JobDiary(DispatchMode.AUTO)
        auto.settle()
        for diary in (quotes, auto):
            await write_for(sessions, diary, customer)

        async with sessions() as session:
            by_mode = jobs.Wanted(customer_id=customer, dispatch_mode=DispatchMode.AUTO)
            by_status = jobs.Wanted(customer_id=customer, status=JobStatus.OPEN)
            assert [line.job.id for line in (await jobs.jobs(session, by_mode)).items] == [auto.job.id]
            assert [line.job.id for line in (await jobs.jobs(session, by_status)).items] == [quotes.job.id]


async def write_for(sessions: Sessions, diary: JobDiary, customer: str) -> None:
    """Write the job as one of `customer`'s."""
    await diary.write(
        sessions, *(replace(each, job=replace(each.job, customer_id=customer)) for each in diary.entries)
    )


class TestBids:
    async def test_a_customer_reads_the_quotes_as_they_are(self, sessions: Sessions) -> None:
        diary = JobDiary()
        diary.settle()
        diary.quote(BOB, window=NEXT_WEEK, note="With a ladder.")
        diary.at += HOUR
        diary.quote(CYD, euros(99))
        await diary.write(sessions)

        async with sessions() as session:
            page = await bids.quotes(session, diary.job.id)
            own = await bids.quotes(session, diary.job.id, provider_id="bob")

        assert [line.quote for line in page.items] == [diary.quote_of(CYD), diary.quote_of(BOB)]
        assert [line.quote for line in own.items] == [diary.quote_of(BOB)]

    async def test_a_provider_reads_offers_with_their_job(self, sessions: Sessions) -> None:
        provider = fresh_id("p-")
        diary = JobDiary(DispatchMode.AUTO, pool=(provider,))
        diary.settle()
        await diary.write(sessions)

        async with sessions() as session:
            (line,) = (await bids.offers(session, provider)).items
            answered = await bids.offers(session, provider, status=OfferStatus.DECLINED)
            job_id = await jobs.of_offer(session, line.offer.id)

        assert line.offer == diary.job.offers[0]
        assert (line.title, line.site_timezone, line.job_id) == ("Mend the gutter", "Europe/Berlin", job_id)
        assert answered.items == ()


class TestPayouts:
    async def waiting(self, sessions: Sessions, *, euro: int, capture_in: timedelta | None = None) -> Diary:
        diary = Diary(price=euros(euro)).agree().finish()
        entry = diary.entries[-1]
        it = entry.standing.assignment
        assert it.payout
        until = it.payout.submitted_at + capture_in if capture_in else None
        risky = with_capture_before(it, until) if until else it
        diary.entries[-1] = replace(entry, standing=replace(entry.standing, assignment=risky))
        await diary.write(sessions)
        return diary

    async def test_money_at_risk_comes_first_page_by_page(self, alone: Sessions) -> None:
        small = await self.waiting(alone, euro=10)
        large = await self.waiting(alone, euro=900)
        tomorrow = await self.waiting(alone, euro=5, capture_in=DAY)
        tonight = await self.waiting(alone, euro=7, capture_in=HOUR)
        ruled = await self.waiting(alone, euro=20)
        ruled.say(approves(ROOT), at=ruled.at + HOUR)
        await ruled.write(alone)

        found, cursor = [], None
        for _ in range(3):
            async with alone() as session:
                page = await payouts.pending(session, Turn(cursor=cursor, limit=2))
            found += [line.payout.id for line in page.items]
            cursor = page.next_cursor

        expected = (tonight, tomorrow, large, ruled, small)
        assert found == [diary.it.id for diary in expected]
        assert cursor is None

    async def test_what_is_paid_leaves_the_queue_and_stays_on_record(self, alone: Sessions) -> None:
        diary = await self.waiting(alone, euro=10)
        entry = diary.entries[-1]
        payout = entry.standing.assignment.payout
        assert payout
        paid = replace(payout, status=PayoutStatus.CLOSED_DENIED)
        standing = replace(
            entry.standing, assignment=replace(entry.standing.assignment, payout=paid, state_version=99)
        )
        step = replace(entry.step, number=99)
        await diary.write(alone, replace(entry, standing=standing, step=step))

        async with alone() as session:
            assert (await payouts.pending(session)).items == ()
            (line,) = (await payouts.payouts(session, status=PayoutStatus.CLOSED_DENIED)).items
            assert (await payouts.payouts(session)).items == (line,)
            assert await payouts.payout(session, diary.it.id) == line
        assert line.payout == paid

    async def test_the_counts_are_those_of_the_rows(self, alone: Sessions) -> None:
        for diary in (Diary(), Diary().wait(until=NOON + DAY), Diary().agree(), Diary().agree().finish()):
            await diary.write(alone)
        await Diary().reject().write(alone)
        job = JobDiary()
        job.settle()
        await job.write(alone)

        async with alone() as session:
            found = await counts(session)

        assert found == Counts(
            awaiting_schedule=2,
            scheduled=1,
            in_progress=0,
            payout_pending=1,
            reminder_overdue=1,
            jobs_quoting=1,
            jobs_offering=0,
            jobs_requeued=0,
            jobs_unfilled=0,
        )


class TestHistory:
    async def test_past_reminders_say_why_they_came_or_not(self, sessions: Sessions) -> None:
        diary = Diary().wait(until=NOON + DAY)
        await diary.write(sessions)

        async with sessions() as session:
            found = await history.reminders(session, diary.it.id)

        assert [(each.kind, each.n, each.status) for each in found] == [
            ("propose_nudge", 2, "planned"),
            ("propose_nudge", 1, "planned"),
        ]
        assert found[0].due == NOON + DAY
        assert {each.late_by_s for each in found} == {0}
