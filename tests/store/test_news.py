"""What is told reaches whoever listens, once it is written; and a teller who is not heard does no harm."""

import asyncio
from contextlib import aclosing
from datetime import UTC, datetime, timedelta

from sqlalchemy.ext.asyncio import async_sessionmaker

from fulfillment.store import news
from fulfillment.store.database import engine
from fulfillment.store.ledger import record_assignment
from fulfillment.store.news import Moved
from fulfillment.store.tables import Entity
from tests.store.diaries import Diary, Sessions, about

JOB = Moved(job_id="j1", customer_id="c1", version=3)
ASSIGNMENT = Moved(job_id="j1", customer_id="c1", version=4, assignment_id="a1", provider_id="p1")

ABSENCE = Moved(absence_id="b1", version=2)


async def test_what_is_told_is_heard_word_for_word(database_url: str, sessions: Sessions) -> None:
    async with asyncio.timeout(20), aclosing(news.hear(database_url)) as heard:
        assert await anext(heard) is None
        await news.tell(sessions, JOB)
        await news.tell(sessions, ASSIGNMENT)
        await news.tell(sessions, ABSENCE)

        assert [await anext(heard) for _ in range(3)] == [JOB, ASSIGNMENT, ABSENCE]


async def test_all_who_listen_hear_it(database_url: str, sessions: Sessions) -> None:
    async with (
        asyncio.timeout(20),
        aclosing(news.hear(database_url)) as one,
        aclosing(news.hear(database_url)) as other,
    ):
        await anext(one)
        await anext(other)
        await news.tell(sessions, JOB)

        assert await anext(one) == await anext(other) == JOB


async def test_a_database_that_is_away_is_no_trouble_to_the_teller() -> None:
    away = engine("postgresql+psycopg://nobody@127.0.0.1:1/nothing")

    await news.tell(async_sessionmaker(away), JOB)

    await away.dispose()


async def test_it_is_known_whose_lists_have_moved_since(sessions: Sessions) -> None:
    diary = Diary().agree()
    async with sessions.begin() as session:
        await record_assignment(session, about(Entity.ASSIGNMENT, diary.it.id), entries=diary.entries)
    it, now = diary.it, datetime.now(UTC)
    before, after = now - timedelta(minutes=1), now + timedelta(minutes=1)

    async with sessions() as session:
        said = [
            await news.has_moved(session, customer_id=it.customer_id, at=before),
            await news.has_moved(session, provider_id=it.provider_id, at=before),
            await news.has_moved(session, customer_id=it.customer_id, at=after),
            await news.has_moved(session, provider_id=it.provider_id, at=after),
            await news.has_moved(session, customer_id="nobody", at=before),
        ]

    assert said == [True, True, False, False, False]
