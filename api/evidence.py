"""The evidence on an assignment, for whoever has to settle a dispute."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Response

from api.auth import allow
from api.errors import Missing
from api.reading import TheSession
from api.schemas.base import Id
from api.schemas.evidence import EvidenceShown
from fulfillment.domain.people import Actor, Role
from fulfillment.store.evidence import evidence

router = APIRouter(tags=["history"])

Staff = Annotated[Actor, Depends(allow(Role.OPS, Role.ADMIN))]


@router.get("/assignments/{assignment_id}/evidence")
async def read_evidence(
    assignment_id: Id, _: Staff, session: TheSession, response: Response
) -> EvidenceShown:
    """Return all that proves what happened, chained by hashes; people are ids in it."""
    found = await evidence(session, assignment_id, at=datetime.now(UTC))
    if found is None:
        raise Missing
    response.headers["Content-Disposition"] = f'attachment; filename="evidence-{assignment_id}.json"'
    return EvidenceShown.model_validate(found)
