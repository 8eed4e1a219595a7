"""The contract as a document: what FastAPI gathers from the routes, and what holds for all of them."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import iter_route_contexts

from api.auth import guard_of
from api.problems import MEDIA_TYPE
from api.schemas.problem import Problem

TITLE = "Fulfillment"
VERSION = "0.6.0"
DESCRIPTION = """\
From "a provider said yes" to "the provider is paid": jobs, quotes and offers, visits, payouts.

**Tokens.** Every route under a lock takes `Authorization: Bearer <JWT>`. Who is no party to a thing gets
404 for it, the same as for a thing that does not exist.

**Repeating.** Give a POST an `Idempotency-Key` and it can be repeated safely for 30 days: the same key with
the same body brings the same answer, marked `Idempotent-Replayed: true`. After `OUTCOME_UNKNOWN`, that is
how to know.

**Versions.** Commands on a schedule quote the version they are about. One that has moved on answers 409
with a `snapshot` of how things are now.

**Problems.** Everything that is not what you asked for is `application/problem+json` with a `code`.

**Values.** Instants are RFC 3339 in UTC; money is in minor units; ids are opaque.
"""
PROBLEMS = {
    "400": "Not well-formed: the body is no JSON, or a header is wrong.",
    "401": "No valid token.",
    "403": "Not for this role, or not for this person.",
    "404": "Nothing here, or nothing that is yours to see.",
    "409": "Sound in itself, but too late or out of step; `snapshot` shows how things are now.",
    "413": "The body is too large.",
    "415": "The body is not application/json.",
    "422": "Fields are wrong, or break a rule that holds whatever the state.",
    "429": "Too many requests; Retry-After says for how long to wait.",
    "503": "ENGINE_UNAVAILABLE: nothing happened. OUTCOME_UNKNOWN: repeat with the same key to know.",
    "default": "Any other problem.",
}
REPLACED = ("HTTPValidationError", "ValidationError")


def install(app: FastAPI) -> None:
    """Give `app` its document; it is made at the first question, when all routes are there."""
    app.openapi = lambda: document(app)  # type: ignore[method-assign]  # FastAPI's documented way


def document(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document of `app`, and keep it."""
    if app.openapi_schema is None:
        app.openapi_schema = _made(app)
    return app.openapi_schema


def _made(app: FastAPI) -> dict[str, Any]:
    made = get_openapi(title=TITLE, version=VERSION, description=DESCRIPTION, routes=app.routes)
    schemas = made.setdefault("components", {}).setdefault("schemas", {})
    for name in REPLACED:
        schemas.pop(name, None)
    problem = Problem.model_json_schema(by_alias=True, ref_template="#/components/schemas/{model}")
    schemas |= problem.pop("$defs", {}) | {"Problem": problem}
    roles = _roles(app)
    for path, operations in made["paths"].items():
        for method, operation in operations.items():
            _add_problems(operation)
            if (path, method) in roles:
                operation["x-roles"] = roles[path, method]
    return made


def _add_problems(operation: dict[str, Any]) -> None:
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for status, meaning in PROBLEMS.items():
        operation["responses"][status] = {"description": meaning, "content": content}


def _roles(app: FastAPI) -> dict[tuple[str, str], list[str]]:
    """Return who may use each path and method, as its guard has it."""
    return {
        (route.path_format, method.lower()): [str(role) for role in guard.roles]
        for route in iter_route_contexts(app.routes)
        if (dependant := getattr(route, "dependant", None)) and (guard := guard_of(dependant))
        for method in route.methods or ()
        if route.path_format
    }
