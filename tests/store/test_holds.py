"""A provider's time is taken once, whoever races for it, and nothing late gives it away."""

import asyncio
from dataclasses import replace
from datetime import datetime

import pytest
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import Range

from fulfillment.domain.assignment.commands import CheckIn
from fulfillment.domain.assignment.state import Assignment
from fulfillment.domain.window import VisitWindow
from fulfillment.store.ledger import Busy, Overtaken, Taking, reserve, settle
from fulfillment.store.tables import HoldRow
from tests.domain.people import ADA, HOUR, LATER, NEXT_WEEK, confirms, declines, proposes, visit
from tests.store.diaries import Diary, Sessions, fresh_id
from tests.store.looking import in_the_queue

Held = list[tuple[datetime, datetime]]


async def held(sessions: Sessions, assignment_id: str) -> Held | None:
    async with sessions() as session:
        spans = await session.scalar(select(HoldRow.spans).where(HoldRow.assignment_id == assignment_id))
    return None if spans is None else [_ends(span) for span in spans]


def _ends(span: Range[datetime]) -> tuple[datetime, datetime]:
    assert span.lower
    assert span.upper
    return span.lower, span.upper


def spans(*windows: VisitWindow) -> Held:
    return [(window.start, window.end) for window in windows]


async def take(
    sessions: Sessions,
    it: Assignment,
    wanted: VisitWindow,
    *,
    claim: int = 1,
    agreed: VisitWindow | None = None,
) -> None:
    async with sessions.begin() as session:
        await reserve(session, taking(it, claim), wanted=wanted, agreed=agreed)


async def set_right(sessions: Sessions, it: Assignment, agreed: VisitWindow | None, *, claim: int) -> None:
    async with sessions.begin() as session:
        await settle(session, taking(it, claim), agreed=agreed)


def taking(it: Assignment, claim: int) -> Taking:
    return Taking(assignment_id=it.id, provider_id=it.provider_id, version=it.schedule_version, claim=claim)


class TestTwoVisitsOfOneProvider:
    async def test_of_sixteen_that_race_for_one_hour_one_has_it(self, sessions: Sessions) -> None:
        provider = fresh_id("p-")
        rivals = [Diary(provider_id=provider).it for _ in range(16)]

        ends = await asyncio.gather(*(take(sessions, it, NEXT_WEEK) for it in rivals), return_exceptions=True)

        assert sum(end is None for end in ends) == 1
        assert sum(isinstance(end, Busy) for end in ends) == 15

    async def test_of_two_that_reschedule_into_each_other_both_keep_what_they_have(
        self, sessions: Sessions
    ) -> None:
        first = Diary().it
        second = Diary(provider_id=first.provider_id).it
        await take(sessions, first, NEXT_WEEK)
        await take(sessions, second, LATER)

        ends = await asyncio.gather(
            take(sessions, first, LATER, agreed=NEXT_WEEK, claim=2),
            take(sessions, second, NEXT_WEEK, agreed=LATER, claim=2),
            return_exceptions=True,
        )

        assert [type(end) for end in ends] == [Busy, Busy]
        assert await held(sessions, first.id) == spans(NEXT_WEEK)
        assert await held(sessions, second.id) == spans(LATER)

    async def test_who_writes_a_providers_time_waits_for_whoever_does(self, sessions: Sessions) -> None:
        """Each would else wait for the other's row, to know whether the two overlap: a deadlock."""
        first = Diary().it
        second = Diary(provider_id=first.provider_id).it

        async with sessions.begin() as session:
            await reserve(session, taking(first, 1), wanted=NEXT_WEEK, agreed=None)
            other = asyncio.create_task(take(sessions, second, LATER))
            await in_the_queue(sessions)
        await other

        assert await held(sessions, second.id) == spans(LATER)

    async def test_one_may_begin_when_the_other_ends(self, sessions: Sessions) -> None:
        first = Diary().it
        second = Diary(provider_id=first.provider_id).it
        await take(sessions, first, NEXT_WEEK)

        await take(sessions, second, visit(NEXT_WEEK.end))

        assert await held(sessions, second.id) == spans(visit(NEXT_WEEK.end))

    async def test_other_providers_are_not_in_the_way(self, sessions: Sessions) -> None:
        await take(sessions, Diary().it, NEXT_WEEK)
        await take(sessions, Diary().it, NEXT_WEEK)

    async def test_an_assignment_is_not_in_its_own_way(self, sessions: Sessions) -> None:
        it = Diary().it
        a_little_later = visit(NEXT_WEEK.start + HOUR / 4)

        await take(sessions, it, a_little_later, agreed=NEXT_WEEK)

        assert await held(sessions, it.id) == [(NEXT_WEEK.start, a_little_later.end)]


