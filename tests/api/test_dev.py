"""In dev, anybody can have a token for whoever they want to be."""

import httpx2
import pytest

from api import dev
from api.issuers import DEV_LIFETIME
from tests.api.front import ISSUER, front, knocking, routes


async def mint(body: object) -> httpx2.Response:
    async with knocking(front(routers=[routes, dev.router(ISSUER)])) as client:
        return await client.post("/dev/token", json=body)


async def test_the_token_opens_the_door() -> None:
    async with knocking(front(routers=[routes, dev.router(ISSUER)])) as client:
        told = (await client.post("/dev/token", json={"sub": "ada", "role": "ops", "name": "Ada"})).json()
        answer = await client.get(
            "/things?limit=1", headers={"Authorization": f"Bearer {told['accessToken']}"}
        )

    assert told["expiresIn"] == DEV_LIFETIME
    assert answer.json() == ["ada"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"sub": "ada", "role": "system"}, "role"),
        ({"sub": "ada", "role": "root"}, "role"),
        ({"sub": "", "role": "ops"}, "sub"),
        ({"sub": "a b", "role": "ops"}, "sub"),
        ({"sub": "a" * 129, "role": "ops"}, "sub"),
        ({"sub": "ada", "role": "ops", "name": ""}, "name"),
        ({"sub": "ada", "role": "ops", "exp": 1}, "exp"),
    ],
)
async def test_nobody_becomes_what_nobody_can_be(body: object, field: str) -> None:
    answer = await mint(body)

    assert (answer.status_code, [error["field"] for error in answer.json()["errors"]]) == (422, [field])


async def test_elsewhere_there_is_no_such_door(http: httpx2.AsyncClient) -> None:
    answer = await http.post("/dev/token", json={"sub": "ada", "role": "ops"})

    assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")
