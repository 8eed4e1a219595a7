"""The quotes for a job as its customer compares them: the cheapest first, and what a new wording changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from api.schemas.jobs import QuoteShown
from api.schemas.values import MoneyShown, WindowShown
from api.ui.people import UNNAMED
from fulfillment.domain.errors import DomainError
from fulfillment.domain.job.commands import AcceptQuote
from fulfillment.domain.job.deciding import decide_job
from fulfillment.domain.job.state import Job, QuoteStatus
from fulfillment.domain.people import Actor, Party
from fulfillment.domain.policy import Policy
from fulfillment.store.views.bids import Wording

USABLE = frozenset({QuoteStatus.OPEN, QuoteStatus.STANDBY})


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """What the wording before said, of that in which it differs; `fields` names what does."""

    fields: frozenset[str]
    price: MoneyShown
    window: WindowShown | None
    note: str
    valid_until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteLine:
    """A quote of somebody called `provider`; `accept` is the id of the form that takes it up."""

    shown: QuoteShown
    provider: str
    price: MoneyShown
    earlier: Earlier | None
    may_accept: bool
    is_cheapest: bool

    @property
    def accept(self) -> str:
        return form_of(self.shown.id)

    @property
    def is_over(self) -> bool:
        return self.shown.status not in USABLE


def form_of(quote_id: str) -> str:
    """Return the id of the form that takes a quote up."""
    return f"accept-{quote_id}"


def lines(
    shown: Sequence[QuoteShown],
    job: Job,
    *,
    actor: Actor,
    names: Mapping[str, str],
    wordings: Mapping[str, Sequence[Wording]],
    at: datetime,
    policy: Policy,
) -> tuple[QuoteLine, ...]:
    """Return the quotes as one chooses among them: those that can be taken up first, by price."""
    takeable = {each.id for each in shown if _may_accept(job, each, actor, at=at, policy=policy)}
    least = min((each.amount for each in shown if each.id in takeable), default=None)
    found = (
        QuoteLine(
            shown=each,
            provider=names.get(each.provider_id, UNNAMED[Party.PROVIDER]),
            price=MoneyShown(amount=each.amount, currency=each.currency),
            earlier=_earlier(each, wordings.get(each.id, ())),
            may_accept=each.id in takeable,
            is_cheapest=len(takeable) > 1 and each.id in takeable and each.amount == least,
        )
        for each in shown
    )
    return tuple(sorted(found, key=lambda line: (not line.may_accept, line.is_over, line.shown.amount)))


def _may_accept(job: Job, quote: QuoteShown, actor: Actor, *, at: datetime, policy: Policy) -> bool:
    command = AcceptQuote(actor=actor, quote_id=quote.id, version=quote.version)
    try:
        return bool(decide_job(job, command, at=at, policy=policy))
    except DomainError:
        return False


def _earlier(quote: QuoteShown, wordings: Sequence[Wording]) -> Earlier | None:
    before = next((each for each in reversed(wordings) if each.version < quote.version), None)
    if before is None:
        return None
    was = Earlier(
        fields=frozenset(),
        price=MoneyShown.model_validate(before.price),
        window=WindowShown.of(before.window),
        note=before.note,
        valid_until=before.valid_until,
    )
    differs = {
        "price": (was.price.amount, was.price.currency) != (quote.amount, quote.currency),
        "window": was.window != quote.window,
        "note": was.note != (quote.note or ""),
        "valid_until": was.valid_until != quote.valid_until,
    }
    fields = frozenset(name for name, is_so in differs.items() if is_so)
    return Earlier(
        fields=fields, price=was.price, window=was.window, note=was.note, valid_until=was.valid_until
    )
