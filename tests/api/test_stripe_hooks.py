"""What Stripe tells us is kept once and passed on once, whatever else arrives under its name (F10)."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import Any

import httpx2
import pytest
import pytest_asyncio
from limits import parse
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from structlog.testing import capture_logs

from api import stripe_hooks
from api.limits import Limiter
from api.serve import served
from api.stripe_hooks import LARGEST
from api.unread import BodyUnread
from devstack.waiting import until
from fulfillment.store import stripe_events
from fulfillment.store.ratelimit import MemoryHits
from tests.api.front import RATES, front, knocking
from tests.gateways.stripe.serving import SECRET_KEY, Stripe, serving
from tests.gateways.stripe.webhooks import Order, signature
from tests.journeys.people import Json, problem_of
from tests.journeys.town import fresh

NEW, OLD = "whsec_of_today", "whsec_of_yesterday"


@dataclass(slots=True, kw_only=True)
class Ear:
    """Whoever is told of intents; `fails` says how it takes it."""

    told: list[str] = field(default_factory=list)
    fails: Exception | None = None
    hangs: bool = False

    async def hint(self, intent_id: str, _: str) -> None:
        self.told.append(intent_id)
        if self.hangs:
            await asyncio.Event().wait()
        if self.fails:
            raise self.fails


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """An API that listens to Stripe."""

    database: AsyncEngine
    http: httpx2.AsyncClient
    ear: Ear

    async def send(self, body: str, *, secret: str = NEW, age: int = 0) -> httpx2.Response:
        """Return what Stripe reads when it sends `body`, signed `age` seconds ago."""
        return await self.post(body, signature(body, secret, at=int(time.time()) - age))

    async def post(self, body: str, signed: str) -> httpx2.Response:
        headers = {"Content-Type": "application/json; charset=utf-8", "Stripe-Signature": signed}
        return await self.http.post(stripe_hooks.PATH, content=body.encode(), headers=headers)

    async def kept(self, *ids: str) -> dict[str, bool]:
        """Return which of these events are kept, and whether they were passed on."""
        query = text("SELECT event_id, handled_at FROM stripe_event WHERE event_id = ANY(:ids)")
        async with AsyncSession(self.database) as session:
            found = await session.execute(query, {"ids": list(ids)})
            return {row.event_id: row.handled_at is not None for row in found}

    async def passed_on(self, *ids: str) -> None:
        """Return once all these events are passed on, which is done after Stripe has its answer."""
        await until(
            partial(self.kept, *ids), lambda it: it == dict.fromkeys(ids, True), "events to be passed on"
        )

    async def waiting(self) -> list[str]:
        async with AsyncSession(self.database) as session:
            found = await stripe_events.unhandled(session, limit=1000, older_than=timedelta(0))
        return [each.id for each in found]


def event(**changed: Any) -> Json:
    return {
        "id": fresh("evt"),
        "object": "event",
        "type": "payment_intent.succeeded",
        "created": int(time.time()),
        "data": {"object": {"id": fresh("pi"), "object": "payment_intent", "latest_charge": None}},
    } | changed


def said(told: Json) -> str:
    """Return an event as Stripe writes it, which is not how our JSON is written."""
    return json.dumps(told, indent=2)


def about(told: Json) -> str:
    return str(told["data"]["object"]["id"])


@pytest_asyncio.fixture
async def scene(postgres: AsyncEngine) -> AsyncIterator[Scene]:
    ear = Ear()
    limiter = Limiter(MemoryHits(), rates=RATES, strangers=parse("3/minute"))
    app = front(database=postgres, limiter=limiter, routers=[stripe_hooks.router])
    app.state.desk = replace(app.state.desk, hook_secrets=(NEW, OLD), hint=ear.hint)
    app.add_middleware(BodyUnread)
    async with (
        served(app, host="127.0.0.1", port=0) as port,
        httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=10) as http,
    ):
        yield Scene(database=postgres, http=http, ear=ear)


class TestAnEvent:
    async def test_is_kept_and_passed_on(self, scene: Scene) -> None:
        told = event()

        answer = await scene.send(said(told))

        assert (answer.status_code, answer.content) == (200, b"")
        await scene.passed_on(told["id"])
        assert scene.ear.told == [about(told)]

    async def test_that_comes_five_times_is_passed_on_once(self, scene: Scene) -> None:
        told = event()

        answers = [(await scene.send(said(told))).status_code for _ in range(5)]

        assert answers == [200] * 5
        await scene.passed_on(told["id"])
        assert scene.ear.told == [about(told)]

    async def test_that_comes_sixteen_times_at_once_is_passed_on_once(self, scene: Scene) -> None:
        told = event()

        answers = await asyncio.gather(*(scene.send(said(told)) for _ in range(16)))

        assert {answer.status_code for answer in answers} == {200}
        await scene.passed_on(told["id"])
        assert scene.ear.told == [about(told)]

    async def test_signed_with_the_secret_from_before_is_taken_too(self, scene: Scene) -> None:
        told = event()

        assert (await scene.send(said(told), secret=OLD)).status_code == 200
        await scene.passed_on(told["id"])
        assert scene.ear.told == [about(told)]

    async def test_of_a_type_nobody_has_heard_of_is_kept(self, scene: Scene) -> None:
        told = event(type="payment_intent.from_the_future")
        strange = event(type="v2.core.thing", data={"object": {"id": "thing_1", "object": "thing"}})

        answers = [await scene.send(said(each)) for each in (told, strange)]

        assert [answer.status_code for answer in answers] == [200, 200]
        await scene.passed_on(told["id"], strange["id"])
        assert scene.ear.told == [about(told)]

    async def test_may_be_as_large_as_no_event_is(self, scene: Scene) -> None:
        told = event()
        told["padding"] = "x" * (LARGEST - len(said(told | {"padding": ""})))

        assert len(said(told)) == LARGEST
        assert (await scene.send(said(told))).status_code == 200

    @pytest.mark.parametrize("age", [0, 290])
    async def test_may_have_been_on_its_way_for_a_while(self, scene: Scene, age: int) -> None:
        assert (await scene.send(said(event()), age=age)).status_code == 200


class TestTheFakeItself:
    """Stripe's own order of things: an intent's life as the fake tells it, in the wrong order and often."""

    @pytest_asyncio.fixture
    async def stripe(self) -> AsyncIterator[Stripe]:
        async with serving() as fake:
            yield fake

    @pytest.mark.parametrize("order", Order)
    async def test_order_and_repeats_change_nothing(self, scene: Scene, stripe: Stripe, order: Order) -> None:
        await stripe.control.webhook(f"{scene.http.base_url}".rstrip("/") + stripe_hooks.PATH, NEW)
        intent = await captured(stripe)
        ids = [each["id"] for each in await stripe.control.events()]
        hints = [each["id"] for each in await stripe.control.events(about=intent)]

        delivered = await stripe.control.deliver(ids, order=order, times=5)

        assert {each["status"] for each in delivered} == {200}
        await scene.passed_on(*ids)
        assert scene.ear.told == [intent] * len(hints)


class TestWhatIsNoEvent:
    async def test_a_signature_of_somebody_else_is_400(self, scene: Scene) -> None:
        told = event()

        answer = await scene.send(said(told), secret="whsec_of_eve")  # noqa: S106

        assert (answer.status_code, problem_of(answer)["code"]) == (400, "MALFORMED")
        assert (await scene.kept(told["id"]), scene.ear.told) == ({}, [])

    async def test_a_signature_from_long_ago_is_400(self, scene: Scene) -> None:
        told = event()

        answer = await scene.send(said(told), age=310)

        assert (answer.status_code, problem_of(answer)["code"]) == (400, "MALFORMED")
        assert (await scene.kept(told["id"]), scene.ear.told) == ({}, [])

    @pytest.mark.parametrize("signed", ["", "t=,v1=", "v1=00", "t=now,v1=00", "t=1,v1=\u00e9", "x" * 5000])
    async def test_what_is_not_signed_is_400(self, scene: Scene, signed: str) -> None:
        body = said(event()).encode()
        headers = {b"Content-Type": b"application/json", b"Stripe-Signature": signed.encode("latin-1")}

        answer = await scene.http.post(stripe_hooks.PATH, content=body, headers=headers)

        assert (answer.status_code, problem_of(answer)["code"]) == (400, "MALFORMED")

    @pytest.mark.parametrize(
        "body", ["", "{", "[]", "null", '"event"', "{}", '{"object": "event"}', "[" * 100_000]
    )
    async def test_what_is_signed_and_no_event_is_400(self, scene: Scene, body: str) -> None:
        answer = await scene.send(body)

        assert (answer.status_code, problem_of(answer)["code"]) == (400, "MALFORMED")

    async def test_a_signature_is_over_each_byte(self, scene: Scene) -> None:
        told = event()
        good = signature(said(told), NEW, at=int(time.time()))

        assert (await scene.post(json.dumps(told), good)).status_code == 400
        assert (await scene.post(said(told), good)).status_code == 200

    @pytest.mark.parametrize("size", [LARGEST + 1, 2 * 1024 * 1024])
    @pytest.mark.parametrize("announced", [True, False])
    async def test_what_is_too_large_is_413(self, scene: Scene, size: int, *, announced: bool) -> None:
        body = b"x" * size

        async def in_parts() -> AsyncIterator[bytes]:
            for start in range(0, size, 64 * 1024):
                yield body[start : start + 64 * 1024]

        answer = await scene.http.post(stripe_hooks.PATH, content=body if announced else in_parts())

        assert (answer.status_code, problem_of(answer)["code"]) == (413, "BODY_TOO_LARGE")

    async def test_nothing_but_a_post_is_answered(self, scene: Scene) -> None:
        assert (await scene.http.get(stripe_hooks.PATH)).status_code == 405


class TestLimits:
    async def test_stripe_may_come_as_often_as_it_likes_and_strangers_may_not(self, scene: Scene) -> None:
        forged = [(await scene.send(said(event()), secret="whsec_of_eve")).status_code for _ in range(5)]  # noqa: S106
        signed = [(await scene.send(said(event()))).status_code for _ in range(10)]

        assert forged == [400, 400, 400, 429, 429]
        assert signed == [200] * 10

    async def test_what_is_too_large_counts_as_a_strangers(self, scene: Scene) -> None:
        large = b"x" * (LARGEST + 1)

        codes = [(await scene.http.post(stripe_hooks.PATH, content=large)).status_code for _ in range(4)]

        assert codes == [413, 413, 413, 429]


class TestWhenItCannotBePassedOn:
    @pytest.fixture(autouse=True)
    def impatient(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(stripe_hooks, "PATIENCE", 0.2)

    @pytest.mark.parametrize(
        "ear", [Ear(fails=RuntimeError("away")), Ear(hangs=True)], ids=["fails", "hangs"]
    )
    async def test_stripe_does_not_hear_of_it_and_it_is_found_again(self, scene: Scene, ear: Ear) -> None:
        told = event()
        scene.ear.fails, scene.ear.hangs = ear.fails, ear.hangs

        with capture_logs() as lines:
            answers = [(await scene.send(said(told))).status_code for _ in range(2)]
            await asyncio.sleep(0.4)

        assert answers == [200, 200]
        assert await scene.kept(told["id"]) == {told["id"]: False}
        assert told["id"] in await scene.waiting()
        assert scene.ear.told == [about(told)]
        assert _warned(lines) == ["payments.hint.not_passed_on"]


async def test_while_nothing_can_be_kept_stripe_is_asked_to_come_back() -> None:
    app = front(routers=[stripe_hooks.router])
    app.state.desk = replace(app.state.desk, hook_secrets=(NEW,))
    app.add_middleware(BodyUnread)
    body = said(event())
    headers = {"Stripe-Signature": signature(body, NEW, at=int(time.time()))}
    async with knocking(app) as http:
        answer = await http.post(stripe_hooks.PATH, content=body.encode(), headers=headers)

    assert (answer.status_code, problem_of(answer)["code"]) == (503, "ENGINE_UNAVAILABLE")


async def test_where_stripe_has_no_secret_of_ours_there_is_no_such_door(postgres: AsyncEngine) -> None:
    app = front(database=postgres, routers=[stripe_hooks.router])
    app.add_middleware(BodyUnread)
    body = said(event())
    async with knocking(app) as http:
        answer = await http.post(
            stripe_hooks.PATH, content=body.encode(), headers={"Stripe-Signature": signature(body, "", at=0)}
        )

    assert (answer.status_code, problem_of(answer)["code"]) == (404, "NOT_FOUND")


async def captured(stripe: Stripe) -> str:
    """Return an intent whose money was held and then taken."""
    headers = {"Authorization": f"Bearer {SECRET_KEY}"}
    form = {"amount": "12500", "currency": "eur", "capture_method": "manual"}
    form |= {"confirm": "true", "payment_method": "pm_card_visa"}
    async with httpx2.AsyncClient(base_url=stripe.url, headers=headers) as client:
        intent: str = (await client.post("/v1/payment_intents", data=form)).json()["id"]
        await client.post(f"/v1/payment_intents/{intent}/capture")
    return intent


def _warned(lines: Sequence[Any]) -> list[str]:
    return [line["event"] for line in lines if line["log_level"] == "warning"]
