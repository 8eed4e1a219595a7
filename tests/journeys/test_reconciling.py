"""What happens to money behind everybody's back, and what the reconciler makes of it."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import text
from temporalio.client import ScheduleActionStartWorkflow, ScheduleOverlapPolicy
from temporalio.testing import ActivityEnvironment

import activities.reconcile
import ops.reconciling
from activities.reconcile import Reconciled, Reconciler, Wanted
from fulfillment.gateways.stripe_cards import StripeCards
from fulfillment.store import stripe_events
from fulfillment.store.stripe_events import Event
from ops.__main__ import parser
from tests.gateways.stripe.faults import Kind
from tests.gateways.stripe.serving import SECRET_KEY
from tests.journeys import front
from tests.journeys.cards import CARDS, CardTown, card_town
from tests.journeys.town import Deal
from tests.store import server
from workflows.names import QUEUE, assignment_run
from workflows.reconcile import (
    SCHEDULE,
    EngineStories,
    ReconcileWorkflow,
    Reconciling,
    schedule_reconciling,
)

pytestmark = pytest.mark.nightly

ROOT = Path(__file__).parents[2]
SOON = timedelta(seconds=0.3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """A town whose money is looked after, and where its database is."""

    town: CardTown
    cards: StripeCards
    url: str

    async def reconcile(self, before: Reconciled | None = None) -> Reconciled:
        """Reconcile as the schedule does, but without its patience."""
        reconciler = Reconciler(
            self.town.town.sessions,
            cards=self.cards,
            stories=EngineStories(self.town.town.engine),
            policy=CARDS,
            grace=SOON,
        )
        wanted = Wanted(noted=before.marks if before else ())
        return await ActivityEnvironment().run(reconciler.reconcile_money, wanted)

    async def pending(self) -> Deal:
        """Return an assignment whose work is done and held on a card, all of which is written down."""
        deal = await self.town.worked()
        await self.town.payout(deal, "pending_approval")
        return deal

    async def intent(self, deal: Deal) -> str:
        query = "SELECT intent_id FROM card_hold WHERE assignment_id = :id"
        (hold,) = await self.town.town.rows_once(bool, query, id=deal.id)
        return str(hold["intent_id"])

    async def edit(self, statement: str, **values: Any) -> None:
        async with self.town.town.sessions.begin() as session:
            await session.execute(text(statement), values)

    async def cases(self, deal: Deal) -> list[tuple[str, bool]]:
        """Return the type of every case about an assignment, and whether it is open."""
        # Nobody here has an address, so what they are not told of is a task as well.
        query = """SELECT type, closed_at IS NULL AS is_open FROM ops_task
            WHERE entity_id = :id AND type <> 'notice_undelivered' ORDER BY type"""
        return [(row["type"], row["is_open"]) for row in await self.town.town.rows(query, id=deal.id)]

    def environment(self) -> dict[str, str]:
        """Return what a process of ours is told about this town."""
        return {
            "APP_ENV": "dev",
            "DATABASE_URL": self.url,
            "TEMPORAL_ADDRESS": front.address_of(self.town.town.engine),
            "STRIPE_SECRET_KEY": SECRET_KEY,
            "STRIPE_API_BASE": self.town.stripe.url,
        }

    async def types(self, *words: str) -> tuple[int, str, str]:
        """Type a command as operations do, and return how it ended and what it said: stdout, stderr."""
        typed = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "ops",
            "reconcile",
            *words,
            cwd=ROOT,
            env=self.environment(),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, error = await typed.communicate()
        return typed.returncode or 0, out.decode(), error.decode()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def office(plain_logs: None) -> AsyncIterator[Office]:
    url = server.fresh()
    async with card_town(url) as started:
        cards = StripeCards(key=SECRET_KEY, base=started.stripe.url)
        yield Office(town=started, cards=cards, url=url)
        await cards.aclose()


async def test_in_health_nothing_is_found(office: Office) -> None:
    held, paid = await office.town.worked(), await office.town.worked()
    await office.town.town.admin().post(f"{paid.payout}/approve", {"attempt": 1})
    await office.town.payout(paid, "captured")
    await paid.written("paid")

    found = await office.reconcile()

    assert (found.found, found.open_cases, found.unreachable) == ({}, 0, 0)
    assert found.compared >= 2
    assert await office.cases(held) == await office.cases(paid) == []


async def test_rows_that_were_changed_by_hand_say_the_truth_again(office: Office) -> None:
    deal = await office.pending()
    await office.edit("UPDATE payout SET status = 'captured', amount = 1 WHERE id = :id", id=deal.id)
    await office.edit(
        "UPDATE assignment SET status = 'paid',"
        " standing = jsonb_set(standing, '{assignment,payout,status}', '\"captured\"') WHERE id = :id",
        id=deal.id,
    )

    first = await office.reconcile()
    second = await office.reconcile(first)

    assert (first.healed, second.found) == ({"projection_differs": 1}, {})
    assert (await office.town.payout(deal, "pending_approval"))["amount"]["amount"] == 12_500
    query = "SELECT status, amount FROM payout WHERE id = :id"
    assert await office.town.town.rows(query, id=deal.id) == [
        {"status": "pending_approval", "amount": 12_500}
    ]


async def test_money_taken_in_the_dashboard_is_a_case_and_no_settlement(office: Office) -> None:
    deal = await office.pending()
    await office.town.stripe.control.capture_by_hand(await office.intent(deal))

    first = await office.reconcile()
    await office.town.card(deal, "captured")
    second = await office.reconcile(first)

    assert first.found == {"card_differs": 1, "captured_unapproved": 1}
    assert second.found == {}
    assert (first.open_cases, second.open_cases) == (1, 1)
    assert await office.cases(deal) == [("captured_unapproved", True)]
    await office.town.payout(deal, "pending_approval")

    # Somebody approves what was taken, and the case is over; nothing is taken twice.
    await office.town.town.admin().post(f"{deal.payout}/approve", {"attempt": 1})
    await deal.written("paid")
    assert (await office.reconcile(second)).found == {}
    assert await office.cases(deal) == [("captured_unapproved", False)]
    assert await office.town.captures(deal) == [12_500]


async def test_a_hold_that_has_run_out_is_noticed_though_no_webhook_came(office: Office) -> None:
    deal = await office.pending()
    await office.town.stripe.control.expire(await office.intent(deal))

    first = await office.reconcile()

    assert first.healed == {"card_differs": 1}
    await office.town.payout(deal, "authorization_expired")
    second = await office.reconcile(first)
    assert second.found == {}
    assert await office.cases(deal) == [("authorization_expired", True)]  # the run's own


async def test_an_event_that_nobody_passed_on_is_passed_on_later(office: Office) -> None:
    deal = await office.pending()
    intent = await office.intent(deal)
    await office.town.stripe.control.expire(intent)
    event = Event(
        id=f"evt_of_{intent}", type="payment_intent.canceled", intent_id=intent, created_at=datetime.now(UTC)
    )
    async with office.town.town.sessions.begin() as session:
        await stripe_events.keep(session, event)
    await office.edit("UPDATE stripe_event SET received_at = now() - interval '3 minutes'")

    first = await office.reconcile()
    await office.town.payout(deal, "authorization_expired")
    second = await office.reconcile(first)

    assert first.healed["hint_unhandled"] == 1
    assert second.found == {}
    audit = await office.town.town.rows(
        "SELECT actor_id, reason FROM audit_event WHERE entity_id = :id AND command = 'DoubtCard'", id=deal.id
    )
    assert {"actor_id": "stripe", "reason": "payment_intent.canceled"} in audit


async def test_a_hold_whose_run_was_terminated_is_let_go(office: Office) -> None:
    deal = await office.pending()
    intent = await office.intent(deal)
    fault = await office.town.stripe.control.fault(Kind.ERROR_BEFORE, "cancel", times=100, intent=intent)
    denial = {"attempt": 1, "reasonCode": "no_photo", "note": "Show it.", "final": True}
    await office.town.town.admin().post(f"{deal.payout}/deny", denial)
    await deal.written("closed_unpaid")
    assert (await office.reconcile()).found == {}  # its run is at it
    await office.town.town.engine.get_workflow_handle(assignment_run(deal.id)).terminate()
    await office.town.stripe.control.drop_faults(fault)
    assert await office.town.open_holds(deal) == 1

    first = await office.reconcile()
    second = await office.reconcile(first)

    assert (first.healed, second.found) == ({"hold_left": 1}, {})
    assert await office.town.open_holds(deal) == 0
    assert await office.cases(deal) == [("hold_left", False)]
    await deal.audit()  # without a gap


@pytest.fixture
def command(office: Office, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Awaitable[int]]:
    """Carry out the command inside this process, which takes no seconds to load; its log is left out."""
    for name, value in office.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(ops.reconciling, "configure_logging", lambda **_: None)
    monkeypatch.setattr(activities.reconcile, "GRACE", SOON)

    async def carried_out(*words: str) -> int:
        return await ops.reconciling.reconciled(parser().parse_args(["reconcile", *words]))

    return carried_out


class TestTheCommand:
    async def test_says_what_is_wrong_and_changes_nothing_until_it_may(
        self, office: Office, command: Callable[..., Awaitable[int]], capsys: pytest.CaptureFixture[str]
    ) -> None:
        deal = await office.pending()
        await office.edit("UPDATE payout SET amount = 1 WHERE id = :id", id=deal.id)

        dry = await office.types("--dry-run", "--json", "--assignment", deal.id)
        await command()
        wet = capsys.readouterr().out.splitlines()

        assert (dry[0], dry[2]) == (1, "")
        (finding,) = json.loads(dry[1])["findings"]
        assert finding == {
            "kind": "projection_differs",
            "assignmentId": deal.id,
            "about": "",
            "what": "payout.amount: not as it was written",
            "done": "nothing",
        }
        (head,) = (line for line in wet if line.startswith("KIND"))
        assert head.split() == ["KIND", "ASSIGNMENT", "WHAT", "WHAT", "WAS", "DONE"]
        (line,) = (line for line in wet if deal.id in line and line.startswith("projection"))
        assert line.endswith("the rows were written as they should be")

    async def test_ends_with_nought_when_all_is_mended(
        self, office: Office, command: Callable[..., Awaitable[int]], capsys: pytest.CaptureFixture[str]
    ) -> None:
        deal = await office.pending()
        await office.edit("UPDATE payout SET amount = 1 WHERE id = :id", id=deal.id)

        first, _ = await command("--assignment", deal.id), capsys.readouterr()
        second, told = await command("--assignment", deal.id), capsys.readouterr()

        assert (first, second) == (0, 0)
        assert told.out.endswith("1 assignment compared. All agree.\n")

    async def test_ends_with_one_as_long_as_a_case_is_open(
        self, office: Office, command: Callable[..., Awaitable[int]], capsys: pytest.CaptureFixture[str]
    ) -> None:
        deal = await office.pending()
        await office.town.stripe.control.capture_by_hand(await office.intent(deal))

        first = await command("--assignment", deal.id)
        await office.town.card(deal, "captured")
        second = await command("--assignment", deal.id)

        assert (first, second) == (1, 1)
        assert "a case is open: somebody has to look" in capsys.readouterr().out
        assert await office.cases(deal) == [("captured_unapproved", True)]

    async def test_says_that_it_could_not_look(
        self,
        office: Office,
        command: Callable[..., Awaitable[int]],
        capsys: pytest.CaptureFixture[str],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        deal = await office.pending()
        nobody = await command("--assignment", "nobody")
        monkeypatch.setenv("STRIPE_API_BASE", "http://127.0.0.1:1")
        no_stripe = await command("--assignment", deal.id)
        monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
        no_engine = await command()

        assert (nobody, no_stripe, no_engine) == (2, 2, 2)
        told = capsys.readouterr()
        assert "could not be looked at" in told.out
        assert "there is no assignment nobody" in told.err
        assert "nobody answers at 127.0.0.1:1, where Temporal should be" in told.err


async def test_the_schedule_follows_the_settings_and_runs_the_real_thing(office: Office) -> None:
    engine = office.town.town.engine
    await schedule_reconciling(engine, cron="*/5 * * * *")
    await engine.get_schedule_handle(SCHEDULE).pause(note="Stripe is away")

    await schedule_reconciling(engine, cron="7 * * * *")
    run = await engine.execute_workflow(
        ReconcileWorkflow.run, Reconciling(), id="reconcile-by-hand", task_queue=QUEUE
    )

    schedule = (await engine.get_schedule_handle(SCHEDULE).describe()).schedule
    assert isinstance(schedule.action, ScheduleActionStartWorkflow)
    assert (schedule.action.workflow, schedule.policy.overlap) == ("Reconcile", ScheduleOverlapPolicy.SKIP)
    assert [each.start for calendar in schedule.spec.calendars for each in calendar.minute] == [7]
    assert schedule.state.paused
    assert run.compared > 0
    assert run.hints_are_passed_on
