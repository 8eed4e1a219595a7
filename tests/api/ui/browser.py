"""Somebody at a browser: keeps cookies, reads pages, fills forms in and sends them as a browser does."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx2

from fulfillment.domain.people import Role
from tests.api.ui.html import CONTROLS, Node, faults, read

OWN = {"Sec-Fetch-Site": "same-origin"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """An answer that is a page, well-formed and without anything our policy forbids."""

    answer: httpx2.Response
    root: Node

    @property
    def status(self) -> int:
        return self.answer.status_code

    @property
    def main(self) -> Node:
        return self.root.one("main")

    @property
    def text(self) -> str:
        return self.main.text

    @property
    def title(self) -> str:
        return self.root.one("h1").text

    @property
    def said(self) -> str:
        """What was just done, as the page says it."""
        return " ".join(each.text for each in self.root.all(class_="said"))

    def form(self, id: str) -> Node:
        return self.root.one("form", id=id)

    def fields(self, id: str) -> dict[str, str]:
        """Return what the form would send if nobody touched it."""
        sent = {}
        for each in self.form(id).all():
            kind = each.attributes.get("type")
            ticked = kind not in {"radio", "checkbox"} or "checked" in each.attributes
            if each.tag in CONTROLS and ticked:
                sent[each.attributes["name"]] = each.value
        return sent

    def errors(self, id: str) -> list[str]:
        """Return what the form says is wrong with it, on top."""
        found = list(self.root.all(id=f"{id}-errors"))
        return [each.text for box in found for each in box.all("li")]

    def has_form(self, id: str) -> bool:
        return any(self.root.all("form", id=id))


class Browser:
    """One browser. It follows no redirect by itself, so that tests see where they lead."""

    def __init__(self, app_transport: httpx2.AsyncBaseTransport, origin: str = "http://town") -> None:
        self.http = httpx2.AsyncClient(transport=app_transport, base_url=origin, timeout=30)

    async def ask(self, path: str, **headers: str) -> httpx2.Response:
        return await self.http.get(path, headers=headers)

    async def see(self, path: str) -> Page:
        """Return the page at `path`, or where it leads."""
        return await self.follow(await self.ask(path))

    async def follow(self, answer: httpx2.Response) -> Page:
        hops = 0
        while answer.has_redirect_location:
            hops += 1
            assert hops < 6, answer.headers["Location"]
            answer = await self.ask(answer.headers["Location"])
        return page_of(answer)

    async def post(
        self, path: str, fields: Mapping[str, str] | None = None, **headers: str
    ) -> httpx2.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.http.post(path, data=dict(fields or {}), headers=OWN | named)

    async def submit(self, page: Page, id: str, **typed: str) -> httpx2.Response:
        """Send a form of the page with what was `typed` into it."""
        known = page.fields(id)
        unknown = typed.keys() - known.keys() - {each.attributes.get("name") for each in page.form(id).all()}
        assert not unknown, unknown
        return await self.post(page.form(id).attributes["action"], known | typed)

    async def sign_in(self, id: str, role: Role, *, next: str = "") -> httpx2.Response:
        answer = await self.post("/ui/sign-in", {"sub": id, "role": role.value, "next": next})
        assert answer.status_code == 303, answer.text
        return answer

    async def csrf(self) -> str:
        """Return the token that our forms bring along."""
        page = await self.see("/ui/")
        return next(page.root.all("input", name="csrf")).value

    def cookie(self, name: str = "session") -> str | None:
        return self.http.cookies.get(name)

    async def close(self) -> None:
        await self.http.aclose()


def page_of(answer: httpx2.Response) -> Page:
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8", answer.text
    root = read(answer.text)
    assert faults(root) == [], urlsplit(str(answer.url)).path
    return Page(answer=answer, root=root)
