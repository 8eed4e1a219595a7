"""Every trouble with the payment provider, at every step, with the worker or the API killed there (P15)."""

import asyncio
import time
import uuid
from collections import Counter
from collections.abc import Coroutine, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import LiteralString

import httpx2
import pytest
from temporalio.client import Client

from tests.chaos import money
from tests.chaos.money import PRICE, Cell, Death, End, Step
from tests.chaos.parties import Json, Parties, Reply, Visitor, hired, signed_in
from tests.gateways.stripe.control import Control, Ledger
from tests.gateways.stripe.serving import SECRET_KEY
from tests.plant import Plant, kill, short_lived, stripe_at
from workflows.names import aftercare_run, assignment_run

pytestmark = pytest.mark.chaos

AT_ONCE = 6
"""Stories begun at the same time; the machine has two cores for all of it."""
PATIENCE = 180.0
SECONDS_FOR_A_CAPTURE = 90
TIMEOUT = 30.0
"""Seconds that Stripe may be silent: longer than the slowest machine takes to bring a wave to the brink."""
SHORT_TIMEOUT = 5.0
"""The same where nothing has to be brought to the brink."""
HANG = 10.0
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
    with stripe_at(tmp_path) as stripe, short_lived(tmp_path, **_by_card(stripe)) as plant:
        stories = asyncio.run(_begun(plant, stripe, money.cells()))
        for wave in _waves(stories, Death.WORKER, Death.WORKER_AND_API):
            _cut_short(plant, stripe, wave)
        for wave in _waves(stories, Death.API):
            _cut_off(plant, stripe, wave)
        _undisturbed(plant, [it for it in stories if not it.cell.death])
        ends = asyncio.run(_ends(plant, stripe, stories))
        _print(stories, ends)

        assert {str(it.cell): ends[it.id] for it in stories if ends[it.id] != it.cell.end} == {}
        assert asyncio.run(_booked(plant, stripe)) == asyncio.run(_effects(stripe))


def _waves(stories: Sequence[Story], *deaths: Death) -> Iterator[Sequence[Story]]:
    """Yield the stories that are cut short together: as many as a worker has in its hands, of one death."""
    for death, together in groupby(stories, key=lambda story: story.cell.death):
        if death in deaths:
            several = tuple(together)
            for start in range(0, len(several), money.HANDS):
                yield several[start : start + money.HANDS]


def _cut_short(plant: Plant, stripe: str, wave: Sequence[Story]) -> None:
    """Kill the worker, and maybe the API, while calls are held back that have met their trouble."""
    asyncio.run(_to_the_brink(plant, stripe, wave))
    plant.kill_worker()
    if wave[0].cell.death is Death.WORKER_AND_API:
        kill(plant.api)
        plant.start_api()
    asyncio.run(_let_go(stripe, wave))
    plant.start_worker()
    asyncio.run(_say_it_again(plant, wave))


def _cut_off(plant: Plant, stripe: str, wave: Sequence[Story]) -> None:
    """Kill the API while commands of its own are on their way to a worker."""
    plant.kill_worker()
    asyncio.run(_sent_and_cut_off(plant, wave))
    plant.start_api()
    plant.start_worker()
    asyncio.run(_say_it_again(plant, wave))


def _undisturbed(plant: Plant, stories: Sequence[Story]) -> None:
    """Meet trouble with a worker that lives, and does not wait for it as long as the others had to."""
    plant.kill_worker()
    plant.start_worker(STRIPE_TIMEOUT_SECONDS=str(SHORT_TIMEOUT))
    asyncio.run(_say_it_again(plant, stories))


def _by_card(stripe: str) -> dict[str, str]:
    return {
        "STRIPE_SECRET_KEY": SECRET_KEY,
        "STRIPE_API_BASE": stripe,
        "STRIPE_WEBHOOK_SECRETS": SIGNING_SECRET,
        "STRIPE_TIMEOUT_SECONDS": str(TIMEOUT),
        "STRIPE_TRANSFERS_ENABLED": "true",
        "CAPTURE_PATIENCE_MINUTES": str(SECONDS_FOR_A_CAPTURE / 60),
        "RATE_LIMIT_ADMIN_COMMANDS": "100000/minute",
        "RATE_LIMIT_OPS_COMMANDS": "100000/minute",
    }


