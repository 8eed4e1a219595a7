"""A Stripe on this machine: the API that the official SDK speaks, with trouble on demand.

at the door     the API key, and faults that leave everything as it was
the key         an answer that was given before is given again
inside          faults that something else happens just before or instead; then the endpoint itself
on the way out  faults that lose or delay the answer
"""

import contextlib
import re
from typing import assert_never

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Mount
from starlette.types import Receive, Scope, Send

from tests.gateways.stripe.aftermath import Aftermath
from tests.gateways.stripe.books import Books, Object, Refusal, invalid
from tests.gateways.stripe.endpoints import Endpoint, endpoints
from tests.gateways.stripe.faults import AT_THE_DOOR, Fault, Faults, Kind, Stored
from tests.gateways.stripe.forms import Asked, expanded, parsed
from tests.gateways.stripe.idempotency import Answer, Keys, answered
from tests.gateways.stripe.intents import Intents
from tests.gateways.stripe.people import People
from tests.gateways.stripe.plane import Plane
from tests.gateways.stripe.webhooks import Webhooks
from tests.gateways.stripe.wire import Wire, hurried

KEY = re.compile(r"Bearer (sk|rk)_test_\w+")
DOING_NOTHING = {
    "error": {"type": "api_error", "code": None, "message": "Something went wrong on Stripe's end."}
}


class Dropped(Exception):
    """The connection ends without an answer."""


