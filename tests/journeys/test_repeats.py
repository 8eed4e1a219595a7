"""The same key: the same answer and no second effect, however late, however often, however many at once."""

import asyncio

import httpx2
import pytest
import pytest_asyncio
from temporalio.client import WorkflowExecutionStatus

import workflows.story
from tests.journeys import orders
from tests.journeys.orders import MAKERS, Orders
from tests.journeys.people import Json, Person, honoured, problem_of
from tests.journeys.routes import GUARDED
from tests.journeys.town import Deal, Town, fresh, job, window

CROWD = 200
REPLAYED = "Idempotent-Replayed"


@pytest_asyncio.fixture(scope="session")
async def ready(town: Town) -> Orders:
    return await orders.ready(town)


def test_every_command_is_among_them() -> None:
    told = [route for route in GUARDED if route.method == "POST" and not route.anew]

    assert set(MAKERS) == {route.path for route in told if not route.by_card}


@pytest.mark.nightly
@pytest.mark.parametrize("route", MAKERS)
async def test_a_repeat_is_answered_alike_and_another_body_is_not_taken_for_one(
    ready: Orders, route: str
) -> None:
    order, key = ready[route], fresh("key")

    first = await order.who.ask("POST", order.path, order.body, key=key)
    again = await order.who.ask("POST", order.path, order.body, key=key)

    assert (first.is_success, REPLAYED in first.headers) == (True, False), first.text
    assert (again.status_code, again.headers.get(REPLAYED)) == (first.status_code, "true")
    assert again.json() == first.json()
    if order.other is not None:
        other = await order.who.ask("POST", order.path, order.other, key=key)
        assert problem_of(other)["code"] == "IDEMPOTENCY_MISMATCH"


async def test_without_a_key_the_server_makes_one_that_works(town: Town) -> None:
    ada = town.customer()
    first = await ada.ask("POST", "/jobs", job())

    again = await ada.ask("POST", "/jobs", job(), key=first.headers["Idempotency-Key"])

    assert again.json()["id"] == first.json()["id"]
    assert len(await _jobs(ada, least=1)) == 1


async def test_equal_keys_of_two_people_are_two_commands(town: Town) -> None:
    key = fresh("key")
    one, other = [await town.customer().post("/jobs", job(), key=key) for _ in range(2)]
    deal = await town.deal()
    body = {"until": window()["start"], "reason": "holiday"}
    held = await deal.provider.post(f"{deal.path}/hold", body, key=key)
    await deal.provider.post(f"{deal.path}/resume")

    also = await deal.customer.ask("POST", f"{deal.path}/hold", body, key=key)

    assert one["id"] != other["id"]
    assert (also.status_code, REPLAYED in also.headers) == (200, False)
    assert also.json()["stateVersion"] == held["stateVersion"] + 2


async def test_an_acceptance_is_answered_as_it_was_however_things_went_on(town: Town) -> None:
    ada, bob, bea = town.customer(), town.provider(), town.provider()
    job_id = (await town.quoting(ada))["id"]
    price = {"amount": 10_000, "currency": "EUR"}
    quote = await bob.post(f"/jobs/{job_id}/quotes", price | {"window": window()})
    standby = await bea.post(f"/jobs/{job_id}/quotes", price)
    path = f"/jobs/{job_id}/quotes/{quote['id']}/accept"
    first = await ada.ask("POST", path, {"version": 1}, key="mine")
    deal = Deal(town=town, customer=ada, provider=bob, job_id=job_id, id=first.json()["id"])

    # Much happens after it, and in the end somebody else has the job.
    await deal.confirm(1)
    await bob.post(f"{deal.path}/reject", {"reasonCode": "sick"})
    await town.job(job_id, "quoting")
    other = await ada.post(f"/jobs/{job_id}/quotes/{standby['id']}/accept", {"version": 1})
    again = await ada.ask("POST", path, {"version": 1}, key="mine")

    assert (again.status_code, again.json()) == (first.status_code, first.json())
    assert (again.headers[REPLAYED], other["id"] != deal.id) == ("true", True)


