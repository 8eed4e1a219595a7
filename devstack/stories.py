"""What goes on in the demo marketplace: a story for every state in which a job can stand."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from devstack.marketplace import Json, Marketplace, Story, window

CONFIRMED = 3
"""The step of an assignment at which its first window is agreed: opened, proposed, confirmed."""

# Each is named after where it stands at the end.


async def quoting(market: Marketplace, title: str) -> None:
    job = await market.post(title, "painting")
    await market.quote(job, by="bea", amount=24_000)
    await market.quote(job, by="ben", amount=21_500)


async def offering(market: Marketplace, title: str) -> None:
    await market.post(title, "plumbing", "auto", by="cem")


async def unfilled(market: Marketplace, title: str) -> None:
    await market.post(title, "beekeeping", "auto", by="cem")


async def cancelled_job(market: Marketplace, title: str) -> None:
    job = await market.post(title, "painting", by="cem")
    await market["cem"].post(
        f"/jobs/{job['id']}/cancel", {"reason": "We are moving"}, key=f"seed/{title}/off"
    )


async def expired(market: Marketplace, title: str) -> None:
    job = await market.post(title, "painting", by="cem")
    known = await market["cem"].get(f"/jobs/{job['id']}", minVersion=1)
    if known["status"] != "expired":
        await market.skip(jobId=job["id"], hours=24 * 61)


async def awaiting_a_proposal(market: Marketplace, title: str) -> None:
    await market.accepted(title)


async def awaiting_an_answer(market: Marketplace, title: str) -> None:
    await market.accepted(title, by="ben", with_window=True)


async def overdue(market: Marketplace, title: str) -> None:
    assignment = await market.accepted(title)
    if not (await _written(market, assignment))["reminderOverdue"]:
        await market.skip(assignmentId=assignment["id"], hours=25)


async def scheduled(market: Marketplace, title: str) -> None:
    await market.scheduled(title, days=_days(title))


async def rescheduling(market: Marketplace, title: str) -> None:
    assignment = await market.scheduled(title, by="ben", days=_days(title))
    later = window(assignment["job"], days=6) | {"note": "A day later would suit us better"}
    path = f"/jobs/{assignment['jobId']}/schedule"
    await market["ada"].post(path, later | {"expectedVersion": 2}, key=f"seed/{title}/move")


async def in_progress(market: Marketplace, title: str) -> None:
    assignment = await market.scheduled(title, by="ben", hours=3)
    known = await _written(market, assignment, least=CONFIRMED)
    if known["status"] == "scheduled" and not await market.skip(assignmentId=assignment["id"], hours=2.5):
        return
    await market["ben"].post(f"/assignments/{assignment['id']}/check-in", key=f"seed/{title}/in")


async def missed(market: Marketplace, title: str) -> None:
    """Nobody came, says the customer; the provider has not answered yet."""
    assignment = await market.scheduled(title, by="bea", hours=3)
    known = await _written(market, assignment, least=CONFIRMED)
    if known["incident"] is None and not await market.skip(assignmentId=assignment["id"], hours=4.9):
        return
    report = {"note": "I waited for an hour"}
    await market["ada"].post(f"/assignments/{assignment['id']}/no-show", report, key=f"seed/{title}/missed")


async def paused(market: Marketplace, title: str) -> None:
    assignment = await market.scheduled(title, by="bea", days=_days(title))
    known = await _written(market, assignment, least=CONFIRMED)
    until = datetime.fromisoformat(known["scheduledStart"]) + timedelta(days=7)
    pause = {"until": until.isoformat(), "reason": "The spare part is on order"}
    await market["bea"].post(f"/assignments/{assignment['id']}/hold", pause, key=f"seed/{title}/pause")


async def payout_pending(market: Marketplace, title: str) -> None:
    await market.completed(title, by="bea", days=_days(title))


async def payout_half_approved(market: Marketplace, title: str) -> None:
    assignment = await market.completed(title, amount=87_000, days=_days(title))
    path = f"/admin/payouts/{assignment['id']}/approve"
    await market["ruth"].post(path, {"attempt": 1, "reason": "Transfer 2026-118"}, key=f"seed/{title}/yes")


async def payout_denied(market: Marketplace, title: str) -> None:
    assignment = await market.completed(title, by="ben", days=_days(title))
    denial = {"attempt": 1, "reasonCode": "evidence_missing", "note": "The photo shows another boiler"}
    await market["ruth"].post(f"/admin/payouts/{assignment['id']}/deny", denial, key=f"seed/{title}/no")


async def disputed(market: Marketplace, title: str) -> None:
    assignment = await market.completed(title, days=_days(title))
    complaint = {"reason": "It drips again since this morning"}
    await market["ada"].post(f"/assignments/{assignment['id']}/dispute", complaint, key=f"seed/{title}/no")


async def closed_unpaid(market: Marketplace, title: str) -> None:
    assignment = await market.completed(title, by="ben", days=_days(title))
    denial = {"attempt": 1, "reasonCode": "other", "note": "Agreed on the phone with both", "final": True}
    await market["ruth"].post(f"/admin/payouts/{assignment['id']}/deny", denial, key=f"seed/{title}/no")


async def paid(market: Marketplace, title: str) -> None:
    assignment = await market.completed(title, by="bea", days=_days(title))
    path = f"/admin/payouts/{assignment['id']}/approve"
    await market["ruth"].post(path, {"attempt": 1, "reason": "Transfer 2026-104"}, key=f"seed/{title}/yes")


async def requeued(market: Marketplace, title: str) -> None:
    assignment = await market.scheduled(title, days=_days(title))
    path = f"/assignments/{assignment['id']}/reject"
    await market["bob"].post(path, {"reasonCode": "sick", "note": "Flu"}, key=f"seed/{title}/back")


async def cancelled(market: Marketplace, title: str) -> None:
    assignment = await market.scheduled(title, by="ben", days=_days(title))
    path = f"/assignments/{assignment['id']}/cancel"
    await market["ada"].post(path, {"reason": "It works again by itself"}, key=f"seed/{title}/off")


STORIES: Sequence[tuple[str, Story]] = (
    ("Paint the hallway", quoting),
    ("Unblock the kitchen drain", offering),
    ("Move a swarm of bees", unfilled),
    ("Paint the garden shed", cancelled_job),
    ("Paint the ceiling of the stairs", expired),
    ("Service the boiler", awaiting_a_proposal),
    ("Fit a new thermostat", awaiting_an_answer),
    ("Bleed the radiators", overdue),
    ("Replace the heating pump", scheduled),
    ("Check the pressure of the boiler", rescheduling),
    ("Find the leak in the cellar", in_progress),
    ("Look at the cold floor", missed),
    ("Renew the valves", paused),
    ("Exchange the taps", payout_pending),
    ("Install a heat exchanger", payout_half_approved),
    ("Repair the burner", payout_denied),
    ("Seal the shower", disputed),
    ("Flush the heating", closed_unpaid),
    ("Mend the bathroom heater", paid),
    ("Replace the expansion tank", requeued),
    ("Silence the rattling pipes", cancelled),
)
LAST = "Insulate the pipes"
"""Posted when everything else is there; a seed that finds it has nothing to do."""


def _days(title: str) -> float:
    """Return how many days ahead a story's visit is: no provider is in two places."""
    place = [name for name, _ in STORIES].index(title)
    return 2 + place * 0.25


async def _written(market: Marketplace, assignment: Json, *, least: int = 1) -> Json:
    return await market["olga"].get(f"/assignments/{assignment['id']}", minVersion=least)
