"""Forms: what was sent, and how they are drawn again with what was typed and what is wrong with it.

A route reads a `Form` (`TheForm`), has its fields taken by the schema of the API's own body, and when that or
the command is refused, draws the page again with `form.draft(...)`. A template draws a `Draft` by the macros
in `parts/forms.html`; a page that is looked at for the first time has `Draft.fresh(...)`.

Each drawn form carries a key. Sent twice with the same content it is one command; with other content it is
another, or who goes back and mends a slip would be told that the key is used up.
"""

import hashlib
import json
import secrets
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Self, TypeVar
from urllib.parse import parse_qsl

from fastapi import Depends, Request
from pydantic import BaseModel, ValidationError

from api.errors import FieldError, InvalidBody

Body = TypeVar("Body", bound=BaseModel)

KEY = "key"
UNSAID = frozenset({"csrf", KEY})
"""What every form carries beside what it asks."""
LONGEST_KEY = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What is wrong with the field called `name`; without a name, with all of it."""

    name: str
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A form as it is drawn. `id` tells it from others on the page, `key` its content from a repeat."""

    id: str
    values: Mapping[str, str] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()
    key: str = field(default_factory=lambda: secrets.token_urlsafe(16))

    @classmethod
    def fresh(cls, id: str, **values: object) -> Self:
        """Return a form nobody has touched, filled in with `values`."""
        return cls(id=id, values={name: str(value) for name, value in values.items() if value is not None})

    def value(self, name: str) -> str:
        return self.values.get(name, "")

    def fault(self, name: str) -> str:
        """Return what is wrong with a field, in one sentence; nothing if it is all right."""
        return next((fault.says for fault in self.faults if fault.name == name), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """What a form sent. Names may come more than once: a list of boxes that are ticked."""

    pairs: tuple[tuple[str, str], ...]

    def text(self, name: str) -> str:
        """Return the value of a field, the last if there are several; nothing if there is none."""
        return next((value for known, value in reversed(self.pairs) if known == name), "")

    def all(self, name: str) -> tuple[str, ...]:
        return tuple(value for known, value in self.pairs if known == name)

    @property
    def values(self) -> Mapping[str, str]:
        return {name: value for name, value in self.pairs if name not in UNSAID}

    @property
    def command_key(self) -> str:
        """The key under which what it asks is carried out once."""
        said = json.dumps([pair for pair in self.pairs if pair[0] != "csrf"])
        return hashlib.sha256(said.encode()).hexdigest()

    def sent(
        self,
        kind: type[Body],
        *,
        numbers: Collection[str] = (),
        flags: Collection[str] = (),
        drop: Collection[str] = (),
        **more: object,
    ) -> Body:
        """Return the fields as the body of `kind`, in the names it has on the wire; a blank one is not said.

        `numbers` and `flags` are fields that JSON has a type for, and `drop` those that are not for the
        body; `more` is what the route itself adds.

        Raises:
            InvalidBody: names the fields that are wrong.
        """
        body: dict[str, object] = {
            name: text for name, text in self.values.items() if text.strip() and name not in drop
        }
        body |= {name: _number(body[name]) for name in numbers if name in body}
        body |= {name: name in body for name in flags}
        try:
            return kind.model_validate(body | more)
        except ValidationError as error:
            raise InvalidBody(errors=tuple(_wrong(error))) from None

    def draft(self, id: str, faults: Iterable[Fault]) -> Draft:
        """Return the form as it was sent, to be drawn again with what is wrong; its key stays."""
        key = self.text(KEY)[:LONGEST_KEY]
        return Draft(id=id, values=self.values, faults=tuple(faults), **({"key": key} if key else {}))


def _number(text: object) -> object:
    """Return the whole number that was typed, or the text as it is, for the schema to say what is wrong."""
    said = str(text).strip()
    return int(said) if said.isascii() and said.isdecimal() and len(said) <= LONGEST_NUMBER else said


LONGEST_NUMBER = 15


def _wrong(error: ValidationError) -> Iterable[FieldError]:
    for detail in error.errors(include_url=False, include_input=False):
        name = str(detail["loc"][0]) if detail["loc"] else ""
        yield FieldError(field=name, message=_sentence(detail["type"], detail["msg"]))


def _sentence(kind: str, message: str) -> str:
    """Return what pydantic says as a person would."""
    if kind == "missing":
        return "Please fill this in."
    said = message.removeprefix("Value error, ")
    return f"{said[:1].upper()}{said[1:]}."


async def read_form(request: Request) -> Form:
    """Return what was sent; the guards have seen that it is well-formed."""
    body = (await request.body()).decode()
    return Form(pairs=tuple(parse_qsl(body, keep_blank_values=True)))


TheForm = Annotated[Form, Depends(read_form)]
