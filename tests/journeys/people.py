"""Somebody with a token and a voice: asks over HTTP, and hears status, headers and body."""

from dataclasses import dataclass
from typing import Any

import httpx2

from fulfillment.domain.people import Role

Json = dict[str, Any]


class Refused(AssertionError):
    """Somebody was told no where the story needed a yes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """The dev stack's client drops headers, and these stories are about them too."""

    id: str
    role: Role
    token: str
    http: httpx2.AsyncClient

    async def ask(
        self, method: str, path: str, body: object = None, *, key: str = "", **headers: str
    ) -> httpx2.Response:
        """Return the answer, whatever it is; `If_Match` among the `headers` is sent as If-Match."""
        sent = {"Authorization": f"Bearer {self.token}"} | ({"Idempotency-Key": key} if key else {})
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.http.request(method, path, json=body, headers=sent)

    async def post(self, path: str, body: Json | None = None, *, key: str = "") -> Json:
        """Return what a command was answered; it has to be honoured."""
        return honoured(await self.ask("POST", path, body or {}, key=key))

    async def get(self, path: str, **query: Any) -> Json:
        return honoured(await self.ask("GET", str(httpx2.URL(path, params=query)) if query else path))

    async def all(self, path: str, **query: Any) -> list[Json]:
        """Return every item of a list, page by page."""
        page = await self.get(path, limit=100, **query)
        found: list[Json] = page["items"]
        while page["nextCursor"]:
            page = await self.get(path, limit=100, cursor=page["nextCursor"], **query)
            found += page["items"]
        return found

    async def refused(self, path: str, body: object = None, *, method: str = "POST", **more: str) -> Json:
        """Return the problem a request ends in; it has to end in one."""
        answer = await self.ask(method, path, body, **more)
        if answer.is_success:
            raise AssertionError(f"{method} {path} was honoured: {answer.text}")
        return problem_of(answer)


def honoured(answer: httpx2.Response) -> Json:
    if answer.is_error:
        raise Refused(
            f"{answer.request.method} {answer.request.url.path}: {answer.status_code} {answer.text}"
        )
    said: Json = answer.json()
    return said


def problem_of(answer: httpx2.Response) -> Json:
    """Return the problem details of an error, which every error has to be."""
    assert answer.headers["Content-Type"] == "application/problem+json", answer.text
    said: Json = answer.json()
    assert said["status"] == answer.status_code
    assert said["requestId"] == answer.headers["X-Request-Id"]
    return said
