"""Who the pages of operations are for, and where they lie."""

from typing import Annotated
from urllib.parse import quote

from fastapi import Depends

from api.ui.guards import signed_in
from api.ui.places import ROOT
from api.ui.visitor import Visitor
from fulfillment.domain.people import Role
from fulfillment.store.tables import Entity

ADMIN = f"{ROOT}/admin"
ASSIGNMENTS = f"{ADMIN}/assignments"
JOBS = f"{ADMIN}/jobs"
PAYOUTS = f"{ADMIN}/payouts"

Staff = Annotated[Visitor, Depends(signed_in(Role.OPS, Role.ADMIN))]


def path_of(entity: Entity, id: str) -> str:
    """Return where staff see an assignment or a job."""
    return f"{ASSIGNMENTS}/{id}" if entity is Entity.ASSIGNMENT else f"{JOBS}/{id}"


def absences_of(provider_id: str) -> str:
    """Return where staff see when a provider is away; an id may have any sign in it."""
    return f"{ADMIN}/providers/{quote(provider_id, safe='')}/unavailable"
