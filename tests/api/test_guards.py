"""Every request is checked, named, counted and answered; whatever it is, and whatever happens behind."""

import json
import time

import httpx2
import pytest
from fastapi import APIRouter
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from api import visit
from api.guards import Guards
from tests.api.front import front, holding, knocking, routes

JSON = {"Content-Type": "application/json"}
POISON = ["\x00", "\ud800", "\x85", "\x0b", "\r\nX-Evil: 1", "\x1b[31m"]


class TestNaming:
    async def test_a_safe_request_id_is_taken_and_given_back(self, http: httpx2.AsyncClient) -> None:
        answer = await http.get("/nowhere", headers={"X-Request-Id": "from-the-client.1:2_3"})

        assert answer.headers["X-Request-Id"] == "from-the-client.1:2_3"
        assert answer.json()["requestId"] == "from-the-client.1:2_3"

    @pytest.mark.parametrize("asked", ["", " ", "a b", "a\tb", "é", "x" * 129, '{"a":1}'])
    async def test_another_is_replaced(self, http: httpx2.AsyncClient, asked: str) -> None:
        answer = await http.get("/nowhere", headers={b"X-Request-Id": asked.encode("latin-1")})

        assert len(answer.headers["X-Request-Id"]) == 36

    async def test_of_two_neither_is_believed(self, http: httpx2.AsyncClient) -> None:
        answer = await http.get("/nowhere", headers=[("X-Request-Id", "one"), ("X-Request-Id", "two")])

        assert len(answer.headers["X-Request-Id"]) == 36

    async def test_a_route_sees_the_same_id(self, http: httpx2.AsyncClient) -> None:
        headers = {"X-Request-Id": "r-1"} | holding()
        answer = await http.post("/things", json={"titleLine": "a"}, headers=headers)

        assert answer.json()["requestId"] == "r-1"


class TestHeaders:
    @pytest.mark.parametrize("path", ["/healthz", "/nowhere", "/broken", "/things", "/metrics"])
    async def test_every_answer_keeps_browsers_careful(self, http: httpx2.AsyncClient, path: str) -> None:
        answer = await http.get(path)

        assert {name: answer.headers.get(name) for name in visit.SAFE_HEADERS} == visit.SAFE_HEADERS

    async def test_head_is_a_get_without_a_body(self, http: httpx2.AsyncClient) -> None:
        answer = await http.head("/healthz")

        assert (answer.status_code, answer.content) == (200, b"")


class TestBodies:
    async def test_a_good_one_arrives(self, http: httpx2.AsyncClient) -> None:
        headers = {"Content-Type": 'application/json; charset="UTF-8"'} | holding()
        body = json.dumps({"titleLine": "e\u0301"}).encode()
        answer = await http.post("/things", content=body, headers=headers)

        assert (answer.status_code, answer.json()["titleLine"]) == (201, "\u00e9")

    @pytest.mark.parametrize(
        "headers",
        [
            pytest.param({}, id="none"),
            pytest.param({"Content-Type": "text/plain"}, id="text"),
            pytest.param({"Content-Type": "application/x-www-form-urlencoded"}, id="a form"),
            pytest.param({"Content-Type": "application/jsonp"}, id="nearly"),
            pytest.param({"Content-Type": "application/problem+json"}, id="a relative"),
            pytest.param({"Content-Type": "application/json; charset=utf-16"}, id="another charset"),
            pytest.param({"Content-Type": "application/json, text/plain"}, id="two at once"),
            pytest.param(JSON | {"Content-Encoding": "gzip"}, id="compressed"),
        ],
    )
    async def test_another_content_type_is_415(
        self, http: httpx2.AsyncClient, headers: dict[str, str]
    ) -> None:
        answer = await http.post("/things", content=b'{"titleLine": "a"}', headers=headers | holding())

        assert (answer.status_code, answer.json()["code"]) == (415, "UNSUPPORTED_MEDIA_TYPE")

    @pytest.mark.parametrize(
        "body", [b"", b"{", b"\xff", b"[" * 15_000, b'{"titleLine":"a","titleLine":"b"}']
    )
    async def test_what_is_no_json_is_400(self, http: httpx2.AsyncClient, body: bytes) -> None:
        answer = await http.post("/things", content=body, headers=JSON | holding())

        assert (answer.status_code, answer.json()["code"]) == (400, "MALFORMED")

    @pytest.mark.parametrize("text", POISON)
    async def test_poison_is_422_with_its_field(self, http: httpx2.AsyncClient, text: str) -> None:
        body = json.dumps({"titleLine": "a", "parts": ["fine", f"a{text}b"]}).encode()
        answer = await http.post("/things", content=body, headers=JSON | holding())

        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "parts[1]")

    async def test_one_byte_over_the_limit_is_413(self, http: httpx2.AsyncClient) -> None:
        body = b'{"titleLine": "' + b"x" * (16 * 1024 - 16) + b'"}'
        answer = await http.post("/things", content=body, headers=JSON | holding())

        assert len(body) == 16 * 1024 + 1
        assert (answer.status_code, answer.json()["code"]) == (413, "BODY_TOO_LARGE")


