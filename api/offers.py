"""Offers: a job at a price, to one provider, for a while."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response, status
from sqlalchemy.ext.asyncio import AsyncSession

from api.accepting import TheHandovers
from api.auth import allow
from api.commanding import TheCommands
from api.desk import TheViewing
from api.errors import Missing
from api.reading import TheSession, TheTurn
from api.schemas.assignments import AssignmentShown
from api.schemas.base import Id
from api.schemas.jobs import OfferAcceptanceSent, OfferDeclineSent, OfferShown
from api.schemas.lists import Page
from fulfillment.domain.job.commands import AcceptOffer, DeclineOffer
from fulfillment.domain.job.state import OfferStatus
from fulfillment.domain.people import Actor, Role
from fulfillment.store.views import bids, jobs

router = APIRouter(prefix="/offers", tags=["offers"])

Provider = Annotated[Actor, Depends(allow(Role.PROVIDER))]


@router.get("")
async def list_offers(
    actor: Provider,
    session: TheSession,
    turn: TheTurn,
    offer_status: Annotated[OfferStatus | None, Query(alias="status")] = None,
) -> Page[OfferShown]:
    """List the offers made to oneself, newest first."""
    found = await bids.offers(session, actor.id, turn, status=offer_status)
    shown = [OfferShown.of(each.offer, job_id=each.job_id) for each in found.items]
    return Page(items=shown, next_cursor=found.next_cursor)


@router.post("/{offer_id}/accept", status_code=status.HTTP_201_CREATED)
async def accept_offer(
    offer_id: Id,
    actor: Provider,
    commands: TheCommands,
    session: TheSession,
    handovers: TheHandovers,
    viewing: TheViewing,
    response: Response,
    _: OfferAcceptanceSent | None = None,
) -> AssignmentShown:
    """Take the offered job."""
    job_id = await _job_of(session, offer_id)
    command = AcceptOffer(**commands.envelope(actor, offer_id), offer_id=offer_id)
    standing = await handovers.made(await commands.of_job("accept_offer", job_id, command))
    response.headers["Location"] = f"/assignments/{standing.assignment.id}"
    return viewing(actor).assignment(standing)


@router.post("/{offer_id}/decline")
async def decline_offer(
    offer_id: Id, body: OfferDeclineSent, actor: Provider, commands: TheCommands, session: TheSession
) -> OfferShown:
    """Say no to an offer; one is not asked again in this round."""
    job_id = await _job_of(session, offer_id)
    command = DeclineOffer(
        **commands.envelope(actor, offer_id), offer_id=offer_id, reason_code=body.reason_code
    )
    answer = await commands.of_job("decline_offer", job_id, command)
    offer = answer.job.offer(offer_id)
    if offer is None:
        raise Missing
    return OfferShown.of(offer, job_id=job_id)


async def _job_of(session: AsyncSession, offer_id: str) -> str:
    job_id = await jobs.of_offer(session, offer_id)
    if job_id is None:
        raise Missing
    return job_id
