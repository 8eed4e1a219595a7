"""Idempotency as in version 1 of Stripe's API: the first answer for a key is its answer, for a day.

That includes 500s. Nothing is saved of requests that fail before their endpoint begins (docs.stripe.com,
"Idempotent requests").
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.gateways.stripe.books import Books, Object, Refusal, invalid
from tests.gateways.stripe.forms import Asked

PRUNED_AFTER = 24 * 3600
LONGEST = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What goes back to the caller; `fault` is what it met on the way."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    replayed: bool = False
    fault: str = ""


def answered(status: int, body: Object, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status=status, body=json.dumps(body, indent=2).encode(), headers=named)


@dataclass(slots=True, kw_only=True)
class _Saved:
    request: str
    fingerprint: str
    at: int
    answer: Answer | None = None  # while it is in flight


class Keys:
    """The idempotency keys that were used."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._saved: dict[str, _Saved] = {}

    def replay(self, asked: Asked) -> Answer | None:
        """Return what was answered under this key before.

        Raises:
            Refusal: the request under this key was another one (400), or is still in flight (409).
        """
        if asked.key is None:
            return None
        if len(asked.key) > LONGEST:
            raise invalid(f"Idempotency keys can be up to {LONGEST} characters long.")
        saved = self._saved.get(asked.key)
        if saved is None or saved.at + PRUNED_AFTER <= self._books.now:
            return None
        if saved.fingerprint != _fingerprint(asked):
            raise Refusal(
                400,
                "idempotency_error",
                "Keys for idempotent requests can only be used with the same parameters they were first "
                f"used with. Try using a key other than '{asked.key}'.",
                saved=False,
            )
        if saved.answer is None:
            raise _in_use(asked.key)
        headers = {**saved.answer.headers, "Idempotent-Replayed": "true", "Original-Request": saved.request}
        return Answer(status=saved.answer.status, body=saved.answer.body, headers=headers, replayed=True)

    @contextmanager
    def in_flight(self, asked: Asked) -> Iterator[None]:
        """Hold the key while the endpoint works; without an answer to save, it is free again afterwards."""
        if asked.key is None:
            yield
            return
        saved = _Saved(request=asked.request, fingerprint=_fingerprint(asked), at=self._books.now)
        self._saved[asked.key] = saved
        try:
            yield
        finally:
            if saved.answer is None:
                del self._saved[asked.key]

    def save(self, asked: Asked, answer: Answer) -> None:
        if asked.key is not None:
            self._saved[asked.key].answer = answer


def _in_use(key: str) -> Refusal:
    return Refusal(
        409,
        "invalid_request_error",
        f"There is currently another in-progress request using this Idempotent Key ({key}). "
        "Please try again later.",
        code="idempotency_key_in_use",
        saved=False,
    )


def _fingerprint(asked: Asked) -> str:
    return f"{asked.method} {asked.path} {json.dumps(asked.params, sort_keys=True)}"
