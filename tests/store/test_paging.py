"""A list that grows while it is read is read once, whole, and in order; a forged cursor is refused."""

import base64
import json
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from fulfillment.domain.errors import ValueInvalid
from fulfillment.store.views.assignments import Wanted, assignments
from fulfillment.store.views.history import audit
from fulfillment.store.views.paging import Turn, written
from fulfillment.store.views.payouts import pending
from tests.domain.people import NOON
from tests.store.diaries import Diary, Sessions, fresh_id


async def pages(sessions: Sessions, wanted: Wanted, *, limit: int) -> list[list[str]]:
    """Read the list to its end and return the ids, page by page."""
    found, cursor = [], None
    while True:
        async with sessions() as session:
            page = await assignments(session, wanted, Turn(cursor=cursor, limit=limit))
        found.append([line.standing.assignment.id for line in page.items])
        cursor = page.next_cursor
        if cursor is None:
            return found


async def opened(sessions: Sessions, customer: str, *, at: datetime) -> str:
    diary = Diary(customer_id=customer, created_at=at, status_entered_at=at, turn_since=at)
    await diary.write(sessions)
    return diary.it.id


class TestReading:
    async def test_newest_first_each_once(self, sessions: Sessions) -> None:
        customer = fresh_id("c-")
        ids = [await opened(sessions, customer, at=NOON + timedelta(seconds=n)) for n in range(5)]

        found = await pages(sessions, Wanted(customer_id=customer), limit=2)

        assert found == [[ids[4], ids[3]], [ids[2], ids[1]], [ids[0]]]

    async def test_those_of_one_instant_stay_in_order_too(self, sessions: Sessions) -> None:
        customer = fresh_id("c-")
        ids = {await opened(sessions, customer, at=NOON) for _ in range(5)}

        found = await pages(sessions, Wanted(customer_id=customer), limit=2)

        read = [id for page in found for id in page]
        assert read == sorted(ids, reverse=True)

    async def test_what_comes_in_meanwhile_moves_no_line(self, sessions: Sessions) -> None:
        customer = fresh_id("c-")
        ids = [await opened(sessions, customer, at=NOON + timedelta(seconds=n)) for n in range(4)]
        async with sessions() as session:
            first = await assignments(session, Wanted(customer_id=customer), Turn(limit=2))
        await opened(sessions, customer, at=NOON + timedelta(days=1))

        async with sessions() as session:
            turn = Turn(cursor=first.next_cursor, limit=2)
            second = await assignments(session, Wanted(customer_id=customer), turn)

        assert [line.standing.assignment.id for line in second.items] == [ids[1], ids[0]]
        assert second.next_cursor is None

    async def test_a_page_that_is_just_full_is_the_last(self, sessions: Sessions) -> None:
        customer = fresh_id("c-")
        for n in range(2):
            await opened(sessions, customer, at=NOON + timedelta(seconds=n))

        found = await pages(sessions, Wanted(customer_id=customer), limit=2)

        assert [len(page) for page in found] == [2]

    @pytest.mark.parametrize("limit", [0, -1, 101])
    def test_a_page_has_1_to_100_lines(self, limit: int) -> None:
        with pytest.raises(ValueInvalid, match="limit"):
            Turn(limit=limit)


def encoded(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


GOOD = written((NOON, "a1"))
FORGED = [
    "not a cursor",
    "%00",
    "=",
    "Ω",
    GOOD[:-3],
    GOOD + "AA",
    encoded("{}"),
    encoded("[]"),
    encoded("[1,2]"),
    encoded('["yesterday","a1"]'),
    encoded('["2026-03-02T12:00:00","a1"]'),
    encoded('["2026-03-02T12:00:00Z","a\\u0000"]'),
    encoded('["2026-03-02T12:00:00Z","\\ud800"]'),
    encoded('["2026-03-02T12:00:00Z",7]'),
    encoded("[" * 250),
    encoded(json.dumps(["9" * 300, "a1"])),
    encoded("[1e999]"),
]


class TestForgedCursors:
    @pytest.mark.parametrize("cursor", FORGED)
    async def test_lists_refuse_them(self, sessions: Sessions, cursor: str) -> None:
        async with sessions() as session:
            with pytest.raises(ValueInvalid, match="cursor"):
                await assignments(session, Wanted(), Turn(cursor=cursor))

    @pytest.mark.parametrize("cursor", [*FORGED, GOOD, encoded(f"[{2**63}]"), encoded("[true]")])
    async def test_the_audit_refuses_them(self, sessions: Sessions, cursor: str) -> None:
        async with sessions() as session:
            with pytest.raises(ValueInvalid, match="cursor"):
                await audit(session, "a1", Turn(cursor=cursor))

    @pytest.mark.parametrize(
        "cursor",
        [
            *FORGED,
            GOOD,
            encoded(f'[null,{2**63},"2026-03-02T12:00:00Z","a1"]'),
            encoded('["infinity",-1,"2026-03-02T12:00:00Z","a1"]'),
            encoded('[null,true,"2026-03-02T12:00:00Z","a1"]'),
        ],
    )
    async def test_the_payout_queue_refuses_them(self, sessions: Sessions, cursor: str) -> None:
        async with sessions() as session:
            with pytest.raises(ValueInvalid, match="cursor"):
                await pending(session, Turn(cursor=cursor))

    async def test_somebody_elses_cursor_opens_nobody_elses_list(self, sessions: Sessions) -> None:
        mine, theirs = fresh_id("c-"), fresh_id("c-")
        for customer in (mine, mine, theirs, theirs):
            await opened(sessions, customer, at=NOON)
        async with sessions() as session:
            page = await assignments(session, Wanted(customer_id=theirs), Turn(limit=1))

        async with sessions() as session:
            turn = replace(Turn(), cursor=page.next_cursor)
            found = await assignments(session, Wanted(customer_id=mine), turn)

        assert {line.standing.assignment.customer_id for line in found.items} <= {mine}
