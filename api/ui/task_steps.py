"""What a provider does with a piece of work beside agreeing on its time: forms of the page in `task.py`.

Each route asks the API's own, and goes back to the page: with what was done, or with the form as it was
sent and what is wrong with it.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import APIRouter, Depends, Response

from api import assignments as api
from api import incidents as incidents_api
from api import payouts as payouts_api
from api import schedule as schedule_api
from api.schemas.assignments import (
    AnswerSent,
    AssignmentShown,
    CompletionSent,
    HoldSent,
    RejectionSent,
)
from api.schemas.base import Id
from api.schemas.incidents import IncidentAnswerSent, NoShowSent
from api.schemas.payouts import PayoutShown, ResubmissionSent
from api.ui import schedule, sheets
from api.ui.commanding import Sending, TheSending
from api.ui.forms import Form
from api.ui.refusals import REFUSED, Refusal, newer, status_of
from api.ui.sheets import Sheet
from api.ui.task import TaskPage, ThePage
from api.ui.typed import instant_sent, money_sent, wrong
from api.ui.visitor import Visitor
from api.ui.work import PATH, Provider

router = APIRouter(prefix=f"{PATH}/{{assignment_id}}", include_in_schema=False)

SEEN = "seen"
"""The version that the page showed when its form was drawn."""
OWN = (SEEN, "amount", "currency", "evidence", "timezone")
"""What forms carry in a shape of their own, or for us alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """The form by its name, the fields that something can be wrong with, and what is said once it is done."""

    form: str
    says: str
    fields: tuple[str, ...] = ()


PROPOSE = Step(form=schedule.PROPOSE, says=schedule.PROPOSED)
CONFIRM = Step(form=schedule.CONFIRM, says=schedule.CONFIRMED)
DECLINE = Step(form="decline", says="You declined this time. Please propose another one.", fields=("reason",))
WITHDRAW = Step(form="withdraw", says="Your proposal is withdrawn. Please propose another time.")
CHECK_IN = Step(form="check_in", says="You are checked in. The customer knows that the visit has begun.")
COMPLETE = Step(
    form="complete",
    says="Well done. Your payout is with our team, and you hear from us.",
    fields=("evidence", "amount"),
)
REJECT = Step(
    form="reject",
    says="You gave this back. The job looks for somebody else.",
    fields=("reasonCode", "note"),
)
REPORT = Step(form="report", says="Thank you. The customer is asked what happened.", fields=("note",))
ANSWER = Step(form="answer", says="Thank you. Our team reads it and decides.", fields=("statement",))
HOLD = Step(form="hold", says="The clock stands still.", fields=("until", "reason"))
RESUME = Step(form="resume", says="The clock runs again.")
RESUBMIT = Step(form="resubmit", says="Your payout is with our team again.", fields=("evidence", "amount"))


class Task:
    """An assignment whose provider has sent a form of its page."""

    def __init__(self, id: str, visitor: Visitor, sent: Sending, page: TaskPage) -> None:
        self.id = id
        self.visitor = visitor
        self.actor = visitor.actor
        self.form: Form = sent.form
        self.commands = sent.commands
        self.viewing = sent.desk.viewing
        self._sent = sent
        self._page = page

    async def take(self, step: Step, ask: Callable[[], Awaitable[AssignmentShown | PayoutShown]]) -> Response:
        """Return the way to the page of what was done, or the page with the form that was refused."""
        try:
            stands = await ask()
        except REFUSED as refusal:
            sheet = self._sheet(step, refusal)
            return await self._page(self.id, since=newer(refusal), sheet=sheet, status=status_of(refusal))
        return self._sent.show.done(f"{PATH}/{self.id}", step.says, since=stands.state_version)

    def _sheet(self, step: Step, refusal: Refusal) -> Sheet:
        if step is PROPOSE:
            drafts = schedule.refused(refusal, self.form, PROPOSE.form, policy=self._sent.desk.policy)
            return Sheet(refused=drafts.propose, meanwhile=drafts.meanwhile)
        sheet = sheets.refused(
            refusal, self.form, step.form, policy=self._sent.desk.policy, fields=step.fields
        )
        seen, now = self.form.text(SEEN), newer(refusal)
        # Not every conflict is news: some are only too early.
        return replace(sheet, meanwhile=now is not None and (not seen.isdecimal() or now > int(seen)))


async def _task_of(assignment_id: Id, visitor: Provider, sent: TheSending, page: ThePage) -> Task:
    return Task(assignment_id, visitor, sent, page)


TheTask = Annotated[Task, Depends(_task_of)]


# The time.


