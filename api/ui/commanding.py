"""Commands out of forms: by the same code as the API's, under the key of the form, as from a page."""

from typing import Annotated

from fastapi import Depends, Request

from api.commanding import Commands
from api.desk import TheDesk
from api.idempotency import Key
from api.ui.forms import TheForm
from api.visit import template
from fulfillment.domain.command import Source


async def _commands_of(request: Request, desk: TheDesk, form: TheForm) -> Commands:
    key = Key(value=form.command_key, is_given=True, method=request.method, route=template(request.scope))
    return Commands(request, desk, key, source=Source.PAGE)


TheCommands = Annotated[Commands, Depends(_commands_of)]
