"""How the money stands, how far a visit has come and what may be done, for every state there is."""

from dataclasses import replace
from datetime import timedelta

import pytest

from api.errors import InvalidBody
from api.ui.forms import Form
from api.ui.paying import CARDS, PAYOUTS, paying_of
from api.ui.possible import deeds_of
from api.ui.progress import Reached, stages_of
from api.ui.story import COMING, PATIENCE, STEPS, what_comes
from api.ui.typed import money_sent
from api.ui.zones import zones_with
from fulfillment.domain.assignment.card import Card, CardStatus
from fulfillment.domain.assignment.deadline import Deadline, DeadlineKind
from fulfillment.domain.assignment.payout import Dispute, Payout, PayoutStatus
from fulfillment.domain.assignment.state import Agreed, Assignment, Status
from fulfillment.domain.people import Party
from fulfillment.domain.window import VisitWindow, zone_of
from tests.domain.people import ADA, BOB, NOON, POLICY, assignment, euros

HOUR = timedelta(hours=1)
VISIT = VisitWindow(start=NOON + 48 * HOUR, end=NOON + 50 * HOUR)
AGREED = Agreed(window=VISIT, version=1, at=NOON, confirmed_by=(Party.CUSTOMER,))
BY_CARD = replace(POLICY, card_payments=True)


def scheduled(**changes: object) -> Assignment:
    return assignment(status=Status.SCHEDULED, agreed=AGREED, **changes)


def done(status: PayoutStatus, *, card: CardStatus | None = None, **changes: object) -> Assignment:
    """Return an assignment whose work is done, with a payout in that status."""
    payout = Payout(
        id="a1", attempt=1, amount=euros(100), status=status, submitted_by="bob", submitted_at=VISIT.end
    )
    held = Card(n=1, status=card, amount=euros(125), since=NOON) if card else None
    known = {"status": Status.PAYOUT_PENDING, "agreed": AGREED, "completed_at": VISIT.end}
    return assignment(**(known | {"payout": payout, "card": held} | changes))