@router.post("/propose")
async def propose(task: TheTask) -> Response:
    """Propose a time to the customer."""

    async def ask() -> AssignmentShown:
        body = schedule.proposal_sent(task.form)
        return await schedule_api.propose(task.id, body, task.actor, task.commands, task.viewing, None)

    return await task.take(PROPOSE, ask)


@router.post("/confirm")
async def confirm(task: TheTask) -> Response:
    """Confirm the time that the customer has proposed."""

    async def ask() -> AssignmentShown:
        body = schedule.confirmation_sent(task.form)
        return await schedule_api.confirm(task.id, body, task.actor, task.commands, task.viewing, None)

    return await task.take(CONFIRM, ask)


@router.post("/decline")
async def decline(task: TheTask) -> Response:
    """Say no to the time that the customer has proposed."""

    async def ask() -> AssignmentShown:
        body = task.form.sent(AnswerSent, numbers=("version",), drop=OWN)
        return await schedule_api.decline(task.id, body, task.actor, task.commands, task.viewing, None)

    return await task.take(DECLINE, ask)


@router.post("/withdraw")
async def withdraw(task: TheTask) -> Response:
    """Take one's own proposal back."""

    async def ask() -> AssignmentShown:
        body = task.form.sent(AnswerSent, numbers=("version",), drop=OWN)
        return await schedule_api.withdraw(task.id, body, task.actor, task.commands, task.viewing, None)

    return await task.take(WITHDRAW, ask)


# The visit.


@router.post("/check-in")
async def check_in(task: TheTask) -> Response:
    """Begin the visit."""
    return await task.take(CHECK_IN, lambda: api.check_in(task.id, task.actor, task.commands, task.viewing))


@router.post("/complete")
async def complete(task: TheTask) -> Response:
    """Report the work as done and ask for the payout."""

    async def ask() -> AssignmentShown:
        asked = {"finalAmount": money_sent(task.form, "amount", "currency")} if _has_amount(task.form) else {}
        body = task.form.sent(CompletionSent, drop=OWN, evidence=_evidence(task.form), **asked)
        return await api.complete(task.id, task.actor, task.commands, task.viewing, body)

    return await task.take(COMPLETE, ask)


@router.post("/reject")
async def reject(task: TheTask) -> Response:
    """Give the work back."""

    async def ask() -> AssignmentShown:
        body = task.form.sent(RejectionSent, drop=OWN)
        return await api.reject(task.id, body, task.actor, task.commands, task.viewing)

    return await task.take(REJECT, ask)


# What goes wrong.


@router.post("/no-show")
async def report(task: TheTask) -> Response:
    """Report that the customer was not there."""

    async def ask() -> AssignmentShown:
        body = task.form.sent(NoShowSent, drop=OWN)
        return await incidents_api.report_no_show(task.id, task.actor, task.commands, task.viewing, body)

    return await task.take(REPORT, ask)


@router.post("/answer")
async def answer(task: TheTask) -> Response:
    """Say what happened, to a customer who says that nobody came."""

    async def ask() -> AssignmentShown:
        body = task.form.sent(IncidentAnswerSent, drop=OWN)
        return await incidents_api.answer_incident(task.id, body, task.actor, task.commands, task.viewing)

    return await task.take(ANSWER, ask)


# The clock.


@router.post("/hold")
async def hold(task: TheTask) -> Response:
    """Stop the clock of patience for a while."""

    async def ask() -> AssignmentShown:
        zone = task.form.text("timezone") or task.visitor.timezone
        until = instant_sent(task.form, "until", zone)
        body = task.form.sent(HoldSent, drop=(*OWN, "until"), until=until)
        return await api.hold(task.id, body, task.actor, task.commands, task.viewing)

    return await task.take(HOLD, ask)


@router.post("/resume")
async def resume(task: TheTask) -> Response:
    """Let the clock run again."""
    return await task.take(RESUME, lambda: api.resume(task.id, task.actor, task.commands, task.viewing))


# The payout.


@router.post("/resubmit")
async def resubmit(task: TheTask) -> Response:
    """Answer a denial, with more to go by."""

    async def ask() -> PayoutShown:
        asked = {"amount": money_sent(task.form, "amount", "currency")} if _has_amount(task.form) else {}
        evidence = _evidence(task.form)
        if not evidence:
            raise wrong("evidence", "Please say what speaks for it.")
        body = task.form.sent(ResubmissionSent, drop=OWN, evidence=evidence, **asked)
        return await payouts_api.resubmit(task.id, body, task.actor, task.commands, task.viewing)

    return await task.take(RESUBMIT, ask)


def _has_amount(form: Form) -> bool:
    return bool(form.text("amount").strip())


def _evidence(form: Form) -> list[str]:
    """Return what was written, a line each."""
    return [line.strip() for line in form.text("evidence").splitlines() if line.strip()]
