"""With PAYLOAD_KEYS, nobody who reads the engine's disk learns what people have written; staff still may."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest
import pytest_asyncio
from cryptography.fernet import Fernet
from google.protobuf import json_format
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.api.common.v1 import Payload, Payloads
from temporalio.client import WorkflowHistory
from temporalio.converter import DataConverter
from temporalio.worker import Replayer

import worker
from api import connection
from api.connection import Address
from devstack.engine import EmbeddedTemporal
from fulfillment.gateways.payload_keys import PayloadKeys
from tests.journeys import front
from tests.journeys.apart import Apart, engine_in, running
from tests.journeys.town import Deal, Town, window
from tests.skipping import binary
from workflows.assignment import AssignmentWorkflow
from workflows.job import JobWorkflow
from workflows.names import assignment_run, job_run
from workflows.payloads import data_converter
from workflows.sealed import SEALED, Sealing, SealingCodec, converter

KEY, NEWER = Fernet.generate_key().decode(), Fernet.generate_key().decode()
CANARIES = tuple(
    f"Canary-{place}" for place in ("name", "title", "street", "note", "reason", "evidence", "denial", "bank")
)
IN_CLEAR = "Canary-in-clear"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """A town with a key, and what has been lived there."""

    town: Town
    deal: Deal
    apart: Apart

    async def post(
        self, what: str, body: bytes | str, *, token: str = "", origin: str = ""
    ) -> httpx2.Response:
        headers = {"Content-Type": "application/json"} | ({"Origin": origin} if origin else {})
        headers |= {"Authorization": f"Bearer {token}"} if token else {}
        async with httpx2.AsyncClient(base_url=self.apart.url) as client:
            return await client.post(f"/codec/{what}", content=body, headers=headers)

    async def first_payload(self) -> Payload:
        """Return what the assignment's run was started with, as the engine has it."""
        history = await self.town.engine.get_workflow_handle(assignment_run(self.deal.id)).fetch_history()
        return history.events[0].workflow_execution_started_event_attributes.input.payloads[0]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("engine")


@pytest.fixture(scope="module")
def engine(files: Path) -> Iterator[EmbeddedTemporal]:
    with engine_in(files) as engine:
        yield engine


@pytest_asyncio.fixture(scope="module")
async def sealed(
    plain_logs: None, town_database: AsyncEngine, engine: EmbeddedTemporal, files: Path
) -> AsyncIterator[Sealed]:
    async with running(town_database, engine, files, sealing=sealing(KEY)) as apart:
        yield Sealed(town=apart.town, deal=await _a_whole_life(apart.town), apart=apart)


async def _a_whole_life(town: Town) -> Deal:
    """Have people write wherever they can, from the posting to a payout that is denied, then paid."""
    name, title, street, note, reason, evidence, denial, bank = CANARIES
    customer, provider, admin = town.customer(), town.provider(), town.admin()
    await town.http.post("/dev/token", json={"sub": customer.id, "role": "customer", "name": name})
    job_id = (await town.quoting(customer, title=title, siteAddress=street))["id"]
    offered = {"amount": 12_500, "currency": "EUR", "window": window(), "note": note}
    quote = await provider.post(f"/jobs/{job_id}/quotes", offered)
    made = await customer.post(f"/jobs/{job_id}/quotes/{quote['id']}/accept", {"version": 1})
    deal = Deal(town=town, customer=customer, provider=provider, job_id=job_id, id=made["id"])
    await customer.post(f"{deal.path}/schedule/decline", {"version": 1, "reason": reason})
    await provider.post(f"{deal.path}/schedule", {**window(), "expectedVersion": 2, "note": note})
    refused = await provider.refused(
        f"{deal.path}/schedule", {**window(), "expectedVersion": 1, "note": note}
    )
    assert refused["code"] == "VERSION_MISMATCH"
    await deal.confirm(3)
    await town.ops().post(f"{deal.path}/complete", {"evidence": [evidence]})
    await admin.post(f"{deal.payout}/deny", {"attempt": 1, "reasonCode": "late", "note": denial})
    await provider.post(f"/payouts/{deal.id}/resubmit", {"evidence": [evidence]})
    await admin.post(f"{deal.payout}/approve", {"attempt": 2, "reason": bank})
    await deal.written("paid")
    await town.job(job_id, "completed")
    return deal


def _on_disk(files: Path) -> bytes:
    """Return all that the engine has written, its write-ahead log included."""
    return b"".join(path.read_bytes() for path in sorted(files.glob("temporal.db*")))


async def test_no_word_of_anybody_is_on_the_engines_disk(sealed: Sealed) -> None:
    # Somebody without a key writes in clear: it is honoured, and this test would see what is not sealed.
    plain = await connection.connect(Address(host=sealed.apart.engine.address))
    other = await sealed.town.deal()
    held = {"ops_id": "olga", "until": window()["start"], "reason": IN_CLEAR}
    await plain.get_workflow_handle(assignment_run(other.id)).signal("hold", held)
    (step,) = await sealed.town.rows_once(
        bool,
        "SELECT reason FROM audit_event WHERE entity_id = :id AND reason = :why",
        id=other.id,
        why=IN_CLEAR,
    )

    disk = await asyncio.to_thread(_on_disk, sealed.apart.files)

    assert step["reason"] == IN_CLEAR
    assert IN_CLEAR.encode() in disk
    assert sealed.deal.id.encode() in disk
    assert [canary for canary in CANARIES if canary.encode() in disk] == []


