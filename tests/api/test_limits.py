"""Limits are exact over all processes, hold while the database is away, and cost nobody much."""

import asyncio
import os
import sys
import time
from collections.abc import Mapping

import httpx2
import pytest
from limits import parse
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from api.limits import Limiter, Steady, _network
from fulfillment.domain.people import Role
from fulfillment.store import ratelimit
from fulfillment.store.ratelimit import Count, Hits, MemoryHits, PostgresHits
from tests.api.front import RATES, front, holding, knocking

HAMMER = """
import asyncio, os, sys
from fulfillment.store.database import engine
from fulfillment.store.ratelimit import PostgresHits

async def main():
    hits = PostgresHits(engine(os.environ["DATABASE_URL"]))
    counts = await asyncio.gather(*(hits.hit(sys.argv[1], seconds=60) for _ in range(40)))
    print(sum(count.hits <= 20 for count in counts))

asyncio.run(main())
"""


def limiter(hits: Hits, rate: str, *, strangers: str = "1000/minute") -> Limiter:
    rates = dict(RATES) | {(Role.CUSTOMER, "commands"): parse(rate)}
    return Limiter(hits, rates=rates, strangers=parse(strangers))


async def ask(client: httpx2.AsyncClient, times: int, **person: str) -> list[int]:
    headers = holding(**{"sub": "ada"} | person)  # type: ignore[arg-type]  # its two arguments are texts
    body = {"titleLine": "a"}
    return [(await client.post("/things", json=body, headers=headers)).status_code for _ in range(times)]


