"""Every trouble with the payment provider, at every step, and the worker or the API killed there (P15)."""

import asyncio
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import LiteralString

import httpx2
import pytest

from tests.chaos import money
from tests.chaos.money import PRICE, Cell, End, Step
from tests.chaos.parties import Json, Parties, Reply, Visitor, hired, signed_in
from tests.gateways.stripe.control import Control, Ledger
from tests.gateways.stripe.serving import SECRET_KEY
from tests.plant import Plant, kill, running, stripe_at

pytestmark = pytest.mark.chaos

AT_ONCE = 6
"""Stories begun at the same time; the machine has two cores for all of it."""
PATIENCE = 120.0
SECONDS_FOR_A_CAPTURE = 45
HANG = 8.0
"""Seconds of silence, which is more than a request is given."""
START = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
VISIT = {"start": START.isoformat(), "end": (START + timedelta(hours=2)).isoformat()}
"""One for all, so that whoever says it again says the same."""
SIGNING_SECRET = "whsec_of_the_matrix"  # noqa: S105


@dataclass(frozen=True, slots=True)
class Story:
    """An assignment on its way into a cell's trouble."""

    cell: Cell
    parties: Parties
    key: str
    fault: str = ""

    @property
    def id(self) -> str:
        return self.parties.id


@dataclass(frozen=True, slots=True)
class Staff:
    ops: Visitor
    admin: Visitor


def test_whatever_happens_money_moves_once_and_every_case_says_the_truth(tmp_path: Path) -> None:
    with stripe_at(tmp_path) as stripe, running(tmp_path, **_by_card(stripe)) as plant:
        stories = asyncio.run(_through_troubles(plant, stripe))
        for number, wave in enumerate(money.deaths()):
            dying = asyncio.run(_to_the_brink(plant, stripe, wave))
            plant.kill_worker()
            if number:
                kill(plant.api)
                plant.start_api()
            asyncio.run(_let_go(stripe, dying))
            plant.start_worker()
            asyncio.run(_say_it_again(plant, dying))
            stories += dying
        ends = asyncio.run(_ends(plant, stripe, stories))
        _print(stories, ends)

        assert {str(it.cell): ends[it.id] for it in stories if ends[it.id] != it.cell.end} == {}
        assert asyncio.run(_booked(plant, stripe)) == asyncio.run(_effects(stripe))


def _by_card(stripe: str) -> dict[str, str]:
    return {
        "STRIPE_SECRET_KEY": SECRET_KEY,
        "STRIPE_API_BASE": stripe,
        "STRIPE_WEBHOOK_SECRETS": SIGNING_SECRET,
        "STRIPE_TRANSFERS_ENABLED": "true",
        "CAPTURE_PATIENCE_MINUTES": str(SECONDS_FOR_A_CAPTURE / 60),
        "RATE_LIMIT_ADMIN_COMMANDS": "100000/minute",
        "RATE_LIMIT_OPS_COMMANDS": "100000/minute",
    }


# The stories.


async def _written(plant: Plant, id: str, query: LiteralString) -> None:
    """Wait until a query finds something for an assignment."""
    async with asyncio.timeout(PATIENCE):
        while not await asyncio.to_thread(plant.rows, query, id):
            await asyncio.sleep(0.3)


async def _through_troubles(plant: Plant, stripe: str) -> list[Story]:
    turn = asyncio.Semaphore(AT_ONCE)
    async with Control(stripe) as control:
        staff = await _staff(plant)

        async def told(cell: Cell) -> Story:
            async with turn:
                story = await _begun(plant, control, staff, cell)
                await _trigger(plant, staff, story)
                return story

        return list(await asyncio.gather(*(told(cell) for cell in money.cells())))


async def _to_the_brink(plant: Plant, stripe: str, wave: Sequence[Cell]) -> list[Story]:
    """Bring a story to each of these pauses, where a request is in the worker's hands."""
    async with Control(stripe) as control:
        staff = await _staff(plant)
        stories = await asyncio.gather(*(_begun(plant, control, staff, cell) for cell in wave))
        await asyncio.gather(*(_trigger(plant, staff, story) for story in stories))
        await asyncio.gather(*(control.wait_reached(story.fault) for story in stories))
    return list(stories)


async def _let_go(stripe: str, stories: Sequence[Story]) -> None:
    async with Control(stripe) as control:
        await asyncio.gather(*(control.release(story.fault) for story in stories))


async def _say_it_again(plant: Plant, stories: Sequence[Story]) -> None:
    """Repeat every last command under its key: whoever saw the API die does not know what became of it."""
    staff = await _staff(plant)
    await asyncio.gather(*(_trigger(plant, staff, story) for story in stories))


async def _begun(plant: Plant, control: Control, staff: Staff, cell: Cell) -> Story:
    """Return the story of an assignment that has come as far as right before the cell's step."""
    parties = await hired(plant.api_url)
    card = {"paymentMethod": "pm_card_visa"}
    _honoured(await parties.customer.put("/me/payment-method", card))
    account = {"account": await control.new_account()}
    _honoured(await staff.ops.put(f"/people/{parties.provider.id}/payout-account", account))
    if cell.step is Step.HOLD:
        return await _with_fault(control, cell, parties)
    await _agree(parties, key=uuid.uuid4().hex)
    await _written(plant, parties.id, "SELECT 1 FROM card_hold WHERE assignment_id = %s")
    if cell.step is not Step.RELEASE:
        await _complete(parties, staff)
    return await _with_fault(control, cell, parties)


