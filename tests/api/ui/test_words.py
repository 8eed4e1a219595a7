"""What pages say: every status, refusal and instant has words, and they are the right ones."""

from datetime import UTC, datetime, timedelta

import pytest

from api.errors import Missing, OutcomeUnknown, TooManyRequests, Unavailable
from api.schemas.values import WindowShown
from api.ui import words
from api.ui.moments import Clock, duration, price
from api.ui.refusals import SENTENCES, WORDED, faults_of
from fulfillment.domain import errors
from fulfillment.domain.assignment.payout import PayoutStatus
from fulfillment.domain.assignment.state import Status
from fulfillment.domain.errors import DomainError
from fulfillment.domain.job.state import JobStatus, OfferStatus, QuoteStatus
from fulfillment.domain.money import Money
from fulfillment.domain.people import Party, Role
from fulfillment.domain.policy import Policy
from fulfillment.notifications.moments import Place

POLICY = Policy()
NOW = datetime(2026, 10, 20, 12, 0, tzinfo=UTC)
FIELDS = ("start", "end", "reason")


def clock(zone: str) -> Clock:
    return Clock(place=Place.of(zone), now=NOW)


def leaves(family: type[DomainError]) -> set[type[DomainError]]:
    children = family.__subclasses__()
    return set().union(*(leaves(child) for child in children)) if children else {family}


@pytest.mark.parametrize("kind", [Status, JobStatus, QuoteStatus, OfferStatus, PayoutStatus])
def test_every_status_has_words(kind: type[Status]) -> None:
    told = [words.status(member) for member in kind]

    assert all(badge.says for badge in told)


def test_equal_values_of_two_kinds_are_told_apart() -> None:
    assert Status.CANCELLED == JobStatus.CANCELLED  # type: ignore[comparison-overlap]
    assert words.status(QuoteStatus.OPEN) != words.status(JobStatus.OPEN)


@pytest.mark.parametrize("role", list(Role))
def test_every_role_has_a_word(role: Role) -> None:
    assert words.role(role)


def test_every_refusal_has_a_sentence() -> None:
    found = leaves(errors.Invalid) | leaves(errors.Forbidden) | leaves(errors.Conflict)

    assert found - SENTENCES.keys() - WORDED.keys() == set()


@pytest.mark.parametrize(
    ("refusal", "field", "says"),
    [
        (
            errors.WindowInvalid("end: a window is at most 8:00:00 long"),
            "end",
            "A visit lasts from 15 min to 8 h",
        ),
        (errors.WindowInvalid("start and end need a UTC offset"), "start", "A visit lasts from"),
        (errors.ValueInvalid("title: it takes a title"), "", "It takes a title."),
        (errors.ReasonRequired("reason: this step needs a reason"), "reason", "Please give a reason."),
        (errors.DstGap("clocks skip it"), "start", "The clocks jump over this time"),
        (errors.ProviderBusy("busy"), "start", "The provider has another visit"),
        (errors.AlreadyDecided("by ruth"), "", "Somebody has decided on this before you."),
        (OutcomeUnknown(), "", "No answer came in time, so it may have happened."),
        (Unavailable(), "", "A server of ours cannot be reached."),
        (TooManyRequests(), "", "That was a little too often."),
    ],
    ids=str,
)
def test_a_refusal_stands_at_its_field(refusal: errors.DomainError, field: str, says: str) -> None:
    (fault,) = faults_of(refusal, fields=FIELDS, policy=POLICY)

    assert fault.name == field
    assert fault.says.startswith(says)


@pytest.mark.parametrize("refusal", [Missing(), errors.NotAParty("a stranger"), errors.NotFound("a1")])
def test_what_is_not_there_is_no_fault_of_a_form(refusal: errors.DomainError) -> None:
    with pytest.raises(type(refusal)):
        faults_of(refusal, fields=FIELDS, policy=POLICY)


