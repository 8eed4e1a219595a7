"""What needs a person is listed, with all its reasons, who has waited longest first; and nothing else is."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from fulfillment.domain.assignment.commands import HoldAssignment, ResumeAssignment
from fulfillment.domain.assignment.payout import PayoutStatus
from fulfillment.domain.errors import ValueInvalid
from fulfillment.store.cases import close_cases
from fulfillment.store.tables import Entity
from fulfillment.store.tasks import Task, open_task
from fulfillment.store.views.attention import Needing, Reason, needing
from fulfillment.store.views.paging import Turn
from tests.domain.no_shows import REPORTABLE, reports
from tests.domain.people import DAY, HOUR, NEXT_WEEK, NOON
from tests.store.diaries import Diary, JobDiary, Sessions
from tests.store.test_paging import FORGED


async def listed(sessions: Sessions, *, limit: int = 50) -> list[Needing]:
    """Read the list to its end, page by page."""
    found: list[Needing] = []
    cursor = None
    while True:
        async with sessions() as session:
            page = await needing(session, Turn(cursor=cursor, limit=limit))
        found += page.items
        cursor = page.next_cursor
        if cursor is None:
            return found


async def case_of(sessions: Sessions, id: str, type: str, *, entity: Entity = Entity.ASSIGNMENT) -> str:
    task = Task(id=f"{type}/{id}", type=type, entity=entity, entity_id=id, detail="look")
    async with sessions.begin() as session:
        await open_task(session, task)
    return task.id


async def stuck(sessions: Sessions, status: PayoutStatus) -> Diary:
    """Write an assignment whose payout stands like that."""
    diary = Diary().agree().finish()
    entry = diary.entries[-1]
    it = entry.standing.assignment
    assert it.payout
    it = replace(it, payout=replace(it.payout, status=status))
    diary.entries[-1] = replace(entry, standing=replace(entry.standing, assignment=it))
    await diary.write(sessions)
    return diary


async def overdue(sessions: Sessions, *, by: timedelta = DAY) -> Diary:
    """Write an assignment whose provider has been silent for too long, since that much after noon."""
    at = NOON + by - DAY
    diary = Diary(created_at=at, status_entered_at=at, turn_since=at).wait(until=at + DAY)
    await diary.write(sessions)
    return diary


async def held(sessions: Sessions, *, until: timedelta) -> Diary:
    """Write an assignment that was put on hold two days ago, until that much from now."""
    now = datetime.now(UTC)
    at = now - 2 * DAY
    diary = Diary(created_at=at, status_entered_at=at, turn_since=at)
    diary.say(HoldAssignment(actor=diary.provider, until=now + until, reason="rain"))
    await diary.write(sessions)
    return diary


class TestReasons:
    async def only(self, sessions: Sessions, diary: Diary) -> Needing:
        (found,) = await listed(sessions)
        assert found.standing.assignment.id == diary.it.id
        return found

    async def test_somebody_is_overdue(self, alone: Sessions) -> None:
        found = await self.only(alone, await overdue(alone))

        assert (found.reasons, found.since) == ((Reason.REMINDER_OVERDUE,), NOON + DAY)

    async def test_somebody_did_not_come(self, alone: Sessions) -> None:
        diary = Diary().agree()
        diary.say(reports(), at=REPORTABLE)
        await diary.write(alone)

        found = await self.only(alone, diary)

        assert (found.reasons, found.since) == ((Reason.INCIDENT,), NEXT_WEEK.start)

    @pytest.mark.parametrize("status", ["on_hold", "capture_failed", "authorization_expired"])
    async def test_money_is_stuck_with_us_which_is_a_case_besides(self, alone: Sessions, status: str) -> None:
        found = await self.only(alone, await stuck(alone, PayoutStatus(status)))

        assert (found.reasons, found.since) == ((Reason.STUCK_MONEY, Reason.CASE), NEXT_WEEK.end)

    async def test_a_case_is_open_even_of_one_that_has_ended(self, alone: Sessions) -> None:
        diary = Diary().reject()
        await diary.write(alone)
        for type in ("notice_undelivered", "chargeback"):
            await case_of(alone, diary.it.id, type)

        found = await self.only(alone, diary)

        assert (found.reasons, found.cases) == ((Reason.CASE,), ("chargeback", "notice_undelivered"))

    async def test_a_hold_has_outlasted_its_end(self, alone: Sessions) -> None:
        found = await self.only(alone, await held(alone, until=-HOUR))

        assert found.reasons == (Reason.HOLD_OUTLASTED,)
        assert found.since == found.standing.held_until

    async def test_the_title_of_the_job_comes_along_once_it_is_known(self, alone: Sessions) -> None:
        job = JobDiary()
        await job.write(alone)
        diary = Diary(job_id=job.job.id).wait(until=NOON + DAY)
        await diary.write(alone)

        found = await self.only(alone, diary)

        assert found.job_title == job.job.title


class TestNoReason:
    async def test_what_goes_its_way_is_not_listed(self, alone: Sessions) -> None:
        await Diary().write(alone)
        await Diary().agree().write(alone)
        await Diary().reject().write(alone)
        await Diary().wait(until=NOON + DAY).reject().write(alone)
        await stuck(alone, PayoutStatus.PENDING_APPROVAL)
        await stuck(alone, PayoutStatus.AWAITING_CUSTOMER_PAYMENT)
        await stuck(alone, PayoutStatus.CAPTURING)

        assert await listed(alone) == []

    async def test_a_hold_that_goes_on_needs_nobody(self, alone: Sessions) -> None:
        await held(alone, until=HOUR)

        assert await listed(alone) == []

    async def test_nor_does_one_that_was_ended_in_time(self, alone: Sessions) -> None:
        now = datetime.now(UTC)
        at = now - 2 * DAY
        diary = Diary(created_at=at, status_entered_at=at, turn_since=at)
        diary.say(HoldAssignment(actor=diary.provider, until=now + DAY, reason="rain"))
        diary.say(ResumeAssignment(actor=diary.provider), at=now - HOUR)
        await diary.write(alone)

        assert await listed(alone) == []

    async def test_a_case_that_is_closed_or_about_a_job_lists_nothing(self, alone: Sessions) -> None:
        diary = Diary()
        await diary.write(alone)
        closed = await case_of(alone, diary.it.id, "chargeback")
        await case_of(alone, diary.it.id, "run_missing", entity=Entity.JOB)
        before = [each.cases for each in await listed(alone)]
        async with alone.begin() as session:
            await close_cases(session, [closed], by="olga", outcome="settled")

        assert before == [("chargeback",)]
        assert await listed(alone) == []


class TestTheOrder:
    async def test_who_has_waited_longest_comes_first_page_by_page(self, alone: Sessions) -> None:
        case = Diary()
        await case.write(alone)
        third, first = await overdue(alone, by=3 * DAY), await overdue(alone, by=HOUR)
        second = await overdue(alone, by=2 * DAY)
        fourth = Diary().agree()
        fourth.say(reports(), at=REPORTABLE)
        await fourth.write(alone)
        fifth = await stuck(alone, PayoutStatus.CAPTURE_FAILED)
        await case_of(alone, case.it.id, "notice_undelivered")

        for limit in (1, 2, 50):
            found = [each.standing.assignment.id for each in await listed(alone, limit=limit)]
            assert found == [each.it.id for each in (first, second, third, fourth, fifth, case)]

    async def test_of_several_reasons_the_first_gives_the_place_and_none_a_second_one(
        self, alone: Sessions
    ) -> None:
        late, later = await overdue(alone, by=DAY), await overdue(alone, by=2 * DAY)
        for type in ("notice_undelivered", "payment_overdue"):
            await case_of(alone, late.it.id, type)
        jam = await stuck(alone, PayoutStatus.ON_HOLD)
        await case_of(alone, jam.it.id, "payout_disputed")

        for limit in (1, 2, 3):
            found = await listed(alone, limit=limit)
            assert [(each.standing.assignment.id, each.reasons) for each in found] == [
                (late.it.id, (Reason.REMINDER_OVERDUE, Reason.CASE)),
                (later.it.id, (Reason.REMINDER_OVERDUE,)),
                (jam.it.id, (Reason.STUCK_MONEY, Reason.CASE)),
            ]

    async def test_those_of_one_instant_are_read_each_once(self, alone: Sessions) -> None:
        ids = {(await overdue(alone)).it.id for _ in range(5)}

        found = [each.standing.assignment.id for each in await listed(alone, limit=2)]

        assert found == sorted(ids)

    @pytest.mark.parametrize("cursor", FORGED)
    async def test_forged_cursors_are_refused(self, sessions: Sessions, cursor: str) -> None:
        async with sessions() as session:
            with pytest.raises(ValueInvalid, match="cursor"):
                await needing(session, Turn(cursor=cursor))