# The stories.


async def _begun(plant: Plant, stripe: str, cells: Sequence[Cell]) -> list[Story]:
    """Return a story for each cell that has come as far as right before the cell's step."""
    turn = asyncio.Semaphore(AT_ONCE)
    async with Control(stripe) as control:
        staff = await _staff(plant)

        async def told(cell: Cell) -> Story:
            async with turn:
                return await _story(plant, control, staff, cell)

        return list(await asyncio.gather(*(told(cell) for cell in cells)))


async def _story(plant: Plant, control: Control, staff: Staff, cell: Cell) -> Story:
    parties = await hired(plant.api_url)
    card = {"paymentMethod": "pm_card_visa"}
    _honoured(await parties.customer.put("/me/payment-method", card))
    account = {"account": await control.new_account()}
    _honoured(await staff.ops.put(f"/people/{parties.provider.id}/payout-account", account))
    story = Story(cell, parties, uuid.uuid4().hex, await _fault(control, cell, parties))
    await _insist(parties.provider, f"{parties.path}/schedule", VISIT | {"expectedVersion": 0}, key=story.key)
    if cell.step is Step.HOLD:
        return story
    await _insist(parties.customer, f"{parties.path}/schedule/confirm", {"version": 1}, key=story.key)
    await _written(plant, parties.id, "SELECT 1 FROM card_hold WHERE assignment_id = %s")
    if cell.step is not Step.RELEASE:
        await _complete(staff, story)
    if cell.step is Step.REFUND:
        await _insist(staff.admin, f"/admin/payouts/{parties.id}/approve", {"attempt": 1}, key=story.key)
        await _written(
            plant, parties.id, "SELECT 1 FROM money_move WHERE assignment_id = %s AND kind = 'transferred'"
        )
    return story


async def _fault(control: Control, cell: Cell, parties: Parties) -> str:
    """Let the cell's trouble wait for this assignment, and return its id; nothing, if there is none."""
    if cell.trouble is None:
        return ""
    holds_back = cell.death in {Death.WORKER, Death.WORKER_AND_API}
    return await control.fault(
        cell.trouble,
        cell.step,
        times=cell.times,
        metadata={"assignment_id": parties.id},
        seconds=0.0 if holds_back else HANG,
        code=cell.code,
        amount=cell.amount,
        stored=cell.stored,
        holds_back=holds_back,
    )


async def _written(plant: Plant, id: str, query: LiteralString) -> None:
    """Wait until a query finds something for an assignment."""
    async with asyncio.timeout(PATIENCE):
        while not await asyncio.to_thread(plant.rows, query, id):
            await asyncio.sleep(0.3)


async def _to_the_brink(plant: Plant, stripe: str, wave: Sequence[Story]) -> None:
    """Bring each of these to where its call has met the trouble, and the worker waits to hear of it."""
    async with Control(stripe) as control:
        staff = await _staff(plant)
        await asyncio.gather(*(_trigger(staff, story) for story in wave))
        await asyncio.gather(*(control.wait_reached(story.fault) for story in wave))
        waiting = await control.waiting()
    assert [str(it.cell) for it in wave if not waiting[it.fault]] == [], "not in the worker's hands any more"


async def _let_go(stripe: str, wave: Sequence[Story]) -> None:
    async with Control(stripe) as control:
        await asyncio.gather(*(control.release(story.fault) for story in wave))


async def _sent_and_cut_off(plant: Plant, wave: Sequence[Story]) -> None:
    """Send what leads to each step, and kill the API once all of it waits for a worker."""
    staff = await _staff(plant)
    engine = await Client.connect(plant.temporal.address)
    sent = [asyncio.create_task(_command(staff, story)) for story in wave]
    await asyncio.gather(*(_waits_for_a_worker(engine, story) for story in wave))
    kill(plant.api)
    answers = await asyncio.gather(*sent, return_exceptions=True)
    assert all(isinstance(answer, httpx2.TransportError) for answer in answers), answers


