"""What a message says: of an event, the facts as they were; of a reminder, how things stand now (R2)."""

from datetime import datetime

from fulfillment.domain.assignment.deadline import DeadlineKind
from fulfillment.domain.assignment.standing import Standing
from fulfillment.domain.messages import Facts, ReminderKind
from fulfillment.notifications.case import Case


def facts_now(case: Case) -> Facts:
    """Return the facts that the message about `case` is made of."""
    reminder = case.owed.reminder
    if reminder is None:
        return case.owed.facts
    if case.standing is None:
        return _of_an_offer(case)
    if reminder.kind is ReminderKind.CONFIRM_NUDGE:
        return _of_the_proposal(case.standing)
    return _of_the_visit(case.standing, reminder.kind)


def _of_an_offer(case: Case) -> Facts:
    offer = case.offer
    if offer is None:
        return Facts()
    return Facts(window=offer.window, amount=offer.price, until=offer.expires_at)


def _of_the_proposal(standing: Standing) -> Facts:
    """Return what an answer is owed on; a visit agreed before stands until then."""
    proposal, agreed = standing.assignment.open_proposal, standing.assignment.agreed
    if proposal is None:
        return Facts()
    return Facts(
        version=proposal.version,
        window=proposal.window,
        previous=agreed.window if agreed else None,
        until=standing.proposal_expires_at,
        reason=proposal.note,
    )


def _of_the_visit(standing: Standing, kind: ReminderKind) -> Facts:
    """Return what is agreed, whatever else somebody has proposed meanwhile."""
    agreed, payout, card = standing.assignment.agreed, standing.assignment.payout, standing.assignment.card
    owed = payout.amount if payout else None
    return Facts(
        version=agreed.version if agreed else None,
        window=agreed.window if agreed else None,
        amount=card.amount if card and kind is ReminderKind.PAYMENT_NUDGE else owed,
        until=_until(standing, kind),
    )


def _until(standing: Standing, kind: ReminderKind) -> datetime | None:
    """Return by when what the reminder asks for has to be done, where there is such an instant."""
    obligation = standing.obligation
    match kind:
        case ReminderKind.PROPOSE_NUDGE | ReminderKind.PAYOUT_REVIEW:
            return obligation.sla_due if obligation else None
        case ReminderKind.RESUBMIT_NUDGE:
            return standing.due(DeadlineKind.RESUBMIT_EXPIRY)
        case ReminderKind.AUTH_EXPIRING:
            return standing.assignment.capture_before
        case _:
            return None
