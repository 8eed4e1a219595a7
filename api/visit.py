"""One request and its answer, as the guards see them: named, timed, counted, and sent with care."""

import re
import time
import uuid

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import Message, Scope, Send

from fulfillment.telemetry import HTTP_REQUESTS, HTTP_SECONDS

log = structlog.stdlib.get_logger(__name__)

REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
READS = frozenset({"GET", "HEAD", "OPTIONS"})
# Machines ask these every few seconds; a line for each would bury the others.
UNLOGGED = frozenset({"/healthz", "/readyz", "/metrics"})
HUNG_UP = 499  # nginx's status for a client that left before its answer
SAFE_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}


class Visit:
    """The `scope` to pass on, a `send` that minds the headers, and what became of it all.

    A route adds headers to its answer, whatever the answer turns out to be, by `add_header`.
    """

    def __init__(self, scope: Scope, send: Send) -> None:
        asked = Headers(scope=scope).getlist("x-request-id")
        taken = len(asked) == 1 and REQUEST_ID.fullmatch(asked[0])
        self.request_id = asked[0] if taken else str(uuid.uuid4())
        self.method: str = scope["method"]
        # HEAD is a GET whose body stays here.
        self.scope = {**scope, "method": "GET" if self.method == "HEAD" else self.method}
        self.scope["state"] = {**scope.get("state", {}), "request_id": self.request_id, "headers": {}}
        self.status = 0
        self._send = send
        self._began = time.perf_counter()
        self._over = False

    @property
    def is_read(self) -> bool:
        return self.method in READS

    @property
    def route(self) -> str:
        return template(self.scope)

    async def send(self, message: Message) -> None:
        """Pass on what a route says, unless it comes round after the visit is over."""
        if not self._over:
            await self._pass_on(message)

    def last_word(self) -> Send:
        """Return a `send` for the guards' own answer; the route has no more say from here."""
        self._over = True
        return self._pass_on

    async def _pass_on(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message = {**message, "headers": list(message.get("headers", []))}
            headers = MutableHeaders(scope=message)
            for name, value in SAFE_HEADERS.items():
                headers.setdefault(name, value)
            headers.update(self.scope["state"]["headers"])
            headers["X-Request-Id"] = self.request_id
        elif self.method == "HEAD":
            message = {**message, "body": b""}
        await self._send(message)

    def end(self) -> None:
        """Count and log the answer."""
        self._over = True
        seconds = time.perf_counter() - self._began
        status = self.status or HUNG_UP
        method = self.method if self.method in METHODS else "other"
        HTTP_REQUESTS.labels(route=self.route, method=method, status=str(status)).inc()
        HTTP_SECONDS.labels(route=self.route).observe(seconds)
        state = self.scope["state"]
        if traced := state.get("answered"):
            traced(method=method, route=self.route, status=status, request_id=self.request_id)
        if self.route not in UNLOGGED:
            log.info(
                "http.request.answered",
                method=method,
                route=self.route,
                status=status,
                milliseconds=round(seconds * 1000, 1),
                **{name: state[name] for name in ("actor", "actor_role") if name in state},
            )


def template(scope: Scope) -> str:
    """Return the path as its route declares it, such as /jobs/{job_id}: one of few values."""
    chosen = scope.get("fastapi", {}).get("effective_route_context") or scope.get("route")
    return getattr(chosen, "path_format", None) or getattr(chosen, "path", None) or "unmatched"


def add_header(scope: Scope, name: str, value: str) -> None:
    """Put a header on the answer to the request of `scope`, be it the route's or a problem's."""
    scope.get("state", {}).setdefault("headers", {})[name] = value
