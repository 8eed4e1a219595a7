"""One assignment for operations: its page, its audit, its evidence as a file, and all that they may do."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from typing import Any

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse

from api import evidence, history
from api.reading import TheSession, TheTurn
from api.schemas.base import Id
from api.ui.commanding import TheSending
from api.ui.forms import Fault
from api.ui.ops import acts
from api.ui.ops.acts import Act, Doing
from api.ui.ops.one import TheCase, deeds_in
from api.ui.ops.staff import ASSIGNMENTS, Staff
from api.ui.ops.story import mark_of
from api.ui.queries import Seen, Since
from api.ui.refusals import REFUSED, Refusal, newer, status_of
from api.ui.rendering import TheShow
from api.ui.sheets import Sheet, refused
from fulfillment.domain.errors import DstAmbiguous
from fulfillment.store.views import assignments

router = APIRouter(prefix=f"{ASSIGNMENTS}/{{assignment_id}}", include_in_schema=False)

FOLD = "fold"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """An act, what is said when it is done, and the fields that a refusal may be about."""

    act: Act
    says: str
    fields: tuple[str, ...] = ("reason",)


DEEDS = {
    "propose": Deed(
        act=acts.propose,
        says="The proposal is sent.",
        fields=("side", "start", "end", "note", FOLD),
    ),
    "confirm": Deed(act=acts.confirm, says="The visit is booked."),
    "decline": Deed(act=acts.decline, says="The proposal is declined.", fields=("side", "reason")),
    "withdraw": Deed(act=acts.withdraw, says="The proposal is taken back.", fields=("side", "reason")),
    "reject": Deed(
        act=acts.reject,
        says="It is given back, and the job looks for somebody else.",
        fields=("reasonCode", "note"),
    ),
    "cancel": Deed(act=acts.cancel, says="The assignment is cancelled."),
    "check-in": Deed(act=acts.check_in, says="The visit has begun."),
    "complete": Deed(
        act=acts.complete,
        says="The work is reported as done, and its payout waits for an admin.",
        fields=("evidence", "amount"),
    ),
    "no-show": Deed(
        act=acts.report, says="It is noted, and they are asked what happened.", fields=("who", "note")
    ),
    "answer": Deed(act=acts.answer, says="Their answer is noted.", fields=("statement",)),
    "resolve": Deed(
        act=acts.resolve, says="The incident is resolved.", fields=("verdict", "reason", "amount")
    ),
    "dispute": Deed(act=acts.dispute, says="The payout waits until an admin has settled it."),
    "hold": Deed(act=acts.hold, says="The clock stands still.", fields=("until", "reason")),
    "resume": Deed(act=acts.resume, says="The clock runs again."),
    "skip": Deed(act=acts.skip, says="That does not come any more."),
    "extend": Deed(act=acts.extend, says="It is moved.", fields=("to", "reason")),
}
"""By the name of their form, which is that of their path, too."""

Route = Callable[..., Coroutine[Any, Any, Response]]


@router.get("")
async def read_assignment(
    assignment_id: Id, page: TheCase, since: Since = None, seen: Seen = None
) -> Response:
    """Show how it stands, what can be done, and what was."""
    return await page(assignment_id, since=since, seen=seen)


@router.get("/audit")
async def read_audit(
    assignment_id: Id, visitor: Staff, session: TheSession, turn: TheTurn, show: TheShow
) -> Response:
    """Show who did what, newest first."""
    page = await history.read_audit(assignment_id, visitor.actor, session, turn)
    return show(
        "ops/audit.html",
        title="Who did what",
        back=f"{ASSIGNMENTS}/{assignment_id}",
        back_label="The assignment",
        path=f"{ASSIGNMENTS}/{assignment_id}/audit",
        audit=await deeds_in(session, page.items),
        next_cursor=page.next_cursor,
    )


@router.get("/evidence")
async def download_evidence(assignment_id: Id, visitor: Staff, session: TheSession) -> Response:
    """Return all that proves what happened, as the file that the API gives."""
    headers = Response()
    shown = await evidence.read_evidence(assignment_id, visitor.actor, session, headers)
    named = {"Content-Disposition": headers.headers["Content-Disposition"]}
    return JSONResponse(shown.model_dump(mode="json", by_alias=True), headers=named)


def _route(name: str, deed: Deed) -> Route:
    """Return the route by which a form has its act carried out."""

    async def carry_out(
        assignment_id: Id, visitor: Staff, sent: TheSending, session: TheSession, page: TheCase
    ) -> Response:
        found = await assignments.assignment(session, assignment_id)
        job_id = found.standing.assignment.job_id if found else ""
        await session.rollback()  # so that no connection is kept while the run is asked
        doing = Doing(id=assignment_id, job_id=job_id, actor=visitor.actor, sent=sent)
        try:
            stands = await deed.act(doing)
        except REFUSED as refusal:
            sheet = _sheet(refusal, doing, name, deed)
            return await page(assignment_id, since=newer(refusal), sheet=sheet, status=status_of(refusal))
        return sent.show.done(f"{ASSIGNMENTS}/{assignment_id}", deed.says, since=stands.state_version)

    carry_out.__name__ = name.replace("-", "_")
    return carry_out


def _sheet(refusal: Refusal, it: Doing, name: str, deed: Deed) -> Sheet:
    """Return the forms of the page with what was refused; a deadline has forms of its own.

    Raises:
        ApiError, DomainError: filling it in otherwise would not help.
    """
    deadline = it.form.text("deadlineId")
    id = f"{name}-{mark_of(deadline)}" if deadline else name
    sheet = refused(refusal, it.form, id, policy=it.sent.desk.policy, fields=deed.fields)
    if isinstance(refusal, DstAmbiguous) and sheet.refused:
        asked = tuple(Fault(name=FOLD, says=fault.says) for fault in sheet.refused.faults)
        draft = replace(sheet.refused, values={**sheet.refused.values, FOLD: ""}, faults=asked)
        return replace(sheet, refused=draft)
    return sheet


for _name, _deed in DEEDS.items():
    router.post(f"/{_name}")(_route(_name, _deed))
