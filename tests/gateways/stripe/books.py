"""What the fake Stripe remembers: its objects, its clock, its events, and every effect on money, in order."""

import copy
import itertools
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import stripe

Object = dict[str, Any]  # JSON, as Stripe's clients see it

WEEK = 7 * 24 * 3600


class Refusal(Exception):
    """An answer that is an error. One that is not `saved` leaves its idempotency key as it was."""

    def __init__(
        self,
        status: int,
        type: str,
        message: str,
        *,
        code: str | None = None,
        saved: bool = True,
        **more: Any,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.saved = saved
        self.body: Object = {"error": {"type": type, "code": code, "message": message, **more}}


def invalid(message: str, *, code: str | None = None, param: str | None = None, status: int = 400) -> Refusal:
    """Return the refusal of parameters; Stripe saves no result for those (docs, "Idempotent requests")."""
    return Refusal(
        status,
        "invalid_request_error",
        message,
        code=code,
        saved=False,
        **({"param": param} if param else {}),
    )


def missing(kind: str, id: str, *, param: str = "id", status: int = 404) -> Refusal:
    return invalid(f"No such {kind}: '{id}'", code="resource_missing", param=param, status=status)


@dataclass(slots=True)
class Acting:
    """Who acts just now: an API request with its idempotency key, or somebody else."""

    by: str = "nobody"
    key: str | None = None
    request: str | None = None


@dataclass(slots=True)
class Books:
    """All of it. `shift` is how far its clock is ahead, `lifetime` how long a hold is good, in seconds."""

    shift: float = 0.0
    lifetime: int = WEEK
    objects: dict[str, Object] = field(default_factory=dict)
    effects: list[Object] = field(default_factory=list)
    requests: list[Object] = field(default_factory=list)
    events: list[Object] = field(default_factory=list)
    listeners: list[Callable[[Object], None]] = field(default_factory=list)
    _acting: Acting = field(default_factory=Acting)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def now(self) -> int:
        return int(time.time() + self.shift)

    def id(self, prefix: str) -> str:
        # Ids have to differ between two fakes of one test run, and so begin with the time they were made.
        return f"{prefix}_{time.time_ns():x}{next(self._numbers):05d}"

    def open(self, kind: str, prefix: str, **facts: Any) -> Object:
        """Add an object of `kind` and return it."""
        made: Object = {
            "id": self.id(prefix),
            "object": kind,
            "created": self.now,
            "livemode": False,
            "metadata": {},
            **facts,
        }
        self.objects[made["id"]] = made
        return made

    def get(self, kind: str, id: str, *, param: str = "id", status: int = 404) -> Object:
        """Return an object; a parameter that names one there is not is a 400, a path is a 404."""
        one = self.objects.get(id)
        if one is None or one["object"] != kind:
            raise missing(kind, id, param=param, status=status)
        return one

    def all(self, kind: str, **where: object) -> list[Object]:
        """Return the objects of `kind` for which `where` is so, oldest first."""
        mine = (one for one in self.objects.values() if one["object"] == kind)
        return [one for one in mine if all(one.get(name) == value for name, value in where.items())]

    def tell(self, type: str, about: Object, **previous: object) -> None:
        """Note an event with `about` as it is now, and let the listeners know."""
        data: Object = {"object": copy.deepcopy(about)}
        if previous:
            data["previous_attributes"] = previous
        event: Object = {
            "id": self.id("evt"),
            "object": "event",
            "api_version": stripe.api_version,
            "created": self.now,
            "data": data,
            "livemode": False,
            "pending_webhooks": 1,
            "request": {"id": self._acting.request, "idempotency_key": self._acting.key},
            "type": type,
        }
        self.events.append(event)
        for listener in self.listeners:
            listener(event)

    def note(self, kind: str, about: Object, amount: int, *, intent: Object | None) -> None:
        """Write an effect on money into the ledger."""
        self.effects.append(
            {
                "kind": kind,
                "object": about["id"],
                "intent": intent["id"] if intent else None,
                "amount": amount,
                "currency": about["currency"],
                "metadata": dict(about["metadata"]),
                "intent_metadata": dict(intent["metadata"]) if intent else {},
                "key": self._acting.key,
                "by": self._acting.by,
                "at": time.time() + self.shift,
            }
        )

    @contextmanager
    def acting(self, by: str, *, key: str | None = None, request: str | None = None) -> Iterator[None]:
        """Let `by` be who acts. Nothing is awaited inside, so nobody else acts meanwhile."""
        before, self._acting = self._acting, Acting(by, key, request)
        try:
            yield
        finally:
            self._acting = before
