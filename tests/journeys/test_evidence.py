"""Whoever settles a dispute takes all that proves what happened along, as one file."""

from fulfillment.store.bundle import check_bundle
from tests.journeys.town import Town


async def test_staff_download_what_anybody_can_check_later(town: Town) -> None:
    deal = await town.completed()
    await deal.written("payout_pending")

    answer = await town.ops().ask("GET", f"{deal.path}/evidence")

    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")
    assert answer.headers["Content-Disposition"] == f'attachment; filename="evidence-{deal.id}.json"'
    bundle = answer.json()
    assert check_bundle(bundle) == []
    commands = [each["content"]["command"] for each in bundle["records"] if each["type"] == "step"]
    assert commands == [step["command"] for step in await deal.audit()]
    kinds = {each["type"] for each in bundle["records"]}
    assert kinds >= {"job", "assignment", "proposal", "step", "submission", "payout", "notice"}
