from datetime import UTC, datetime, timedelta
from typing import TypedDict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fulfillment.domain.vouchers import LIFETIME, REFUND, opens, seal

SECRET = b"a secret that only api and worker share"
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


class Approval(TypedDict):
    payout_id: str
    attempt: int
    amount: int | None
    admin_id: str


APPROVAL: Approval = {"payout_id": "p1", "attempt": 1, "amount": 60_000, "admin_id": "grace"}
VOUCHER = seal(SECRET, **APPROVAL, expires_at=NOON + LIFETIME)


def test_a_voucher_opens_for_what_it_was_sealed_for() -> None:
    assert opens(SECRET, VOUCHER, **APPROVAL, at=NOON)


def test_a_voucher_for_the_whole_amount_opens_for_the_whole_amount() -> None:
    whole: Approval = {**APPROVAL, "amount": None}

    voucher = seal(SECRET, **whole, expires_at=NOON + LIFETIME)

    assert opens(SECRET, voucher, **whole, at=NOON)
    assert not opens(SECRET, voucher, **APPROVAL, at=NOON)


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({**APPROVAL, "payout_id": "p2"}, id="another payout"),
        pytest.param({**APPROVAL, "attempt": 2}, id="a later attempt"),
        pytest.param({**APPROVAL, "amount": 60_001}, id="a cent more"),
        pytest.param({**APPROVAL, "amount": None}, id="the whole amount"),
        pytest.param({**APPROVAL, "admin_id": "alan"}, id="another admin"),
        pytest.param({**APPROVAL, "payout_id": "p", "attempt": 11}, id="the same digits, cut elsewhere"),
    ],
)
def test_a_voucher_opens_for_nothing_else(other: Approval) -> None:
    assert not opens(SECRET, VOUCHER, **other, at=NOON)


def test_a_voucher_for_an_approval_opens_no_refund_nor_the_other_way_round() -> None:
    refund = seal(SECRET, **APPROVAL, expires_at=NOON + LIFETIME, purpose=REFUND)

    assert opens(SECRET, refund, **APPROVAL, at=NOON, purpose=REFUND)
    assert not opens(SECRET, VOUCHER, **APPROVAL, at=NOON, purpose=REFUND)
    assert not opens(SECRET, refund, **APPROVAL, at=NOON)


@pytest.mark.parametrize(
    ("after", "holds"),
    [
        pytest.param(timedelta(0), True, id="at once"),
        pytest.param(LIFETIME - timedelta(microseconds=1), True, id="just in time"),
        pytest.param(LIFETIME, False, id="on the second"),
        pytest.param(timedelta(days=1), False, id="a day later"),
    ],
)
def test_a_voucher_is_short_lived(after: timedelta, *, holds: bool) -> None:
    assert opens(SECRET, VOUCHER, **APPROVAL, at=NOON + after) is holds


def test_nobody_makes_a_voucher_last_longer() -> None:
    until, _, mac = VOUCHER.partition(".")

    stretched = f"{int(until) + 3600}.{mac}"

    assert not opens(SECRET, stretched, **APPROVAL, at=NOON)


def test_another_secret_seals_nothing_for_us() -> None:
    forged = seal(b"a guess", **APPROVAL, expires_at=NOON + LIFETIME)

    assert not opens(SECRET, forged, **APPROVAL, at=NOON)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param(".", id="two nothings"),
        pytest.param("true", id="a word"),
        pytest.param(VOUCHER.partition(".")[0], id="the date alone"),
        pytest.param("-1." + VOUCHER.partition(".")[2], id="before the epoch"),
        pytest.param("9" * 5000 + ".x", id="more digits than an integer takes"),
        pytest.param("²." + VOUCHER.partition(".")[2], id="a digit of another script"),
        pytest.param("1772452800.\ud800\x00", id="a lone surrogate and a NUL"),
        pytest.param(VOUCHER + "=", id="one character too many"),
    ],
)
def test_garbage_does_not_open(text: str) -> None:
    assert not opens(SECRET, text, **APPROVAL, at=NOON)


@given(st.text())
def test_no_text_out_of_thin_air_opens_or_breaks_anything(text: str) -> None:
    assert not opens(SECRET, text, **APPROVAL, at=NOON)
