"""A client of the stack's own API, as the seed and the demo use it: one person at a time."""

from types import TracebackType
from typing import Any, Self

import httpx2

from devstack.errors import DevStackError

PATIENCE = 120.0
"""Seconds for an answer; skipping weeks takes a while on a small machine."""


class Refused(DevStackError):
    """The API said no; `code` is its word for why."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        super().__init__(f"{status} {problem.get('code')}: {problem.get('detail')}")
        self.status = status
        self.code = str(problem.get("code"))
        self.problem = problem


class Api:
    """Speaks JSON with the API. `key`, where given, makes a repeated run of the same script harmless."""

    def __init__(self, base_url: str) -> None:
        # The server hangs up on who is silent for five seconds, and might just when we speak again.
        limits = httpx2.Limits(keepalive_expiry=2)
        self._http = httpx2.AsyncClient(base_url=base_url, timeout=PATIENCE, limits=limits)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def person(self, id: str, role: str, name: str) -> "Person":
        """Return somebody who is signed in."""
        minted = await self.post("/dev/token", {"sub": id, "role": role, "name": name})
        return Person(self, id=id, role=role, name=name, token=minted["accessToken"])

    async def post(
        self, path: str, body: dict[str, Any], *, token: str = "", key: str = ""
    ) -> dict[str, Any]:
        headers = _headers(token) | ({"Idempotency-Key": key.replace(" ", "-")} if key else {})
        return _answer(await self._http.post(path, json=body, headers=headers))

    async def get(self, path: str, *, token: str = "", **query: Any) -> dict[str, Any]:
        return _answer(await self._http.get(path, params=query, headers=_headers(token)))


class Person:
    """Somebody with a token."""

    def __init__(self, api: Api, *, id: str, role: str, name: str, token: str) -> None:
        self._api = api
        self.id, self.role, self.name, self.token = id, role, name, token

    async def post(self, path: str, body: dict[str, Any] | None = None, *, key: str = "") -> dict[str, Any]:
        """Ask for something.

        Raises:
            Refused: the API says no.
        """
        return await self._api.post(path, body or {}, token=self.token, key=key)

    async def get(self, path: str, **query: Any) -> dict[str, Any]:
        return await self._api.get(path, token=self.token, **query)


def _headers(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"} if token else {}


def _answer(response: httpx2.Response) -> dict[str, Any]:
    said: dict[str, Any] = response.json()
    if response.is_error:
        raise Refused(response.status_code, said)
    return said