@pytest.mark.parametrize(
    ("party", "who", "asks"),
    [(Party.CUSTOMER, "you", True), (Party.PROVIDER, "Bob", False), (Party.ADMIN, "our team", False)],
)
def test_a_turn_is_told_by_who_reads_it(party: Party, who: str, *, asks: bool) -> None:
    told = words.turn(party, "propose_schedule", reader=Party.CUSTOMER, other="Bob")

    assert (told.who, told.what, told.asks) == (who, "propose a time", asks)


def test_a_visit_to_come_is_nothing_to_do_yet() -> None:
    told = words.turn(Party.PROVIDER, "check_in", reader=Party.PROVIDER, other="Ada")

    assert (told.is_yours, told.asks) == (True, False)


class TestInstants:
    @pytest.mark.parametrize(
        ("zone", "says"),
        [
            ("Europe/Berlin", "Sun 25 Oct, 01:30 Europe/Berlin"),
            ("America/New_York", "Sat 24 Oct, 19:30 America/New_York"),
            ("Asia/Kathmandu", "Sun 25 Oct, 05:15 Asia/Kathmandu"),
            ("Mars/Olympus", "Sat 24 Oct, 23:30 UTC"),
        ],
    )
    def test_they_are_told_by_the_readers_clock_and_its_zone(self, zone: str, says: str) -> None:
        at = datetime(2026, 10, 24, 23, 30, tzinfo=UTC)

        told = clock(zone).moment(at)

        assert told.striptags() == says
        assert 'datetime="2026-10-24T23:30:00Z"' in told

    def test_another_year_is_said(self) -> None:
        assert clock("UTC").brief(NOW + timedelta(days=100)).striptags() == "Thu 28 Jan 2027, 12:00"

    def test_a_window_across_a_change_of_the_clocks_says_both_offsets(self) -> None:
        start = datetime(2026, 10, 24, 23, 30, tzinfo=UTC)
        window = WindowShown(start=start, end=start + timedelta(hours=3))

        told = clock("Europe/Berlin").span(window).striptags()

        assert told == "Sun 25 Oct, 01:30 to 03:30 Europe/Berlin, UTC+02:00 to UTC+01:00"

    def test_a_window_across_midnight_says_both_days(self) -> None:
        start = datetime(2026, 10, 21, 21, 0, tzinfo=UTC)
        window = WindowShown(start=start, end=start + timedelta(hours=3))

        told = clock("Europe/Berlin").span(window).striptags()

        assert told == "Wed 21 Oct, 23:00 to Thu 22 Oct, 02:00 Europe/Berlin"

    @pytest.mark.parametrize(
        ("off", "says"),
        [
            (timedelta(seconds=20), "now"),
            (timedelta(minutes=5), "in 5 min"),
            (timedelta(hours=2), "in 2 h"),
            (timedelta(hours=26), "in 26 h"),
            (timedelta(days=3), "in 3 days"),
            (-timedelta(minutes=50), "50 min ago"),
            (-timedelta(days=2), "2 days ago"),
        ],
    )
    def test_how_far_off(self, off: timedelta, says: str) -> None:
        assert clock("UTC").ahead(NOW + off).striptags() == says

    def test_a_field_takes_the_clock_on_the_wall(self) -> None:
        assert clock("Europe/Berlin").field(NOW) == "2026-10-20T14:00"


def test_sums_stay_on_one_line_with_the_decimals_of_their_currency() -> None:
    assert ">185.50\u00a0EUR<" in price(Money(amount=18_550, currency="EUR"))
    assert ">900\u00a0JPY<" in price(Money(amount=900, currency="JPY"))


@pytest.mark.parametrize(
    ("span", "says"),
    [(timedelta(minutes=15), "15 min"), (timedelta(hours=8), "8 h"), (timedelta(days=180), "180 days")],
)
def test_spans_have_one_unit(span: timedelta, says: str) -> None:
    assert duration(span) == says
