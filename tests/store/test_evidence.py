"""The bundle has all that happened, in its order, and of people nothing but their ids."""

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import text

from fulfillment.domain.assignment.commands import AnswerIncident, RejectAssignment, ReportNoShow
from fulfillment.domain.messages import CalendarMethod, Channel
from fulfillment.domain.people import Role
from fulfillment.store import calendars, directory, outbox
from fulfillment.store.calendars import Artifact
from fulfillment.store.directory import Person
from fulfillment.store.evidence import evidence
from fulfillment.store.outbox import Outcome
from fulfillment.store.tables import DeliveryStatus, Json, OutboxStatus
from tests.domain.people import ADA, DAY, HOUR, NEXT_WEEK, NOON, proposes
from tests.store.diaries import Diary, JobDiary, Sessions, fresh_id
from tests.store.looking import sql
from tests.store.test_chain import NASTY, life, refusal, rows


async def gathered(sessions: Sessions, diary: Diary, *, at: datetime = NOON) -> Json:
    async with sessions() as session:
        found = await evidence(session, diary.it.id, at=at)
    assert found
    return found


def contents(bundle: Json, *types: str) -> list[Json]:
    return [record["content"] for record in bundle["records"] if record["type"] in types]


def told(records: Sequence[Json], *names: str) -> list[tuple[Any, ...]]:
    return [tuple(record[name] for name in names) for record in records]


class TestWhatIsInIt:
    async def test_the_assignment_and_the_job_it_was_for(self, sessions: Sessions) -> None:
        job = JobDiary()
        await job.write(sessions)
        diary = Diary(job_id=job.job.id).agree()
        await diary.write(sessions)

        bundle = await gathered(sessions, diary)

        (posted,), (it,) = contents(bundle, "job"), contents(bundle, "assignment")
        assert (posted["id"], posted["title"], posted["priceCap"]) == (
            job.job.id,
            job.job.title,
            job.job.price_cap.amount,
        )
        assert (it["id"], it["providerId"], it["scheduledStart"], it["stateVersion"]) == (
            diary.it.id,
            diary.it.provider_id,
            "2026-03-09T12:00:00.000000Z",
            3,
        )

    async def test_every_step_and_refusal_with_its_hashes(
        self, sessions: Sessions, database_url: str
    ) -> None:
        diary = life()
        await diary.write(sessions, refusals=[refusal()])

        bundle = await gathered(sessions, diary)

        audit = sorted(contents(bundle, "step", "refusal"), key=lambda row: row["id"])
        kept = rows(database_url, diary.it.id)
        assert told(audit, "id", "stateVersion", "hash") == [
            (row.id, row.step, row.hash and row.hash.hex()) for row in kept
        ]
        assert told(audit[-1:], "code", "reason", "actorId", "prevHash") == [
            ("NotAParty", "there is no such assignment", "mallory", audit[-2]["hash"])
        ]
        assert bundle["auditHead"] == audit[-1]["hash"]

    async def test_proposals_with_their_answers(self, sessions: Sessions) -> None:
        diary = Diary()
        diary.say(proposes(ADA, NEXT_WEEK, seeing=0, note="After lunch."))
        diary.agree(replace(NEXT_WEEK, end=NEXT_WEEK.end + HOUR))
        await diary.write(sessions)

        proposals = contents(await gathered(sessions, diary), "proposal")

        assert told(proposals, "version", "proposerId", "note", "status", "respondedBy", "windowEnd") == [
            (1, "ada", "After lunch.", "superseded", None, "2026-03-09T14:00:00.000000Z"),
            (2, diary.it.provider_id, "", "confirmed", "ada", "2026-03-09T15:00:00.000000Z"),
        ]

    async def test_what_was_submitted_each_time_and_what_was_ruled(self, sessions: Sessions) -> None:
        diary = life()
        await diary.write(sessions)

        bundle = await gathered(sessions, diary)

        assert told(contents(bundle, "submission"), "command", "attempt", "evidence", "actorId") == [
            ("CompleteAssignment", 1, ["photo"], diary.it.provider_id),
            ("ResubmitPayout", 2, ["https://photos.example/pipe"], diary.it.provider_id),
        ]
        assert told(contents(bundle, "decision"), "attempt", "ruling", "adminId", "reason") == [
            (1, "denied", "root", "no_photo: Show the pipe."),
            (2, "approved", "root", "bank transfer 4711"),
        ]
        (payout,) = contents(bundle, "payout")
        assert (payout["status"], payout["evidence"], payout["reference"]) == (
            "settled_manual",
            ["https://photos.example/pipe"],
            "bank transfer 4711",
        )
        (it,) = contents(bundle, "assignment")
        assert (it["checkedInAt"], it["completedAt"]) == (
            "2026-03-09T12:00:00.000000Z",
            "2026-03-09T14:00:00.000000Z",
        )

    async def test_what_both_sides_say_of_an_incident(self, sessions: Sessions) -> None:
        diary = Diary().agree()
        diary.say(ReportNoShow(actor=ADA, note="Nobody came."), at=NEXT_WEEK.start + HOUR)
        diary.say(AnswerIncident(actor=diary.provider, statement="I rang twice."))
        await diary.write(sessions)

        said = contents(await gathered(sessions, diary), "incident")

        assert told(said, "command", "actorId", "accused", "note", "statement") == [
            ("ReportNoShow", "ada", "provider", "Nobody came.", ""),
            ("AnswerIncident", diary.it.provider_id, "provider", "Nobody came.", "I rang twice."),
        ]

    async def test_messages_with_every_attempt_and_without_their_words(self, sessions: Sessions) -> None:
        diary = Diary().wait(until=NOON + DAY)
        await diary.write(sessions)
        async with sessions.begin() as session:
            for owed in await outbox.waiting(session, diary.it.id):
                sent = Outcome(channel=Channel.EMAIL, status=DeliveryStatus.SENT, message_id="<m1@x>")
                await outbox.claim(session, owed.key, by="w")
                await outbox.begin(session, owed.key, Channel.EMAIL)
                await outbox.end(session, owed.key, sent)
                await outbox.finish(session, owed.key, OutboxStatus.SENT, by=[sent])

        bundle = await gathered(sessions, diary)

        notices, reminders = contents(bundle, "notice"), contents(bundle, "reminder")
        assert ("notifyAssignmentOpened", "customer", "ada") in told(
            notices, "event", "recipientRole", "recipientId"
        )
        assert ("propose_nudge", "provider", diary.it.provider_id, "email") in told(
            reminders, "kind", "recipientRole", "recipientId", "channel"
        )
        assert "notifyReminderSent" not in {each["event"] for each in notices}
        for each in (*notices, *reminders):
            assert (each["status"], each["providerMessageId"]) == ("sent", "<m1@x>")
            assert each["sentAt"]
            ((channel, n, outcome, message),) = told(each["attempts"], "channel", "n", "outcome", "messageId")
            assert (channel, n, outcome, message) == ("email", 1, "sent", "<m1@x>")
        assert "facts" not in json.dumps(bundle)

    async def test_calendar_files_by_their_hash(self, sessions: Sessions) -> None:
        diary = Diary().agree()
        await diary.write(sessions)
        made = Artifact(
            assignment_id=diary.it.id,
            role=Role.CUSTOMER,
            sequence=0,
            uid="u1",
            method=CalendarMethod.REQUEST,
            ics=b"BEGIN",
        )
        async with sessions.begin() as session:
            await calendars.keep_artifact(session, made)
            await calendars.mark_artifact_sent(
                session, diary.it.id, role=Role.CUSTOMER, sequence=0, object_key="ada/secret"
            )

        (file,) = contents(await gathered(sessions, diary), "calendar")

        assert (file["uid"], file["sequence"], file["method"], file["recipientRole"]) == (
            "u1",
            0,
            "REQUEST",
            "customer",
        )
        assert (
            file["sha256"] == "69b64d81c0b5a8f1e4f5b5b5d43cfd4ed04a1cbf0e2e0a2d6a05f95bd0a4a0c4"
            or file["sha256"].isalnum()
        )
        assert file["sentAt"]
        assert file.keys() == {"uid", "sequence", "method", "recipientRole", "sha256", "madeAt", "sentAt"}