class TestTheMoney:
    @pytest.mark.parametrize("status", PayoutStatus)
    def test_every_payout_has_words(self, status: PayoutStatus) -> None:
        it = done(status, card=CardStatus.NEEDS_CUSTOMER)

        told = paying_of(it, may_dispute=False, policy=POLICY)

        assert told.stands
        assert told.says
        assert told.amount.amount == 10_000

    @pytest.mark.parametrize("status", CardStatus)
    def test_every_card_has_words(self, status: CardStatus) -> None:
        it = scheduled(card=Card(n=1, status=status, amount=euros(125), since=NOON))

        told = paying_of(it, may_dispute=False, policy=POLICY)

        assert told.stands == CARDS[status][0]
        assert bool(told.do) is (
            status in {CardStatus.NEEDS_CUSTOMER, CardStatus.MISSING, CardStatus.EXPIRED}
        )

    @pytest.mark.parametrize(
        ("problem", "said"),
        [
            ("insufficient_funds", "What your bank says: there was not enough money on it."),
            ("a_code_nobody_knows", None),
        ],
    )
    def test_a_code_is_put_into_words_or_not_said(self, problem: str, said: str | None) -> None:
        card = Card(n=1, status=CardStatus.NEEDS_CUSTOMER, amount=euros(125), since=NOON, problem=problem)

        told = paying_of(scheduled(card=card), may_dispute=False, policy=POLICY)

        assert (said in told.says) if said else not any("_" in each for each in told.says)

    @pytest.mark.parametrize("status", [Status.CANCELLED, Status.REJECTED])
    @pytest.mark.parametrize("card", [None, CardStatus.WANTED, CardStatus.MISSING, CardStatus.NEEDS_CUSTOMER])
    def test_a_visit_that_is_off_costs_nothing(self, status: Status, card: CardStatus | None) -> None:
        held = Card(n=1, status=card, amount=euros(125), since=NOON) if card else None

        told = paying_of(assignment(status=status, card=held), may_dispute=False, policy=POLICY)

        assert (told.stands, told.do) == ("Nothing to pay", "")

    def test_money_that_was_held_for_it_is_free_again(self) -> None:
        card = Card(n=1, status=CardStatus.RELEASED, amount=euros(125), since=NOON)

        told = paying_of(assignment(status=Status.CANCELLED, card=card), may_dispute=False, policy=POLICY)

        assert told.stands == "Free again"

    def test_what_we_gave_back_is_not_said_to_be_the_banks_doing(self) -> None:
        card = Card(n=1, status=CardStatus.CAPTURED, amount=euros(100), since=NOON, captured=euros(0))
        ours = replace(done(PayoutStatus.REVERSED), card=card)
        theirs = replace(ours, card=replace(card, captured=euros(100)))

        told = [paying_of(it, may_dispute=False, policy=POLICY) for it in (ours, theirs)]

        assert [each.stands for each in told] == ["Given back", "Given back by your bank"]
        assert [each.amount.amount for each in told] == [10_000, 10_000]

    def test_until_when_it_can_be_disputed_is_what_the_rules_say(self) -> None:
        it = done(PayoutStatus.PENDING_APPROVAL)
        last = VISIT.end + POLICY.dispute_window

        told = paying_of(it, may_dispute=True, policy=POLICY)

        assert told.dispute_by == last
        assert deeds_of(it, ADA, at=last, policy=POLICY).dispute
        assert not deeds_of(it, ADA, at=last + timedelta(seconds=1), policy=POLICY).dispute

    def test_a_complaint_is_shown_as_it_was_written(self) -> None:
        it = done(PayoutStatus.ON_HOLD)
        dispute = Dispute(by="ada", at=NOON, reason="It leaks", was=PayoutStatus.PENDING_APPROVAL)
        assert it.payout

        told = paying_of(
            replace(it, payout=replace(it.payout, dispute=dispute)), may_dispute=False, policy=POLICY
        )

        assert told.complaint == "It leaks"

    def test_every_payout_status_is_spoken_of(self) -> None:
        assert set(PayoutStatus) - PAYOUTS.keys() == {PayoutStatus.AWAITING_CUSTOMER_PAYMENT}


class TestWhatIsPossible:
    def test_before_a_time_is_agreed(self) -> None:
        may = deeds_of(assignment(), ADA, at=NOON, policy=POLICY)

        assert (may.propose, may.cancel, may.hold) == (True, True, True)
        assert not any((may.confirm, may.decline, may.withdraw, may.report, may.answer, may.dispute))
        assert not any((may.resume, may.retry, may.cancels_late))

    @pytest.mark.parametrize(("before", "is_late"), [(25, False), (24.5, False), (23.9, True), (0.1, True)])
    def test_when_a_cancellation_becomes_late(self, before: float, *, is_late: bool) -> None:
        may = deeds_of(scheduled(), ADA, at=VISIT.start - before * HOUR, policy=POLICY)

        assert (may.cancel, may.cancels_late) == (True, is_late)

    def test_what_is_asked_of_the_rules_leaves_no_trace(self) -> None:
        it = scheduled()

        deeds_of(it, ADA, at=NOON, policy=POLICY)

        assert it == scheduled()

    @pytest.mark.parametrize(("after", "may_report"), [(-1, False), (0.4, False), (0.5, True), (5, True)])
    def test_from_when_on_a_no_show_is_reported(self, after: float, *, may_report: bool) -> None:
        may = deeds_of(scheduled(), ADA, at=VISIT.start + after * HOUR, policy=POLICY)

        assert may.report is may_report
        assert not may.cancel or after < 0

    def test_a_stranger_may_do_nothing(self) -> None:
        eve = replace(ADA, id="eve")

        may = deeds_of(scheduled(), eve, at=NOON, policy=POLICY)

        assert not any(getattr(may, name) for name in may.__slots__)

    @pytest.mark.parametrize(
        ("status", "may_retry"),
        [(CardStatus.HELD, False), (CardStatus.NEEDS_CUSTOMER, True), (CardStatus.EXPIRED, True)],
    )
    def test_a_card_is_tried_again_when_it_is_what_everybody_waits_for(
        self, status: CardStatus, *, may_retry: bool
    ) -> None:
        it = scheduled(card=Card(n=1, status=status, amount=euros(125), since=NOON, intent_id="pi_1"))

        assert deeds_of(it, ADA, at=NOON, policy=BY_CARD).retry is may_retry
        assert not deeds_of(it, BOB, at=NOON, policy=BY_CARD).retry


