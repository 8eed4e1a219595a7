"""Trouble on demand: faults wait for the request they are meant for, and count whom they met."""

import asyncio
import contextlib
import itertools
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from enum import StrEnum

from tests.gateways.stripe.books import Books, Object
from tests.gateways.stripe.forms import Asked


class Kind(StrEnum):
    """What a request meets. The first eight meet it at the door: nothing is done and nothing is saved."""

    ERROR_BEFORE = "500_before"
    UNAUTHORISED = "401"
    RATE_LIMITED = "429"
    LOCK_TIMEOUT = "lock_timeout"
    CONFLICT = "409"
    HANG_BEFORE = "hang_before"
    """Silence for `seconds`, or until the caller goes; then the connection ends."""
    DROP_BEFORE = "drop_before"
    PAUSE_BEFORE = "pause_before"
    """Silence until the test lets it go on; a caller who left meanwhile has done nothing."""

    ERROR_STORED = "500_stored"
    """Nothing is done, and the error is saved under the key: it is repeated for a day."""
    PAUSE_INSIDE = "pause_inside"
    """The key is taken and nothing done yet; when let go on it is done, whether or not the caller waits."""
    EXPIRE = "expire"
    """The hold runs out just before."""
    LAPSE = "lapse"
    """The hold runs out during a capture, which fails with `charge_expired_for_capture`."""
    CAPTURED_BY_HAND = "captured_by_hand"
    """Somebody captures in the dashboard just before (`amount` of it, or all)."""
    RELEASED_BY_HAND = "released_by_hand"
    DECLINE = "decline"
    """The card says no, with the decline code `code`."""
    AUTHENTICATION_REQUIRED = "authentication_required"
    """The bank wants its customer: 402 off session, requires_action on session."""
    REQUIRES_ACTION = "requires_action"
    """The intent ends in requires_action with a 200, off session too."""

    ERROR_AFTER = "500_after"
    """It is done, and the answer is a 500; `stored` says what is saved: the 500, the real answer, nothing."""
    HANG_AFTER = "hang_after"
    """It is done, and the answer comes after `seconds`."""
    DROP_AFTER = "drop_after"
    PAUSE_AFTER = "pause_after"


AT_THE_DOOR = frozenset(
    {
        Kind.ERROR_BEFORE,
        Kind.UNAUTHORISED,
        Kind.RATE_LIMITED,
        Kind.LOCK_TIMEOUT,
        Kind.CONFLICT,
        Kind.HANG_BEFORE,
        Kind.DROP_BEFORE,
        Kind.PAUSE_BEFORE,
    }
)
PAUSES = frozenset({Kind.PAUSE_BEFORE, Kind.PAUSE_INSIDE, Kind.PAUSE_AFTER})


class Stored(StrEnum):
    """What is saved under the key of a request that was done and answered with a 500."""

    THE_500 = "500"
    THE_ANSWER = "answer"
    NOTHING = "nothing"


@dataclass(slots=True, kw_only=True)
class Fault:
    """Met by `times` requests for `op` whose subject fits: an intent, metadata, a part of the key.

    With `holds_back`, whatever the fault makes of the request, its caller hears nothing of it until the
    test lets it go on: that is when a caller is killed.
    """

    kind: Kind
    op: str = "*"
    times: int = 1
    intent: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
    key: str = ""
    seconds: float = 60.0
    code: str = ""
    amount: int | None = None
    stored: Stored = Stored.THE_500
    holds_back: bool = False
    id: str = ""
    reached: int = 0
    waiting: int = 0
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    released: asyncio.Event = field(default_factory=asyncio.Event)

    def fits(self, asked: Asked, ids: AbstractSet[str], metadata: Mapping[str, str]) -> bool:
        return (
            self.reached < self.times
            and self.op in {"*", asked.op}
            and (not self.intent or self.intent in ids)
            and self.metadata.items() <= metadata.items()
            and (not self.key or self.key in (asked.key or ""))
        )

    async def meet(self) -> None:
        """Count a request, and let those know who wait for it."""
        self.reached += 1
        async with self.changed:
            self.changed.notify_all()

    async def wait_reached(self, times: int) -> None:
        async with self.changed:
            await self.changed.wait_for(lambda: self.reached >= times)

    async def wait_released(self) -> None:
        """Wait until a test lets its callers go on, and be counted meanwhile."""
        self.waiting += 1
        try:
            await self.released.wait()
        finally:
            self.waiting -= 1

    async def silence(self) -> None:
        """Wait for `seconds`, unless it is let go."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.seconds):
                await self.released.wait()

    def described(self) -> Object:
        return {
            "id": self.id,
            "op": self.op,
            "kind": self.kind,
            "times": self.times,
            "reached": self.reached,
            "waiting": self.waiting,
        }


class Faults:
    """The faults that wait, first come first served."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._numbers = itertools.count(1)
        self.all: dict[str, Fault] = {}

    def add(self, fault: Fault) -> Fault:
        fault.id = f"fault_{next(self._numbers)}"
        self.all[fault.id] = fault
        return fault

    def find(self, asked: Asked) -> Fault | None:
        """Return the first fault that is meant for this request; it stays until it is met."""
        if not self.all:
            return None
        ids, metadata = self._subject(asked)
        return next((fault for fault in self.all.values() if fault.fits(asked, ids, metadata)), None)

    def _subject(self, asked: Asked) -> tuple[set[str], dict[str, str]]:
        """Return all that a request is about: what it names, what that belongs to, and their metadata."""
        ids, metadata = set[str](), dict[str, str]()
        names = ("payment_intent", "source_transaction", "charge", "customer", "transfer", "destination")
        waiting = [*asked.ids, *(str(asked.params[name]) for name in names if name in asked.params)]
        while waiting:
            id = waiting.pop()
            if id in ids:
                continue
            ids.add(id)
            about = self._books.objects.get(id, {})
            metadata.update(about.get("metadata") or {})
            waiting += [about[name] for name in ("payment_intent", "charge") if about.get(name)]
            if about.get("source_transaction"):
                waiting.append(about["source_transaction"])
        given = asked.params.get("metadata")
        metadata.update(given if isinstance(given, dict) else {})
        return ids, metadata
