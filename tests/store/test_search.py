"""Whoever has an id, a name or a few words in hand finds the assignment, and nobody else's come along."""

from datetime import timedelta
from typing import Any

import pytest

from fulfillment.domain.assignment.state import Status
from fulfillment.domain.errors import ValueInvalid
from fulfillment.store import directory
from fulfillment.store.directory import Person
from fulfillment.store.views.assignments import Wanted
from fulfillment.store.views.paging import Turn
from fulfillment.store.views.search import MOST_OF_A_BEGINNING, MOST_PEOPLE, search
from tests.domain.people import NOON
from tests.store.diaries import Diary, JobDiary, Sessions, fresh_id
from tests.store.looking import sql
from tests.store.test_paging import FORGED


async def found(sessions: Sessions, sought: str, *, limit: int = 50, **wanted: Any) -> list[str]:
    """Return the ids of all that is found, page by page."""
    ids: list[str] = []
    cursor = None
    while True:
        async with sessions() as session:
            page = await search(session, sought, Wanted(**wanted), Turn(cursor=cursor, limit=limit))
        ids += [each.standing.assignment.id for each in page.items]
        cursor = page.next_cursor
        if cursor is None:
            return ids


async def opened(sessions: Sessions, *, minutes: int = 0, **changes: Any) -> Diary:
    """Write an assignment that was made that many minutes after noon."""
    at = NOON + timedelta(minutes=minutes)
    made: dict[str, Any] = {"created_at": at, "status_entered_at": at, "turn_since": at}
    diary = Diary(**made, **changes)
    await diary.write(sessions)
    return diary


async def known(sessions: Sessions, name: str) -> str:
    """Register somebody of that name and return their id."""
    person = Person(id=fresh_id("c-"), name=name)
    async with sessions.begin() as session:
        await directory.register(session, person)
    return person.id


async def titled(alone: Sessions, alone_url: str, title: str) -> Diary:
    """Write an assignment of a job with that title."""
    job = JobDiary()
    await job.write(alone)
    sql(alone_url, "UPDATE job SET title = %s WHERE id = %s", title, job.job.id)
    return await opened(alone, job_id=job.job.id)


class TestIds:
    async def test_of_an_assignment_its_job_and_its_people_find_it(self, sessions: Sessions) -> None:
        diary = await opened(sessions, customer_id=fresh_id("c-"))
        await opened(sessions)

        for id in (diary.it.id, diary.it.job_id, diary.it.customer_id, diary.it.provider_id):
            assert await found(sessions, id) == [diary.it.id]

    async def test_six_letters_that_one_begins_with_will_do(self, sessions: Sessions) -> None:
        diary = await opened(sessions)

        assert diary.it.id in await found(sessions, diary.it.id[:8])
        assert diary.it.id in await found(sessions, diary.it.job_id[:8])
        assert await found(sessions, diary.it.id[:5]) == []
        assert await found(sessions, diary.it.id[1:]) == []

    async def test_a_short_one_is_found_whole(self, alone: Sessions) -> None:
        diary = await opened(alone, id="a7", job_id="j7")
        await opened(alone, id="a70", job_id="j70")

        assert await found(alone, "a7") == await found(alone, "j7") == [diary.it.id]

    async def test_what_begins_like_that_is_told_from_its_neighbours(self, alone: Sessions) -> None:
        inside = [
            (await opened(alone, id=f"abcdef{end}", minutes=-n)).it.id for n, end in enumerate("-0Zaz_")
        ]
        for outside in ("abcdeF", "abcdeg", "abcdee~", "Abcdef0"):
            await opened(alone, id=outside)

        assert await found(alone, "abcdef") == inside

    async def test_of_a_beginning_that_many_share_a_hundred_are_shown(self, alone: Sessions) -> None:
        for n in range(MOST_OF_A_BEGINNING + 3):
            await opened(alone, id=f"abcdef{n}")

        assert len(await found(alone, "abcdef", limit=60)) == MOST_OF_A_BEGINNING


