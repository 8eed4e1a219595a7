"""Operations at the Temporal CLI: what they type is a command like any other, or a line in the audit."""

import asyncio
import json
from pathlib import Path

import pytest
import pytest_asyncio
from temporalio.service import RPCError, RPCStatusCode

from tests.journeys.front import address_of
from tests.journeys.people import Json
from tests.journeys.town import Deal, Town, window
from tests.skipping import binary

TASK_FAILED = 8  # EVENT_TYPE_WORKFLOW_TASK_FAILED
LARGE = 87_000
GARBAGE: dict[str, list[str]] = {
    "no input": ["--name", "approve_payout"],
    "null": ["--name", "approve_payout", "--input", "null"],
    "a number": ["--name", "approve_payout", "--input", "7"],
    "a list": ["--name", "approve_payout", "--input", "[1, 2]"],
    "three inputs": ["--name", "approve_payout", "--input", "1", "--input", "2", "--input", "3"],
    "wrong types": [
        "--name",
        "approve_payout",
        "--input",
        '{"admin_id": 7, "attempt": "one", "reason": ["x"]}',
    ],
    "a missing field": ["--name", "approve_payout", "--input", '{"admin_id": "root", "reason": "x"}'],
    "two actors": ["--name", "hold", "--input", '{"ops_id": "o", "admin_id": "a", "reason": "x"}'],
    "an unknown field": [
        "--name",
        "reject_assignment",
        "--input",
        '{"ops_id": "o", "reason_code": "sick", "force": true}',
    ],
    "a stranger": ["--name", "reject_assignment", "--input", '{"provider_id": "x", "reason_code": "sick"}'],
    "a NUL": [
        "--name",
        "reject_assignment",
        "--input",
        r'{"ops_id": "o", "reason_code": "other", "note": "\u0000"}',
    ],
    "half of a surrogate pair": [
        "--name",
        "reject_assignment",
        "--input",
        r'{"ops_id": "o", "reason_code": "other", "note": "\ud800"}',
    ],
    "a number without end": [
        "--name",
        "confirm_schedule",
        "--input",
        '{"customer_id": "x", "version": 1e400}',
    ],
    "a field whose name is a NUL": [
        "--name",
        "reject_assignment",
        "--input",
        r'{"ops_id": "o", "reason_code": "other", "\u0000": 1}',
    ],
    "an unknown signal": ["--name", "make_me_rich", "--input", '{"amount": 1000000}'],
    "a name with a line break": ["--name", "approve\r\npayout", "--input", "{}"],
    "an ill-formed NaN": ["--name", "hold", "--input", '{"ops_id": "o", "until": NaN, "reason": "x"}'],
}


async def test_an_approval_typed_into_the_cli_pays_and_the_audit_names_its_source(town: Town) -> None:
    deal = await town.completed()
    approval = {"admin_id": "ruth", "reason": "Bank transfer 118", "attempt": 1, "amount": 12_500}

    await _signal(deal, "--name", "approve_payout", "--input", json.dumps(approval))

    paid = await deal.written("paid")
    assert paid["payout"]["status"] == "settled_manual"
    audited = await town.ops().all(f"{deal.path}/audit")
    approved = next(each for each in audited if each["command"] == "ApprovePayout")
    assert (approved["source"], approved["actorId"], approved["applied"]) == ("signal", "ruth", True)
    (decision,) = await town.rows("SELECT * FROM payout_decision WHERE payout_id = :id", id=deal.id)
    assert (decision["source"], decision["ruling"], decision["amount"]) == ("signal", "approved", 12_500)


@pytest_asyncio.fixture(scope="session")
async def abused(town: Town) -> Deal:
    """An assignment on which all garbage is tipped."""
    return await town.deal()


@pytest.mark.parametrize("what", GARBAGE)
async def test_garbage_is_recorded_and_the_run_stays_well(abused: Deal, what: str) -> None:
    before = await _refused(abused)

    said = await _typed(abused, "signal", *GARBAGE[what])

    # What the CLI itself lets through is a line in the audit, and nothing else has happened.
    await _is_well(abused)
    assert len(await _refused(abused)) == len(before) + (1 if said == 0 else 0)
    assert {step["source"] for step in await abused.audit()} <= {"clock", "api"}


async def test_two_megabytes_by_signal_stop_nobody(abused: Deal, tmp_path: Path) -> None:
    letter = tmp_path / "letter.json"
    letter.write_text(json.dumps({"ops_id": "o", "reason_code": "other", "note": "x" * 1_900_000}))

    await _typed(abused, "signal", "--name", "reject_assignment", "--input-file", str(letter))

    await _is_well(abused)


