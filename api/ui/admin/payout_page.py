"""Draws the page of a payout, and the one that asks whether somebody is sure."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated

from fastapi import Depends, Response
from sqlalchemy.ext.asyncio import AsyncSession

from api.desk import Desk, TheDesk
from api.reading import TheSession
from api.schemas.payouts import PayoutShown
from api.ui import live
from api.ui.admin import steps, wording
from api.ui.admin.amounts import amount_said
from api.ui.admin.case import Case, case_of
from api.ui.admin.follows import said, what_follows
from api.ui.admin.options import Step
from api.ui.admin.payouts import PATH, Admin
from api.ui.commanding import Sending
from api.ui.forms import Fault, Form
from api.ui.refusals import REFUSED, Refusal, faults_of, newer, status_of
from api.ui.rendering import Show, TheShow
from api.ui.sheets import UNTOUCHED, Sheet
from api.ui.visitor import Visitor
from fulfillment.domain.assignment.commands import ApprovePayout, AssignmentCommand
from fulfillment.domain.assignment.deciding import decide
from fulfillment.domain.assignment.refund_commands import RefundPayout
from fulfillment.domain.money import Money

GRAVE = frozenset(Step) - {Step.DENY}
"""Steps that move money, or end its way: they are asked about once more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """What a form asks: the `command` by which the rules judge it, and how it is carried out."""

    command: AssignmentCommand
    act: Callable[[], Awaitable[PayoutShown]]


class PayoutPage:
    """Draws the page of a payout for an admin, and has carried out what they decide on it."""

    def __init__(self, visitor: Visitor, session: AsyncSession, desk: Desk, show: Show) -> None:
        self._visitor = visitor
        self._session = session
        self._desk = desk
        self._show = show

    async def __call__(
        self, id: str, *, since: int | None = None, sheet: Sheet = UNTOUCHED, status: int = 200
    ) -> Response:
        """Return the page, once the payout is at the version that somebody knows of."""
        case = await self._case(id, since=since)
        return self._show(
            "admin/payout.html",
            status=status,
            live=live.of(visit=case.visit),
            case=case,
            sheet=sheet,
            stray=sheet.stray([step.value for step in case.options.open]),
            path=f"{PATH}/{id}",
            wording=wording,
        )

    async def take(self, step: Step, id: str, sent: Sending, ask: Callable[[], Deed]) -> Response:
        """Carry out what a form asks, once somebody is sure; `ask` reads the form.

        Raises:
            Missing: there is no such payout.
        """
        try:
            deed = ask()
            if step in GRAVE and not sent.form.text(steps.SURE):
                return await self._review(step, id, sent.form, deed.command)
            shown = await deed.act()
        except REFUSED as refusal:
            return await self._refused(step, id, sent.form, refusal)
        done = wording.done(step, shown)
        return sent.show.done(f"{PATH}/{id}", done, since=shown.state_version)

    async def _review(self, step: Step, id: str, form: Form, command: AssignmentCommand) -> Response:
        """Return the page that says what would come of it, and asks.

        Raises:
            DomainError: nothing would, as the rules have it already.
        """
        case = await self._case(id)
        events = decide(case.it, command, at=case.at, policy=self._desk.policy)
        sum = _sum(command)
        if not events:
            return self._show.done(f"{PATH}/{id}", "That stands already. Nothing was changed.")
        return self._show(
            "admin/sure.html",
            case=case,
            step=step,
            draft=form.draft(step.value, ()),
            asks=wording.question(step, sum),
            yes=wording.yes(step, sum),
            follows=what_follows(events, case.it, policy=self._desk.policy),
            path=f"{PATH}/{id}",
            wording=wording,
        )

    async def _refused(self, step: Step, id: str, form: Form, refusal: Refusal) -> Response:
        """Return the page with the form as it was sent, what is wrong with it, and what is newer.

        Raises:
            ApiError, DomainError: filling it in otherwise would not help.
        """
        faults = faults_of(refusal, fields=steps.FIELDS, policy=self._desk.policy)
        status = status_of(refusal)
        case = await self._case(id, since=newer(refusal))
        if says := amount_said(refusal, case):
            faults = (Fault(name=steps.AMOUNT, says=says),)
        sheet = Sheet(refused=form.draft(step.value, faults), meanwhile=status == HTTPStatus.CONFLICT)
        return await self(id, since=newer(refusal), sheet=sheet, status=status)

    async def _case(self, id: str, *, since: int | None = None) -> Case:
        return await case_of(
            id, self._visitor, self._session, self._desk, now=self._show.clock.now, since=since
        )


def _sum(command: AssignmentCommand) -> str:
    """Return the amount that a command is over, if it names one."""
    match command:
        case (
            ApprovePayout(amount=int() as amount, currency=str() as currency)
            | RefundPayout(amount=int() as amount, currency=str() as currency)
        ):
            return said(Money(amount=amount, currency=currency))
        case _:
            return ""


async def _page_of(visitor: Admin, session: TheSession, desk: TheDesk, show: TheShow) -> PayoutPage:
    return PayoutPage(visitor, session, desk, show)


ThePage = Annotated[PayoutPage, Depends(_page_of)]