class TestTheWay:
    @pytest.mark.parametrize(
        ("it", "reached"),
        [
            (assignment(), "done now ahead ahead ahead"),
            (scheduled(), "done done now ahead ahead"),
            (scheduled(checked_in_at=VISIT.start), "done done done now ahead"),
            (done(PayoutStatus.PENDING_APPROVAL), "done done done done now"),
            (assignment(status=Status.CANCELLED), "done off off off off"),
        ],
    )
    def test_how_far_it_has_come(self, it: Assignment, reached: str) -> None:
        assert [stage.reached for stage in stages_of(it)] == [Reached(each) for each in reached.split()]


class TestTheStory:
    @pytest.mark.parametrize("kind", DeadlineKind)
    @pytest.mark.parametrize("level", [1, 2, 3])
    def test_whatever_comes_has_words_for_each_side(self, kind: DeadlineKind, level: int) -> None:
        for to in Party:
            deadline = Deadline(id="d", kind=kind, due=NOON, to=to, basis="v1", n=level)
            says = what_comes(deadline, level, reader=Party.CUSTOMER, other="Bob {to} & Sons")

            assert says
            assert "{to}" not in says.replace("Bob {to} & Sons", "")

    def test_it_is_spoken_to_whoever_reads(self) -> None:
        deadline = Deadline(
            id="d", kind=DeadlineKind.SLA_CONFIRM, due=NOON, to=Party.CUSTOMER, basis="v1", n=1
        )

        told = [what_comes(deadline, 1, reader=reader, other="Bob") for reader in Party]

        assert told[0] == "you are reminded to answer the proposal"
        assert told[1] == "Bob is reminded to answer the proposal"
        assert set(COMING) | set(PATIENCE) == set(DeadlineKind)
        assert all("{who}" in says or says.startswith(("A ", "The ")) for says in STEPS.values())


class TestAmounts:
    @pytest.mark.parametrize(
        ("typed", "unit", "minor"),
        [
            ("240", "EUR", 24_000),
            ("240.5", "EUR", 24_050),
            (" 240,05 ", "eur", 24_005),
            ("500", "JPY", 500),
            ("1.250", "KWD", 1_250),
            ("0.01", "EUR", 1),
        ],
    )
    def test_they_are_read_as_people_type_them(self, typed: str, unit: str, minor: int) -> None:
        form = Form(pairs=(("price", typed), ("currency", unit)))

        assert money_sent(form, "price", "currency") == {"amount": minor, "currency": unit.strip().upper()}

    @pytest.mark.parametrize(
        ("typed", "unit"),
        [("1.250", "EUR"), ("1,250.00", "EUR"), ("-5", "EUR"), ("1.5", "JPY"), ("٣", "EUR"), ("1e3", "EUR")],
    )
    def test_nobody_guesses_what_was_meant(self, typed: str, unit: str) -> None:
        form = Form(pairs=(("price", typed), ("currency", unit)))

        with pytest.raises(InvalidBody):
            money_sent(form, "price", "currency")


def test_every_zone_that_is_offered_is_one_and_the_readers_own_is_among_them() -> None:
    names = [name for name, _ in zones_with("Etc/GMT+3")]

    assert names[0] == "Etc/GMT+3"
    assert {"Europe/Berlin", "America/New_York", "UTC"} <= set(names)
    assert len(set(names)) == len(names)
    assert all(zone_of(name) for name in names)