class FakeStripe:
    """The whole of it; `app` answers below /v1 as Stripe does, and below /_control to tests."""

    def __init__(self) -> None:
        self.books = Books()
        self.people = People(self.books)
        self.intents = Intents(self.books, self.people)
        self.aftermath = Aftermath(self.books)
        self.faults = Faults(self.books)
        self.webhooks = Webhooks(self.books)
        self._keys = Keys(self.books)
        self._endpoints = endpoints(self.books, self.people, self.intents, self.aftermath)
        plane = Plane(
            self.books, self.people, self.intents, self.aftermath, faults=self.faults, webhooks=self.webhooks
        )
        self.app = hurried(Starlette(routes=[Mount("/v1", app=self._v1), Mount("/_control", app=plane.app)]))

    async def aclose(self) -> None:
        """Let go of all who wait, so that the server can stop."""
        for fault in self.faults.all.values():
            fault.released.set()
        await self.webhooks.aclose()

    async def _v1(self, scope: Scope, receive: Receive, send: Send) -> None:
        request, wire = Request(scope, receive), Wire(receive, send)
        form = request.url.query if request.method == "GET" else (await request.body()).decode()
        entry: Object = {
            "at": self.books.now,
            "method": request.method,
            "path": request.url.path,
            "status": None,
        }
        entry["request"] = self.books.id("req")
        self.books.requests.append(entry)
        try:
            answer = await self._answer(request, form, entry, wire)
        except Dropped:
            entry["dropped"] = True
            await wire.cut()
            return
        entry.update(status=answer.status, replayed=answer.replayed)
        await wire.answer(answer, {"Request-Id": entry["request"], "Stripe-Version": entry["version"]})

    async def _answer(self, request: Request, form: str, entry: Object, wire: Wire) -> Answer:
        try:
            asked, endpoint = self._let_in(request, form, entry)
            fault = self.faults.find(asked)
            try:
                return await self._answer_under(fault, asked, endpoint, entry, wire)
            finally:
                if fault is not None and fault.holds_back and entry["fault"]:
                    await wire.stays_for(fault.wait_released())
        except Refusal as refusal:
            return answered(refusal.status, refusal.body, **_advice(refusal))

    async def _answer_under(
        self, fault: Fault | None, asked: Asked, endpoint: Endpoint, entry: Object, wire: Wire
    ) -> Answer:
        if fault is not None and fault.kind in AT_THE_DOOR:
            entry["fault"] = fault.kind
            await fault.meet()
            await self._at_the_door(fault, wire)
            fault = None
        if (before := self._keys.replay(asked)) is not None:
            return before
        return await self._carried_out(asked, endpoint, fault, entry, wire)

    def _let_in(self, request: Request, form: str, entry: Object) -> tuple[Asked, Endpoint]:
        key = request.headers.get("Idempotency-Key") if request.method == "POST" else None
        entry.update(
            op="",
            ids=[],
            key=key,
            version=request.headers.get("Stripe-Version", ""),
            replayed=False,
            fault="",
        )
        entry["params"] = params = parsed(form)
        if not KEY.fullmatch(request.headers.get("Authorization", "")):
            raise Refusal(401, "invalid_request_error", "Invalid API Key provided.", saved=False)
        for endpoint in self._endpoints:
            if endpoint.method == request.method and (found := endpoint.path.fullmatch(request.url.path)):
                entry.update(op=endpoint.op, ids=list(found.groups()))
                asked = Asked(
                    op=endpoint.op,
                    method=request.method,
                    path=request.url.path,
                    params=params,
                    ids=found.groups(),
                    key=key,
                    request=entry["request"],
                )
                return asked, endpoint
        raise invalid(f"Unrecognized request URL ({request.method}: {request.url.path}).", status=404)

    async def _at_the_door(self, fault: Fault, wire: Wire) -> None:
        """Let `fault` happen; who comes back from here may go on.

        Raises:
            Refusal: it is an answer.
            Dropped: there is none.
        """
        match fault.kind:
            case Kind.UNAUTHORISED:
                raise Refusal(
                    401, "invalid_request_error", "Expired API Key provided.", code="api_key_expired"
                )
            case Kind.RATE_LIMITED:
                raise Refusal(429, "invalid_request_error", "Too many requests.", code="rate_limit")
            case Kind.LOCK_TIMEOUT:
                raise Refusal(429, "invalid_request_error", "This object is locked.", code="lock_timeout")
            case Kind.CONFLICT:
                raise Refusal(409, "invalid_request_error", "Conflict.", code="idempotency_key_in_use")
            case Kind.DROP_BEFORE:
                raise Dropped
            case Kind.HANG_BEFORE:
                await wire.stays_for(fault.silence())
                raise Dropped
            case Kind.PAUSE_BEFORE:
                if not await wire.stays_for(fault.wait_released()):
                    raise Dropped
            case _:
                raise Refusal(500, "api_error", "Something went wrong on Stripe's end.")

    async def _carried_out(
        self, asked: Asked, endpoint: Endpoint, fault: Fault | None, entry: Object, wire: Wire
    ) -> Answer:
        with self._keys.in_flight(asked):
            if fault is not None:
                entry["fault"] = fault.kind
                await fault.meet()
            if fault is not None and fault.kind is Kind.PAUSE_INSIDE:
                await fault.wait_released()
            answer = self._done(asked, endpoint, fault)
        if fault is None:
            return answer
        return await self._on_the_way_out(fault, answer, wire)

    def _done(self, asked: Asked, endpoint: Endpoint, fault: Fault | None) -> Answer:
        """Do what was asked, all or nothing since nothing is awaited, and save the answer under its key."""
        self.intents.sweep()
        if fault is not None and fault.kind is Kind.ERROR_STORED:
            answer = answered(500, DOING_NOTHING, Stripe_Should_Retry="false")
            self._keys.save(asked, answer)
            return answer
        with self.books.acting("api", key=asked.key, request=asked.request):
            try:
                asked = self._whimsical(asked, fault)
                answer = answered(200, expanded(self.books, endpoint.do(asked), asked.params.get("expand")))
            except Refusal as refusal:
                if not refusal.saved:
                    raise
                answer = answered(refusal.status, refusal.body)
        self._save(asked, answer, fault)
        return answer

    def _whimsical(self, asked: Asked, fault: Fault | None) -> Asked:
        """Let happen what `fault` wants just before, and return the request with what it wants inside."""
        if fault is None:
            return asked
        intent_id = next(iter(asked.ids), "")
        with contextlib.suppress(Refusal):
            match fault.kind:
                case Kind.EXPIRE:
                    self.intents.expire(intent_id)
                case Kind.CAPTURED_BY_HAND:
                    self.intents.capture_by_hand(intent_id, fault.amount)
                case Kind.RELEASED_BY_HAND:
                    self.intents.release_by_hand(intent_id)
        if fault.kind is Kind.LAPSE:
            self.intents.expire(intent_id)
            message = "The charge cannot be captured as the authorization has expired."
            raise Refusal(400, "invalid_request_error", message, code="charge_expired_for_capture")
        return asked.with_whim(fault.kind, fault.code)

    def _save(self, asked: Asked, answer: Answer, fault: Fault | None) -> None:
        if fault is None or fault.kind is not Kind.ERROR_AFTER:
            self._keys.save(asked, answer)
            return
        match fault.stored:
            case Stored.THE_500:
                self._keys.save(asked, answered(500, DOING_NOTHING, Stripe_Should_Retry="false"))
            case Stored.THE_ANSWER:
                self._keys.save(asked, answer)
            case Stored.NOTHING:
                pass
            case _:
                assert_never(fault.stored)

    async def _on_the_way_out(self, fault: Fault, answer: Answer, wire: Wire) -> Answer:
        match fault.kind:
            case Kind.ERROR_AFTER:
                return answered(500, DOING_NOTHING, Stripe_Should_Retry="false")
            case Kind.DROP_AFTER:
                raise Dropped
            case Kind.HANG_AFTER:
                await wire.stays_for(fault.silence())
            case Kind.PAUSE_AFTER:
                await wire.stays_for(fault.wait_released())
        return answer


def _advice(refusal: Refusal) -> dict[str, str]:
    """Return what Stripe's headers say to its SDKs about coming back."""
    match refusal.status:
        case 409 | 500:
            return {"Stripe_Should_Retry": "true"}
        case 429 if refusal.body["error"]["code"] == "lock_timeout":
            return {"Stripe_Should_Retry": "true"}
        case 429:
            return {"Retry_After": "1", "Stripe_Should_Retry": "false"}
    return {}
