"""How a refusal looks on the wire: RFC 9457 problem details, whatever went wrong and wherever.

Paths for people have a face of their own instead: a page says the same there (`install`).
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import quote

from fastapi import FastAPI, Request, Response
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import iter_route_contexts
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException
from starlette.types import Scope

from api.errors import ApiError, FieldError, InvalidBody, InvalidParameter, Malformed, Missing, Unavailable
from fulfillment.domain.errors import Conflict, DomainError, Forbidden, Invalid, NotFound

Error = TypeVar("Error", bound=Exception)

MEDIA_TYPE = "application/problem+json"
STATUS: Mapping[type[DomainError], int] = {Invalid: 422, Forbidden: 403, NotFound: 404, Conflict: 409}
LONGEST_FIELD = 200
"""Characters of a field's path that are given back; the client chooses the names of unknown fields."""


class ProblemResponse(JSONResponse):
    """A problem, as an answer."""

    media_type = MEDIA_TYPE


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What somebody is told in place of what they asked for; a 409 has `snapshot`, the thing as it is now."""

    status: int
    code: str
    detail: str
    errors: tuple[FieldError, ...] = ()
    snapshot: object = None
    headers: Mapping[str, str] = field(default_factory=dict)


Face = Callable[[Scope, Told], Response]
"""How the paths under a prefix say no."""


def answer(scope: Scope, told: Told) -> Response:
    """Return the answer to the request of `scope`, in the face that its path has."""
    faces: Mapping[str, Face] = scope["app"].state.faces if "app" in scope else {}
    path: str = scope["path"]
    face = next((face for prefix, face in faces.items() if is_under(path, prefix)), problem)
    return face(scope, told)


def is_under(path: str, prefix: str) -> bool:
    return path == prefix or path.startswith(f"{prefix}/")


def problem(scope: Scope, told: Told) -> ProblemResponse:
    """Return `told` as problem details."""
    body: dict[str, object] = {
        "type": f"urn:problem-type:fulfillment:{told.code.lower().replace('_', '-')}",
        "title": told.code.replace("_", " ").capitalize(),
        "status": told.status,
        "detail": told.detail,
        "instance": quote(scope["path"], errors="replace")[:500],
        "code": told.code,
        "requestId": scope.get("state", {}).get("request_id"),
    }
    if told.errors:
        body["errors"] = [
            {"field": error.field[:LONGEST_FIELD], "message": error.message} for error in told.errors
        ]
    if told.status == HTTPStatus.CONFLICT:
        body["snapshot"] = jsonable_encoder(told.snapshot)
    return ProblemResponse(body, status_code=told.status, headers=dict(told.headers))


def told_by(error: ApiError | DomainError) -> Told:
    """Return what `error` comes to; a stranger reads word for word what follows a missing id."""
    if isinstance(error, NotFound):
        return told_by(Missing())
    if isinstance(error, DomainError):
        kind = type(error)
        return Told(
            status=status_of(kind), code=code_of(kind), detail=str(error), snapshot=snapshot_of(error)
        )
    return Told(
        status=error.status,
        code=error.code,
        detail=str(error),
        errors=error.errors,
        snapshot=snapshot_of(error),
        headers=error.headers,
    )


def of(scope: Scope, error: ApiError | DomainError) -> Response:
    """Return the answer that `error` comes to."""
    return answer(scope, told_by(error))


def status_of(refusal: type[DomainError]) -> int:
    """Return the HTTP status of a refusal, which is that of its family."""
    return next(status for family, status in STATUS.items() if issubclass(refusal, family))


def code_of(refusal: type[DomainError]) -> str:
    """Return the code that clients see: VersionMismatch is VERSION_MISMATCH."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", refusal.__name__).upper()


def with_snapshot(error: Error, snapshot: object) -> Error:
    """Return `error` with the thing as it is now, for the body of the 409."""
    error.__dict__["snapshot"] = snapshot
    return error


def snapshot_of(error: Exception) -> object:
    return error.__dict__.get("snapshot")


def of_validation(error: RequestValidationError) -> ApiError:
    """Return what a request that does not fit its schema amounts to; its values are never given back."""
    wrong: list[dict[str, Any]] = list(error.errors())
    places = {detail["loc"][0] for detail in wrong}
    if "path" in places:
        return Missing()
    if any(detail["type"] == "json_invalid" or _is_absent(detail) for detail in wrong):
        return Malformed()
    kind = InvalidBody if "body" in places else InvalidParameter
    return kind(errors=tuple(_field_error(detail) for detail in wrong))


def _is_absent(detail: Mapping[str, Any]) -> bool:
    return (detail["loc"], detail["type"]) == (("body",), "missing")


def _field_error(detail: Mapping[str, Any]) -> FieldError:
    where, *path = detail["loc"]
    steps = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    field = steps.removeprefix(".") or str(where)
    return FieldError(field=field, message=detail["msg"].removeprefix("Value error, "))


def of_http(request: Request, error: HTTPException) -> Response:
    """Return the problem of what the framework refused."""
    match error.status_code:
        case HTTPStatus.NOT_FOUND:
            return of(request.scope, Missing())
        case HTTPStatus.BAD_REQUEST:
            return of(request.scope, Malformed())
        case HTTPStatus.METHOD_NOT_ALLOWED:
            allowed = ", ".join(allowed_methods(request.app, request.scope["path"]))
            told = Told(
                status=error.status_code,
                code="METHOD_NOT_ALLOWED",
                detail=f"This path answers {allowed}.",
                headers={"Allow": allowed},
            )
            return answer(request.scope, told)
        case status:
            known = HTTPStatus(status)
            told = Told(status=status, code=known.name, detail=known.phrase, headers=error.headers or {})
            return answer(request.scope, told)


def allowed_methods(app: FastAPI, path: str) -> list[str]:
    """Return the methods of `path` over all its routes; the framework knows those of one at a time."""
    methods: set[str] = set()
    for route in iter_route_contexts(app.routes):
        pattern = getattr(route, "path_regex", None)
        if pattern is not None and pattern.match(path):
            methods |= route.methods or set()
    return sorted(methods | ({"HEAD"} if "GET" in methods else set()))


def install(app: FastAPI, *, faces: Mapping[str, Face] | None = None) -> None:
    """Make every refusal that a route or the framework raises a problem, or what `faces` make of it."""
    app.state.faces = faces or {}

    @app.exception_handler(ApiError)
    async def refused_by_api(request: Request, error: ApiError) -> Response:
        return of(request.scope, error)

    @app.exception_handler(DomainError)
    async def refused_by_domain(request: Request, error: DomainError) -> Response:
        return of(request.scope, error)

    @app.exception_handler(RequestValidationError)
    async def refused_by_schema(request: Request, error: RequestValidationError) -> Response:
        return of(request.scope, of_validation(error))

    @app.exception_handler(HTTPException)
    async def refused_by_framework(request: Request, error: HTTPException) -> Response:
        return of_http(request, error)

    @app.exception_handler(OperationalError)
    @app.exception_handler(InterfaceError)
    @app.exception_handler(PoolTimeoutError)
    async def database_away(request: Request, _: Exception) -> Response:
        # Routes only read, so whatever the database was asked for, nothing has happened.
        return of(request.scope, Unavailable())
