"""Who may use what, and what strangers learn: nothing (S1, S2, S3)."""

import asyncio
from collections.abc import Mapping

import httpx2
import pytest
import pytest_asyncio

from fulfillment.domain.people import Role
from tests.journeys.people import Json, Person, problem_of
from tests.journeys.routes import ABSENT, AWAY, GUARDED, ROUTES, Route, existing
from tests.journeys.test_waves import offer
from tests.journeys.town import Town, fresh, window

MISSING = "00000000-0000-8000-8000-000000000000"
NOWHERE = {
    "job_id": MISSING,
    "quote_id": MISSING,
    "offer_id": MISSING,
    "assignment_id": MISSING,
    "payout_id": MISSING,
    "deadline_id": "visit_1440m/v1/customer",
    "person_id": "nobody",
    "provider_id": "nobody",
    "batch_id": MISSING,
    "absence_id": MISSING,
}
OUTSIDERS = (Role.CUSTOMER, Role.PROVIDER)
INTRUDING: Json = {
    "status": "paid",
    "role": "admin",
    "roles": ["admin"],
    "actor": {"id": "root", "role": "admin"},
    "provider_id": "mallory",
    "customerId": "mallory",
    "price": {"amount": 1, "currency": "EUR"},
    "approvedBy": "root",
    "state_version": 99,
    "stateVersion": 99,
    "source": "api",
    "voucher": "forged",
    "commandId": "forged",
    "__class__": "Actor",
}


def test_the_table_has_every_route() -> None:
    assert {(route.method, route.path) for route in ROUTES} == {
        (method, path.replace(":path", "")) for method, path in existing()
    }


@pytest.mark.parametrize("route", GUARDED, ids=str)
async def test_only_those_roles_may_use_it(town: Town, route: Route) -> None:
    # Somebody whom no other test has entered into the directory meanwhile.
    path = route.path.format_map(NOWHERE | {"person_id": fresh("nobody")})

    anonymous = await town.http.request(route.method, path, json=route.body)
    assert (anonymous.status_code, anonymous.headers["WWW-Authenticate"]) == (401, "Bearer")

    for role in (Role.CUSTOMER, Role.PROVIDER, Role.OPS, Role.ADMIN):
        answer = await (await _somebody(town, role)).ask(route.method, path, route.body)
        refused = answer.status_code == 403 and problem_of(answer)["code"] == "ROLE_FORBIDDEN"
        assert refused is (role not in route.roles), (role, answer.text)
        assert refused or not route.has_id or route.makes or problem_of(answer)["code"] == "NOT_FOUND"
        assert answer.status_code < 500


async def _somebody(town: Town, role: Role) -> Person:
    """Return somebody of that role; a provider has a trade of their own, or others' jobs would go to them."""
    return await town.tradesman(fresh("trade")) if role is Role.PROVIDER else town.person(role)


class Foreign:
    """What belongs to people nobody else has heard of: a visit agreed on, an offer, a payout."""

    def __init__(self, town: Town, ids: Mapping[str, str], jobs: tuple[str, ...]) -> None:
        self.town, self.ids, self._jobs = town, ids, jobs

    async def versions(self) -> list[int]:
        """Return how many steps each of these things has taken."""
        rows = await self.town.rows(
            "SELECT state_version FROM assignment WHERE id = :id"
            " UNION ALL SELECT state_version FROM job WHERE id = ANY(:jobs)",
            id=self.ids["assignment_id"],
            jobs=list(self._jobs),
        )
        return sorted(row["state_version"] for row in rows)


@pytest_asyncio.fixture(scope="session")
async def foreign(town: Town) -> Foreign:
    trade = fresh("trade")
    deal, asked = await town.completed(), await town.tradesman(trade)
    offered = (await town.posted(town.customer(), mode="auto", trade=trade))["id"]
    made = await offer(asked, offered)
    (quote,) = await town.ops().all(f"/jobs/{deal.job_id}/quotes")
    absence = await deal.provider.post(ABSENT.format(provider_id=deal.provider.id), AWAY)
    await deal.written("payout_pending")
    ids = {
        **NOWHERE,
        "job_id": deal.job_id,
        "quote_id": quote["id"],
        "offer_id": made["id"],
        "assignment_id": deal.id,
        "payout_id": deal.id,
        "provider_id": deal.provider.id,
        "batch_id": absence["id"],
    }
    return Foreign(town, ids, (deal.job_id, offered))


