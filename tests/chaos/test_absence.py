"""A provider falls ill and the worker is killed, twice, while their visits are given back."""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from tests.chaos.parties import Json, Parties, hired, signed_in
from tests.plant import Plant

pytestmark = pytest.mark.chaos

VISITS = 8
PATIENCE = 90.0


def test_each_visit_is_given_back_once_though_the_worker_is_killed_twice(plant: Plant) -> None:
    visits = asyncio.run(_booked(plant))
    provider = visits[0].provider

    begun = asyncio.run(provider.post(f"/admin/providers/{provider.id}/unavailable", _away()))
    assert begun.status == 202, begun.body
    id = begun.body["id"]
    for share in (2, 5):
        _wait(partial(_has_settled, plant, id, share), f"{share} results")
        plant.kill_worker()
        plant.start_worker()
    _wait(lambda: _status(plant, id) == "done", "the absence to be gone through")
    for each in visits:
        _wait(partial(_is_back, plant, each), "its job to be back")

    followed = asyncio.run(provider.get(begun.body["links"]["self"])).body
    assert len(begun.body["affected"]) == VISITS
    assert [each["outcome"] for each in followed["results"]] == ["done"] * VISITS
    for each in visits:
        commands = [name for name in plant.commands(each.id) if name.startswith("unavailable/")]
        assert commands == [f"unavailable/{id}/{each.id}/reject/v1"]
        assert _told(plant, each) == [("notifyAssignmentRejected",)]


def _away() -> Json:
    today = datetime.now(UTC)
    span = {"from": today.isoformat(), "to": (today + timedelta(days=10)).isoformat()}
    return {**span, "reason": "Flu", "reasonCode": "sick"}


async def _booked(plant: Plant) -> list[Parties]:
    """Return assignments of one provider whose visits are agreed, all of it written down."""
    provider = await signed_in(plant.api_url, f"bob-{time.monotonic_ns()}", "provider")
    visits = []
    for n in range(VISITS):
        start = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1 + n)
        visit = {"start": start.isoformat(), "end": (start + timedelta(hours=2)).isoformat()}
        each = await hired(plant.api_url, provider=provider, visit=visit)
        assert (await each.confirm(1, key=f"yes-{n}")).status == 200
        visits.append(each)
    for each in visits:
        while len(plant.steps(each.id)) < 2:
            await asyncio.sleep(0.05)
    return visits


def _has_settled(plant: Plant, id: str, least: int) -> bool:
    query = "SELECT count(*) FROM absence_result WHERE absence_id = %s AND settled_at IS NOT NULL"
    return int(plant.rows(query, id)[0][0]) >= least


def _status(plant: Plant, id: str) -> str:
    return str(plant.rows("SELECT status FROM provider_absence WHERE id = %s", id)[0][0])


def _is_back(plant: Plant, visit: Parties) -> bool:
    """Tell whether its job was requeued; it fails if that was done twice."""
    rows = plant.rows("SELECT no FROM requeue WHERE job_id = %s", visit.job_id)
    assert len(rows) <= 1
    return bool(rows)


def _told(plant: Plant, visit: Parties) -> list[tuple[str]]:
    """Return what the customer is told of the visit's end."""
    return plant.rows(
        "SELECT event FROM notification_outbox WHERE entity_id = %s AND recipient_role = 'customer'"
        " AND event LIKE '%%Rejected'",
        visit.id,
    )


def _wait(happened: Callable[[], bool], what: str) -> None:
    give_up = time.monotonic() + PATIENCE
    while not happened():
        if time.monotonic() > give_up:
            raise AssertionError(f"waited {PATIENCE:.0f} s for {what}")
        time.sleep(0.02)
