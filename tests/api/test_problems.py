"""Whatever goes wrong, the answer has one shape, the right status, and nothing it should not tell."""

import json
import socket
import time
from collections.abc import Iterator

import httpx2
import pytest
from fastapi import APIRouter
from limits import parse
from sqlalchemy import text
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException

from api import errors
from api.auth import OPEN_TO_ALL
from api.desk import TheDatabase
from api.errors import ApiError
from api.limits import Limiter, Steady
from api.problems import code_of, of, status_of, with_snapshot
from fulfillment.domain.errors import (
    Conflict,
    DomainError,
    Forbidden,
    Invalid,
    NotAParty,
    NotFound,
    VersionMismatch,
)
from fulfillment.store.database import engine as database_engine
from fulfillment.store.ratelimit import PostgresHits
from tests.api.front import RATES, front, holding, knocking

SCOPE = {"type": "http", "path": "/assignments/a1", "state": {"request_id": "r1"}}
JSON = {"Content-Type": "application/json"}


def tree(family: type[DomainError]) -> Iterator[type[DomainError]]:
    for child in family.__subclasses__():
        yield child
        yield from tree(child)


def kinds(family: type[ApiError]) -> Iterator[type[ApiError]]:
    for child in family.__subclasses__():
        yield child
        yield from kinds(child)


class TestRefusalsOfTheDomain:
    @pytest.mark.parametrize("refusal", list(tree(DomainError)))
    def test_each_has_a_status_and_a_code(self, refusal: type[DomainError]) -> None:
        answer = of(SCOPE, refusal("because"))
        said = json.loads(bytes(answer.body))

        assert answer.status_code == status_of(refusal) in {403, 404, 409, 422}
        assert said["code"] == ("NOT_FOUND" if issubclass(refusal, NotFound) else code_of(refusal))
        assert said["code"].isupper()

    @pytest.mark.parametrize(
        ("family", "status"), [(Invalid, 422), (Forbidden, 403), (NotFound, 404), (Conflict, 409)]
    )
    def test_the_family_gives_the_status(self, family: type[DomainError], status: int) -> None:
        assert {status_of(refusal) for refusal in tree(family)} == {status}

    def test_the_whole_of_one(self) -> None:
        error = with_snapshot(VersionMismatch("the schedule is at version 3"), {"scheduleVersion": 3})

        assert json.loads(bytes(of(SCOPE, error).body)) == {
            "type": "urn:problem-type:fulfillment:version-mismatch",
            "title": "Version mismatch",
            "status": 409,
            "detail": "the schedule is at version 3",
            "instance": "/assignments/a1",
            "code": "VERSION_MISMATCH",
            "requestId": "r1",
            "snapshot": {"scheduleVersion": 3},
        }

    def test_a_stranger_cannot_tell_a_foreign_id_from_a_missing_one(self) -> None:
        foreign = of(SCOPE, NotAParty("ada is no party to a1"))
        missing = of(SCOPE, NotFound("no assignment a1"))

        assert (foreign.status_code, foreign.body) == (missing.status_code, missing.body)
        assert b"ada" not in bytes(foreign.body)


class TestRefusalsOfTheApi:
    @pytest.mark.parametrize("kind", list(kinds(ApiError)))
    def test_each_has_a_status_a_code_and_something_to_say(self, kind: type[ApiError]) -> None:
        answer = of(SCOPE, kind())
        said = json.loads(bytes(answer.body))

        assert (answer.status_code, said["code"]) == (kind.status, kind.code)
        assert said["detail"].endswith(".")

    @pytest.mark.parametrize("kind", list(kinds(ApiError)))
    def test_each_is_in_the_map_at_the_top(self, kind: type[ApiError]) -> None:
        assert kind.__name__ in (errors.__doc__ or "")

    @pytest.mark.parametrize("kind", [errors.TooManyRequests, errors.Unavailable, errors.OutcomeUnknown])
    def test_who_should_come_back_is_told_when(self, kind: type[ApiError]) -> None:
        assert int(of(SCOPE, kind()).headers["Retry-After"]) > 0