async def test_an_old_history_is_read_as_long_as_its_key_is_there(sealed: Sealed) -> None:
    for run, story in (
        (assignment_run(sealed.deal.id), AssignmentWorkflow),
        (job_run(sealed.deal.job_id), JobWorkflow),
    ):
        history = await sealed.town.engine.get_workflow_handle(run).fetch_history()

        await _replay(history, story, converter(sealing(NEWER, KEY)))
        for unfit in (converter(sealing(NEWER)), data_converter):
            with pytest.raises(Exception, match=r"Unreadable|encoding"):
                await _replay(history, story, unfit)


async def test_what_only_opens_writes_in_clear_and_reads_what_is_sealed(sealed: Sealed) -> None:
    first = await sealed.first_payload()
    codec = SealingCodec(Sealing(keys=PayloadKeys([KEY]), opens_only=True))

    (opened,) = await codec.decode([first])

    assert first.metadata["encoding"] == SEALED
    assert await codec.encode([opened]) == [opened]
    assert sealed.deal.job_id.encode() in opened.data


async def test_the_command_line_of_temporal_reads_a_run_by_the_codec_server(sealed: Sealed) -> None:
    written = CANARIES[5]

    shown = await _asked(sealed, sealed.town.ops().token)
    refused = await _asked(sealed, sealed.deal.customer.token)

    assert written in shown
    assert written not in refused
    assert "403" in refused


async def test_the_codec_server_seals_what_a_worker_can_open(sealed: Sealed) -> None:
    clear = data_converter.payload_converter.to_payloads([{"note": "from the UI"}])
    body = json_format.MessageToJson(Payloads(payloads=clear))

    answer = await sealed.post("encode", body, token=sealed.town.admin().token)
    there = json_format.Parse(answer.text, Payloads()).payloads

    assert there[0].metadata["encoding"] == SEALED
    assert await converter(sealing(KEY)).decode(there) == [{"note": "from the UI"}]
    back = await sealed.post("decode", answer.content, token=sealed.town.ops().token)
    assert json_format.Parse(back.text, Payloads()).payloads == clear


async def test_what_no_key_opens_is_shown_as_it_is(sealed: Sealed) -> None:
    (strange,) = await SealingCodec(sealing(NEWER)).encode([Payload(data=b"1")])
    body = json_format.MessageToJson(Payloads(payloads=[strange, await sealed.first_payload()]))

    answer = await sealed.post("decode", body, token=sealed.town.ops().token)

    as_it_is, opened = json_format.Parse(answer.text, Payloads()).payloads
    assert as_it_is == strange
    assert opened.metadata["encoding"] == b"json/plain"


@pytest.mark.parametrize("what", ["decode", "encode"])
async def test_only_operations_and_admins_may_open_and_seal(sealed: Sealed, what: str) -> None:
    town = sealed.town
    body = json_format.MessageToJson(Payloads(payloads=[await sealed.first_payload()]))
    tokens = {"": 401, "forged": 401, sealed.deal.customer.token: 403, sealed.deal.provider.token: 403}
    tokens |= {town.ops().token: 200, town.admin().token: 200}

    answers = {token: await sealed.post(what, body, token=token) for token in tokens}

    assert {token: answer.status_code for token, answer in answers.items()} == tokens
    refused = [answer.text for answer in answers.values() if answer.is_error]
    assert not any(sealed.deal.job_id in text for text in refused)


async def test_only_pages_of_the_temporal_ui_may_read_the_answers(sealed: Sealed) -> None:
    allowed = "Access-Control-Allow-Origin"

    ours = await sealed.post("decode", "{}", token=sealed.town.ops().token, origin=front.UI)
    refused = await sealed.post("decode", "{}", origin=front.UI)
    foreign = await sealed.post("decode", "{}", token=sealed.town.ops().token, origin="http://evil.example")
    async with httpx2.AsyncClient(base_url=sealed.apart.url) as client:
        asking = {"Origin": front.UI, "Access-Control-Request-Method": "POST"}
        before = await client.options("/codec/decode", headers=asking)

    assert [each.headers.get(allowed) for each in (ours, refused, foreign, before)] == [
        front.UI,
        front.UI,
        None,
        front.UI,
    ]
    assert before.status_code == 204
    assert "authorization" in before.headers["Access-Control-Allow-Headers"]


@pytest.mark.parametrize("body", [b"", b"[1]", b"\xff", b'{"payloads": [{"data": "a"}]}', b'{"payload": []}'])
async def test_what_is_no_list_of_payloads_is_refused(sealed: Sealed, body: bytes) -> None:
    answer = await sealed.post("decode", body, token=sealed.town.ops().token)

    assert (answer.status_code, answer.json()["code"]) == (400, "MALFORMED")


def sealing(*keys: str) -> Sealing:
    return Sealing(keys=PayloadKeys(keys))


async def _replay(history: WorkflowHistory, story: type, how: DataConverter) -> None:
    replayer = Replayer(workflows=[story], workflow_runner=worker.runner(), data_converter=how)
    await replayer.replay_workflow(history)


async def _asked(sealed: Sealed, token: str) -> str:
    """Return what `temporal workflow query` says of how the assignment stands."""
    run = assignment_run(sealed.deal.id)
    asked = await asyncio.create_subprocess_exec(
        *(binary(), "workflow", "query", "--workflow-id", run, "--type", "state", "--output", "json"),
        *("--address", sealed.apart.engine.address, "--disable-config-file", "--disable-config-env"),
        *("--codec-endpoint", f"{sealed.apart.url}/codec", "--codec-auth", f"Bearer {token}"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    told, _ = await asked.communicate()
    return told.decode()
