"""Hints: whose they are, how old, and what they are about."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stripe import WebhookSignature

from fulfillment.gateways.stripe_hints import (
    Hint,
    HintRefused,
    HintTooOld,
    NotAnEvent,
    SignatureWrong,
    read_hint,
)
from tests.gateways.stripe.webhooks import signature

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
AT = int(NOW.timestamp())
SECRET, NEXT, STRANGE = "whsec_ours", "whsec_next", "whsec_strange"

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["id", "object", "type", "created", "data", "charge"]), inner)
    ),
    max_leaves=8,
)


def event(subject: dict[str, Any], **other: Any) -> bytes:
    made = {
        "id": "evt_1",
        "object": "event",
        "type": "payment_intent.succeeded",
        "created": AT - 5,
        "data": {"object": subject},
        **other,
    }
    return json.dumps(made, indent=2).encode()


INTENT = {"id": "pi_1", "object": "payment_intent", "latest_charge": "ch_1"}
EVENT = event(INTENT)


def signed(body: bytes, *, secret: str = SECRET, at: int = AT) -> str:
    return signature(body.decode(), secret, at=at)


def read(body: bytes, header: str | None = None, *, secrets: tuple[str, ...] = (SECRET,)) -> Hint:
    return read_hint(body, signed(body) if header is None else header, secrets, now=NOW)


class TestWhose:
    def test_one_of_stripes_is_read(self) -> None:
        assert read(EVENT) == Hint(
            event_id="evt_1",
            type="payment_intent.succeeded",
            intent_id="pi_1",
            charge_id="ch_1",
            created=NOW - timedelta(seconds=5),
        )

    @pytest.mark.parametrize("secret", [SECRET, NEXT])
    def test_while_secrets_are_exchanged_either_will_do(self, secret: str) -> None:
        assert read(EVENT, signed(EVENT, secret=secret), secrets=(NEXT, SECRET)).intent_id == "pi_1"

    def test_a_header_with_two_signatures_needs_one_that_fits(self) -> None:
        ours = WebhookSignature.generate_signature_header(EVENT.decode(), SECRET, AT)
        strange = signed(EVENT, secret=STRANGE).split(",")[1]

        assert read(EVENT, f"{ours.split(',')[0]},{strange},{ours.split(',')[1]}").intent_id == "pi_1"

    @pytest.mark.parametrize(
        "header",
        [
            pytest.param(signed(EVENT, secret=STRANGE), id="another secret"),
            pytest.param(signed(EVENT).replace("v1=", "v0="), id="another scheme"),
            pytest.param(signed(EVENT).replace(f"t={AT}", f"t={AT + 1}"), id="another time"),
            pytest.param("", id="none"),
            pytest.param(f"t={AT}", id="only a time"),
            pytest.param(f"t={AT},v1=ßßß", id="not ASCII"),
            pytest.param("v1", id="half of one"),
            pytest.param("t=,v1=", id="nothing in it"),
        ],
    )
    def test_what_others_made_is_refused(self, header: str) -> None:
        with pytest.raises(SignatureWrong):
            read(EVENT, header)

    def test_a_changed_body_is_refused(self) -> None:
        with pytest.raises(SignatureWrong):
            read(EVENT.replace(b"pi_1", b"pi_2"), signed(EVENT))

    @pytest.mark.parametrize("secrets", [(), ("",), (STRANGE, " ")])
    def test_without_a_secret_that_fits_nothing_is_ours(self, secrets: tuple[str, ...]) -> None:
        with pytest.raises(SignatureWrong):
            read(EVENT, secrets=secrets)

    @pytest.mark.parametrize("age", [301, 86_400])
    def test_an_old_one_is_refused(self, age: int) -> None:
        with pytest.raises(HintTooOld):
            read(EVENT, signed(EVENT, at=AT - age))

    @pytest.mark.parametrize("age", [-60, 0, 300])
    def test_one_from_just_now_is_read(self, age: int) -> None:
        assert read(EVENT, signed(EVENT, at=AT - age)).event_id == "evt_1"


class TestWhatAbout:
    @pytest.mark.parametrize(
        ("subject", "intent_id", "charge_id"),
        [
            (INTENT, "pi_1", "ch_1"),
            ({**INTENT, "latest_charge": None}, "pi_1", None),
            ({"id": "ch_2", "object": "charge", "payment_intent": "pi_2"}, "pi_2", "ch_2"),
            ({"id": "ch_2", "object": "charge", "payment_intent": None}, None, "ch_2"),
            ({"id": "re_1", "object": "refund", "payment_intent": "pi_3", "charge": "ch_3"}, "pi_3", "ch_3"),
            ({"id": "du_1", "object": "dispute", "payment_intent": INTENT, "charge": "ch_4"}, "pi_1", "ch_4"),
            ({"id": "cus_1", "object": "customer"}, None, None),
            ({"id": "cs_1", "object": "checkout.session", "payment_intent": "pi_5"}, None, None),
            ({}, None, None),
        ],
    )
    def test_it_names_the_intent_and_the_charge(
        self, subject: dict[str, Any], intent_id: str | None, charge_id: str | None
    ) -> None:
        hint = read(event(subject))

        assert (hint.intent_id, hint.charge_id) == (intent_id, charge_id)

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"not JSON",
            b"[]",
            b"null",
            b"[" * 100_000,
            event(INTENT, object="v2.core.event"),
            event(INTENT, id=None),
            event(INTENT, type=7),
            event(INTENT, created="today"),
            event(INTENT, created=10**30),
            event(INTENT, data=None),
            event(INTENT, data={"object": "pi_1"}),
        ],
    )
    def test_what_is_signed_and_no_event_is_refused(self, body: bytes) -> None:
        with pytest.raises(NotAnEvent):
            read(body)


class TestGarbage:
    @settings(max_examples=50, deadline=None)
    @given(body=st.binary(), header=st.text())
    def test_what_nobody_signed_is_refused(self, body: bytes, header: str) -> None:
        with pytest.raises(SignatureWrong):
            read_hint(body, header, (SECRET,), now=NOW)

    @settings(max_examples=50, deadline=None)
    @given(header=st.text(alphabet="tv1=,0 ß-", max_size=40))
    def test_what_looks_like_a_signature_is_refused(self, header: str) -> None:
        with pytest.raises(SignatureWrong):
            read_hint(EVENT, header, (SECRET,), now=NOW)

    @settings(max_examples=50, deadline=None)
    @given(body=JSON.map(json.dumps).map(str.encode))
    def test_what_stripe_signed_is_read_or_refused_by_name(self, body: bytes) -> None:
        with pytest.raises(HintRefused):
            read(body)

    @settings(max_examples=50, deadline=None)
    @given(subject=JSON, created=JSON)
    def test_an_event_about_anything_is_read_or_refused_by_name(self, subject: Any, created: Any) -> None:
        body = json.dumps(
            {
                "id": "evt_1",
                "object": "event",
                "type": "charge.updated",
                "created": created,
                "data": {"object": subject},
            }
        ).encode()

        try:
            hint = read(body)
        except NotAnEvent:
            return
        assert hint.event_id == "evt_1"