class TestInPostgres:
    async def test_the_first_request_opens_the_window(self, postgres: AsyncEngine) -> None:
        first = await PostgresHits(postgres).hit("opens", seconds=60)
        second = await PostgresHits(postgres).hit("opens", seconds=60)

        assert (first.hits, second.hits) == (1, 2)
        assert 0 < second.seconds_left <= first.seconds_left <= 60

    async def test_a_window_that_is_over_begins_anew(self, postgres: AsyncEngine) -> None:
        hits = PostgresHits(postgres)
        await hits.hit("over", seconds=60)
        await hits.hit("over", seconds=60)
        async with postgres.begin() as connection:
            await connection.execute(text("UPDATE rate_limit SET expires = now() WHERE key = 'over'"))

        count = await hits.hit("over", seconds=60)

        assert count.hits == 1
        assert count.seconds_left > 59

    async def test_three_processes_count_as_one(self, postgres: AsyncEngine, postgres_url: str) -> None:
        environment = os.environ | {"DATABASE_URL": postgres_url}
        command = (sys.executable, "-c", HAMMER, "exact")
        processes = [
            await asyncio.create_subprocess_exec(*command, env=environment, stdout=asyncio.subprocess.PIPE)
            for _ in range(3)
        ]
        admitted = [int((await process.communicate())[0]) for process in processes]

        assert sum(admitted) == 20

    async def test_windows_that_are_over_are_swept_away(
        self, postgres: AsyncEngine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(ratelimit, "SWEEP_EVERY", 2)
        hits = PostgresHits(postgres)
        await hits.hit("swept", seconds=60)
        async with postgres.begin() as connection:
            await connection.execute(text("UPDATE rate_limit SET expires = now() WHERE key = 'swept'"))

        await hits.hit("another", seconds=60)

        async with postgres.connect() as connection:
            left = await connection.scalar(text("SELECT count(*) FROM rate_limit WHERE key = 'swept'"))
        assert left == 0


class TestInMemory:
    async def test_counts_like_the_other(self) -> None:
        hits = MemoryHits()

        assert [(await hits.hit("a", seconds=60)).hits for _ in range(3)] == [1, 2, 3]
        assert (await hits.hit("b", seconds=60)).hits == 1

    async def test_memory_is_bounded(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(ratelimit, "MOST_KEYS", 100)
        hits = MemoryHits()
        for number in range(1000):
            await hits.hit(f"k{number}", seconds=60)

        assert len(hits._windows) <= 100


class Sick:
    """A database that hangs, or is gone; it counts how often it was asked."""

    def __init__(self, *, hangs: bool) -> None:
        self.hangs = hangs
        self.asked = 0
        self.is_well = False

    async def hit(self, key: str, *, seconds: int) -> Count:
        self.asked += 1
        if self.is_well:
            return Count(hits=100, seconds_left=1)
        if self.hangs:
            await asyncio.sleep(60)
        raise ConnectionRefusedError


class TestWhileTheDatabaseIsAway:
    async def test_the_limit_holds_in_memory(self) -> None:
        steady = Steady(Sick(hangs=False))

        assert [(await steady.hit("a", seconds=60)).hits for _ in range(3)] == [1, 2, 3]

    async def test_only_the_first_waits_and_only_one_in_a_while_tries_again(self) -> None:
        sick = Sick(hangs=True)
        steady = Steady(sick, patience=0.1, rest=0.3)
        began = time.monotonic()
        for _ in range(50):
            await steady.hit("a", seconds=60)

        assert time.monotonic() - began < 0.25
        assert sick.asked == 1
        await asyncio.sleep(0.3)
        await asyncio.gather(*(steady.hit("a", seconds=60) for _ in range(20)))
        assert sick.asked == 2

    async def test_it_goes_back_when_the_database_does(self) -> None:
        sick = Sick(hangs=False)
        steady = Steady(sick, rest=0.0)
        await steady.hit("a", seconds=60)
        sick.is_well = True

        assert (await steady.hit("a", seconds=60)).hits == 100

    async def test_a_real_database_that_is_gone(self) -> None:
        gone = create_async_engine("postgresql+psycopg://nobody@127.0.0.1:1/nothing")

        assert (await Steady(PostgresHits(gone)).hit("a", seconds=60)).hits == 1


class TestOverHttp:
    async def test_beyond_the_rate_is_429_and_says_when(self) -> None:
        async with knocking(front(limiter=limiter(MemoryHits(), "3/minute"))) as client:
            assert await ask(client, 5) == [201, 201, 201, 429, 429]
            answer = await client.post("/things", json={"titleLine": "a"}, headers=holding())

        assert answer.json()["code"] == "TOO_MANY_REQUESTS"
        assert 0 < int(answer.headers["Retry-After"]) <= 60
        assert rate_headers(answer) == {"Limit": "3", "Remaining": "0", "Policy": "3;w=60"}

    async def test_good_answers_say_what_is_left(self) -> None:
        async with knocking(front(limiter=limiter(MemoryHits(), "3/minute"))) as client:
            answer = await client.post("/things", json={"titleLine": "a"}, headers=holding())

        assert rate_headers(answer) == {"Limit": "3", "Remaining": "2", "Policy": "3;w=60"}
        assert answer.headers["RateLimit-Reset"] == "60"

    async def test_refusals_are_counted_and_say_so(self) -> None:
        async with knocking(front(limiter=limiter(MemoryHits(), "3/minute"))) as client:
            answer = await client.post("/things", json={}, headers=holding())

        assert (answer.status_code, rate_headers(answer)["Remaining"]) == (422, "2")

    async def test_each_person_and_kind_has_a_limit_of_its_own(self) -> None:
        async with knocking(front(limiter=limiter(MemoryHits(), "1/minute"))) as client:
            assert await ask(client, 2, sub="ada") == [201, 429]
            assert await ask(client, 2, sub="bob") == [201, 429]
            assert await ask(client, 2, sub="ada", role=Role.OPS) == [201, 201]
            assert (await client.get("/things", headers=holding())).status_code == 200

    async def test_a_flood_of_forbidden_requests_is_limited_too(self) -> None:
        rates = dict(RATES) | {(Role.PROVIDER, "reads"): parse("2/minute")}
        app = front(limiter=Limiter(MemoryHits(), rates=rates, strangers=parse("9/minute")))
        async with knocking(app) as client:
            answers = [await client.get("/things", headers=holding(Role.PROVIDER)) for _ in range(3)]

        assert [answer.status_code for answer in answers] == [403, 403, 429]

    async def test_strangers_are_limited_by_address_whatever_they_forward(self) -> None:
        app = front(limiter=limiter(MemoryHits(), "9/minute", strangers="2/minute"))
        async with knocking(app) as client:
            answers = [
                await client.get("/things", headers={"X-Forwarded-For": f"10.0.0.{number}"})
                for number in range(4)
            ]

        assert [answer.status_code for answer in answers] == [401, 401, 429, 429]

    async def test_a_used_up_window_does_not_reach_the_database_again(self) -> None:
        class Counting(MemoryHits):
            asked = 0

            async def hit(self, key: str, *, seconds: int) -> Count:
                self.asked += 1
                return await super().hit(key, seconds=seconds)

        hits = Counting()
        async with knocking(front(limiter=limiter(hits, "2/minute"))) as client:
            await ask(client, 50)

        assert hits.asked == 3

    async def test_one_limit_for_two_fronts_on_one_database(self, postgres: AsyncEngine) -> None:
        fronts = [front(limiter=limiter(Steady(PostgresHits(postgres)), "6/minute")) for _ in range(2)]
        async with knocking(fronts[0]) as one, knocking(fronts[1]) as other:
            person = {"sub": "shared"}
            codes = await asyncio.gather(*(ask(client, 8, **person) for client in (one, other)))

        assert sorted(codes[0] + codes[1]) == [201] * 6 + [429] * 10


def rate_headers(answer: httpx2.Response) -> Mapping[str, str]:
    """Return what the answer says about limits, but for the seconds left."""
    prefix = "ratelimit-"
    return {
        name.removeprefix(prefix).capitalize(): value
        for name, value in answer.headers.items()
        if name.startswith(prefix) and name != "ratelimit-reset"
    }


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("203.0.113.7", "203.0.113.8", False),
        ("2001:db8::1", "2001:db8::ffff", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:203.0.113.7", "203.0.113.7", True),
        ("testclient", "also no address", True),
    ],
)
def test_what_counts_as_one_address(one: str, other: str, *, same: bool) -> None:
    assert (_network({"client": (one, 1)}) == _network({"client": (other, 2)})) is same
