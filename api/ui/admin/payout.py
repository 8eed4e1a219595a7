"""One payout: what is owed and why, every word said on it, and what an admin decides."""

from fastapi import APIRouter, Response

from api import evidence as evidence_api
from api import history
from api import payouts as api
from api.desk import TheDesk
from api.reading import TheSession, TheTurn
from api.schemas.base import Id
from api.schemas.evidence import EvidenceShown
from api.ui.admin import steps
from api.ui.admin.case import case_of
from api.ui.admin.options import Step
from api.ui.admin.payout_page import Deed, ThePage
from api.ui.admin.payouts import PATH, Admin
from api.ui.admin.trail import DOORS, sentence, step_words
from api.ui.commanding import TheSending
from api.ui.people import names
from api.ui.queries import Since
from api.ui.rendering import TheShow
from fulfillment.store import chain
from fulfillment.store.tables import Entity

router = APIRouter(prefix=f"{PATH}/{{payout_id}}", include_in_schema=False)


@router.get("")
async def read_payout(payout_id: Id, page: ThePage, since: Since = None) -> Response:
    """Show what is owed, and what can be done about it now."""
    return await page(payout_id, since=since)


@router.get("/audit")
async def read_audit(
    payout_id: Id, visitor: Admin, session: TheSession, desk: TheDesk, turn: TheTurn, show: TheShow
) -> Response:
    """Show who did what and when, and whether the audit still says what it said."""
    case = await case_of(payout_id, visitor, session, desk, now=show.clock.now, since=None)
    audited = await history.read_audit(payout_id, visitor.actor, session, turn)
    verified = await chain.verify(session, about=(Entity.ASSIGNMENT, payout_id))
    return show(
        "admin/audit.html",
        case=case,
        lines=audited.items,
        called=await names(session, [each.actor_id for each in audited.items]),
        next_cursor=audited.next_cursor,
        verified=verified,
        says=sentence(verified),
        step_words=step_words,
        doors=DOORS,
        path=f"{PATH}/{payout_id}",
    )


@router.get("/evidence.json")
async def export_evidence(
    payout_id: Id, visitor: Admin, session: TheSession, response: Response
) -> EvidenceShown:
    """Return all that proves what happened, as a file."""
    return await evidence_api.read_evidence(payout_id, visitor.actor, session, response)


@router.post("/approve")
async def approve(payout_id: Id, visitor: Admin, sent: TheSending, page: ThePage) -> Response:
    """Release the payout, or set the first of two marks."""

    def ask() -> Deed:
        body, actor = steps.approval_sent(sent.form), visitor.actor
        return Deed(
            command=steps.approval(body, actor),
            act=lambda: api.approve(payout_id, body, actor, sent.commands, sent.desk.viewing, sent.desk),
        )

    return await page.take(Step.APPROVE, payout_id, sent, ask)


@router.post("/deny")
async def deny(payout_id: Id, visitor: Admin, sent: TheSending, page: ThePage) -> Response:
    """Refuse the payout; the provider may answer."""
    return await _denied(Step.DENY, payout_id, visitor, sent, page)


@router.post("/close")
async def close(payout_id: Id, visitor: Admin, sent: TheSending, page: ThePage) -> Response:
    """Refuse the payout for good."""
    return await _denied(Step.CLOSE, payout_id, visitor, sent, page)


async def _denied(step: Step, id: str, visitor: Admin, sent: TheSending, page: ThePage) -> Response:
    def ask() -> Deed:
        body, actor = steps.denial_sent(sent.form, final=step is Step.CLOSE), visitor.actor
        return Deed(
            command=steps.denial(body, actor),
            act=lambda: api.deny(id, body, actor, sent.commands, sent.desk.viewing),
        )

    return await page.take(step, id, sent, ask)


@router.post("/retry-capture")
async def retry_capture(payout_id: Id, visitor: Admin, sent: TheSending, page: ThePage) -> Response:
    """Try once more to take what was approved."""

    def ask() -> Deed:
        body, actor = steps.retry_sent(sent.form), visitor.actor
        return Deed(
            command=steps.retry(body, actor),
            act=lambda: api.retry_capture(payout_id, actor, sent.commands, sent.desk.viewing, body),
        )

    return await page.take(Step.RETRY, payout_id, sent, ask)


@router.post("/reauthorise")
async def reauthorise(payout_id: Id, visitor: Admin, sent: TheSending, page: ThePage) -> Response:
    """Hold the money anew."""

    def ask() -> Deed:
        body, actor = steps.retry_sent(sent.form), visitor.actor
        return Deed(
            command=steps.reauthorisation(body, actor),
            act=lambda: api.reauthorise(payout_id, actor, sent.commands, sent.desk.viewing, body),
        )

    return await page.take(Step.REAUTHORISE, payout_id, sent, ask)


@router.post("/resolve-dispute")
async def resolve_dispute(payout_id: Id, visitor: Admin, sent: TheSending, page: ThePage) -> Response:
    """Settle what the customer complains of."""

    def ask() -> Deed:
        body, actor = steps.resolution_sent(sent.form), visitor.actor
        return Deed(
            command=steps.resolution(body, actor),
            act=lambda: api.resolve_dispute(payout_id, body, actor, sent.commands, sent.desk.viewing),
        )

    return await page.take(Step.RESOLVE, payout_id, sent, ask)


@router.post("/refund")
async def refund(payout_id: Id, visitor: Admin, sent: TheSending, page: ThePage) -> Response:
    """Give money that was taken back, or set the first of two marks."""

    def ask() -> Deed:
        body, actor = steps.refund_sent(sent.form), visitor.actor
        return Deed(
            command=steps.refund(body, actor),
            act=lambda: api.refund(payout_id, body, actor, sent.commands, sent.desk.viewing, sent.desk),
        )

    return await page.take(Step.REFUND, payout_id, sent, ask)