class TestAReschedule:
    async def test_both_windows_are_taken_until_it_is_recorded(self, sessions: Sessions) -> None:
        diary = Diary().agree()
        await take(sessions, diary.it, NEXT_WEEK)
        await diary.write(sessions, claim=2)
        diary.say(proposes(ADA, LATER, seeing=2))

        await take(sessions, diary.it, LATER, agreed=NEXT_WEEK, claim=3)
        during = await held(sessions, diary.it.id)
        diary.say(confirms(diary.provider, 3))
        await diary.write(sessions, claim=4)

        assert during == spans(NEXT_WEEK, LATER)
        assert await held(sessions, diary.it.id) == spans(LATER)

    async def test_one_of_unknown_fate_is_set_back_to_what_is_agreed(self, sessions: Sessions) -> None:
        diary = Diary().agree()
        await take(sessions, diary.it, LATER, agreed=NEXT_WEEK)

        await set_right(sessions, diary.it, NEXT_WEEK, claim=2)

        assert await held(sessions, diary.it.id) == spans(NEXT_WEEK)

    async def test_one_that_is_declined_gives_the_new_window_back(self, sessions: Sessions) -> None:
        diary = Diary().agree()
        diary.say(proposes(ADA, LATER, seeing=2))
        await take(sessions, diary.it, LATER, agreed=NEXT_WEEK)
        diary.say(declines(diary.provider, 3))

        await diary.write(sessions, claim=2)

        assert await held(sessions, diary.it.id) == spans(NEXT_WEEK)

    async def test_entries_from_before_it_do_not_give_the_new_window_away(self, sessions: Sessions) -> None:
        """A backlog is written in several batches: only the one with the confirmation may narrow the hold."""
        diary = Diary().agree()
        diary.say(proposes(ADA, LATER, seeing=2))
        await take(sessions, diary.it, LATER, agreed=NEXT_WEEK)
        diary.say(confirms(diary.provider, 3))

        for place, entry in enumerate(diary.entries):
            await diary.write(sessions, entry, claim=2)
            expected = spans(LATER) if place == len(diary.entries) - 1 else spans(NEXT_WEEK, LATER)
            assert await held(sessions, diary.it.id) == expected


class TestLateWriters:
    async def test_a_reservation_that_was_given_up_arrives_in_vain(self, sessions: Sessions) -> None:
        diary = Diary().agree()
        await set_right(sessions, diary.it, NEXT_WEEK, claim=2)

        with pytest.raises(Overtaken):
            await take(sessions, diary.it, LATER, agreed=NEXT_WEEK, claim=1)

        assert await held(sessions, diary.it.id) == spans(NEXT_WEEK)

    async def test_it_cannot_come_back_into_an_assignment_that_ended(self, sessions: Sessions) -> None:
        diary = Diary().agree()
        await take(sessions, diary.it, NEXT_WEEK)
        diary.reject()
        await diary.write(sessions, claim=2)

        with pytest.raises(Overtaken):
            await take(sessions, diary.it, NEXT_WEEK, claim=1)

        assert await held(sessions, diary.it.id) == []

    async def test_a_repeat_of_the_same_reservation_is_welcome(self, sessions: Sessions) -> None:
        it = Diary().it

        await take(sessions, it, NEXT_WEEK)
        await take(sessions, it, NEXT_WEEK)

        assert await held(sessions, it.id) == spans(NEXT_WEEK)

    async def test_an_old_settlement_changes_nothing(self, sessions: Sessions) -> None:
        diary = Diary().agree()
        await take(sessions, diary.it, LATER, agreed=NEXT_WEEK, claim=3)

        await set_right(sessions, diary.it, NEXT_WEEK, claim=2)

        assert await held(sessions, diary.it.id) == spans(NEXT_WEEK, LATER)

    async def test_an_old_batch_changes_nothing(self, sessions: Sessions) -> None:
        diary = Diary().agree()
        await take(sessions, diary.it, LATER, agreed=NEXT_WEEK, claim=3)

        await diary.write(sessions, claim=2)

        assert await held(sessions, diary.it.id) == spans(NEXT_WEEK, LATER)

    async def test_nor_does_one_that_would_be_younger_by_its_schedule(self, sessions: Sessions) -> None:
        diary = Diary()
        opened = diary.it
        diary.agree()
        await take(sessions, opened, LATER, agreed=NEXT_WEEK, claim=3)

        await diary.write(sessions, claim=2)

        assert await held(sessions, diary.it.id) == spans(NEXT_WEEK, LATER)


class TestWhatABatchLeaves:
    async def test_a_visit_that_is_agreed_or_under_way_is_held(self, sessions: Sessions) -> None:
        diary = Diary().agree()
        await take(sessions, diary.it, NEXT_WEEK)
        await diary.write(sessions, claim=2)
        scheduled = await held(sessions, diary.it.id)
        diary.say(CheckIn(actor=diary.provider), at=NEXT_WEEK.start)
        await diary.write(sessions, claim=2)

        assert scheduled == await held(sessions, diary.it.id) == spans(NEXT_WEEK)

    async def test_one_that_ended_gives_all_time_back(self, sessions: Sessions) -> None:
        diary = Diary().agree()
        await take(sessions, diary.it, NEXT_WEEK)
        await diary.write(sessions, claim=2)

        diary.reject()
        await diary.write(sessions, claim=2)

        assert await held(sessions, diary.it.id) == []
        await take(sessions, replace(Diary().it, provider_id=diary.it.provider_id), NEXT_WEEK)

    async def test_work_that_is_done_early_gives_the_rest_back_for_good(self, sessions: Sessions) -> None:
        diary = Diary().agree()
        await take(sessions, diary.it, NEXT_WEEK)
        diary.finish()
        await diary.write(sessions, claim=2)

        await diary.write(sessions, *diary.entries[:-1], claim=2)

        assert await held(sessions, diary.it.id) == []

    async def test_where_nothing_was_ever_reserved_there_is_no_row(self, sessions: Sessions) -> None:
        diary = Diary()
        diary.say(proposes(ADA, NEXT_WEEK, seeing=0))

        await diary.write(sessions)

        assert await held(sessions, diary.it.id) is None
