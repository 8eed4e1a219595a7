"""In dev, anybody can have a token for whoever they want to be."""

import uuid

import httpx2
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from api import dev
from api.issuers import DEV_LIFETIME
from fulfillment.domain.people import Role
from fulfillment.store import directory
from fulfillment.store.directory import Person
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


class TestTheDirectory:
    @pytest.mark.parametrize("role", ["customer", "provider", "ops", "admin"])
    async def test_has_whoever_is_new(self, postgres: AsyncEngine, role: str) -> None:
        sub = f"{role}-{uuid.uuid4().hex}"

        await introduced(postgres, sub, role)

        known = await entry(postgres, sub)
        assert (known.email, known.timezone) == (f"{sub}@example.test", "Europe/Berlin")
        assert (known.name, known.roles) == ("Ada", (Role(role),))

    async def test_keeps_what_it_knows(self, postgres: AsyncEngine) -> None:
        said = Person(id=uuid.uuid4().hex, name="Ada Lovelace", roles=(Role.PROVIDER,), categories=("roof",))
        async with AsyncSession(postgres) as session, session.begin():
            await directory.register(session, said)

        await introduced(postgres, said.id, "customer")

        assert await entry(postgres, said.id) == said

    async def test_has_no_address_of_who_is_called_something_that_is_none(
        self, postgres: AsyncEngine
    ) -> None:
        sub = f"a@b,{uuid.uuid4().hex}"

        await introduced(postgres, sub, "ops")

        assert (await entry(postgres, sub)).email is None


async def introduced(postgres: AsyncEngine, sub: str, role: str) -> None:
    async with knocking(front(routers=[dev.router(ISSUER)], database=postgres)) as client:
        answer = await client.post("/dev/token", json={"sub": sub, "role": role, "name": "Ada"})
    assert answer.status_code == 200


async def entry(postgres: AsyncEngine, id: str) -> Person:
    async with AsyncSession(postgres) as session:
        found = await directory.find(session, id)
    assert found
    return found


async def test_elsewhere_there_is_no_such_door(http: httpx2.AsyncClient) -> None:
    answer = await http.post("/dev/token", json={"sub": "ada", "role": "ops"})

    assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")
