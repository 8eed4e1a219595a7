"""Absences of providers: previewed, reported, followed, and ended before their time."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Response, status
from sqlalchemy.ext.asyncio import AsyncSession

from api.absence_commands import TheAbsences
from api.auth import allow
from api.commanding import TheCommands
from api.errors import Missing
from api.people import Sub
from api.reading import TheSession, TheTurn
from api.schemas.absences import AbsenceBegun, AbsenceListed, AbsenceSent, AbsenceShown, EndOfAbsenceSent
from api.schemas.base import Id
from api.schemas.lists import Page
from fulfillment.domain.absence.commands import EndAbsence, ReportAbsence, code_for
from fulfillment.domain.ids import derived
from fulfillment.domain.people import Actor, Role
from fulfillment.store.views import absences

router = APIRouter(prefix="/admin/providers/{provider_id:path}/unavailable", tags=["absences"])

Caller = Annotated[Actor, Depends(allow(Role.OPS, Role.ADMIN, Role.PROVIDER))]


@router.post("", status_code=status.HTTP_202_ACCEPTED, responses={200: {"model": AbsenceBegun}})
async def report(
    provider_id: Sub,
    body: AbsenceSent,
    actor: Caller,
    commands: TheCommands,
    asked: TheAbsences,
    session: TheSession,
    response: Response,
) -> AbsenceBegun:
    """Say when a provider takes no visits; what they touch is given back. A preview does nothing (200)."""
    await _expect_provider(session, provider_id, actor)
    envelope = commands.envelope(actor, provider_id)
    command = ReportAbsence(
        **envelope,
        absence_id=derived("absence", envelope["command_id"]),
        provider_id=provider_id,
        since=body.since,
        until=body.until,
        reason=body.reason,
        reason_code=code_for(body.reason, body.reason_code).value,
    )
    if body.dry_run:
        response.status_code = status.HTTP_200_OK
        return AbsenceBegun.of(command, await asked.previewed(command))
    affected = await asked.reported(command)
    links = _links(provider_id, command.absence_id)
    response.headers["Location"] = links["self"]
    return AbsenceBegun.of(command, affected, links=links)


@router.get("")
async def list_absences(
    provider_id: Sub, actor: Caller, session: TheSession, turn: TheTurn
) -> Page[AbsenceListed]:
    """List a provider's absences, the one reported last first."""
    await _expect_provider(session, provider_id, actor)
    found = await absences.absences(session, provider_id, turn)
    shown = [AbsenceListed.of(each, links=_links(provider_id, each.id)) for each in found.items]
    return Page(items=shown, next_cursor=found.next_cursor)


@router.get("/{batch_id}")
async def read_absence(provider_id: Sub, batch_id: Id, actor: Caller, session: TheSession) -> AbsenceShown:
    """Show how an absence gets on: what became of each assignment that it touches."""
    return await _shown(session, provider_id, batch_id, actor)


@router.post("/{batch_id}/end")
async def end(
    provider_id: Sub,
    batch_id: Id,
    body: EndOfAbsenceSent,
    actor: Caller,
    commands: TheCommands,
    asked: TheAbsences,
    session: TheSession,
) -> AbsenceShown:
    """End an absence before its time: what is done stays done, the rest is not, and offers come again."""
    await _shown(session, provider_id, batch_id, actor)
    command = EndAbsence(
        **commands.envelope(actor, f"{provider_id}/{batch_id}"), absence_id=batch_id, reason=body.reason
    )
    await asked.ended(command)
    return await _shown(session, provider_id, batch_id, actor)


async def _shown(session: AsyncSession, provider_id: str, id: str, actor: Actor) -> AbsenceShown:
    """Return an absence of that provider, for whom it concerns.

    Raises:
        Missing: there is none, or it is not theirs to see.
    """
    _expect_theirs(provider_id, actor)
    found = await absences.absence(session, id)
    if found is None or found.provider_id != provider_id:
        raise Missing
    touched = await absences.touched_by(session, id)
    return AbsenceShown.whole(found, touched, links=_links(provider_id, id))


async def _expect_provider(session: AsyncSession, id: str, actor: Actor) -> None:
    """Let providers through to what is theirs, and staff to whoever is a provider.

    Raises:
        Missing: to everybody else there is no such provider.
    """
    _expect_theirs(id, actor)
    if actor.is_staff and not await absences.is_provider(session, id):
        raise Missing


def _expect_theirs(id: str, actor: Actor) -> None:
    if actor.role is Role.PROVIDER and actor.id != id:
        raise Missing


def _links(provider_id: str, id: str) -> dict[str, str]:
    return {"self": f"/admin/providers/{quote(provider_id, safe='')}/unavailable/{id}"}