class TestPathsAndQueries:
    @pytest.mark.parametrize("path", ["/things/%00", "/things/a%0d%0ab", "/things/%C2%85"])
    async def test_a_control_character_in_a_path_is_404(self, http: httpx2.AsyncClient, path: str) -> None:
        assert (await http.get(path, headers=holding())).json()["code"] == "NOT_FOUND"

    async def test_in_a_query_it_is_422(self, http: httpx2.AsyncClient) -> None:
        answer = await http.get("/things?cursor=%00", headers=holding())

        assert (answer.status_code, answer.json()["code"]) == (422, "INVALID_PARAMETER")

    @pytest.mark.parametrize(
        "path", ["/things/" + "x" * 65, "/things/..%2f", "/things/%ED%A0%80", "/things/a b"]
    )
    async def test_what_cannot_be_an_id_is_404(self, http: httpx2.AsyncClient, path: str) -> None:
        answer = await http.get(path, headers=holding())

        assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")


class TestOurOwnMistakes:
    async def test_the_caller_learns_the_request_id_and_nothing_else(self, http: httpx2.AsyncClient) -> None:
        answer = await http.get("/broken", headers={"X-Request-Id": "r-500"})

        assert (answer.status_code, answer.json()["code"], answer.json()["requestId"]) == (
            500,
            "INTERNAL",
            "r-500",
        )
        assert "secret" not in answer.text
        assert answer.headers["Content-Type"] == "application/problem+json"

    async def test_the_log_has_it_once(self, http: httpx2.AsyncClient) -> None:
        with capture_logs() as lines:
            await http.get("/broken")

        assert [line["event"] for line in lines if line["log_level"] == "error"] == ["http.request.failed"]


class TestTheDeadline:
    @pytest.fixture
    def impatient(self) -> Guards:
        return Guards(front(), patience=0.2)

    @pytest.mark.parametrize(("method", "code"), [("GET", "ENGINE_UNAVAILABLE"), ("POST", "OUTCOME_UNKNOWN")])
    async def test_a_route_that_does_not_end_is_answered_for(
        self, impatient: Guards, method: str, code: str
    ) -> None:
        transport = httpx2.ASGITransport(impatient)
        began = time.monotonic()
        async with httpx2.AsyncClient(transport=transport, base_url="http://front") as client:
            answer = await client.request(method, "/endless")

        assert (answer.status_code, answer.json()["code"]) == (503, code)
        assert answer.headers["Retry-After"] == "2"
        assert time.monotonic() - began < 1


class TestCounting:
    def counted(self, **labels: str) -> float:
        return REGISTRY.get_sample_value("http_requests_total", labels) or 0.0

    async def test_by_the_route_and_never_by_the_path(self, http: httpx2.AsyncClient) -> None:
        labels = {"route": "/things/{id}", "method": "GET", "status": "404"}
        before = self.counted(**labels)

        await http.get("/things/one", headers=holding())
        await http.get("/things/two", headers=holding())

        assert self.counted(**labels) == before + 2

    async def test_what_has_no_route_has_one_label(self, http: httpx2.AsyncClient) -> None:
        labels = {"route": "unmatched", "method": "other", "status": "404"}
        before = self.counted(**labels)

        await http.request("BREW", "/made/up/by/a/client")

        assert self.counted(**labels) == before + 1

    async def test_the_log_line_names_the_route_and_the_actor(self, http: httpx2.AsyncClient) -> None:
        with capture_logs() as lines:
            await http.get("/things/secret-token", headers=holding(sub="ada"))

        (line,) = [line for line in lines if line["event"] == "http.request.answered"]
        assert (line["route"], line["status"], line["actor"]) == ("/things/{id}", 404, "ada")
        assert "secret-token" not in str(lines)


async def test_a_route_included_twice_over_is_still_counted_by_its_full_path() -> None:
    outer = APIRouter(prefix="/v1")
    outer.include_router(routes, prefix="/inner")
    async with knocking(front(routers=[outer])) as client:
        with capture_logs() as lines:
            await client.get("/v1/inner/things/one", headers=holding())

    assert [line["route"] for line in lines if "route" in line] == ["/v1/inner/things/{id}"]
