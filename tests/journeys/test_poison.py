"""Whatever a client sends, the same assignment takes a good command at once (P10; B2, B3, B4)."""

import asyncio
import json
import unicodedata
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import httpx2
import pytest
import pytest_asyncio
from temporalio.client import Client

from api.serve import served
from tests.journeys import front
from tests.journeys.people import Json, Person, problem_of
from tests.journeys.poison import BODIES, DATES, HALF, HARMLESS, HOSTILE, LINE, NUL, NUMBERS, TOO_LONG
from tests.journeys.routes import GUARDED
from tests.journeys.test_access import NOWHERE
from tests.journeys.town import Deal, Town, job, window

pytestmark = pytest.mark.nightly

AT_ONCE = 2.0
"""Seconds within which a good command has to be answered after a bad one."""
WITH_TEXTS = [route for route in GUARDED if route.body is not None]


@pytest_asyncio.fixture(scope="session")
async def wire(plain_logs: None, running_worker: Client, town_url: str) -> AsyncIterator[httpx2.AsyncClient]:
    """The same API behind a real socket, where bodies arrive in pieces."""
    app = front.assembled(database_url=town_url, engine=front.address_of(running_worker))
    async with (
        served(app, host="127.0.0.1", port=0) as port,
        httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=15) as client,
    ):
        yield client


@pytest_asyncio.fixture(scope="session")
async def deal(town: Town) -> Deal:
    return await town.deal()


@pytest.mark.parametrize("text", HOSTILE + TOO_LONG, ids=lambda text: ascii(text[:12]))
async def test_a_text_that_no_store_could_keep_is_refused(town: Town, deal: Deal, text: str) -> None:
    refused = await _noted(town, deal, text)

    assert 400 <= refused.status_code < 500, refused.text
    await _takes_a_good_command(town, deal)


@pytest.mark.parametrize("text", [NUL, HALF, LINE, TOO_LONG[0]], ids=lambda text: ascii(text[:12]))
async def test_and_so_it_is_in_every_field(town: Town, text: str) -> None:
    for route in WITH_TEXTS:
        who = town.person(route.roles[0])
        for name, body in _poisoned(route.body or {}, text):
            answer = await _raw(who, route.path.format_map(NOWHERE), json.dumps(body), method=route.method)
            assert 400 <= answer.status_code < 500, (route, name, answer.text)
            assert problem_of(answer)["code"] in {
                "INVALID_BODY",
                "VALUE_INVALID",
                "BODY_TOO_LARGE",
                "NOT_FOUND",
            }


@pytest.mark.parametrize("text", HARMLESS, ids=lambda text: ascii(text[:12]))
async def test_an_odd_text_is_kept_as_it_is_or_refused(town: Town, deal: Deal, text: str) -> None:
    async with asyncio.timeout(AT_ONCE):
        answer = await _noted(town, deal, text)

    if answer.status_code == 200:
        assert answer.json()["openProposal"]["note"] == unicodedata.normalize("NFC", text)
    else:
        assert problem_of(answer)["code"] in {"INVALID_BODY", "VALUE_INVALID"}
        await _takes_a_good_command(town, deal)


async def test_all_that_was_said_is_written_down(town: Town, deal: Deal) -> None:
    """Come after the texts: nothing of it has stopped the ledger, and no task of the run has failed."""
    await deal.written()

    assert len(await deal.audit()) > 1
    history = await town.engine.get_workflow_handle(f"assignment-{deal.id}").fetch_history()
    assert 8 not in {event.event_type for event in history.events}
    # Nobody knows how to reach these two, which is the one thing that operations hear of.
    tasks = await town.rows("SELECT type FROM ops_task WHERE entity_id = :id", id=deal.id)
    assert {task["type"] for task in tasks} <= {"notice_undelivered"}


@pytest.mark.parametrize("number", NUMBERS, ids=lambda number: number[:20])
async def test_what_is_no_version_is_refused(town: Town, deal: Deal, number: str) -> None:
    body = f'{{"version": {number}}}'

    answer = await _raw(deal.customer, f"{deal.path}/schedule/confirm", body)

    assert answer.status_code in {400, 422}, answer.text
    await _takes_a_good_command(town, deal)


