"""What every request passes on its way in, and every answer on its way out: one piece of plain ASGI."""

import re
from urllib.parse import unquote_to_bytes

import structlog
from starlette.types import ASGIApp, Receive, Scope, Send

from api import problems
from api.bodies import ClientLeft, receive_body, replayed
from api.errors import ApiError, FieldError, Internal, InvalidParameter, Missing, OutcomeUnknown, Unavailable
from api.visit import Visit
from fulfillment.patience import within

log = structlog.stdlib.get_logger(__name__)

PATIENCE = 4.9
"""Seconds a route has once the body is here: every request is answered within five."""
LONGER = {"/dev/skip": 120.0}
"""Letting weeks pass takes longer; it is for developers, who see what they wait for."""
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


class Guards:
    """Wrap `app` so that no request gets in unchecked and none goes without an answer.

    On the way in: a request id, and a path and a body that nothing behind us can choke on. On the way
    out: headers that keep browsers careful, one log line, one count. In between: a deadline, and an
    answer with the request id when our own code fails.
    """

    def __init__(self, app: ASGIApp, *, patience: float = PATIENCE) -> None:
        self._app = app
        self._patience = patience

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        visit = Visit(scope, send)
        with structlog.contextvars.bound_contextvars(request_id=visit.request_id):
            try:
                await self._let_in(visit, receive)
            except ClientLeft:
                log.info("http.client.left")
            except ApiError as error:
                await _refuse(visit, receive, error)
            except Exception:
                log.exception("http.request.failed", route=visit.route)
                await _refuse(visit, receive, Internal())
            finally:
                visit.end()

    async def _let_in(self, visit: Visit, receive: Receive) -> None:
        _expect_printable(visit.scope)
        body = await receive_body(visit.scope, receive)
        answer = self._app(visit.scope, replayed(body, receive), visit.send)
        try:
            patience = LONGER.get(visit.scope["path"], self._patience)
            await within(patience, answer, unless=lambda: visit.status > 0)
        except TimeoutError:
            log.warning("http.request.overdue", route=visit.route)
            raise (Unavailable() if visit.is_read else OutcomeUnknown()) from None


def _expect_printable(scope: Scope) -> None:
    """Refuse control characters in path and query: Postgres cannot even be asked for a NUL.

    Raises:
        Missing: one is in the path; nothing of ours has such a name.
        InvalidParameter: one is in the query.
    """
    if CONTROL.search(scope["path"]):
        raise Missing
    if CONTROL.search(unquote_to_bytes(scope["query_string"]).decode("utf-8", errors="replace")):
        raise InvalidParameter(errors=(FieldError(field="query", message="it has a control character"),))


async def _refuse(visit: Visit, receive: Receive, error: ApiError) -> None:
    if visit.status == 0:
        await problems.of(visit.scope, error)(visit.scope, receive, visit.last_word())
