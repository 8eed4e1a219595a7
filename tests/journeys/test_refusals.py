"""Every refusal that people can meet, at every route where they can meet it; each shows what stands (T13)."""

import json
import sys
from collections import defaultdict

import httpx2
import pytest
import pytest_asyncio

from api.bodies import LARGEST
from api.problems import code_of
from fulfillment.domain.errors import Conflict, DomainError, Forbidden, Invalid, NotFound
from tests.journeys import front, stages
from tests.journeys.people import Person, problem_of
from tests.journeys.refusals import CASES, Case
from tests.journeys.routes import ALL, GUARDED, ROUTES, Route
from tests.journeys.stages import Stages
from tests.journeys.test_access import NOWHERE
from tests.journeys.town import Town, job, window

STATUS = {Invalid: 422, Forbidden: 403, NotFound: 404, Conflict: 409}
POSTS = [route for route in GUARDED if route.method == "POST"]
ILL_FORMED = {
    "MALFORMED": (b"{", {}),
    "UNSUPPORTED_MEDIA_TYPE": (b"a=b", {"Content-Type": "application/x-www-form-urlencoded"}),
    "BODY_TOO_LARGE": (b'"' + b"x" * LARGEST + b'"', {}),
    "INVALID_BODY": (b'{"nobody_asked": 1}', {}),
    "INVALID_IDEMPOTENCY_KEY": (b"", {"Idempotency-Key": "two words"}),
}
"""What any command can suffer before anybody looks at what it is about."""


@pytest_asyncio.fixture(scope="session")
async def set_up(town: Town) -> Stages:
    return await stages.set_up(town)


@pytest.mark.parametrize("case", CASES, ids=str)
async def test_is_refused_by_name(set_up: Stages, case: Case) -> None:
    stage = set_up[case.stage]
    named = {part: person.id for part, person in stage.people.items()}
    body = {
        name: value.format_map(named) if isinstance(value, str) else value
        for name, value in case.body.items()
    }

    problem = await stage.people[case.who].refused(case.path.format_map(stage.ids), body)

    assert problem["code"] == case.code, problem
    assert problem["status"] == _status_of(case.code)
    if problem["status"] == 409:
        assert problem["snapshot"]["id"] in stage.ids.values() or case.stage == "offered"
        assert problem["snapshot"]["stateVersion"] >= 1


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (job(title="  "), "VALUE_INVALID"),
        (job(siteTimezone="Mars/Olympus"), "VALUE_INVALID"),
        (job(wantedWindows=[window(days=-1)]), "WINDOW_INVALID"),
        (job(wantedWindows=[window(hours=-1)]), "WINDOW_INVALID"),
        (job(mode="lottery"), "INVALID_BODY"),
        (job(cap=0), "INVALID_BODY"),
    ],
)
async def test_a_job_nobody_could_work_on_is_not_posted(town: Town, body: object, code: str) -> None:
    ada = town.customer()

    assert (await ada.refused("/jobs", body))["code"] == code
    assert await ada.all("/jobs") == []


@pytest.mark.parametrize("code", ILL_FORMED)
@pytest.mark.parametrize("route", POSTS, ids=str)
async def test_what_is_ill_formed_is_refused_everywhere(town: Town, route: Route, code: str) -> None:
    content, headers = ILL_FORMED[code]
    content = content or json.dumps(route.body).encode()
    who = town.person(route.roles[0])

    answer = await _sent(who, route.path.format_map(NOWHERE), content, headers)

    assert problem_of(answer)["code"] == code


@pytest.mark.parametrize("role", ["customer", "provider", "ops", "admin"])
async def test_who_asks_too_often_is_told_when_to_come_back(town: Town, town_url: str, role: str) -> None:
    app = front.assembled(database_url=town_url, engine=front.address_of(town.engine), rate="1/minute")
    async with front.knocking(app) as http:
        for route in [route for route in GUARDED if route.roles[0] == role]:
            person = town.person(route.roles[0])
            impatient = Person(id=person.id, role=person.role, token=person.token, http=http)
            path = route.path.format_map(NOWHERE)
            first = await impatient.ask(route.method, path, route.body)
            second = await impatient.ask(route.method, path, route.body)

            assert first.status_code != 429
            assert problem_of(second)["code"] == "TOO_MANY_REQUESTS"
            assert 1 <= int(second.headers["Retry-After"]) <= 60


def test_no_refusal_is_without_a_case() -> None:
    """Print which route refuses what (pytest -s shows it), and miss none of the domain's reasons."""
    table: dict[str, set[str]] = defaultdict(set)
    for route in GUARDED:
        table[str(route)] |= {"UNAUTHENTICATED", "TOO_MANY_REQUESTS"}
        table[str(route)] |= set() if len(route.roles) == len(ALL) else {"ROLE_FORBIDDEN"}
        table[str(route)] |= {"NOT_FOUND"} if route.has_id else set()
    for route in POSTS:
        table[str(route)] |= {*ILL_FORMED, *(() if route.anew else ("IDEMPOTENCY_MISMATCH",))}
    for case in CASES:
        table[f"POST {_general(case.path)}"].add(case.code)
    for route in ROUTES:
        codes = sorted(table[str(route)])
        sys.stdout.write(f"{route!s:<64} {len(codes):>2}  {' '.join(codes)}\n")

    provoked = set().union(*table.values())
    assert {code_of(leaf) for leaf in _leaves(DomainError)} - provoked == {
        "NOT_A_PARTY"
    }  # it reads NOT_FOUND


async def _sent(who: Person, path: str, content: bytes, headers: dict[str, str]) -> httpx2.Response:
    fixed = {"Authorization": f"Bearer {who.token}", "Content-Type": "application/json"}
    return await who.http.post(path, content=content, headers=fixed | headers)


def _leaves(family: type[DomainError]) -> set[type[DomainError]]:
    children = family.__subclasses__()
    return set().union(*(_leaves(child) for child in children)) if children else {family}


def _status_of(code: str) -> int:
    known = {code_of(leaf): leaf for leaf in (*_leaves(DomainError), Forbidden)}
    if code == "INVALID_BODY":
        return 422
    return next(status for family, status in STATUS.items() if issubclass(known[code], family))


def _general(path: str) -> str:
    for part in ("expired", "filled", "declined", "accepted"):
        path = path.replace(f"{{{part}}}", "{offer_id}")
    return path