async def _with_fault(control: Control, cell: Cell, parties: Parties) -> Story:
    fault = ""
    if cell.trouble:
        fault = await control.fault(
            cell.trouble,
            cell.step,
            times=cell.times,
            metadata={"assignment_id": parties.id},
            seconds=HANG,
            code=cell.code,
            amount=cell.amount,
            stored=cell.stored,
        )
    return Story(cell, parties, uuid.uuid4().hex, fault)


async def _trigger(plant: Plant, staff: Staff, story: Story) -> None:
    """Say what leads to the cell's step and to its end, under the story's own key."""
    parties, key = story.parties, story.key
    match story.cell.step:
        case Step.RELEASE:
            reason = {"reason": "it works again"}
            await _insist(parties.customer, f"{parties.path}/cancel", reason, key=key)
        case Step.HOLD:
            await _agree(parties, key=key)
            if story.cell.end.payout:
                await _complete(parties, staff)
        case Step.CAPTURE | Step.TRANSFER:
            await _approve(staff, story)


async def _agree(parties: Parties, *, key: str) -> None:
    path = f"{parties.path}/schedule"
    await _insist(parties.provider, path, VISIT | {"expectedVersion": 0}, key=f"p{key}")
    await _insist(parties.customer, f"{path}/confirm", {"version": 1}, key=f"c{key}")


async def _complete(parties: Parties, staff: Staff) -> None:
    await _insist(staff.ops, f"{parties.path}/complete", {"evidence": ["a photo"]}, key=f"d{parties.id}")


async def _approve(staff: Staff, story: Story) -> None:
    path = f"/admin/payouts/{story.id}/approve"
    await _insist(staff.admin, path, {"attempt": 1}, key=f"a{story.key}")


async def _insist(who: Visitor, path: str, body: Json, *, key: str) -> Reply:
    """Repeat a command under its key until it is honoured, as a good client does."""
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                reply = await who.post(path, body, key=key)
            except httpx2.TransportError:
                await asyncio.sleep(0.2)
                continue
            if reply.status != httpx2.codes.SERVICE_UNAVAILABLE:
                return _honoured(reply)
            await asyncio.sleep(0.2)


def _honoured(reply: Reply) -> Reply:
    assert reply.status < 400, reply.body
    return reply


async def _staff(plant: Plant) -> Staff:
    ops = await signed_in(plant.api_url, "olga", "ops")
    return Staff(ops, await signed_in(plant.api_url, "root", "admin"))


# What is true in the end.


async def _ends(plant: Plant, stripe: str, stories: Sequence[Story]) -> dict[str, End]:
    """Return how each story ended; one that has not come to its end in time is returned as it is."""
    give_up = time.monotonic() + PATIENCE
    async with Control(stripe) as control:
        while True:
            ledger = await control.ledger()
            states = _states(plant)
            ends = {story.id: _end(story.id, states, ledger) for story in stories}
            late = [story for story in stories if ends[story.id] != story.cell.end]
            if not late or time.monotonic() > give_up:
                return ends
            await asyncio.sleep(2)


def _states(plant: Plant) -> dict[str, tuple[str, str | None, str]]:
    rows = plant.rows(
        "SELECT a.id, a.status, p.status, coalesce(p.problem, '') FROM assignment a"
        " LEFT JOIN payout p ON p.assignment_id = a.id"
    )
    return {id: (status, payout, problem) for id, status, payout, problem in rows}


def _end(id: str, states: dict[str, tuple[str, str | None, str]], ledger: Ledger) -> End:
    status, payout, problem = states.get(id, ("missing", None, ""))
    captures, releases = (ledger.of(kind, assignment_id=id) for kind in ("capture", "release"))
    ended = {each["intent"] for each in (*captures, *releases)}
    return End(
        assignment=status,
        payout=payout,
        problem=problem,
        captures=tuple(int(each["amount"]) for each in captures if each["by"] == "api"),
        transfers=tuple(int(each["amount"]) for each in ledger.of("transfer", payout_id=id)),
        holds=len(ledger.of("hold", assignment_id=id)) - len(ended),
    )


def _moves(plant: Plant) -> dict[str, int]:
    """Return what our own book says was moved, in minor units, by kind."""
    rows = plant.rows(
        "SELECT kind, sum(amount)::bigint FROM money_move"
        " WHERE kind IN ('captured', 'transferred') GROUP BY kind"
    )
    return {kind: int(total) for kind, total in rows}


async def _booked(plant: Plant, stripe: str) -> dict[str, int]:
    """Return what our own book says, once the last line of it is written, or when that takes too long."""
    give_up = time.monotonic() + PATIENCE
    while (booked := _moves(plant)) != await _effects(stripe) and time.monotonic() < give_up:
        await asyncio.sleep(0.5)
    return booked


async def _effects(stripe: str) -> dict[str, int]:
    """Return what the payment provider says was moved, whoever asked for it."""
    async with Control(stripe) as control:
        ledger = await control.ledger()
    return {"captured": ledger.total("capture"), "transferred": ledger.total("transfer")}


def _print(stories: Sequence[Story], ends: dict[str, End]) -> None:
    for story in stories:
        end = ends[story.id]
        verdict = "as expected" if end == story.cell.end else f"EXPECTED {story.cell.end}"
        payout = f"{end.payout or '-'} {end.problem}".strip()
        moved = f"captures {list(end.captures)} transfers {list(end.transfers)} open holds {end.holds}"
        print(f"{story.cell!s:<40} {end.assignment:<15} {payout:<46} {moved:<60} {verdict}")  # noqa: T201 - the matrix
    kills = sum(len(wave) for wave in money.deaths())
    print(f"{len(stories)} cells, {kills} of them with the worker killed; a price is {PRICE}")  # noqa: T201
