"""What is written of an absence, and what its activities do when rows, runs and repeats disagree."""

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.absences import Absences, Begun, Gone, News, Order, Refused, Turn
from fulfillment.domain.absence.commands import EndAbsence, ReportAbsence
from fulfillment.domain.absence.consequences import Consequence, What, command_of
from fulfillment.domain.absence.results import AbsenceStatus, Affected, Outcome, Result
from fulfillment.domain.assignment.commands import AssignmentCommand
from fulfillment.domain.assignment.standing import Standing, standing
from fulfillment.domain.people import Role
from fulfillment.domain.window import VisitWindow
from fulfillment.gateways.matching import Search
from fulfillment.store import directory
from fulfillment.store import news as channel
from fulfillment.store.directory import Person
from fulfillment.store.news import Moved
from fulfillment.store.views import absences
from tests.activities.test_matching import found
from tests.domain.people import BOB, DAY, HOUR, NEXT_WEEK, NOON, OLGA, visit
from tests.store.diaries import Diary, fresh_id

Sessions = async_sessionmaker[AsyncSession]
LATER_ON = NOON + 2 * HOUR


@dataclass
class Engine:
    """Runs by the ids of their assignments; each answers what it is told to, or with a step's number."""

    runs: dict[str, Standing] = field(default_factory=dict)
    says: dict[str, Exception] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)

    async def state(self, assignment_id: str) -> Standing | None:
        return self.runs.get(assignment_id)

    async def ask(self, assignment_id: str, update: str, command: AssignmentCommand) -> int:
        self.asked.append((update, command.command_id))
        if assignment_id in self.says:
            raise self.says[assignment_id]
        return 4


@dataclass
class Scene:
    """One provider, what they have, and an absence of theirs."""

    sessions: Sessions
    provider: str = field(default_factory=lambda: fresh_id("p-"))
    engine: Engine = field(default_factory=Engine)
    absence_id: str = field(default_factory=lambda: fresh_id("b-"))

    @property
    def report(self) -> ReportAbsence:
        return ReportAbsence(
            actor=OLGA,
            command_id=f"key-{self.absence_id}",
            request_id="r1",
            absence_id=self.absence_id,
            provider_id=self.provider,
            since=NEXT_WEEK.start - DAY,
            until=NEXT_WEEK.end + 3 * DAY,
            reason="Flu",
            reason_code="sick",
        )

    async def agreed(self, window: VisitWindow = NEXT_WEEK) -> Diary:
        diary = Diary(provider_id=self.provider).agree(window)
        await diary.write(self.sessions)
        self.engine.runs[diary.it.id] = standing(diary.it, diary.policy)
        return diary

    async def begin(self) -> tuple[Affected, ...]:
        begun = Begun(report=self.report, at=LATER_ON)
        affected: tuple[Affected, ...] = await self._run(self._absences.begin, begun)
        return affected

    async def consider(self, id: str) -> Consequence | None:
        turn = Turn(report=self.report, reported_at=LATER_ON, assignment_id=id)
        wanted: Consequence | None = await self._run(self._absences.consider, turn)
        return wanted

    def order(self, id: str) -> Order:
        wanted = Consequence(what=What.REJECT, window=NEXT_WEEK, version=1, why="a visit is agreed")
        return Order(report=self.report, assignment_id=id, wanted=wanted, at=LATER_ON)

    async def carry_out(self, id: str) -> Result:
        result: Result = await self._run(self._absences.carry_out, self.order(id))
        return result

    async def note(self, *results: Result, **news: Any) -> None:
        said = News(absence_id=self.absence_id, at=LATER_ON, results=results, **news)
        await self._run(self._absences.note, said)

    async def written(self) -> tuple[absences.Reported, tuple[absences.Touched, ...]]:
        async with self.sessions() as session:
            reported = await absences.absence(session, self.absence_id)
            touched = await absences.touched_by(session, self.absence_id)
        assert reported is not None
        return reported, touched

    @property
    def _absences(self) -> Absences:
        return Absences(self.sessions, self.engine)

    async def _run(self, activity: Any, argument: Any) -> Any:
        return await ActivityEnvironment().run(activity, argument)


@pytest.fixture
def scene(sessions: Sessions) -> Scene:
    return Scene(sessions)


def done(id: str, **changes: Any) -> Result:
    return replace(
        Result(
            assignment_id=id, outcome=Outcome.DONE, at=LATER_ON, did=What.REJECT, command_id="c", number=4
        ),
        **changes,
    )


