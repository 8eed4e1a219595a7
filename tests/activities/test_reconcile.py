"""The reconciler on a real database: what it mends, what it asks people about, and that it says so once."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from prometheus_client import REGISTRY
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from temporalio.testing import ActivityEnvironment

import activities.reconcile
from activities.reconcile import Reconciled, Wanted
from fulfillment.domain.assignment.card import CardSeen, CardState
from fulfillment.domain.assignment.drift import DriftKind
from fulfillment.gateways.payments import PaymentFailed, Release
from fulfillment.store import stripe_events
from fulfillment.store.database import engine as database_engine
from fulfillment.store.stripe_events import Event
from fulfillment.store.views import assignments
from tests.activities.reconciling import NOW, Scene, intent_of
from tests.domain.cards import captured, let_go
from tests.domain.people import DAY, ROOT, approves, denies, euros
from tests.store import server
from tests.store.breaking import break_in
from tests.store.diaries import Diary, fresh_id

Sessions = async_sessionmaker[AsyncSession]


@pytest.fixture(scope="module")
def url() -> str:
    return server.fresh()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def shared(url: str) -> AsyncIterator[Sessions]:
    own = database_engine(url, pool_size=10)
    yield async_sessionmaker(own)
    await own.dispose()


@pytest.fixture
def lonely(url: str, shared: Sessions) -> Sessions:
    """An empty database: the reconciler looks at all that is open, and copies of one take their time."""
    break_in(url, "TRUNCATE assignment, ops_task, stripe_event CASCADE")
    return shared


@pytest.fixture
def scene(lonely: Sessions) -> Scene:
    return Scene(sessions=lonely)


def counted(kind: str, *, healed: bool = False) -> float:
    name = "reconcile_healed_total" if healed else "reconcile_drift_total"
    return REGISTRY.get_sample_value(name, {"kind": kind}) or 0.0


@pytest.fixture
def counts() -> Any:
    """Return what tells what has been counted since the test began, by kind."""
    before = {kind: (counted(kind), counted(kind, healed=True)) for kind in DriftKind}

    def since() -> dict[str, tuple[float, float]]:
        now = {kind: (counted(kind), counted(kind, healed=True)) for kind in DriftKind}
        grown = {kind: (now[kind][0] - was[0], now[kind][1] - was[1]) for kind, was in before.items()}
        return {kind.value: grew for kind, grew in grown.items() if any(grew)}

    return since


class TestInHealth:
    async def test_nothing_is_found_and_the_end_is_noted(self, scene: Scene, counts: Any) -> None:
        await scene.worked()
        await scene.paid()
        diary = await scene.ended()
        scene.bank.says[intent_of(diary)] = CardSeen(state=CardState.GONE, intent_id=intent_of(diary))
        diary.say(let_go(intent_of(diary)))
        await diary.write(scene.sessions)
        began = datetime.now(UTC).timestamp()

        found = await scene.reconcile()

        assert found == Reconciled(compared=3, hints_are_passed_on=True)
        assert counts() == {}
        assert await scene.cases() == []
        assert (REGISTRY.get_sample_value("reconcile_last_end_timestamp_seconds") or 0) >= began

    async def test_what_was_settled_long_ago_is_left_alone(self, scene: Scene) -> None:
        diary = await scene.paid()
        assert (await scene.reconcile()).compared == 1

        later = scene.reconciler()
        later._clock = lambda: datetime.now(UTC) + 4 * DAY

        assert await later.size() == 0
        assert diary.it.is_closed

    async def test_the_payment_provider_is_asked_four_things_at_once_at_most(self, scene: Scene) -> None:
        for _ in range(6):
            await scene.worked()

        await scene.reconcile()

        assert scene.bank.most_at_once == 4


class TestRowsThatWereChanged:
    @pytest.mark.parametrize(
        "edit",
        [
            "UPDATE payout SET status = 'captured', reference = 'by hand'",
            "UPDATE payout SET amount = 1",
            "DELETE FROM payout",
            "UPDATE assignment SET status = 'paid', price = 7",
            "UPDATE assignment SET standing = jsonb_set(standing, '{assignment,status}', '\"paid\"')",
            "UPDATE assignment SET standing = jsonb_set(standing, '{assignment,price,amount}', '-5')",
            "UPDATE assignment SET standing = '{}'",
            "UPDATE card_hold SET status = 'released', captured_amount = 3",
            "UPDATE card_hold SET state_version = 1",
            "DELETE FROM card_hold",
        ],
    )
    async def test_say_again_what_the_run_says(self, scene: Scene, counts: Any, edit: str) -> None:
        diary = await scene.worked()
        whole = await self.all_of(scene)
        await scene.edit(edit)

        first = await scene.reconcile()
        second = await scene.reconcile(first)

        assert await self.all_of(scene) == whole
        assert (first.found, first.healed) == ({"projection_differs": 1}, {"projection_differs": 1})
        assert (second.found, second.healed) == ({}, {})
        assert counts() == {"projection_differs": (1, 1)}
        assert diary.it.id in scene.engine.runs

    async def test_of_one_that_has_ended_say_again_what_its_state_says(self, scene: Scene) -> None:
        await scene.paid()
        whole = await self.all_of(scene)
        await scene.edit("UPDATE payout SET status = 'pending_approval', settled_at = NULL")

        await scene.reconcile()

        assert await self.all_of(scene) == whole

    async def test_are_left_to_the_run_that_has_taken_another_step_meanwhile(self, scene: Scene) -> None:
        diary = await scene.worked()
        await scene.edit("UPDATE payout SET amount = 1")
        reconciler = scene.reconciler()
        (shot,) = await reconciler._pictures.of([diary.it.id], reconciler._scope())
        diary.say(approves(ROOT, reason=""))
        await diary.write(scene.sessions)

        (finding,) = reconciler._found(shot)
        outcome = await reconciler._remedies.mend(shot, finding, noted=())

        assert not outcome.is_healed
        assert await scene.rows("SELECT status, amount FROM payout") == [("capturing", 12_000)]

    async def all_of(self, scene: Scene) -> list[Any]:
        columns = "to_jsonb(it) - 'projected_at' - 'next_reminder_at'"
        return [
            await scene.rows(f"SELECT {columns} FROM {table} it")  # noqa: S608 - our own names
            for table in ("assignment", "payout", "card_hold")
        ]


class TestRowsBehindTheirRun:
    async def behind(self, scene: Scene) -> Diary:
        diary = await scene.worked()
        diary.say(denies(ROOT))
        scene.goes_on(diary)
        return diary

    async def test_are_counted_once_and_become_a_case_the_next_time(self, scene: Scene, counts: Any) -> None:
        await self.behind(scene)

        first = await scene.reconcile()
        nothing_yet = await scene.cases()
        second = await scene.reconcile(first)
        third = await scene.reconcile(second)

        assert nothing_yet == []
        assert await scene.cases() == [("projection_behind", True)]
        assert (first.open_cases, second.open_cases, third.open_cases) == (0, 1, 1)
        assert counts() == {"projection_behind": (2, 0)}

    async def test_close_their_case_when_they_are_written(self, scene: Scene) -> None:
        diary = await self.behind(scene)
        await scene.reconcile(await scene.reconcile())

        await diary.write(scene.sessions)
        last = await scene.reconcile()

        assert last.found == {}
        assert await scene.cases() == [("projection_behind", False)]

    async def test_that_are_written_in_time_are_nothing(
        self, scene: Scene, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        diary = await self.behind(scene)
        reconciler = scene.reconciler()
        take, taken = reconciler._pictures.of, []

        async def of(*of_whom: Any) -> Any:
            shots = await take(*of_whom)
            taken.append(reconciler._found(shots[0]))
            await diary.write(scene.sessions)
            return shots

        monkeypatch.setattr(reconciler._pictures, "of", of)

        page = await reconciler.page([diary.it.id])

        assert [len(findings) for findings in taken] == [1, 0]
        assert page.outcomes == ()


class TestACard:
    async def test_of_which_the_run_knows_too_little_is_looked_at(self, scene: Scene, counts: Any) -> None:
        diary = await scene.worked()
        scene.bank.says[intent_of(diary)] = CardSeen(state=CardState.GONE, intent_id=intent_of(diary))

        found = await scene.reconcile()

        ((id, by, reason),) = scene.engine.told
        assert (id, by) == (diary.it.id, "reconciler")
        assert "we say held, the payment provider says gone" in reason
        assert found.healed == {"card_differs": 1}
        assert counts() == {"card_differs": (1, 1)}
        assert await scene.cases() == []

    async def test_becomes_a_case_when_telling_the_run_has_not_helped(self, scene: Scene) -> None:
        diary = await scene.worked()
        scene.bank.says[intent_of(diary)] = CardSeen(state=CardState.GONE, intent_id=intent_of(diary))

        await scene.reconcile(await scene.reconcile())

        assert await scene.cases() == [("card_differs", True)]

    async def test_that_was_taken_without_approval_is_a_case_and_no_settlement(
        self, scene: Scene, counts: Any
    ) -> None:
        diary = await scene.worked()
        seen = scene.bank.says[intent_of(diary)]
        scene.bank.says[intent_of(diary)] = replace(seen, state=CardState.CAPTURED, captured=euros(120))

        first = await scene.reconcile()
        scene.bank.says[intent_of(diary)] = replace(seen, state=CardState.CAPTURED, captured=euros(0))
        diary.say(replace(captured(euros(0)), seen=scene.bank.says[intent_of(diary)]))
        await diary.write(scene.sessions)
        scene.goes_on(diary)
        await scene.edit("UPDATE ops_task SET closed_at = NULL")
        await scene.reconcile(first)

        assert first.found == {"card_differs": 1, "captured_unapproved": 1}
        assert await scene.cases() == [("captured_unapproved", False)]  # all of it was given back
        assert await scene.rows("SELECT status FROM payout") == [("pending_approval",)]
        assert counts()["captured_unapproved"] == (1, 0)

    async def test_of_which_another_amount_was_taken_is_a_case(self, scene: Scene, counts: Any) -> None:
        diary = await scene.paid()
        seen = scene.bank.says[intent_of(diary)]
        scene.bank.says[intent_of(diary)] = replace(seen, captured=euros(100))

        first = await scene.reconcile()
        second = await scene.reconcile(first)

        assert await scene.cases() == [("amount_differs", True)]
        assert (first.open_cases, second.open_cases) == (1, 1)
        assert counts() == {"amount_differs": (1, 0)}
        assert scene.bank.asked == []

        scene.bank.says[intent_of(diary)] = seen
        await scene.reconcile(second)

        assert await scene.cases() == [("amount_differs", False)]


class TestAHoldThatIsLeft:
    async def test_after_work_that_ended_unpaid_is_let_go_and_written_down(
        self, scene: Scene, counts: Any
    ) -> None:
        diary = await scene.ended()
        intent = intent_of(diary)

        first = await scene.reconcile()
        second = await scene.reconcile(first)

        assert scene.bank.says[intent].state is CardState.GONE
        assert [asked.intent_id for asked in scene.bank.asked] == [intent]
        assert (first.healed, second.found) == ({"hold_left": 1}, {})
        assert await scene.rows("SELECT status FROM card_hold") == [("released",)]
        assert await scene.rows("SELECT intent_id FROM money_move WHERE kind = 'released'") == [(intent,)]
        assert await scene.cases() == [("hold_left", False)]
        assert counts() == {"hold_left": (1, 1)}
        async with scene.sessions() as session:
            known = await assignments.assignment(session, diary.it.id)
        assert known is not None
        assert known.standing.assignment.let_go == ()

    async def test_is_left_to_the_run_that_is_at_it(self, scene: Scene) -> None:
        await scene.ended(run=True)

        found = await scene.reconcile()

        assert (found.found, scene.bank.asked) == ({}, [])

    async def test_beside_a_payment_is_for_a_person(self, scene: Scene) -> None:
        diary = await scene.paid()
        await scene.edit(
            "INSERT INTO card_hold (intent_id, assignment_id, status, state_version)"
            " VALUES ('pi_other', :id, 'held', 1)",
            id=diary.it.id,
        )
        scene.bank.says["pi_other"] = CardSeen(state=CardState.HELD, intent_id="pi_other", amount=euros(5))

        await scene.reconcile()

        assert await scene.cases() == [("hold_left", True)]
        assert scene.bank.asked == []

    async def test_that_cannot_be_let_go_now_stays_a_case(
        self, scene: Scene, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await scene.ended()

        async def refuse(_: Release) -> CardSeen:
            raise PaymentFailed("stripe: release: 500")

        monkeypatch.setattr(scene.bank, "release", refuse)

        found = await scene.reconcile()

        assert (found.open_cases, found.healed) == (1, {})
        assert await scene.cases() == [("hold_left", True)]

    async def test_that_the_dead_run_had_let_go_is_written_down(self, scene: Scene) -> None:
        diary = await scene.ended()
        scene.bank.says[intent_of(diary)] = CardSeen(state=CardState.GONE, intent_id=intent_of(diary))

        found = await scene.reconcile()

        assert found.healed == {"projection_differs": 1}
        assert await scene.rows("SELECT status FROM card_hold") == [("released",)]
        assert (await scene.reconcile()).found == {}


class TestWhatCannotBeSeen:
    async def test_one_hold_is_counted_and_stops_nobody(self, scene: Scene, counts: Any) -> None:
        blind, other = await scene.worked(), await scene.worked()
        del scene.bank.says[intent_of(blind)]
        scene.bank.says[intent_of(other)] = CardSeen(state=CardState.GONE, intent_id=intent_of(other))

        found = await scene.reconcile()

        assert (found.compared, found.unreachable) == (2, 1)
        assert [id for id, _, _ in scene.engine.told] == [other.it.id]
        assert counts() == {"unreachable": (1, 0), "card_differs": (1, 1)}

    async def test_a_run_that_does_not_answer_is_not_judged(self, scene: Scene) -> None:
        diary = await scene.worked()
        scene.engine.deaf.add(diary.it.id)
        await scene.edit("UPDATE payout SET amount = 1")

        found = await scene.reconcile()

        assert (found.unreachable, found.healed) == (1, {})
        assert await scene.rows("SELECT amount FROM payout") == [(1,)]

    async def test_closes_no_case(self, scene: Scene) -> None:
        diary = await scene.paid()
        seen = scene.bank.says.pop(intent_of(diary))
        scene.bank.says[intent_of(diary)] = replace(seen, captured=euros(100))
        await scene.reconcile()
        del scene.bank.says[intent_of(diary)]

        await scene.reconcile()

        assert await scene.cases() == [("amount_differs", True)]

    async def test_a_busy_provider_is_given_the_pause_it_wants(
        self, scene: Scene, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await scene.worked()
        look, refusals = scene.bank.look, [PaymentFailed("stripe: look: 429", retry_after=0.01)]

        async def busy(intent_id: str) -> CardSeen:
            if refusals:
                raise refusals.pop()
            return await look(intent_id)

        monkeypatch.setattr(scene.bank, "look", busy)

        assert (await scene.reconcile()).unreachable == 0


class TestARunThatIsMissing:
    async def test_is_counted_once_and_is_no_case_of_ours(self, scene: Scene, counts: Any) -> None:
        diary = await scene.worked()
        del scene.engine.runs[diary.it.id]

        first = await scene.reconcile()
        await scene.reconcile(first)

        assert await scene.cases() == []
        assert counts() == {"run_missing": (1, 0)}


class TestAnEventNobodyPassedOn:
    async def heard(self, scene: Scene, intent: str, *, type: str, age: timedelta) -> str:
        id = fresh_id("evt_")
        event = Event(id=id, type=type, intent_id=intent, created_at=datetime.now(UTC) - age)
        async with scene.sessions.begin() as session:
            await stripe_events.keep(session, event)
        await scene.edit(
            "UPDATE stripe_event SET received_at = now() - CAST(:age AS interval)", age=timedelta(minutes=3)
        )
        return id

    async def unhandled(self, scene: Scene) -> int:
        ((count,),) = await scene.rows("SELECT count(*) FROM stripe_event WHERE handled_at IS NULL")
        return int(count)

    async def test_is_passed_on_to_the_run(self, scene: Scene, counts: Any) -> None:
        diary = await scene.worked()
        await self.heard(scene, intent_of(diary), type="charge.expired", age=NOW)

        first = await scene.reconcile()
        await scene.reconcile(first)

        assert scene.engine.told == [(diary.it.id, "stripe", "charge.expired")]
        assert await self.unhandled(scene) == 0
        assert counts() == {"hint_unhandled": (1, 1)}

    async def test_about_a_complaint_goes_to_whoever_looks_after_it(self, scene: Scene) -> None:
        diary = await scene.paid()
        await self.heard(scene, intent_of(diary), type="charge.dispute.created", age=NOW)

        await scene.reconcile()

        assert (scene.engine.cared_for, scene.engine.told) == ([diary.it.id], [])

    async def test_about_a_hold_nobody_knows_waits_for_a_day(self, scene: Scene, counts: Any) -> None:
        await self.heard(scene, "pi_of_somebody", type="charge.expired", age=timedelta(hours=23))
        first = await scene.reconcile()
        second = await scene.reconcile(first)
        waits = await self.unhandled(scene)

        await scene.edit("UPDATE stripe_event SET created_at = now() - interval '25 hours'")
        await scene.reconcile(second)

        assert waits == 1
        assert await self.unhandled(scene) == 0
        assert counts() == {"hint_unhandled": (2, 1)}


class TestADryRun:
    async def test_says_the_same_and_changes_nothing(self, scene: Scene, counts: Any) -> None:
        diary, left = await scene.worked(), await scene.ended()
        await scene.edit("UPDATE payout SET amount = 1 WHERE id = :id", id=diary.it.id)

        page = await scene.reconciler().page([diary.it.id, left.it.id], dry=True)

        assert sorted(each.finding.kind for each in page.outcomes) == ["hold_left", "projection_differs"]
        assert scene.bank.asked == []
        assert await scene.cases() == []
        assert (1,) in await scene.rows("SELECT amount FROM payout")
        assert counts() == {}


class TestAnAttemptThatDied:
    async def test_is_gone_on_with_where_it_has_stopped(
        self, scene: Scene, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(activities.reconcile, "PAGE", 2)
        ids = sorted([(await scene.worked()).it.id for _ in range(5)])
        environment = ActivityEnvironment()
        told: list[Reconciled] = []
        environment.on_heartbeat = lambda *details: told.append(details[0])
        so_far = activities.reconcile.KNOWN.dump_python(
            Reconciled(compared=3, after=ids[2], found={"hold_left": 1}), mode="json"
        )
        environment.info = replace(environment.info, heartbeat_details=[so_far])
        looked_at = scene.bank.look
        seen: list[str] = []

        async def look(intent_id: str) -> CardSeen:
            seen.append(intent_id)
            return await looked_at(intent_id)

        monkeypatch.setattr(scene.bank, "look", look)

        found = await environment.run(scene.reconciler().reconcile_money, Wanted())

        assert len(seen) == 2
        assert (found.compared, found.after, found.found) == (5, "", {"hold_left": 1})
        assert told[0].after == ids[2]
