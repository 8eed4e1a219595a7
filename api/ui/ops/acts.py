"""What operations do about an assignment, in whose name they do it, and what the page says when it is done.

Each act is a form of the page, called like the path it is sent to, and has its command made by the API.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from api import assignments as api
from api import incidents, payment, schedule
from api.schemas.assignments import (
    AnswerSent,
    AssignmentShown,
    CancellationSent,
    CompletionSent,
    ConfirmationSent,
    ExtensionSent,
    HoldSent,
    ProposalSent,
    RejectionSent,
    ResumptionSent,
    SkipSent,
)
from api.schemas.incidents import IncidentAnswerSent, NoShowSent, ResolutionSent
from api.schemas.payouts import DisputeSent
from api.ui.commanding import Sending
from api.ui.forms import Form
from api.ui.typed import instant_sent, money_sent, wrong
from fulfillment.domain.people import Actor, Party

VERSION = ("version",)
SCHEDULE_NUMBERS = ("expectedVersion", "fold")
DEADLINE = ("deadlineId", "timezone")
AMOUNT = ("amount", "currency")


@dataclass(frozen=True, slots=True, kw_only=True)
class Doing:
    """A form that was sent about the assignment `id` of the job `job_id`, and by whom."""

    id: str
    job_id: str
    actor: Actor
    sent: Sending

    @property
    def form(self) -> Form:
        return self.sent.form

    def for_party(self) -> Actor:
        """Return whoever acts, in the name of the side that the form says.

        Raises:
            InvalidBody: it says none.
        """
        side = self.form.text("side")
        if side not in set(Party):
            raise wrong("side", "Please say in whose name.")
        return replace(self.actor, on_behalf_of=Party(side))

    def instant(self, name: str) -> str:
        """Return a time of the form as the API takes it; its clocks are those of the field `timezone`."""
        return instant_sent(self.form, name, self.form.text("timezone"))


Act = Callable[[Doing], Awaitable[AssignmentShown]]


async def propose(it: Doing) -> AssignmentShown:
    side = it.for_party().on_behalf_of
    if side is Party.ADMIN:
        raise wrong("side", "A time is proposed in the name of one of the two.")
    body = it.form.sent(ProposalSent, numbers=SCHEDULE_NUMBERS, drop=("side",))
    commands, viewing = it.sent.commands, it.sent.desk.viewing
    if side is Party.CUSTOMER:
        desk = it.sent.desk
        return await schedule.propose_for_job(it.job_id, body, it.actor, commands, viewing, desk, None)
    return await schedule.propose(it.id, body, it.actor, commands, viewing, None)


async def confirm(it: Doing) -> AssignmentShown:
    body = it.form.sent(ConfirmationSent, numbers=VERSION, force=True)
    return await schedule.confirm(it.id, body, it.actor, it.sent.commands, it.sent.desk.viewing, None)


async def decline(it: Doing) -> AssignmentShown:
    actor, body = it.for_party(), it.form.sent(AnswerSent, numbers=VERSION, drop=("side",))
    return await schedule.decline(it.id, body, actor, it.sent.commands, it.sent.desk.viewing, None)


async def withdraw(it: Doing) -> AssignmentShown:
    actor, body = it.for_party(), it.form.sent(AnswerSent, numbers=VERSION, drop=("side",))
    return await schedule.withdraw(it.id, body, actor, it.sent.commands, it.sent.desk.viewing, None)


async def reject(it: Doing) -> AssignmentShown:
    body = it.form.sent(RejectionSent)
    return await api.reject(it.id, body, it.actor, it.sent.commands, it.sent.desk.viewing)


async def cancel(it: Doing) -> AssignmentShown:
    body = it.form.sent(CancellationSent, flags=("keepJob",))
    return await api.cancel(it.id, body, it.actor, it.sent.commands, it.sent.desk.viewing)


async def check_in(it: Doing) -> AssignmentShown:
    return await api.check_in(it.id, it.actor, it.sent.commands, it.sent.desk.viewing)


async def complete(it: Doing) -> AssignmentShown:
    lines = [line.strip() for line in it.form.text("evidence").splitlines() if line.strip()]
    amount = {"finalAmount": money_sent(it.form, *AMOUNT)} if it.form.text("amount").strip() else {}
    body = it.form.sent(CompletionSent, drop=("evidence", *AMOUNT), evidence=lines, **amount)
    return await api.complete(it.id, it.actor, it.sent.commands, it.sent.desk.viewing, body)


async def report(it: Doing) -> AssignmentShown:
    body = it.form.sent(NoShowSent)
    return await incidents.report_no_show(it.id, it.actor, it.sent.commands, it.sent.desk.viewing, body)


async def answer(it: Doing) -> AssignmentShown:
    body = it.form.sent(IncidentAnswerSent)
    return await incidents.answer_incident(it.id, body, it.actor, it.sent.commands, it.sent.desk.viewing)


async def resolve(it: Doing) -> AssignmentShown:
    amount = {"amount": money_sent(it.form, *AMOUNT)} if it.form.text("amount").strip() else {}
    body = it.form.sent(ResolutionSent, drop=AMOUNT, **amount)
    return await incidents.resolve_incident(it.id, body, it.actor, it.sent.commands, it.sent.desk.viewing)


async def dispute(it: Doing) -> AssignmentShown:
    body = it.form.sent(DisputeSent)
    return await payment.open_dispute(it.id, body, it.actor, it.sent.commands, it.sent.desk.viewing)


async def hold(it: Doing) -> AssignmentShown:
    body = it.form.sent(HoldSent, drop=("until", "timezone"), until=it.instant("until"))
    return await api.hold(it.id, body, it.actor, it.sent.commands, it.sent.desk.viewing)


async def resume(it: Doing) -> AssignmentShown:
    body = it.form.sent(ResumptionSent)
    return await api.resume(it.id, it.actor, it.sent.commands, it.sent.desk.viewing, body)


async def skip(it: Doing) -> AssignmentShown:
    body, deadline = it.form.sent(SkipSent, drop=DEADLINE), it.form.text("deadlineId")
    return await api.skip_deadline(it.id, deadline, body, it.actor, it.sent.commands, it.sent.desk.viewing)


async def extend(it: Doing) -> AssignmentShown:
    body = it.form.sent(ExtensionSent, drop=("to", *DEADLINE), to=it.instant("to"))
    deadline = it.form.text("deadlineId")
    return await api.extend_deadline(it.id, deadline, body, it.actor, it.sent.commands, it.sent.desk.viewing)