class TestOverHttp:
    async def test_a_conflict_carries_the_snapshot(self, http: httpx2.AsyncClient) -> None:
        answer = await http.post("/things/t1/move", headers=holding())

        assert answer.status_code == 409
        assert answer.json()["snapshot"] == {"id": "t1", "scheduleVersion": 3}

    async def test_foreign_and_missing_ids_answer_the_same(self, http: httpx2.AsyncClient) -> None:
        headers = holding() | {"X-Request-Id": "same"}
        foreign = (await http.get("/things/foreign", headers=headers)).json()
        missing = (await http.get("/things/missing", headers=headers)).json()

        assert foreign | {"instance": ""} == missing | {"instance": ""}

    async def test_wrong_fields_are_named_as_they_were_sent(self, http: httpx2.AsyncClient) -> None:
        body = {"titleLine": "", "count": "1", "startsAt": 0, "title_line": "SECRET", "parts": ["a", 7]}
        answer = await http.post("/things", json=body, headers=holding())

        assert (answer.status_code, answer.json()["code"]) == (422, "INVALID_BODY")
        assert {error["field"] for error in answer.json()["errors"]} == {
            "titleLine",
            "count",
            "startsAt",
            "title_line",
            "parts[1]",
        }
        assert "SECRET" not in answer.text

    async def test_a_body_that_is_no_object_is_422(self, http: httpx2.AsyncClient) -> None:
        answer = await http.post("/things", json=["a"], headers=holding())

        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "body")

    async def test_a_field_of_endless_name_is_cut(self, http: httpx2.AsyncClient) -> None:
        answer = await http.post("/things", json={"titleLine": "a", "x" * 9000: 1}, headers=holding())

        assert (answer.status_code, len(answer.json()["errors"][0]["field"])) == (422, 200)

    async def test_a_wrong_parameter_is_422_of_its_own_kind(self, http: httpx2.AsyncClient) -> None:
        answer = await http.get("/things?limit=many", headers=holding())

        assert (answer.status_code, answer.json()["code"]) == (422, "INVALID_PARAMETER")
        assert answer.json()["errors"][0]["field"] == "limit"

    async def test_a_wrong_method_is_told_all_right_ones(self, http: httpx2.AsyncClient) -> None:
        answer = await http.delete("/things", headers=holding())

        assert (answer.status_code, answer.json()["code"]) == (405, "METHOD_NOT_ALLOWED")
        assert answer.headers["Allow"] == "GET, HEAD, POST"

    @pytest.mark.parametrize("path", ["/", "/nowhere", "/things/", "/Things"])
    async def test_an_unknown_path_is_404(self, http: httpx2.AsyncClient, path: str) -> None:
        answer = await http.get(path)

        assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")

    @pytest.mark.parametrize(
        "error",
        [
            OperationalError("SELECT secret", {}, Exception("server closed the connection")),
            InterfaceError("SELECT secret", {}, Exception("the connection is closed")),
            PoolTimeoutError("QueuePool limit reached"),
        ],
    )
    async def test_without_a_database_it_is_503(self, error: Exception) -> None:
        routes = APIRouter(dependencies=[OPEN_TO_ALL])

        @routes.get("/read")
        async def read() -> None:
            raise error

        async with knocking(front(routers=[routes])) as client:
            answer = await client.get("/read")

        assert (answer.status_code, answer.json()["code"]) == (503, "ENGINE_UNAVAILABLE")
        assert "secret" not in answer.text

    async def test_a_database_that_accepts_and_never_answers_is_503_within_five_seconds(self) -> None:
        routes = APIRouter(dependencies=[OPEN_TO_ALL])

        @routes.get("/read")
        async def read(database: TheDatabase) -> None:
            async with database.connect() as connection:
                await connection.execute(text("SELECT 1"))

        with socket.create_server(("127.0.0.1", 0)) as silent:
            port = silent.getsockname()[1]
            database = database_engine(f"postgresql+psycopg://nobody@127.0.0.1:{port}/nothing")
            limiter = Limiter(Steady(PostgresHits(database)), rates=RATES, strangers=parse("9/minute"))
            began = time.monotonic()
            async with knocking(front(routers=[routes], database=database, limiter=limiter)) as client:
                answer = await client.get("/read")

        assert (answer.status_code, answer.json()["code"]) == (503, "ENGINE_UNAVAILABLE")
        assert time.monotonic() - began < 5

    @pytest.mark.parametrize(("status", "code"), [(400, "MALFORMED"), (418, "IM_A_TEAPOT")])
    async def test_what_the_framework_refuses_has_the_same_shape(self, status: int, code: str) -> None:
        routes = APIRouter(dependencies=[OPEN_TO_ALL])

        @routes.get("/refused")
        async def refused() -> None:
            raise HTTPException(status)

        async with knocking(front(routers=[routes])) as client:
            answer = await client.get("/refused")

        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert answer.headers["Content-Type"] == "application/problem+json"
