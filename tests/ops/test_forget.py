"""Who is forgotten leaves no name and no words behind; what money and audit need stays, and can be proved."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from fulfillment.domain.people import Role
from fulfillment.store import absences, chain, directory, wire
from fulfillment.store.forgetting import FORGOTTEN
from ops.__main__ import parser
from tests.domain.people import ADA
from tests.domain.test_absences import report
from tests.store.diaries import Diary, Sessions
from tests.store.looking import sql
from tests.store.test_chain import life

CANARY = "Canary"
KEEP = frozenset({"audit_event", "payout_decision", "money_move", "notification_attempt"})


@pytest.fixture
def operator(alone_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let commands of this process find the test's database."""
    monkeypatch.setenv("APP_ENV", "dev")
    monkeypatch.setenv("DATABASE_URL", alone_url)


async def somebody(sessions: Sessions, *diaries: Diary) -> str:
    """Write lives of one customer, and words of a person wherever there is room for them."""
    who = ADA.id
    async with sessions.begin() as session:
        await directory.register(
            session,
            directory.Person(
                id=who,
                name=f"{CANARY} Albrecht",
                email="canary@example.org",
                timezone="Europe/Berlin",
                roles=(Role.CUSTOMER,),
            ),
        )
    for diary in diaries:
        await diary.write(sessions)
    async with sessions.begin() as session:
        for statement in (
            "UPDATE schedule_proposal SET note = :canary",
            "UPDATE notification_outbox SET facts = jsonb_build_object('reason', CAST(:canary AS text))",
            """UPDATE assignment SET standing = jsonb_set(standing, '{assignment,proposal,note}',
                to_jsonb(CAST(:canary AS text)))""",
            "INSERT INTO wallet (person_id, customer_ref, updated_at) VALUES (:who, :ref, now())",
            """INSERT INTO page_session (id, person_id, name, role, roles, until)
                VALUES ('s', :who, :canary, 'customer', '{customer}', now())""",
            """INSERT INTO kept_message (id, channel, to_name, to_address, subject, body, raw, request_id)
                VALUES ('m', 'email', :canary, 'canary@example.org', :canary, :canary, '', '')""",
            """INSERT INTO calendar_artifact
                (assignment_id, recipient_role, sequence, uid, method, sha256, ics, object_key)
                SELECT id, 'customer', 99, 'u', 'REQUEST', '', convert_to(:canary, 'UTF8'), :key
                FROM assignment""",
        ):
            told = {"canary": CANARY, "who": who, "ref": "cus_1", "key": "a/b.ics"}
            await session.execute(text(statement), {k: v for k, v in told.items() if f":{k}" in statement})
    return who


async def ops(*arguments: str) -> int:
    """Run a command as its process does, and return how it ended."""
    asked = parser().parse_args(arguments)
    status: int = await asked.run(asked)
    return status


def everything(url: str) -> dict[str, str]:
    """Return each table that may be changed, as one text."""
    tables = [name for (name,) in sql(url, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
    return {
        name: "".join(sorted(map(json.dumps, sql(url, f'SELECT to_jsonb(t) FROM "{name}" t'))))  # noqa: S608
        for name in tables
        if name not in KEEP
    }


def kept(url: str) -> dict[str, str]:
    return {name: json.dumps(sql(url, f'SELECT to_jsonb(t) FROM "{name}" t ORDER BY id')) for name in KEEP}  # noqa: S608


async def test_nothing_tells_who_they_were_or_what_was_written(
    alone: Sessions, alone_url: str, operator: None, capsys: pytest.CaptureFixture[str]
) -> None:
    who = await somebody(alone, life())
    before = [name for name, content in everything(alone_url).items() if CANARY in content]

    status = await ops("forget", who, "--after-days", "0", "--yes")

    assert len(before) >= 6
    after = everything(alone_url)
    assert [name for name, content in after.items() if CANARY in content or "canary@" in content] == []
    assert (status, FORGOTTEN in after["person"]) == (0, True)
    told = capsys.readouterr().out
    assert "At Stripe, delete cus_1." in told
    assert "delete a/b.ics." in told
    assert f"{who} is forgotten." in told


async def test_money_and_audit_stay_and_the_chain_holds(
    alone: Sessions, alone_url: str, operator: None
) -> None:
    who = await somebody(alone, life())
    before = kept(alone_url)

    await ops("forget", who, "--after-days", "0", "--yes")

    assert kept(alone_url) == before
    async with alone() as session:
        found = await chain.verify(session)
        (standing,) = await session.scalars(text("SELECT standing FROM assignment"))
    assert (found.rows > 0, found.broken) == (True, ())
    assert wire.STANDING.validate_python(standing).assignment.customer_id == who


async def test_without_a_yes_nothing_is_changed(
    alone: Sessions, alone_url: str, operator: None, capsys: pytest.CaptureFixture[str]
) -> None:
    who = await somebody(alone, life())
    before = everything(alone_url)

    status = await ops("forget", who, "--after-days", "0")

    assert (status, everything(alone_url)) == (0, before)
    assert "Nothing was changed" in capsys.readouterr().out


async def test_who_is_still_in_the_middle_of_something_is_not_forgotten(
    alone: Sessions, alone_url: str, operator: None, capsys: pytest.CaptureFixture[str]
) -> None:
    over, under_way = life(), Diary().agree()
    who = await somebody(alone, over, under_way)

    status = await ops("forget", who, "--after-days", "0", "--yes")

    assert status == 1
    told = capsys.readouterr().out
    assert f"assignment {under_way.it.id}" in told
    assert over.it.id not in told
    assert CANARY in everything(alone_url)["person"]


@pytest.mark.parametrize(("status", "days", "ended"), [("running", -2, 1), ("done", 2, 1), ("done", -2, 0)])
async def test_who_is_away_and_not_back_yet_is_not_forgotten(
    alone: Sessions, operator: None, status: str, days: int, ended: int
) -> None:
    who = await somebody(alone, life())
    async with alone.begin() as session:
        now = datetime.now(UTC)
        until = now + timedelta(days=days)
        away = report(provider_id=who, since=until - timedelta(days=5), until=until)
        await absences.begin(session, away, at=now)
        await session.execute(text("UPDATE provider_absence SET status = :status"), {"status": status})

    assert await ops("forget", who, "--after-days", "0") == ended


async def test_what_has_ended_only_lately_is_not_forgotten(
    alone: Sessions, operator: None, capsys: pytest.CaptureFixture[str]
) -> None:
    who = await somebody(alone, life())
    async with alone.begin() as session:
        await session.execute(
            text("UPDATE assignment SET status_entered_at = :at"), {"at": datetime.now(UTC)}
        )

    assert await ops("forget", who, "--after-days", "1") == 1
    assert "cannot be forgotten yet" in capsys.readouterr().out


async def test_a_repeat_harms_nothing(alone: Sessions, alone_url: str, operator: None) -> None:
    who = await somebody(alone, life())
    await ops("forget", who, "--after-days", "0", "--yes")
    before = everything(alone_url)

    assert await ops("forget", who, "--after-days", "0", "--yes") == 0
    assert everything(alone_url) == before


async def test_nobody_of_that_name_is_said(alone: Sessions, operator: None) -> None:
    assert await ops("forget", "nobody") == 2
