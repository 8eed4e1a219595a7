"""Quotes: what providers ask for a job, and the customer's choice among them."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response, status

from api.accepting import TheHandovers
from api.auth import allow
from api.commanding import TheCommands
from api.desk import TheViewing
from api.errors import Missing
from api.reading import TheSession, TheTurn
from api.schemas.assignments import AssignmentShown
from api.schemas.base import Id
from api.schemas.jobs import QuoteAcceptanceSent, QuoteSent, QuoteShown, WithdrawalSent
from api.schemas.lists import Page
from fulfillment.domain.ids import derived
from fulfillment.domain.job.commands import AcceptQuote, SubmitQuote, WithdrawQuote
from fulfillment.domain.job.parties import may_see
from fulfillment.domain.job.state import Job
from fulfillment.domain.money import Money
from fulfillment.domain.people import Actor, Role
from fulfillment.store.views import bids, jobs

router = APIRouter(prefix="/jobs/{job_id}/quotes", tags=["quotes"])

Anybody = Annotated[Actor, Depends(allow(Role.OPS, Role.ADMIN, Role.CUSTOMER, Role.PROVIDER))]
Provider = Annotated[Actor, Depends(allow(Role.PROVIDER))]
Customer = Annotated[Actor, Depends(allow(Role.CUSTOMER))]


@router.post("", status_code=status.HTTP_201_CREATED)
async def submit_quote(job_id: Id, body: QuoteSent, actor: Provider, commands: TheCommands) -> QuoteShown:
    """Name a price for a job, or a new one; a provider has one quote for a job."""
    command = SubmitQuote(
        **commands.envelope(actor, job_id),
        quote_id=derived("quote", job_id, actor.id),
        price=Money(amount=body.amount, currency=body.currency),
        window=body.window.value() if body.window else None,
        note=body.note or "",
        valid_until=body.valid_until,
    )
    answer = await commands.of_job("submit_quote", job_id, command)
    return _own(answer.job, actor)


@router.get("")
async def list_quotes(job_id: Id, actor: Anybody, session: TheSession, turn: TheTurn) -> Page[QuoteShown]:
    """List the quotes for a job, newest first; a provider sees their own."""
    found = await jobs.job(session, job_id)
    if found is None or not may_see(found.job, actor):
        raise Missing
    own = actor.id if actor.role is Role.PROVIDER else None
    listed = await bids.quotes(session, job_id, turn, provider_id=own)
    shown = [QuoteShown.of(each.quote, job_id=job_id) for each in listed.items]
    return Page(items=shown, next_cursor=listed.next_cursor)


@router.post("/{quote_id}/withdraw")
async def withdraw_quote(
    job_id: Id,
    quote_id: Id,
    actor: Provider,
    commands: TheCommands,
    _: WithdrawalSent | None = None,
) -> QuoteShown:
    """Take one's quote back."""
    command = WithdrawQuote(**commands.envelope(actor, quote_id), quote_id=quote_id)
    answer = await commands.of_job("withdraw_quote", job_id, command)
    return _own(answer.job, actor)


@router.post("/{quote_id}/accept", status_code=status.HTTP_201_CREATED)
async def accept_quote(
    job_id: Id,
    quote_id: Id,
    body: QuoteAcceptanceSent,
    actor: Customer,
    commands: TheCommands,
    handovers: TheHandovers,
    viewing: TheViewing,
    response: Response,
) -> AssignmentShown:
    """Take a quote up: its provider has the job from now on, and the others stand by."""
    command = AcceptQuote(**commands.envelope(actor, quote_id), quote_id=quote_id, version=body.version)
    standing = await handovers.made(await commands.of_job("accept_quote", job_id, command))
    response.headers["Location"] = f"/assignments/{standing.assignment.id}"
    return viewing(actor).assignment(standing)


def _own(job: Job, actor: Actor) -> QuoteShown:
    quote = job.quote_of(actor.id)
    if quote is None:
        raise Missing
    return QuoteShown.of(quote, job_id=job.id)
