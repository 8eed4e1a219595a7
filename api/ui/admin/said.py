"""Every word that was said on a payout: submissions, rulings, the dispute and refunds, in their order."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from api.schemas.values import MoneyShown
from fulfillment.domain.assignment.payout import Decision, Payout, Ruling
from fulfillment.domain.assignment.refund import Refund, RefundStatus
from fulfillment.domain.money import Money

RULINGS: Mapping[Ruling, str] = {
    Ruling.FIRST_MARK: "{who} set the first of two marks",
    Ruling.APPROVED: "{who} approved it",
    Ruling.DENIED: "{who} denied it",
}
CLOSED = "{who} closed it for good"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """Who did what and when, over which amount, and in which words; `attempt` is 0 where there is none."""

    at: datetime
    who: str
    what: str
    amount: MoneyShown | None = None
    reason: str = ""
    attempt: int = 0


def said_on(payout: Payout, *, called: Mapping[str, str]) -> tuple[Said, ...]:
    """Return the words on a payout, the latest first; people whom `called` does not name are their ids."""
    words = (*_submitted(payout), *_decided(payout), *_disputed(payout), *_refunded(payout))
    told = (_named(each, called.get(each.who, each.who)) for each in words)
    return tuple(sorted(told, key=lambda each: each.at, reverse=True))


def _named(said: Said, name: str) -> Said:
    # Not by `format`: a name may have braces in it.
    return replace(said, who=name, what=said.what.replace("{who}", name))


def _submitted(payout: Payout) -> Iterator[Said]:
    yield Said(
        at=payout.submitted_at,
        who=payout.submitted_by,
        what="{who} reported the work as done"
        if payout.attempt == 1
        else "It was put forward again by {who}",
        amount=_shown(payout.amount),
        attempt=payout.attempt,
    )


def _decided(payout: Payout) -> Iterator[Said]:
    for each in payout.decisions:
        yield Said(
            at=each.at,
            who=each.by,
            what=_ruling(each),
            amount=_shown(each.amount) if each.ruling is not Ruling.DENIED else None,
            reason=each.reason,
            attempt=each.attempt,
        )


def _ruling(decision: Decision) -> str:
    return CLOSED if decision.final else RULINGS[decision.ruling]


def _disputed(payout: Payout) -> Iterator[Said]:
    if payout.dispute:
        yield Said(
            at=payout.dispute.at,
            who=payout.dispute.by,
            what="{who} disputes the work",
            reason=payout.dispute.reason,
        )


def _refunded(payout: Payout) -> Iterator[Said]:
    for each in payout.refunds:
        yield Said(at=each.at, who=each.by, what=_asked(each), amount=_shown(each.amount), reason=each.reason)
        if each.second and each.decided_at:
            yield Said(
                at=each.decided_at,
                who=each.second,
                what="{who} set the second mark on the refund",
                amount=_shown(each.amount),
            )


def _asked(refund: Refund) -> str:
    is_mark = refund.second is not None or refund.status is RefundStatus.FIRST_MARK
    return "{who} set the first of two marks on a refund" if is_mark else "{who} gave money back"


def _shown(money: Money) -> MoneyShown:
    return MoneyShown.model_validate(money)
