"""Would this code go on with the runs that are there? Whoever deploys wants to know before, and why not."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from temporalio.api.common.v1 import Payloads
from temporalio.client import WorkflowHistory

from fulfillment.gateways.payload_keys import PayloadKeys
from ops.__main__ import parser
from ops.histories import query_of
from tests.journeys.town import Town
from tests.ops.conftest import NOWHERE, Told, Type
from tests.workflows.replaying import HISTORIES
from workflows.names import assignment_run, job_run
from workflows.sealed import Sealing, SealingCodec

ROOT = Path(__file__).parents[2]
KEPT = HISTORIES / "0.6.0" / "card-let-go.json"
KEY = Fernet.generate_key().decode()


def file(folder: Path, *changes: tuple[str, str]) -> Path:
    """Write a recorded history with changes into `folder`, and return the folder."""
    content = KEPT.read_text()
    for old, new in changes:
        assert old in content
        content = content.replace(old, new)
    (folder / "one.json").write_text(content)
    return folder


async def test_what_was_saved_of_the_engine_can_be_replayed_without_it(
    town: Town, in_town: Type, told: Told, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deal = await town.scheduled()
    folder = tmp_path / "histories"

    live = await in_town(
        *("replay", "--json", "--save", str(folder)),
        *("--id", assignment_run(deal.id), "--id", job_run(deal.job_id)),
    )
    first, _ = told()
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
    kept = await in_town("replay", "--from", str(folder))

    assert (live, json.loads(first)) == (0, {"replayed": 2, "saved": 2, "failed": []})
    assert (kept, told()[0]) == (0, "2 runs replayed. This code would go on with all of them.\n")
    assert {each.stat().st_mode & 0o777 for each in folder.iterdir()} == {0o600}
    assert sorted(each.name.partition(".")[0] for each in folder.iterdir()) == sorted(
        (assignment_run(deal.id), job_run(deal.job_id))
    )


async def test_without_a_word_it_looks_at_runs_of_ours_that_are_open(
    town: Town, in_town: Type, told: Told
) -> None:
    await town.deal()

    status = await in_town("replay", "--limit", "1", "--json")

    assert (status, json.loads(told()[0])["replayed"]) == (0, 1)
    query = query_of(parser().parse_args(["replay"]))
    assert query == 'TaskQueue = "fulfillment" AND ExecutionStatus = "Running"'


async def test_of_a_query_it_takes_what_the_engine_lists_for_it(
    town: Town, in_town: Type, told: Told
) -> None:
    assert await in_town("replay", "--query", 'JobId = "nobodys"') == 0
    assert await in_town("replay", "--query", "this is none") == 2

    out, error = told()
    assert out == "0 runs replayed. This code would go on with all of them.\n"
    assert "refused: invalid query" in error


class TestARunThatWouldFail:
    async def test_is_named_with_the_step_that_differs(
        self, ops_type: Type, told: Told, tmp_path: Path
    ) -> None:
        file(tmp_path, ('"name": "reserve_hold"', '"name": "reserve_all"'))

        status = await ops_type("replay", "--from", str(tmp_path), "--json")

        (failed,) = json.loads(told()[0])["failed"]
        assert (status, failed["why"], failed["story"]) == (1, "other_steps", "Assignment")
        assert failed["workflowId"]
        assert "reserve_all" in failed["what"]

    async def test_by_a_story_that_is_no_more_says_so(
        self, ops_type: Type, told: Told, tmp_path: Path
    ) -> None:
        file(tmp_path, ('"name": "Assignment"', '"name": "Assignments"'))

        status = await ops_type("replay", "--from", str(tmp_path))

        assert status == 1
        assert told()[0].splitlines()[-1] == "1 run replayed. This code would not go on with 1."


class TestASealedHistory:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        history = WorkflowHistory.from_json("sealed", KEPT.read_text())
        codec = SealingCodec(Sealing(keys=PayloadKeys([KEY])))
        asyncio.run(_sealed(history, codec))
        (tmp_path / "sealed.json").write_text(history.to_json())
        return tmp_path

    async def test_is_opened_by_the_keys_of_the_worker(
        self, folder: Path, ops_type: Type, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PAYLOAD_KEYS", KEY)

        assert "binary/encrypted" not in KEPT.read_text()
        assert await ops_type("replay", "--from", str(folder)) == 0

    async def test_is_one_that_nobody_can_go_on_with_who_has_no_keys(
        self, folder: Path, ops_type: Type, told: Told
    ) -> None:
        status = await ops_type("replay", "--from", str(folder), "--json")

        (failed,) = json.loads(told()[0])["failed"]
        assert (status, failed["why"]) == (1, "fails")


class TestCalledWrongly:
    @pytest.mark.parametrize(
        "content", ["", "[]", "{}", '{"events": [{}]}', '{"events": [{"eventId": "x"}]}']
    )
    async def test_a_file_that_is_no_history_is_named(
        self, ops_type: Type, told: Told, tmp_path: Path, content: str
    ) -> None:
        (tmp_path / "other.json").write_text(content)

        status = await ops_type("replay", "--from", str(tmp_path))

        assert (status, told()[1].startswith(f"--from: {tmp_path}/other.json is no history of a run")) == (
            2,
            True,
        )

    async def test_so_is_what_is_not_there(self, in_town: Type, told: Told, tmp_path: Path) -> None:
        assert await in_town("replay", "--from", str(tmp_path)) == 2
        assert await in_town("replay", "--id", "nobody") == 2

        assert told()[1].splitlines() == [
            f"--from: there is no file *.json in {tmp_path}",
            "--id: there is no run called nobody",
        ]

    async def test_an_engine_that_is_away_is_one_sentence(
        self, ops_type: Type, told: Told, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")

        assert await ops_type("replay") == 2
        assert told()[1] == "nobody answers at 127.0.0.1:1, where Temporal should be\n"

    @pytest.mark.parametrize(
        ("words", "why"),
        [
            (["--since", "tomorrow"], "argument --since: 'tomorrow' is neither a span such as 7d"),
            (["--limit", "0"], "argument --limit: '0' is no whole number above nought"),
            (["--id", "a", "--query", "b"], "not allowed with argument"),
        ],
    )
    def test_an_argument_that_makes_no_sense_is_named(self, told: Told, words: list[str], why: str) -> None:
        with pytest.raises(SystemExit):
            parser().parse_args(["replay", *words])

        assert why in told()[1]


def test_typed_into_a_terminal_it_says_the_same(tmp_path: Path) -> None:
    command = (sys.executable, "-m", "ops", "replay", "--from", str(file(tmp_path)))

    ended = subprocess.run(  # noqa: S603 - ours
        command,
        cwd=ROOT,
        env={"APP_ENV": "dev", "DATABASE_URL": NOWHERE},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout == "1 run replayed. This code would go on with it.\n"


async def _sealed(history: WorkflowHistory, codec: SealingCodec) -> None:
    for event in history.events:
        await _seal(event, codec)


async def _seal(message: Message, codec: SealingCodec) -> None:
    """Seal every list of payloads in `message`, as the SDK does on its way out."""
    for field, value in message.ListFields():
        if isinstance(value, Payloads):
            sealed = await codec.encode(value.payloads)
            del value.payloads[:]
            value.payloads.extend(sealed)
        elif field.type == FieldDescriptor.TYPE_MESSAGE and isinstance(value, Message):
            await _seal(value, codec)