class TestItsBeginning:
    async def test_whom_it_touches_is_written_down_with_who_said_so_and_why(self, scene: Scene) -> None:
        second = await scene.agreed(visit(NEXT_WEEK.start + DAY))
        first = await scene.agreed()
        await scene.agreed(visit(NEXT_WEEK.start + 20 * DAY))
        await Scene(scene.sessions).agreed()

        affected = await scene.begin()

        reported, touched = await scene.written()
        assert [each.assignment_id for each in affected] == [first.it.id, second.it.id]
        assert [each.affected for each in touched] == list(affected)
        assert [each.result for each in touched] == [None, None]
        said = (reported.reported_by, reported.reporter_role, reported.reason, reported.request_id)
        assert said == ("olga", Role.OPS, "Flu", "r1")
        assert (reported.status, reported.reported_at) == (AbsenceStatus.RUNNING, LATER_ON)
        assert reported.counts == {Outcome.WAITING: 2}

    async def test_a_repeat_writes_nothing_anew_whatever_became_of_them(self, scene: Scene) -> None:
        diary = await scene.agreed()
        first = await scene.begin()
        await scene.note(done(diary.it.id))
        diary.reject()
        await diary.write(scene.sessions)

        again = await scene.begin()

        _, (line,) = await scene.written()
        assert again == first
        assert line.result == done(diary.it.id)

    async def test_who_was_written_down_too_late_comes_after_the_others(self, scene: Scene) -> None:
        first = await scene.agreed(visit(NEXT_WEEK.start + DAY))
        await scene.begin()
        behind = await scene.agreed()

        again = await scene.begin()

        assert [(each.assignment_id, each.late) for each in again] == [
            (first.it.id, False),
            (behind.it.id, True),
        ]

    async def test_nobody_is_touched_and_it_is_an_absence_all_the_same(self, scene: Scene) -> None:
        assert await scene.begin() == ()

        reported, touched = await scene.written()
        assert (reported.counts, touched) == ({}, ())


class TestATurn:
    async def test_goes_by_the_run_and_not_by_what_is_written(self, scene: Scene) -> None:
        diary = await scene.agreed()
        diary.reject()
        scene.engine.runs[diary.it.id] = standing(diary.it, diary.policy)

        assert await scene.consider(diary.it.id) is None

    async def test_of_an_assignment_that_has_ended_finds_nothing_to_do(self, scene: Scene) -> None:
        diary = await scene.agreed()
        diary.reject()
        await diary.write(scene.sessions)
        del scene.engine.runs[diary.it.id]

        assert await scene.consider(diary.it.id) is None

    async def test_of_one_whose_run_is_missing_is_tried_again(self, scene: Scene) -> None:
        diary = await scene.agreed()
        del scene.engine.runs[diary.it.id]

        with pytest.raises(ApplicationError, match="no end is written down"):
            await scene.consider(diary.it.id)


class TestACommand:
    async def test_is_asked_of_the_run_by_its_update(self, scene: Scene) -> None:
        diary = await scene.agreed()

        result = await scene.carry_out(diary.it.id)

        command_id = f"unavailable/{scene.absence_id}/{diary.it.id}/reject/v1"
        assert scene.engine.asked == [("reject_assignment", command_id)]
        assert (result.outcome, result.number, result.command_id) == (Outcome.DONE, 4, command_id)

    async def test_that_is_refused_is_a_result(self, scene: Scene) -> None:
        diary = await scene.agreed()
        scene.engine.says[diary.it.id] = Refused("UseIncident", "the visit has begun")

        result = await scene.carry_out(diary.it.id)

        assert (result.outcome, result.code) == (Outcome.REFUSED, "UseIncident")
        assert result.detail == "the visit has begun"

    async def test_that_ended_its_run_itself_is_known_by_what_it_was_answered(self, scene: Scene) -> None:
        diary = await scene.agreed()
        diary.say(command_of(scene.report, diary.it.id, scene.order(diary.it.id).wanted))
        await diary.write(scene.sessions)
        scene.engine.says[diary.it.id] = Gone()

        result = await scene.carry_out(diary.it.id)

        assert (result.outcome, result.number) == (Outcome.DONE, diary.it.state_version)

    async def test_to_one_that_somebody_else_has_ended_is_refused(self, scene: Scene) -> None:
        diary = await scene.agreed()
        diary.reject()
        await diary.write(scene.sessions)
        scene.engine.says[diary.it.id] = Gone()

        result = await scene.carry_out(diary.it.id)

        assert (result.outcome, result.code) == (Outcome.REFUSED, "AssignmentClosed")

    async def test_whose_end_is_not_written_yet_is_tried_again(self, scene: Scene) -> None:
        diary = await scene.agreed()
        scene.engine.says[diary.it.id] = Gone()

        with pytest.raises(ApplicationError, match="no end is written down"):
            await scene.carry_out(diary.it.id)


