"""A reader of the OpenAPI document: one page, without scripts, and nothing in it comes from elsewhere."""

import asyncio
import base64
import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from html import escape
from pathlib import Path
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse

from api.auth import OPEN_TO_ALL
from api.openapi import PROBLEMS, document

STYLE = (Path(__file__).parent / "docs.css").read_text()
STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
POLICY = f"default-src 'none'; style-src 'sha256-{STYLE_HASH}'; base-uri 'none'; frame-ancestors 'none'"

Json = Mapping[str, Any]


def router(*, with_reader: bool) -> APIRouter:
    """Return /openapi.json, and /docs if wanted."""
    routes = APIRouter(include_in_schema=False, dependencies=[OPEN_TO_ALL])

    @routes.get("/openapi.json")
    async def contract(request: Request) -> JSONResponse:
        return JSONResponse(await _gathered(request.app))

    if with_reader:

        @routes.get("/docs")
        async def reader(request: Request) -> HTMLResponse:
            told = page(await _gathered(request.app))
            return HTMLResponse(told, headers={"Content-Security-Policy": POLICY})

    return routes


async def _gathered(app: FastAPI) -> Json:
    """Return the contract; to gather it takes a second, once, and no other request should wait for that."""
    return await asyncio.to_thread(document, app)


def page(contract: Json) -> str:
    """Return the page for an OpenAPI document."""
    operations = _by_tag(contract)
    schemas = contract["components"]["schemas"]
    links = [_link(_anchor("tag", tag), tag) for tag in operations]
    links += [_link("problems", "problems"), _link("shapes", "shapes")]
    parts = [
        f"<h1>{escape(contract['info']['title'])}</h1>",
        f'<p class="version">Version {escape(contract["info"]["version"])} · ',
        '<a href="/openapi.json">openapi.json</a></p>',
        _prose(contract["info"].get("description", "")),
        f'<nav aria-label="Sections">{"".join(links)}</nav>',
    ]
    for tag, told in operations.items():
        parts += [f'<h2 id="{_anchor("tag", tag)}">{escape(tag)}</h2>', *told]
    problems = [(f"<code>{escape(status)}</code>", _inline(told)) for status, told in PROBLEMS.items()]
    parts += ['<h2 id="problems">Problems</h2>', f'<div class="card">{_table(problems)}</div>']
    parts += ['<h2 id="shapes">Shapes</h2>', *(_shape(name, schemas[name]) for name in sorted(schemas))]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(contract['info']['title'])} API</title><style>{STYLE}</style></head>"
        f"<body><main>{''.join(parts)}</main></body></html>"
    )


def _by_tag(contract: Json) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for path, operations in contract["paths"].items():
        for method, operation in operations.items():
            tag = (operation.get("tags") or ["other"])[0]
            found[tag].append(_operation(method, path, operation))
    return dict(found)


def _operation(method: str, path: str, operation: Json) -> str:
    roles = ", ".join(operation.get("x-roles", ())) or "open to all"
    head = (
        f'<span class="method">{escape(method.upper())}</span><span class="path">{escape(path)}</span>'
        f'<span>{escape(operation.get("summary", ""))}</span><span class="roles">{escape(roles)}</span>'
    )
    body = [_prose(operation.get("description", ""))]
    if parameters := operation.get("parameters"):
        body += ["<h3>Parameters</h3>", _table(_parameter(parameter) for parameter in parameters)]
    if sent := operation.get("requestBody"):
        body += ["<h3>Body</h3>", f"<p>{_content(sent)}</p>"]
    answers = [
        (f"<code>{escape(status)}</code>", _content(answer), _inline(answer["description"]))
        for status, answer in operation["responses"].items()
        if status not in PROBLEMS
    ]
    body += ["<h3>Answer</h3>", _table(answers), f"<p>{_link('problems', 'Or a problem.')}</p>"]
    return f'<details id="{_anchor("op", method + path)}"><summary>{head}</summary>{"".join(body)}</details>'


def _parameter(parameter: Json) -> tuple[str, str, str]:
    name = (
        f'<code class="{"must" if parameter.get("required") else "may"}">{escape(parameter["name"])}</code>'
    )
    where = f'{_kind(parameter["schema"])} <span class="soft">in the {escape(parameter["in"])}</span>'
    return name, where, _inline(parameter.get("description", ""))


def _shape(name: str, schema: Json) -> str:
    required = set(schema.get("required", ()))
    rows = [
        (
            f'<code class="{"must" if field in required else "may"}">{escape(field)}</code>',
            _kind(told),
            _inline(told.get("description", "")),
        )
        for field, told in schema.get("properties", {}).items()
    ]
    inside = _table(rows) if rows else f"<p>{_kind(schema)}</p>"
    about = f"<h3>{escape(name)}</h3>{_prose(schema.get('description', ''))}"
    return f'<div class="card" id="{_anchor("shape", name)}">{about}{inside}</div>'


def _content(part: Json) -> str:
    return ", ".join(_kind(told["schema"]) for told in part.get("content", {}).values() if "schema" in told)


def _kind(schema: Json) -> str:
    """Return in a few words, as HTML, what kind of value a schema describes."""
    match schema:
        case {"$ref": str(target)}:
            name = target.rpartition("/")[2]
            return _link(_anchor("shape", name), name)
        case {"enum": list(choices)}:
            return " or ".join(f"<code>{escape(str(choice))}</code>" for choice in choices)
        case {"const": only}:
            return f"<code>{escape(str(only))}</code>"
        case {"anyOf": list(several)} | {"oneOf": list(several)} | {"allOf": list(several)}:
            return " or ".join(dict.fromkeys(_kind(one) for one in several if one != {"type": "null"}))
        case {"type": "array", "items": Mapping() as items}:
            return f"list of {_kind(items)}"
        case {"type": str(kind)}:
            return escape(str(schema.get("format", kind))) + _bounds(schema)
        case _:
            return "anything"


def _bounds(schema: Json) -> str:
    words = {"minLength": "from", "maxLength": "to", "minimum": "from", "maximum": "to"}
    said = [f"{word} {schema[name]}" for name, word in words.items() if name in schema]
    return f' <span class="soft">({escape(", ".join(said))})</span>' if said else ""


def _table(rows: Iterable[tuple[str, ...]]) -> str:
    return (
        "<table>"
        + "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
        + "</table>"
    )


def _prose(text: str) -> str:
    return "".join(f"<p>{_inline(part)}</p>" for part in text.split("\n\n") if part.strip())


def _inline(text: str) -> str:
    """Return `text` as HTML, with **bold** and `code`, and nothing else that it might contain."""
    safe = escape(text.strip())
    safe = re.sub(r"`([^`]+)`", r"<code>\1</code>", safe)
    return re.sub(r"\*\*([^*]+)\*\*", r"<strong>\1</strong>", safe)


def _anchor(kind: str, name: str) -> str:
    return f"{kind}-{re.sub(r'[^A-Za-z0-9]+', '-', name).strip('-')}"


def _link(anchor: str, text: str) -> str:
    return f'<a href="#{anchor}">{escape(text)}</a>'
