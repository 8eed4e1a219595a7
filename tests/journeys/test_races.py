"""Many at once: exactly one gets through, and the others are shown who it was."""

import asyncio
from collections.abc import Awaitable, Sequence

import httpx2
import pytest

from tests.journeys.people import Json, Person, problem_of
from tests.journeys.town import Deal, Town, window

ROUNDS = 25
"""Half of what the matrix asks for (S7): each takes four commands, and everything shares one process here."""
EIGHT = 8


async def test_of_eight_proposals_that_expect_one_version_one_wins_and_seven_see_it(town: Town) -> None:
    deal = await town.deal()
    talkers = [deal.provider, deal.customer] * (EIGHT // 2)

    answers = await asyncio.gather(
        *(_propose(deal, who, days=3 + place) for place, who in enumerate(talkers))
    )

    won = [answer for answer in answers if answer.status_code == 200]
    lost = [problem_of(answer) for answer in answers if answer.status_code == 409]
    assert (len(won), len(lost)) == (1, EIGHT - 1)
    winner = won[0].json()["openProposal"]
    for problem in lost:
        assert (problem["code"], problem["snapshot"]["scheduleVersion"]) == ("VERSION_MISMATCH", 1)
        assert problem["snapshot"]["openProposal"] == winner
    await deal.written()
    assert [step["command"] for step in await deal.audit()] == ["OpenAssignment", "ProposeWindow"]


async def test_of_eight_confirmations_one_counts_and_the_others_find_it_done(town: Town) -> None:
    deal = await town.deal(visit=window())

    answers = await asyncio.gather(
        *(
            deal.customer.ask("POST", f"{deal.path}/schedule/confirm", {"version": 1}, key=f"key-{n}")
            for n in range(EIGHT)
        )
    )

    # The same person says the same yes: each hears that the visit is agreed, and it was agreed once.
    assert {answer.status_code for answer in answers} == {200}
    assert {answer.json()["scheduleVersion"] for answer in answers} == {2}
    await deal.written()
    assert [step["command"] for step in await deal.audit()] == ["OpenAssignment", "ConfirmWindow"]


@pytest.mark.parametrize("late", ["decline", "withdraw"])
async def test_a_confirmation_and_its_contrary_do_not_both_count(town: Town, late: str) -> None:
    deal = await town.deal(visit=window())
    contrary = deal.customer if late == "decline" else deal.provider

    answers = await asyncio.gather(
        deal.customer.ask("POST", f"{deal.path}/schedule/confirm", {"version": 1}),
        contrary.ask("POST", f"{deal.path}/schedule/{late}", {"version": 1}),
    )

    confirmed, ended = (answer.status_code for answer in answers)
    assert sorted([confirmed, ended]) == [200, 409]
    now = await deal.now()
    assert now["status"] == ("scheduled" if confirmed == 200 else "awaiting_schedule")
    assert now["scheduleVersion"] == 2


class TestARejection:
    async def test_and_a_confirmation_leave_no_visit_with_nobody(self, town: Town) -> None:
        deal = await town.deal(visit=window())

        rejected, confirmed = await _both(
            deal.provider.ask("POST", f"{deal.path}/reject", {"reasonCode": "sick"}),
            deal.customer.ask("POST", f"{deal.path}/schedule/confirm", {"version": 1}),
        )

        # Whichever came first: the provider is gone, and holds nobody's time.
        assert rejected.status_code == 200
        assert confirmed.status_code == 200 or problem_of(confirmed)["code"] == "ASSIGNMENT_CLOSED"
        await deal.written("rejected")
        held = await town.rows(
            "SELECT 1 FROM provider_hold WHERE assignment_id = :id AND NOT isempty(spans)", id=deal.id
        )
        assert held == []

    async def test_and_a_cancellation_end_it_in_one_way(self, town: Town) -> None:
        deal = await town.scheduled()

        answers = await _both(
            deal.provider.ask("POST", f"{deal.path}/reject", {"reasonCode": "sick"}),
            deal.customer.ask("POST", f"{deal.path}/cancel", {"reason": "never mind"}),
        )

        assert sorted(answer.status_code for answer in answers) == [200, 409]
        assert {problem_of(each)["code"] for each in answers if each.is_error} == {"ASSIGNMENT_CLOSED"}

    async def test_and_a_completion_end_in_one_truth(self, town: Town) -> None:
        deal = await town.scheduled(visit=window(days=0.2))
        await deal.skip(hours=6)

        answers = await _both(
            deal.provider.ask("POST", f"{deal.path}/reject", {"reasonCode": "sick"}),
            deal.provider.ask("POST", f"{deal.path}/complete", {}),
        )

        assert sorted(answer.status_code for answer in answers) == [200, 409]
        assert {problem_of(each)["code"] for each in answers if each.is_error} <= {
            "ASSIGNMENT_CLOSED",
            "WRONG_STATE",
        }

    async def test_twice_at_once_sends_the_job_back_once(self, town: Town) -> None:
        deal = await town.scheduled()

        answers = await _both(
            deal.provider.ask("POST", f"{deal.path}/reject", {"reasonCode": "sick"}),
            town.ops().ask("POST", f"{deal.path}/reject", {"reasonCode": "other"}),
        )
        await town.job(deal.job_id, "quoting")

        assert sorted(answer.status_code for answer in answers) == [200, 409]
        assert len(await town.rows("SELECT no FROM requeue WHERE job_id = :id", id=deal.job_id)) == 1


async def test_of_two_admins_who_rule_differently_one_is_told_what_stands(town: Town) -> None:
    deal = await town.completed()

    answers = await _both(
        town.admin().ask("POST", f"{deal.payout}/approve", {"attempt": 1, "reason": "bank 1"}),
        town.admin().ask(
            "POST", f"{deal.payout}/deny", {"attempt": 1, "reasonCode": "late", "note": "Too late"}
        ),
    )

    assert sorted(answer.status_code for answer in answers) == [200, 409]
    assert {problem_of(each)["code"] for each in answers if each.is_error} == {"ALREADY_DECIDED"}


async def test_a_provider_is_never_in_two_places_however_customers_race(town: Town) -> None:
    provider = town.provider()
    deals = await asyncio.gather(town.deal(provider=provider), town.deal(provider=provider))
    versions = [0, 0]

    for round in range(ROUNDS):
        versions = await _race(deals, versions, round)

    # What is written says the same: two visits of one provider, apart from each other.
    for deal in deals:
        await deal.written()
    held = await town.rows(
        "SELECT unnest(spans) AS span FROM provider_hold WHERE provider_id = :id", id=provider.id
    )
    (one,), (other,) = ([row["span"] for row in held[:1]], [row["span"] for row in held[1:]])
    assert one.upper <= other.lower or other.upper <= one.lower


async def _race(deals: Sequence[Deal], versions: Sequence[int], round: int) -> list[int]:
    """Have both customers confirm overlapping visits at once; one may, the other is told why not.

    Return at which version each schedule is afterwards.
    """
    visits = [window(days=10 + round), window(days=10 + round + 1 / 24)]
    proposals = await asyncio.gather(
        *(_on_behalf(*each) for each in zip(deals, visits, versions, strict=True))
    )

    answers = await asyncio.gather(
        *(
            deal.customer.ask("POST", f"{deal.path}/schedule/confirm", {"version": version})
            for deal, version in zip(deals, proposals, strict=True)
        )
    )

    assert sorted(answer.status_code for answer in answers) == [200, 409]
    (refused,) = [problem_of(answer) for answer in answers if answer.is_error]
    assert refused["code"] == "PROVIDER_BUSY"
    assert refused["snapshot"]["openProposal"] is not None
    return [answer.json().get("snapshot", answer.json())["scheduleVersion"] for answer in answers]


async def _on_behalf(deal: Deal, visit: Json, version: int) -> int:
    """Propose in the provider's name as operations do, whom no limit on proposals stops."""
    body = {**visit, "expectedVersion": version}
    proposed = await deal.town.ops().post(f"{deal.path}/schedule", body)
    assert proposed["scheduleProposedBy"] == "provider"
    return int(proposed["scheduleVersion"])


async def _propose(deal: Deal, who: Person, *, days: float) -> httpx2.Response:
    own = f"/jobs/{deal.job_id}/schedule" if who is deal.customer else f"{deal.path}/schedule"
    return await who.ask("POST", own, {**window(days=days), "expectedVersion": 0})


async def _both(
    one: Awaitable[httpx2.Response], other: Awaitable[httpx2.Response]
) -> tuple[httpx2.Response, httpx2.Response]:
    return await asyncio.gather(one, other)
