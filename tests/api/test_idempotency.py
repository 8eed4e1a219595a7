"""A repeat is known as a repeat, and nothing else is."""

import re

import httpx2
import pytest

from api.idempotency import command_id
from fulfillment.domain.people import Role
from tests.api.front import holding

BODY = {"titleLine": "a"}
PARTS = {"actor_id": "ada", "method": "POST", "route": "/jobs/{id}/cancel", "target": "j1", "key": "k"}


async def command(http: httpx2.AsyncClient, key: str | None, sub: str = "ada", role: Role = Role.OPS) -> str:
    headers = holding(role, sub) | ({"Idempotency-Key": key} if key else {})
    answer = await http.post("/things", json=BODY, headers=headers)
    return str(answer.json()["commandId"])


class TestTheHeader:
    @pytest.mark.parametrize("key", ["", " ", "a b", "x" * 201, "sch\u00fc", "\u20ac", "a\tb"])
    async def test_is_400_when_it_is_no_key(self, http: httpx2.AsyncClient, key: str) -> None:
        headers = {name.encode(): value.encode() for name, value in holding().items()}
        headers[b"Idempotency-Key"] = key.encode()
        answer = await http.post("/things", json=BODY, headers=headers)

        assert (answer.status_code, answer.json()["code"]) == (400, "INVALID_IDEMPOTENCY_KEY")

    async def test_is_400_when_there_are_two(self, http: httpx2.AsyncClient) -> None:
        headers = [*holding().items(), ("Idempotency-Key", "a"), ("Idempotency-Key", "a")]
        answer = await http.post("/things", json=BODY, headers=headers)

        assert answer.status_code == 400

    async def test_is_made_when_absent_and_told(self, http: httpx2.AsyncClient) -> None:
        answer = await http.post("/things", json=BODY, headers=holding())
        again = await http.post("/things", json=BODY, headers=holding())

        assert re.fullmatch(r"[\w-]{32}", answer.headers["Idempotency-Key"])
        assert answer.headers["Idempotency-Key"] != again.headers["Idempotency-Key"]

    async def test_is_told_even_when_the_request_is_refused(self, http: httpx2.AsyncClient) -> None:
        headers = holding() | {"Idempotency-Key": "k" * 200}
        answer = await http.post("/things", json=BODY | {"count": "1"}, headers=headers)

        assert (answer.status_code, answer.headers["Idempotency-Key"]) == (422, "k" * 200)


class TestTheCommand:
    async def test_a_repeat_has_the_same_name(self, http: httpx2.AsyncClient) -> None:
        assert await command(http, "k1") == await command(http, "k1")

    async def test_an_equal_key_of_another_person_is_another_command(self, http: httpx2.AsyncClient) -> None:
        assert await command(http, "k1") != await command(http, "k1", sub="bob")

    @pytest.mark.parametrize("part", PARTS)
    def test_every_part_counts(self, part: str) -> None:
        assert command_id(**PARTS) != command_id(**PARTS | {part: "other"})

    def test_parts_do_not_run_into_each_other(self) -> None:
        one = command_id(**PARTS | {"target": 'j1", "k', "key": "x"})
        other = command_id(**PARTS | {"target": "j1", "key": 'k", "x'})

        assert one != other

    def test_its_name_tells_nothing(self) -> None:
        assert re.fullmatch(r"[\w-]{43}", command_id(**PARTS))