async def _waits_for_a_worker(engine: Client, story: Story) -> None:
    is_over = story.cell.step is Step.REFUND
    run = engine.get_workflow_handle(aftercare_run(story.id) if is_over else assignment_run(story.id))
    async with asyncio.timeout(PATIENCE):
        while not (await run.describe()).raw_description.HasField("pending_workflow_task"):
            await asyncio.sleep(0.02)


async def _say_it_again(plant: Plant, wave: Sequence[Story]) -> None:
    """Say every last command, perhaps again, under its key: who saw the API die cannot know."""
    staff = await _staff(plant)
    await asyncio.gather(*(_trigger(staff, story) for story in wave))


async def _trigger(staff: Staff, story: Story) -> None:
    """Say what leads to the cell's step and to its end until it is honoured, as a good client does."""
    async with asyncio.timeout(PATIENCE):
        while not await _is_honoured(_command(staff, story)):
            await asyncio.sleep(0.2)
    if story.cell.step is Step.HOLD and story.cell.end.payout:
        await _complete(staff, story)


def _command(staff: Staff, story: Story) -> Coroutine[None, None, Reply]:
    """Return the one command that leads to the cell's step, on its way under the story's own key."""
    parties, key = story.parties, f"s{story.key}"
    match story.cell.step:
        case Step.HOLD:
            return parties.customer.post(f"{parties.path}/schedule/confirm", {"version": 1}, key=key)
        case Step.RELEASE:
            return parties.customer.post(f"{parties.path}/cancel", {"reason": "it works again"}, key=key)
        case Step.CAPTURE | Step.TRANSFER:
            return staff.admin.post(f"/admin/payouts/{story.id}/approve", {"attempt": 1}, key=key)
        case Step.REFUND:
            return staff.admin.post(f"/admin/payouts/{story.id}/refund", {"reason": "it leaks"}, key=key)


async def _complete(staff: Staff, story: Story) -> None:
    path, done = f"{story.parties.path}/complete", {"evidence": ["a photo"]}
    await _insist(staff.ops, path, done, key=f"d{story.key}")


async def _insist(who: Visitor, path: str, body: Json, *, key: str) -> None:
    """Repeat a command under its key until it is honoured."""
    async with asyncio.timeout(PATIENCE):
        while not await _is_honoured(who.post(path, body, key=key)):
            await asyncio.sleep(0.2)


async def _is_honoured(asking: Coroutine[None, None, Reply]) -> bool:
    """Tell whether the answer is a yes; no answer, and one that says to come back, is not yet one."""
    try:
        reply = await asking
    except httpx2.TransportError:
        return False
    if reply.status == httpx2.codes.SERVICE_UNAVAILABLE:
        return False
    _honoured(reply)
    return True


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
        refunds=tuple(int(each["amount"]) for each in ledger.of("refund", payout_id=id)),
        holds=len(ledger.of("hold", assignment_id=id)) - len(ended),
    )


def _moves(plant: Plant) -> dict[str, int]:
    """Return what our own book says was moved, in minor units, by kind."""
    rows = plant.rows(
        "SELECT kind, sum(amount)::bigint FROM money_move"
        " WHERE kind IN ('captured', 'transferred', 'refunded') GROUP BY kind"
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
    return {
        "captured": ledger.total("capture"),
        "transferred": ledger.total("transfer"),
        "refunded": ledger.total("refund"),
    }


def _print(stories: Sequence[Story], ends: dict[str, End]) -> None:
    for story in stories:
        end = ends[story.id]
        verdict = "as expected" if end == story.cell.end else f"EXPECTED {story.cell.end}"
        payout = f"{end.payout or '-'} {end.problem}".strip()
        moved = (
            f"captures {list(end.captures)} transfers {list(end.transfers)} refunds {list(end.refunds)}"
            f" open holds {end.holds}"
        )
        print(f"{story.cell} {end.assignment:<15} {payout:<46} {moved:<78} {verdict}")  # noqa: T201 - the matrix
    deaths = Counter(story.cell.death for story in stories)
    killed = ", ".join(f"{number} with the {death} killed" for death, number in deaths.items() if death)
    print(f"{len(stories)} cells: {killed}; a price is {PRICE}")  # noqa: T201