@pytest.mark.parametrize("route", [route for route in GUARDED if route.has_id], ids=str)
async def test_for_a_stranger_it_does_not_exist(town: Town, foreign: Foreign, route: Route) -> None:
    before = await foreign.versions()

    for role in set(route.roles) & set(OUTSIDERS):
        stranger = town.person(role)
        theirs = await stranger.ask(route.method, route.path.format_map(foreign.ids), route.body)
        nobodys = await stranger.ask(route.method, route.path.format_map(NOWHERE), route.body)

        assert theirs.status_code == nobodys.status_code == 404, theirs.text
        assert _said(theirs) == _said(nobodys)

    assert await foreign.versions() == before


async def test_the_lists_of_a_stranger_are_empty(town: Town, foreign: Foreign) -> None:
    ada, bob = town.customer(), town.provider()

    lists = await asyncio.gather(
        ada.all("/jobs"),
        ada.all("/assignments"),
        ada.all("/assignments", jobId=foreign.ids["job_id"]),
        bob.all("/assignments"),
        bob.all("/offers"),
    )

    assert not any(lists)
    assert foreign.ids["job_id"] not in [each["id"] for each in await bob.all("/jobs")]


async def test_the_address_is_for_those_who_have_the_job(town: Town) -> None:
    deal = await town.deal()
    other = town.provider()
    job_id = (await town.quoting(town.customer()))["id"]

    assert (await deal.provider.get(f"/jobs/{deal.job_id}"))["siteAddress"]
    assert (await other.get(f"/jobs/{job_id}"))["siteAddress"] is None


async def test_who_lost_the_choice_does_not_learn_who_won_it(town: Town) -> None:
    ada, bob, bea = town.customer(), town.provider(), town.provider()
    job_id = (await town.quoting(ada))["id"]
    await bea.post(f"/jobs/{job_id}/quotes", {"amount": 9_000, "currency": "EUR"})
    quote = await bob.post(f"/jobs/{job_id}/quotes", {"amount": 8_000, "currency": "EUR"})
    await ada.post(f"/jobs/{job_id}/quotes/{quote['id']}/accept", {"version": 1})
    await town.job(job_id, "accepted")

    lost, won = await bea.get(f"/jobs/{job_id}"), await bob.get(f"/jobs/{job_id}")

    assert (lost["assignmentId"], lost["providerId"], "assignment" in lost["links"]) == (None, None, False)
    assert won["links"]["assignment"] == f"/assignments/{won['assignmentId']}"


@pytest.mark.parametrize(
    "route", [route for route in ROUTES if route.body is not None and route.path != "/dev/skip"], ids=str
)
async def test_no_field_is_taken_that_is_not_in_the_schema(
    town: Town, foreign: Foreign, route: Route
) -> None:
    before = await foreign.versions()
    who = town.person(route.roles[-1] if route.roles else Role.ADMIN)

    for name, value in INTRUDING.items():
        if name in (route.body or {}):
            continue
        body = {**(route.body or {}), name: value}
        answer = await who.ask(route.method, route.path.format_map(foreign.ids), body)
        assert answer.status_code == 422, (name, answer.text)
        assert [each["field"] for each in problem_of(answer)["errors"]] == [name]

    assert await foreign.versions() == before


async def test_an_answer_has_the_fields_of_the_contract_and_no_more(town: Town) -> None:
    contract = (await town.http.get("/openapi.json")).json()["components"]["schemas"]
    deal = await town.scheduled(visit=window(days=4))
    shown = await deal.written()
    job = await deal.customer.get(f"/jobs/{deal.job_id}")

    assert shown.keys() == contract["AssignmentShown"]["properties"].keys()
    assert job.keys() == contract["JobShown"]["properties"].keys()
    assert "temporal" not in shown["links"]
    assert "temporal" in (await town.ops().get(deal.path))["links"]


def _said(answer: httpx2.Response) -> Json:
    """Return what an answer tells, without what differs between any two requests."""
    return {name: value for name, value in answer.json().items() if name not in {"requestId", "instance"}}
