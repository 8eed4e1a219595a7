"""The contract is a document, complete for every route, and a page that anybody can read offline."""

import re
import tomllib
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi import APIRouter

from api import docs, openapi
from api.auth import OPEN_TO_ALL
from tests.api.front import front, knocking

STATUSES = {"400", "401", "403", "404", "409", "413", "415", "422", "429", "503"}


@pytest.fixture(scope="module")
def contract() -> dict[str, Any]:
    return openapi.document(front())


def operations(contract: dict[str, Any]) -> list[dict[str, Any]]:
    return [operation for path in contract["paths"].values() for operation in path.values()]


class TestTheDocument:
    async def test_is_served(self, http: httpx2.AsyncClient, contract: dict[str, Any]) -> None:
        assert (await http.get("/openapi.json")).json() == contract

    def test_has_every_problem_on_every_route(self, contract: dict[str, Any]) -> None:
        for operation in operations(contract):
            assert operation["responses"].keys() >= STATUSES
            for status in STATUSES:
                assert operation["responses"][status]["content"] == {
                    "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
                }

    def test_every_reference_leads_somewhere(self, contract: dict[str, Any]) -> None:
        references = set(re.findall(r"'\$ref': '#/components/schemas/(\w+)'", str(contract)))

        assert references <= contract["components"]["schemas"].keys()
        assert "HTTPValidationError" not in contract["components"]["schemas"]

    def test_guarded_routes_say_so_and_name_their_roles(self, contract: dict[str, Any]) -> None:
        guarded = contract["paths"]["/things"]["post"]
        is_open = contract["paths"]["/broken"]["get"]

        assert (guarded["security"], guarded["x-roles"]) == ([{"bearer": []}], ["customer", "ops"])
        assert "security" not in is_open
        assert "x-roles" not in is_open

    def test_the_key_of_a_command_is_a_parameter(self, contract: dict[str, Any]) -> None:
        (key,) = contract["paths"]["/things"]["post"]["parameters"]

        assert (key["name"], key["in"], key["required"]) == ("Idempotency-Key", "header", False)
        assert key["schema"]["maxLength"] == 200

    def test_fields_are_in_camel_case(self, contract: dict[str, Any]) -> None:
        assert contract["components"]["schemas"]["Thing"]["properties"].keys() == {
            "titleLine",
            "startsAt",
            "count",
            "parts",
        }

    def test_the_version_is_that_of_the_project(self) -> None:
        project = tomllib.loads(Path("pyproject.toml").read_text())["project"]

        assert project["version"] == openapi.VERSION


class Reader(HTMLParser):
    """Notes what a page is made of."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        self.tags.add(tag)
        self.ids.add(told.get("id") or "")
        self.links += [told["href"] or ""] if "href" in told else []
        assert not {"style", "src", "onclick"} & told.keys()

    def handle_data(self, data: str) -> None:
        self.text += data


class TestTheReader:
    async def test_shows_every_route_and_shape(
        self, http: httpx2.AsyncClient, contract: dict[str, Any]
    ) -> None:
        page = Reader((await http.get("/docs")).text)

        assert all(path in page.text for path in contract["paths"])
        assert all(f"shape-{name}" in page.ids for name in contract["components"]["schemas"])

    async def test_its_policy_lets_in_its_own_style_and_nothing_else(self, http: httpx2.AsyncClient) -> None:
        answer = await http.get("/docs")

        policy = answer.headers["Content-Security-Policy"]
        assert policy == docs.POLICY
        assert "unsafe" not in policy
        assert not {"script", "link", "img", "iframe", "form"} & Reader(answer.text).tags

    async def test_every_link_stays_here_and_leads_somewhere(self, http: httpx2.AsyncClient) -> None:
        page = Reader((await http.get("/docs")).text)

        assert {link for link in page.links if not link.startswith("#")} == {"/openapi.json"}
        assert {link.removeprefix("#") for link in page.links if link.startswith("#")} <= page.ids

    async def test_what_it_shows_cannot_become_markup(self) -> None:
        routes = APIRouter(tags=["<b>tag</b>"], dependencies=[OPEN_TO_ALL])
        routes.add_api_route("/x", lambda: None, summary="<script>alert(1)</script>", description="<i>&`<u>`")
        async with knocking(front(routers=[routes])) as client:
            page = Reader((await client.get("/docs")).text)

        assert "<script>alert(1)</script>" in page.text
        assert not {"script", "i", "u", "b"} & page.tags