class TestItsNews:
    async def test_whoever_listens_is_told_each_time_it_gets_on(
        self, database_url: str, scene: Scene
    ) -> None:
        diary = await scene.agreed()
        await scene.begin()

        async with asyncio.timeout(20), aclosing(channel.hear(database_url)) as heard:
            await anext(heard)
            await scene.note(done(diary.it.id))
            await scene.note(status=AbsenceStatus.DONE)
            told = [await anext(heard), await anext(heard)]

        assert told == [Moved(absence_id=scene.absence_id, version=version) for version in (1, 2)]

    async def test_are_written_once_however_often_they_come(self, scene: Scene) -> None:
        diary = await scene.agreed()
        await scene.begin()
        for _ in range(2):
            await scene.note(done(diary.it.id))
            await scene.note(status=AbsenceStatus.DONE)

        reported, (line,) = await scene.written()
        assert line.result == done(diary.it.id)
        assert (reported.status, reported.done_at) == (AbsenceStatus.DONE, LATER_ON)
        assert reported.counts == {Outcome.DONE: 1}

    async def test_who_ended_it_is_written_and_stays(self, scene: Scene) -> None:
        await scene.begin()
        for reason in ("a mistake", "another word"):
            ending = EndAbsence(
                actor=BOB, command_id=reason, request_id="r2", absence_id=scene.absence_id, reason=reason
            )
            await scene.note(status=AbsenceStatus.ENDED, ending=ending)
        await scene.note(status=AbsenceStatus.DONE)

        reported, _ = await scene.written()
        assert reported.ending is not None
        assert (reported.status, reported.ending.by) == (AbsenceStatus.ENDED, "bob")
        assert (reported.ending.reason, reported.ending.request_id) == ("a mistake", "r2")

    async def test_of_one_that_never_answered_make_a_task_for_operations(self, scene: Scene) -> None:
        diary = await scene.agreed()
        await scene.begin()
        for _ in range(2):
            await scene.note(done(diary.it.id, outcome=Outcome.UNREACHED, did=None, number=None))

        tasks = await _tasks(scene.sessions, diary.it.id)
        assert tasks == [("absence_unreached", f"absence_unreached/{scene.absence_id}/{diary.it.id}")]


class TestWhoIsAway:
    """Dispatch goes by the database's clock, which no test moves."""

    @pytest.mark.parametrize(
        ("since", "until", "is_away"),
        [(-1, 1, True), (-2, -1, False), (1, 2, False)],
    )
    async def test_is_no_candidate_while_it_lasts(
        self, sessions: Sessions, since: float, until: float, *, is_away: bool
    ) -> None:
        scene, trade = await _tradesman(sessions)
        await _absent(scene, since, until)

        candidates = await found(sessions, Search(job_id="j1", category=trade, limit=5))

        assert candidates == (() if is_away else (scene.provider,))

    async def test_is_one_again_once_it_is_ended(self, sessions: Sessions) -> None:
        scene, trade = await _tradesman(sessions)
        await _absent(scene, -1, 1)
        ending = EndAbsence(actor=BOB, absence_id=scene.absence_id, reason="back")
        await scene.note(status=AbsenceStatus.ENDED, ending=ending)

        assert await found(sessions, Search(job_id="j1", category=trade, limit=5)) == (scene.provider,)


async def _tradesman(sessions: Sessions) -> tuple[Scene, str]:
    """Return a provider of a trade that nobody else has."""
    scene, trade = Scene(sessions), fresh_id("trade-")
    person = Person(id=scene.provider, name="Bob", roles=(Role.PROVIDER,), categories=(trade,))
    async with sessions.begin() as session:
        await directory.register(session, person)
    return scene, trade


async def _absent(scene: Scene, since: float, until: float) -> None:
    """Let the provider be away between two moments, in days from the real now."""
    now = datetime.now(UTC)
    report = replace(scene.report, since=now + timedelta(days=since), until=now + timedelta(days=until))
    absent = Absences(scene.sessions, scene.engine)
    await ActivityEnvironment().run(absent.begin, Begun(report=report, at=now))


async def _tasks(sessions: Sessions, assignment_id: str) -> Sequence[tuple[str, str]]:
    query = text("SELECT type, id FROM ops_task WHERE entity_id = :id AND closed_at IS NULL")
    async with sessions() as session:
        return [(row.type, row.id) for row in await session.execute(query, {"id": assignment_id})]
