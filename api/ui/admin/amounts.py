"""What is wrong with an amount that somebody typed, in the unit in which they typed it."""

from api.ui.admin.case import Case
from api.ui.admin.follows import said
from api.ui.refusals import Refusal
from fulfillment.domain.errors import AmountExceedsAuthorised, ValueInvalid


def amount_said(refusal: Refusal, case: Case) -> str:
    """Return what to say of a refusal about an amount, as the rules count in minor units; else nothing."""
    if isinstance(refusal, AmountExceedsAuthorised):
        return _too_much(case)
    if not isinstance(refusal, ValueInvalid) or not str(refusal).startswith("amount: "):
        return ""
    payout = case.it.payout
    if payout and payout.first_mark:
        return f"The first admin approved {said(payout.first_mark.amount)}; it takes the same amount twice."
    if case.mark:
        return f"The first admin wants {said(case.mark.amount)} back; it takes the same amount twice."
    if payout and payout.dispute:
        return f"An amount goes with “Reduce” alone, and is less than {said(payout.amount)}."
    return ""


def _too_much(case: Case) -> str:
    if case.it.is_closed and case.left:
        return f"At most {said(case.left)} can be given back: that is left of what was taken."
    if case.it.authorised:
        return f"At most {said(case.most)} can be paid: that is held on the card."
    return f"At most {said(case.most)} can be paid: that is the agreed price."
