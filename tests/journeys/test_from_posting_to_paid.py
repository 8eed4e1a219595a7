"""One job, all the way: posted, quoted, agreed upon, done, denied, resubmitted, approved, paid."""

from datetime import UTC, datetime

from tests.journeys.routes import PERSON
from tests.journeys.town import Deal, Town, audit, fresh, window


async def test_a_job_finds_its_way_from_posting_to_a_paid_provider(town: Town) -> None:
    ada, bob, bea = town.customer(), await town.tradesman(fresh("boiler")), town.provider()
    olga, ruth = town.ops(), town.admin()
    await ada.ask("PUT", "/me", PERSON)

    # Ada posts a job, and two providers name their price for it.
    posted = await ada.post(
        "/jobs",
        {
            "title": "Mend the boiler",
            "siteTimezone": "Europe/Berlin",
            "siteAddress": "Lindenstrasse 12, Berlin",
            "priceCap": {"amount": 20_000, "currency": "EUR"},
            "dispatchMode": "quotes",
            "wantedWindows": [window(days=4, hours=8)],
        },
    )
    assert posted["status"] == "open"
    job_id = posted["id"]
    await town.job(job_id, "quoting")
    dear = await bea.post(f"/jobs/{job_id}/quotes", {"amount": 18_000, "currency": "EUR"})
    fair = await bob.post(f"/jobs/{job_id}/quotes", {"amount": 13_000, "currency": "EUR"})

    # Bob lowers his price; a yes to the old wording comes too late, a yes to the new one counts.
    fair = await bob.post(f"/jobs/{job_id}/quotes", {"amount": 12_500, "currency": "EUR"})
    assert fair["version"] == 2
    accept = f"/jobs/{job_id}/quotes/{fair['id']}/accept"
    assert (await ada.refused(accept, {"version": 1}))["code"] == "QUOTE_NOT_OPEN"
    assignment = await ada.post(accept, {"version": 2})
    assert (assignment["status"], assignment["providerId"]) == ("awaiting_schedule", bob.id)
    deal = Deal(town=town, customer=ada, provider=bob, job_id=job_id, id=assignment["id"])

    # Bob proposes a visit, Ada counters, and Bob, who had not seen that, is told so.
    assert (await deal.propose(0, days=5))["scheduleVersion"] == 1
    assert (await deal.propose(1, by=ada, days=6))["scheduleVersion"] == 2
    stale = await bob.refused(f"{deal.path}/schedule", {**window(days=5), "expectedVersion": 1})
    assert (stale["code"], stale["snapshot"]["openProposal"]["version"]) == ("VERSION_MISMATCH", 2)

    # Bob confirms what Ada proposed.
    agreed = await deal.confirm(2, by=bob)
    assert (agreed["status"], agreed["agreedVersion"], agreed["scheduleVersion"]) == ("scheduled", 2, 3)
    start = datetime.fromisoformat(agreed["scheduledStart"])

    # Days pass; both are reminded a day and two hours before the visit, each once.
    now = await deal.skip(hours=(start - datetime.now(UTC)).total_seconds() / 3600 - 1)
    assert now < start
    assert (await deal.now())["reminderCount"] == 4

    # Bob is there in time, does the work, and asks for a little less than agreed.
    assert (await bob.post(f"{deal.path}/check-in"))["status"] == "in_progress"
    await deal.skip(hours=2)
    done = {"evidence": ["Photo of the boiler"], "finalAmount": {"amount": 12_000, "currency": "EUR"}}
    completed = await bob.post(f"{deal.path}/complete", done)
    assert (completed["status"], completed["payout"]["attempt"]) == ("payout_pending", 1)

    # Ruth finds it in her list, misses the invoice and says so; Bob sends it along.
    await deal.written("payout_pending")
    assert deal.id in [each["id"] for each in await ruth.all("/admin/payouts", status="payout_pending")]
    denial = {"attempt": 1, "reasonCode": "evidence_missing", "note": "Please send the invoice"}
    assert (await ruth.post(f"{deal.payout}/deny", denial))["status"] == "denied"
    again = await bob.post(f"/payouts/{deal.id}/resubmit", {"evidence": ["Invoice 2026-17"]})
    assert (again["status"], again["attempt"]) == ("pending_approval", 2)

    # Now she approves, and the assignment ends as paid, the job as completed.
    approval = {"attempt": 2, "reason": "Bank transfer 118"}
    assert (await ruth.post(f"{deal.payout}/approve", approval))["status"] == "approved"
    await deal.written("paid")
    await town.job(job_id, "completed")

    # Whoever asks later finds everything; what is over stays over.
    late = await ada.refused(f"{deal.path}/cancel", {"reason": "changed my mind"})
    assert (late["code"], late["snapshot"]["status"]) == ("ASSIGNMENT_CLOSED", "paid")
    told = await olga.get(f"{deal.path}/audit", limit=100)
    assert [each["number"] for each in reversed(told["items"])] == list(range(1, len(told["items"]) + 1))

    await _expect_every_row(deal, dear=dear["id"], fair=fair["id"])