@pytest.mark.parametrize(
    ("name", "payload"),
    [
        ("no_such_update", "{}"),
        ("approve_payout", "null"),
        ("approve_payout", '{"attempt": "x"}'),
        ("propose_schedule", r'{"actor": {"id": "\u0000", "role": "ops"}, "expected_version": 0}'),
        ("confirm_schedule", '{"actor": {"id": "x", "role": "system"}, "version": 1}'),
    ],
)
async def test_an_update_that_makes_no_sense_is_refused(abused: Deal, name: str, payload: str) -> None:
    said = await _typed(abused, "update", "execute", "--name", name, "--input", payload)

    assert said != 0
    await _is_well(abused)


async def test_an_update_that_says_it_is_the_api_moves_no_large_sum(town: Town) -> None:
    deal = await town.completed(price=LARGE)

    # Two admins who do not exist, each with a seal nobody gave them.
    for admin in ("mallory", "malice"):
        await _typed(
            deal,
            "update",
            "execute",
            "--name",
            "approve_payout",
            "--input",
            json.dumps(_forged(admin)),
        )

    now = await deal.now()
    assert (now["status"], now["payout"]["status"]) == ("payout_pending", "pending_approval")
    decisions = await town.rows_once(
        bool, "SELECT ruling, source FROM payout_decision WHERE payout_id = :id", id=deal.id
    )
    assert [tuple(row.values()) for row in decisions] == [("first_mark", "update")]

    # A real admin sets the second mark.
    await town.admin().post(f"{deal.payout}/approve", {"attempt": 1, "reason": "bank 1"})
    await deal.written("paid")


async def test_two_signals_move_no_large_sum_either(town: Town) -> None:
    deal = await town.completed(price=LARGE)

    for admin in ("ruth", "rita"):
        approval = {"admin_id": admin, "reason": "bank 1", "attempt": 1}
        await _signal(deal, "--name", "approve_payout", "--input", json.dumps(approval))

    refused = await town.rows_once(
        bool, "SELECT code, actor_id FROM audit_event WHERE entity_id = :id AND NOT applied", id=deal.id
    )
    assert [tuple(row.values()) for row in refused] == [("SelfApproval", "rita")]
    assert (await deal.now())["payout"]["status"] == "pending_approval"


@pytest.mark.parametrize("name", ["approve\x00payout", "\x00", "approve\u2028payout", "x" * 900, ""])
async def test_a_signal_with_an_impossible_name_stops_nobody(abused: Deal, name: str) -> None:
    handle = abused.town.engine.get_workflow_handle(f"assignment-{abused.id}")

    # The CLI cannot type all of these, but any client of the engine can.
    try:
        await handle.signal(name, {"ops_id": "o"})
    except RPCError as refused:
        assert refused.status is RPCStatusCode.INVALID_ARGUMENT

    await _is_well(abused)


def _forged(admin: str) -> Json:
    return {
        "actor": {"id": admin, "role": "admin"},
        "attempt": 1,
        "reason": "trust me",
        "source": "api",
        "voucher": "forged",
        "command_id": f"forged-{admin}",
    }


async def _signal(deal: Deal, *words: str) -> None:
    assert await _typed(deal, "signal", *words) == 0


async def _typed(deal: Deal, command: str, *words: str) -> int:
    """Run the Temporal CLI as operations would, and return how it ended."""
    typed = ["workflow", command]
    if words[:1] == ("execute",):
        typed, words = [*typed, "execute"], words[1:]
    process = await asyncio.create_subprocess_exec(
        str(binary()),
        *typed,
        "--address",
        address_of(deal.town.engine),
        "--workflow-id",
        f"assignment-{deal.id}",
        *words,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={"HOME": "/nonexistent"},
    )
    async with asyncio.timeout(20):
        await process.communicate()
    return process.returncode or 0


async def _is_well(deal: Deal) -> None:
    """Take a good command at once, have it written, and see that no task of the run has failed."""
    async with asyncio.timeout(2):
        version = (await deal.now())["scheduleVersion"]
        await deal.town.ops().post(f"{deal.path}/schedule", {**window(), "expectedVersion": version})
    history = await deal.town.engine.get_workflow_handle(f"assignment-{deal.id}").fetch_history()
    assert TASK_FAILED not in {event.event_type for event in history.events}
    await deal.written()


async def _refused(deal: Deal) -> list[Json]:
    return await deal.town.rows(
        "SELECT code FROM audit_event WHERE entity_id = :id AND NOT applied AND source = 'signal'", id=deal.id
    )
