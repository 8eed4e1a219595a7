"""Every state that a provider can meet has words of its own, and amounts are typed the way they are read."""

import re
from dataclasses import replace
from enum import StrEnum

import pytest

from api.errors import InvalidBody
from api.schemas.values import MoneyShown
from api.ui.amounts import typed
from api.ui.choices import ABSENCES, REJECTIONS
from api.ui.forms import Form
from api.ui.moments import Clock
from api.ui.pay import SAYS, pay_of
from api.ui.rendering import TEMPLATES
from api.ui.typed import money_sent
from fulfillment.domain.absence.commands import AbsenceReason
from fulfillment.domain.absence.consequences import What
from fulfillment.domain.absence.results import AbsenceStatus, Outcome
from fulfillment.domain.assignment.card import Card, CardStatus
from fulfillment.domain.assignment.payout import PayoutStatus
from fulfillment.domain.assignment.standing import standing
from fulfillment.domain.assignment.state import NOBODYS_OWN, RejectReason
from fulfillment.domain.job.state import QuoteStatus
from fulfillment.domain.window import VisitWindow
from fulfillment.notifications.moments import Place
from tests.domain.people import (
    BOB,
    DENIED,
    DENIED_AT,
    DONE,
    HOUR,
    NOON,
    POLICY,
    RITA,
    ROOT,
    after,
    approves,
    denies,
    euros,
    resubmits,
)


def test_every_status_of_a_payout_says_what_it_means() -> None:
    assert set(SAYS) == set(PayoutStatus)


@pytest.mark.parametrize(
    ("part", "kind"),
    [
        ("work.html", QuoteStatus),
        ("away.html", What),
        ("away.html", Outcome),
        ("away.html", AbsenceStatus),
    ],
)
def test_every_state_has_its_words_in_the_template(part: str, kind: type[StrEnum]) -> None:
    source, _, _ = (
        TEMPLATES.loader.get_source(TEMPLATES, f"parts/{part}") if TEMPLATES.loader else ("", "", 0)
    )

    assert {member.value for member in kind} <= set(re.findall(r'"(\w+)": ', source))


def test_every_reason_that_a_provider_can_give_is_offered() -> None:
    assert {code for code, _ in REJECTIONS if code} == set(RejectReason) - NOBODYS_OWN
    assert {code for code, _ in ABSENCES if code} == set(AbsenceReason)


@pytest.mark.parametrize(
    ("amount", "currency", "says"),
    [(24_000, "EUR", "240.00"), (5, "EUR", "0.05"), (240, "JPY", "240"), (1_500, "BHD", "1.500")],
)
def test_an_amount_comes_back_as_it_was_filled_in(amount: int, currency: str, says: str) -> None:
    told = MoneyShown(amount=amount, currency=currency)
    form = Form(pairs=(("amount", typed(told)), ("currency", currency)))

    assert typed(told) == says
    assert money_sent(form, "amount", "currency") == {"amount": amount, "currency": currency}


@pytest.mark.parametrize("amount", ["", "-5", "1e3", "1,000.00", "٣", "0", "0.001", "5 EUR"])
def test_what_is_no_amount_is_not_taken_for_one(amount: str) -> None:
    with pytest.raises(InvalidBody):
        money_sent(Form(pairs=(("amount", amount), ("currency", "EUR"))), "amount", "currency")


class TestHours:
    CLOCK = Clock(place=Place.of("Europe/Berlin"), now=NOON)

    def test_of_one_day_are_said_without_it(self) -> None:
        assert "13:00</time> to" in self.CLOCK.hours(
            VisitWindow(start=NOON, end=NOON + HOUR), "Europe/Berlin"
        )

    @pytest.mark.parametrize(
        ("start", "end", "zone"),
        [
            pytest.param(NOON, NOON + 12 * HOUR, "Europe/Berlin", id="across midnight"),
            pytest.param(NOON + 10 * HOUR, NOON + 10.5 * HOUR, "Asia/Tokyo", id="another day there"),
        ],
    )
    def test_of_another_day_name_it(self, start: object, end: object, zone: str) -> None:
        assert "Mar" in self.CLOCK.hours(VisitWindow(start=start, end=end), zone)  # type: ignore[arg-type]


class TestAPayout:
    def test_attempts_that_are_left_are_those_that_the_rules_leave(self) -> None:
        stages = (DENIED, after(DENIED, resubmits(BOB), denies(RITA, attempt=2), at=DENIED_AT))

        found = [pay_of(standing(it, POLICY), POLICY) for it in stages]

        assert [pay.left for pay in found if pay] == [2, 1]
        assert [pay.until for pay in found if pay] == [DENIED_AT + POLICY.resubmit_window] * 2

    def test_what_we_gave_back_is_not_said_to_be_the_banks_doing(self) -> None:
        assert DONE.payout is not None
        card = Card(n=1, status=CardStatus.CAPTURED, amount=DONE.price, since=NOON, captured=euros(0))
        back = replace(DONE, card=card, payout=replace(DONE.payout, status=PayoutStatus.REVERSED))

        pay = pay_of(standing(back, POLICY), POLICY)

        assert pay is not None
        assert pay.stands is not None
        assert "our team has given the customer the money back" in pay.says

    def test_a_first_mark_is_told_to_nobody(self) -> None:
        large = replace(DONE, price=replace(DONE.price, amount=80_000))
        marked = after(large, approves(ROOT, amount=80_000))

        pay = pay_of(standing(marked, POLICY), POLICY)

        assert marked.payout is not None
        assert marked.payout.decisions
        assert pay is not None
        assert pay.words == ()


@pytest.mark.parametrize(
    ("text", "is_link"),
    [
        ("https://photos.example/1.jpg?size=2#a", True),
        ("http://photos.example", True),
        ("javascript:alert(1)", False),
        ("data:text/html,<b>", False),
        ("//photos.example", False),
        ("https://photos.example/ and a word", False),
        ('https://photos.example/"onmouseover="alert(1)', False),
        ("see https://photos.example", False),
    ],
)
def test_evidence_is_a_link_only_if_it_is_an_address_on_the_web(text: str, *, is_link: bool) -> None:
    said = TEMPLATES.from_string("{{ text is web_address }}").render(text=text)

    assert said == str(is_link)