async def _expect_every_row(deal: Deal, *, dear: str, fair: str) -> None:
    """Look at each table the story belongs into (domain.md, 5.2)."""
    town, id, job_id = deal.town, deal.id, deal.job_id

    steps = [step["command"] for step in await deal.audit() if step["source"] != "clock"]
    assert steps == [
        "ProposeWindow",
        "ProposeWindow",
        "ConfirmWindow",
        "CheckIn",
        "CompleteAssignment",
        "DenyPayout",
        "ResubmitPayout",
        "ApprovePayout",
    ]
    assert "NoteAssignmentClosed" in [step["command"] for step in await audit(town, "job", job_id)]

    quotes = await town.rows("SELECT id, status, version FROM quote WHERE job_id = :id", id=job_id)
    assert {row["id"]: (row["status"], row["version"]) for row in quotes} == {
        dear: ("declined", 1),  # it stood by until the job was done
        fair: ("accepted", 2),
    }
    proposals = await town.rows(
        "SELECT version, proposed_by, status FROM schedule_proposal WHERE assignment_id = :id"
        " ORDER BY version",
        id=id,
    )
    assert [tuple(row.values()) for row in proposals] == [
        (1, "provider", "superseded"),
        (2, "customer", "confirmed"),
    ]
    reminders = await town.rows_once(
        lambda rows: {row["status"] for row in rows} == {"sent"},
        "SELECT kind, recipient_role, status FROM reminder WHERE assignment_id = :id AND kind LIKE 'visit%'"
        " ORDER BY kind, recipient_role",
        id=id,
    )
    assert [tuple(row.values()) for row in reminders] == [
        ("visit_24h", "customer", "sent"),  # and nobody twice
        ("visit_24h", "provider", "sent"),
        ("visit_2h", "customer", "sent"),
        ("visit_2h", "provider", "sent"),
    ]
    (hold,) = await town.rows("SELECT isempty(spans) FROM provider_hold WHERE assignment_id = :id", id=id)
    assert hold["isempty"]
    (payout,) = await town.rows("SELECT * FROM payout WHERE assignment_id = :id", id=id)
    assert (payout["status"], payout["attempt"], payout["amount"]) == ("settled_manual", 2, 12_000)
    decisions = await town.rows(
        "SELECT attempt, ruling, source, amount FROM payout_decision WHERE payout_id = :id ORDER BY id", id=id
    )
    assert [tuple(row.values()) for row in decisions] == [
        (1, "denied", "api", 12_000),
        (2, "approved", "api", 12_000),
    ]
    outcomes = await town.rows("SELECT entity_id FROM command_outcome WHERE entity_id = :id", id=id)
    assert len(outcomes) == len(steps)
    await _expect_everybody_was_told(deal)


async def _expect_everybody_was_told(deal: Deal) -> None:
    owed = await deal.town.rows_once(
        lambda rows: {row["status"] for row in rows} == {"sent"},
        "SELECT event, recipient_role AS role, status FROM notification_outbox"
        " WHERE entity_id = :id AND reminder_kind IS NULL",
        id=deal.id,
    )
    told = {(row["event"], row["role"]) for row in owed}
    assert told >= {
        ("notifyScheduleProposed", "customer"),
        ("notifyScheduleProposed", "provider"),
        ("notifyScheduleConfirmed", "customer"),
        ("notifyScheduleConfirmed", "provider"),
        ("notifyCheckedIn", "customer"),
        ("notifyPayoutPending", "admin"),
        ("notifyPayoutDenied", "provider"),
        ("notifyPayoutPaid", "provider"),
    }
