"""Commands out of forms: by the same code as the API's, under the key of the form, as from a page."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from api.commanding import Commands
from api.desk import Desk, TheDesk
from api.idempotency import Key
from api.ui.forms import Form, TheForm
from api.ui.rendering import Show, TheShow
from api.visit import template
from fulfillment.domain.command import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """A form that was sent, what carries out what it asks, and what shows how that went."""

    form: Form
    commands: Commands
    desk: Desk
    show: Show


async def _sending_of(request: Request, desk: TheDesk, form: TheForm, show: TheShow) -> Sending:
    key = Key(value=form.command_key, is_given=True, method=request.method, route=template(request.scope))
    commands = Commands(request, desk, key, source=Source.PAGE)
    return Sending(form=form, commands=commands, desk=desk, show=show)


TheSending = Annotated[Sending, Depends(_sending_of)]
