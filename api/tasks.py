"""What operations have to look after: cases of money, runs that are missing, messages that nobody got."""

from typing import Annotated

from fastapi import APIRouter, Depends

from api.auth import allow
from api.reading import TheSession, TheTurn
from api.schemas.lists import Page
from api.schemas.tasks import TaskShown
from fulfillment.domain.people import Actor, Role
from fulfillment.store.views import tasks

router = APIRouter(tags=["operations"])


@router.get("/admin/tasks")
async def list_tasks(
    _: Annotated[Actor, Depends(allow(Role.OPS, Role.ADMIN))], session: TheSession, turn: TheTurn
) -> Page[TaskShown]:
    """List what waits for a person, newest first; what is settled leaves the list by itself."""
    found = await tasks.open_tasks(session, turn)
    return Page(items=[TaskShown.of(each) for each in found.items], next_cursor=found.next_cursor)