@pytest.mark.parametrize("date", DATES, ids=ascii)
async def test_what_is_no_instant_is_refused(town: Town, deal: Deal, date: str) -> None:
    version = (await deal.now())["scheduleVersion"]
    body = f'{{"start": {date}, "end": "2027-01-01T12:00:00Z", "expectedVersion": {version}}}'

    answer = await _raw(deal.provider, f"{deal.path}/schedule", body)

    assert answer.status_code in {400, 422}, answer.text
    await _takes_a_good_command(town, deal)


@pytest.mark.parametrize("what", BODIES)
async def test_a_body_that_is_none_is_refused_and_the_next_one_is_taken(
    town: Town, deal: Deal, wire: httpx2.AsyncClient, what: str
) -> None:
    content, headers, statuses = BODIES[what]
    customer = replace(deal.customer, http=wire)

    answer = await wire.post(
        f"{deal.path}/schedule/confirm",
        content=content,
        headers={"Authorization": f"Bearer {customer.token}", **headers},
    )

    assert answer.status_code in statuses, answer.text
    problem_of(answer)
    await _takes_a_good_command(town, deal)


async def test_a_giant_of_unknown_length_is_refused_while_it_arrives(
    town: Town, deal: Deal, wire: httpx2.AsyncClient
) -> None:
    async def for_ever() -> AsyncIterator[bytes]:
        for _ in range(10_000):
            yield b" " * 1_000

    answer = await wire.post(
        f"{deal.path}/schedule/confirm",
        content=for_ever(),
        headers={"Authorization": f"Bearer {deal.customer.token}", "Content-Type": "application/json"},
    )

    assert problem_of(answer)["code"] == "BODY_TOO_LARGE"
    await _takes_a_good_command(town, deal)


@pytest.mark.parametrize("key", ["", " ", "two words", "x" * 201, "\u00e9", "a\tb"], ids=ascii)
async def test_a_key_that_is_none_is_refused(town: Town, deal: Deal, key: str) -> None:
    answer = await town.http.post(
        f"{deal.path}/schedule",
        json={**window(), "expectedVersion": 0},
        headers=[
            (b"Authorization", f"Bearer {deal.provider.token}".encode()),
            (b"Idempotency-Key", key.encode()),
        ],
    )

    assert problem_of(answer)["code"] == "INVALID_IDEMPOTENCY_KEY"
    await _takes_a_good_command(town, deal)


@pytest.mark.parametrize("part", ["%00", "%0d%0aSet-Cookie:%20a=b", "..%2f..%2fadmin", "%ff%fe", "x" * 5_000])
async def test_a_path_that_leads_nowhere_is_not_found(town: Town, deal: Deal, part: str) -> None:
    for path in (f"/assignments/{part}", f"{deal.path}/deadlines/{part}/skip", f"/jobs?cursor={part}"):
        method = "POST" if path.endswith("skip") else "GET"
        answer = await town.ops().ask(method, path, {"reason": "x"} if method == "POST" else None)
        assert answer.status_code in {404, 422}, answer.text
        problem_of(answer)


async def _noted(town: Town, deal: Deal, text: str) -> httpx2.Response:
    """Return the answer to a proposal with `text` as its note, by operations: they may propose for ever."""
    version = (await deal.now())["scheduleVersion"]
    body = {**window(), "expectedVersion": version, "note": text}
    return await _raw(town.ops(), f"{deal.path}/schedule", json.dumps(body))


async def _takes_a_good_command(town: Town, deal: Deal) -> None:
    async with asyncio.timeout(AT_ONCE):
        version = (await deal.now())["scheduleVersion"]
        await town.ops().post(f"{deal.path}/schedule", {**window(), "expectedVersion": version})


async def _raw(who: Person, path: str, body: str, *, method: str = "POST") -> httpx2.Response:
    """Send `body` as it is; what `json.dumps` escapes arrives as the escape."""
    headers = {"Authorization": f"Bearer {who.token}", "Content-Type": "application/json"}
    return await who.http.request(method, path, content=body.encode(), headers=headers)


def _poisoned(body: Json, text: str) -> Iterator[tuple[str, Json]]:
    """Yield `body` with `text` in the place of each of its strings, and with it as a name."""
    for name, value in body.items():
        if isinstance(value, str):
            yield name, body | {name: text}
        if isinstance(value, list) and value and isinstance(value[0], str):
            yield name, body | {name: [text]}
    yield "a name", body | {text: "x"}


def test_the_bodies_have_texts_to_poison() -> None:
    assert sum(1 for route in WITH_TEXTS for _ in _poisoned(route.body or {}, "x")) > 50
    assert [name for name, _ in _poisoned(job(), "x")]