async def test_a_key_outlives_the_run_that_took_it(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workflows.story, "COMMANDS_PER_RUN", 4)
    deal = await town.deal()
    first = await deal.propose(0, key="first")
    begun = await _run_of(deal)
    for version in range(1, 8):
        await deal.propose(version)
    assert await _run_of(deal) != begun

    again = await _proposed_again(deal, first, key="first")

    assert (again.json(), again.headers[REPLAYED]) == (first, "true")
    other = await deal.provider.refused(
        f"{deal.path}/schedule", {**window(days=9), "expectedVersion": 0}, key="first"
    )
    assert other["code"] == "IDEMPOTENCY_MISMATCH"
    await deal.written()
    assert len(await deal.audit()) == 9


async def test_a_key_outlives_the_assignment(town: Town) -> None:
    deal = await town.deal()
    first = await deal.propose(0, key="first")
    rejected = await deal.provider.post(f"{deal.path}/reject", {"reasonCode": "sick"}, key="last")
    await town.engine.get_workflow_handle(f"assignment-{deal.id}").result()

    again = await _proposed_again(deal, first, key="first")
    last = await deal.provider.ask("POST", f"{deal.path}/reject", {"reasonCode": "sick"}, key="last")
    new = await deal.provider.refused(f"{deal.path}/reject", {"reasonCode": "sick"}, key="new")

    assert (again.json(), again.headers[REPLAYED]) == (first, "true")
    assert (last.json(), last.headers[REPLAYED]) == (rejected, "true")
    assert (new["code"], new["snapshot"]["status"]) == ("ASSIGNMENT_CLOSED", "rejected")


async def test_a_refusal_is_no_answer_to_keep(town: Town) -> None:
    deal = await town.deal()
    body = {**window(), "expectedVersion": 1}

    refused = await deal.provider.refused(f"{deal.path}/schedule", body, key="k")
    await deal.propose(0)
    taken = await deal.provider.ask("POST", f"{deal.path}/schedule", body, key="k")

    assert refused["code"] == "VERSION_MISMATCH"
    assert (taken.status_code, REPLAYED in taken.headers) == (200, False)


async def test_two_hundred_at_once_with_one_key_are_one_command(town: Town) -> None:
    deal = await town.deal()
    body = {**window(), "expectedVersion": 0}

    async def client() -> Json:
        """Ask until there is an answer; whom the gate sends away, or nobody answers in time, comes back."""
        async with asyncio.timeout(60):
            while (answer := await _ask(deal, body)).status_code in {429, 503}:
                await asyncio.sleep(float(answer.headers.get("Retry-After", "1")))
        return honoured(answer)

    answers = await asyncio.gather(*(client() for _ in range(CROWD)))

    assert all(answer == answers[0] for answer in answers)
    await deal.written()
    assert [step["command"] for step in await deal.audit()] == ["OpenAssignment", "ProposeWindow"]


async def _ask(deal: Deal, body: Json) -> httpx2.Response:
    return await deal.provider.ask("POST", f"{deal.path}/schedule", body, key="one")


async def _proposed_again(deal: Deal, first: Json, *, key: str) -> httpx2.Response:
    proposal = first["openProposal"]
    body = {"start": proposal["start"], "end": proposal["end"], "expectedVersion": 0}
    return await deal.provider.ask("POST", f"{deal.path}/schedule", body, key=key)


async def _run_of(deal: Deal) -> str:
    described = await deal.town.engine.get_workflow_handle(f"assignment-{deal.id}").describe()
    assert described.status is WorkflowExecutionStatus.RUNNING
    return described.run_id or ""


async def _jobs(who: Person, *, least: int) -> list[Json]:
    async with asyncio.timeout(10):
        while len(found := await who.all("/jobs")) < least:
            await asyncio.sleep(0.05)
    return found