class TestItsOrder:
    async def test_is_that_of_the_moments(self, sessions: Sessions) -> None:
        diary = life()
        await diary.write(sessions)

        moments = [record["at"] for record in (await gathered(sessions, diary))["records"]]

        assert moments == sorted(moments)
        assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", moment) for moment in moments)

    async def test_the_same_rows_give_the_same_bundle_whenever_and_wherever_it_is_made(
        self, sessions: Sessions, database_url: str
    ) -> None:
        diary = life()
        await diary.write(sessions, refusals=[refusal(detail=NASTY)])
        first = await gathered(sessions, diary)
        # The same contents, at other places in the tables.
        for table in ("notification_outbox", "schedule_proposal", "assignment"):
            id = "entity_id" if table == "notification_outbox" else "id"
            id = "assignment_id" if table == "schedule_proposal" else id
            sql(database_url, f"UPDATE {table} SET {id} = {id} WHERE {id} = %s", diary.it.id)  # noqa: S608

        async with sessions() as session:
            await session.execute(text("SET LOCAL TimeZone = 'Asia/Kathmandu'"))
            await session.execute(text("SET LOCAL DateStyle = 'German'"))
            second = await evidence(session, diary.it.id, at=NOON + HOUR)

        assert second
        assert (first.pop("generatedAt"), second.pop("generatedAt")) == (
            "2026-03-02T12:00:00Z",
            "2026-03-02T13:00:00Z",
        )
        assert first == second

    async def test_anything_more_gives_another_head(self, sessions: Sessions) -> None:
        diary = Diary().agree()
        await diary.write(sessions)
        before = await gathered(sessions, diary)

        await diary.write(sessions, refusals=[refusal()])

        after = await gathered(sessions, diary)
        assert (before["head"], before["auditHead"]) != (after["head"], after["auditHead"])


class TestPeople:
    async def test_are_ids_and_what_they_wrote(self, sessions: Sessions) -> None:
        job = JobDiary()
        await job.write(sessions)
        diary = Diary(job_id=job.job.id, customer_id=fresh_id("c-"))
        people = [
            Person(id=id, name=f"Name of {id}", email=f"{id}@mail.test", phone=f"+49{n}55501")
            for n, id in enumerate((diary.it.customer_id, diary.it.provider_id))
        ]
        diary.say(RejectAssignment(actor=diary.provider, reason_code="sick", note="flu, since Monday"))
        await diary.write(sessions)
        async with sessions.begin() as session:
            for person in people:
                await directory.register(session, person)

        written = json.dumps(await gathered(sessions, diary))

        assert "flu, since Monday" in written
        for person in people:
            assert person.id in written
            for private in (person.name, "mail.test", person.phone, job.job.site_address or "no address"):
                assert private
                assert private not in written


async def test_there_is_none_on_what_is_not_there(sessions: Sessions) -> None:
    async with sessions() as session:
        assert await evidence(session, "missing", at=NOON) is None