class TestNames:
    async def test_find_what_somebody_has_had_on_either_side(self, alone: Sessions) -> None:
        ada = await known(alone, "Ada Lovelace")
        eve = await known(alone, "Eve Love")
        hers = await opened(alone, customer_id=ada, minutes=1)
        her_work = await opened(alone, provider_id=ada, minutes=2)
        other = await opened(alone, customer_id=eve)

        assert await found(alone, "ada") == [her_work.it.id, hers.it.id]
        assert await found(alone, "LOVELACE Ada") == [her_work.it.id, hers.it.id]
        assert await found(alone, "love") == [her_work.it.id, hers.it.id, other.it.id]
        assert await found(alone, "ada eve") == []

    async def test_of_many_of_one_name_those_count_that_came_last(self, alone: Sessions) -> None:
        first = await known(alone, "Maria Silva")
        missed = await opened(alone, customer_id=first)
        others = [
            (await opened(alone, customer_id=await known(alone, "Maria Sousa"), minutes=n)).it.id
            for n in range(MOST_PEOPLE)
        ]

        assert await found(alone, "maria") == others[::-1]
        assert await found(alone, "maria silva") == [missed.it.id]


class TestTitles:
    @pytest.mark.parametrize(
        "sought", ["gutter", "GUTTER mend", "gut", "mend the gutter", "  gutter ", "12.5m", "t-shirt"]
    )
    async def test_some_of_their_words_in_any_order_will_do(
        self, alone: Sessions, alone_url: str, sought: str
    ) -> None:
        diary = await titled(alone, alone_url, "Mend the gutter, 12.5m, in a T-shirt")
        await titled(alone, alone_url, "Paint the fence")

        assert await found(alone, sought) == [diary.it.id]

    @pytest.mark.parametrize(
        "sought",
        ["gutter fence", "gutter | fence", "utter", "gutters", "!!", "'", "\\", "mend <-> gutter fence"],
    )
    async def test_no_other_words_do_and_nothing_is_an_operator(
        self, alone: Sessions, alone_url: str, sought: str
    ) -> None:
        await titled(alone, alone_url, "Mend the gutter")
        await titled(alone, alone_url, "Paint the fence")

        assert await found(alone, sought) == []

    async def test_apostrophes_and_umlauts_are_letters_like_others(
        self, alone: Sessions, alone_url: str
    ) -> None:
        diary = await titled(alone, alone_url, "Küche bei O'Neill \\ Söhne")

        for sought in ("küche", "o'neill", "söhne", "O'N"):
            assert await found(alone, sought) == [diary.it.id]


class TestTheList:
    async def test_is_newest_first_each_once_page_by_page(self, alone: Sessions, alone_url: str) -> None:
        ada = await known(alone, "Mend Lovelace")
        both = await titled(alone, alone_url, "Mend the gutter")
        sql(alone_url, "UPDATE assignment SET customer_id = %s WHERE id = %s", ada, both.it.id)
        more = [(await opened(alone, customer_id=ada, minutes=n)).it.id for n in range(1, 6)]

        for limit in (1, 2, 50):
            assert await found(alone, "mend", limit=limit) == [*more[::-1], both.it.id]

    async def test_filters_narrow_it(self, sessions: Sessions) -> None:
        diary = await opened(sessions)

        assert await found(sessions, diary.it.id, status=Status.AWAITING_SCHEDULE) == [diary.it.id]
        assert await found(sessions, diary.it.id, status=Status.PAID) == []
        assert await found(sessions, diary.it.id, reminder_overdue=True) == []

    @pytest.mark.parametrize("cursor", FORGED)
    async def test_forged_cursors_are_refused(self, sessions: Sessions, cursor: str) -> None:
        async with sessions() as session:
            with pytest.raises(ValueInvalid, match="cursor"):
                await search(session, "ada", turn=Turn(cursor=cursor))
