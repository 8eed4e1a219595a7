"""A page of a list."""

from typing import Annotated, Generic, TypeVar

from pydantic import Field

from api.schemas.base import Shown

Item = TypeVar("Item")


class Page(Shown, Generic[Item]):
    items: list[Item]
    next_cursor: Annotated[str | None, Field(description="`cursor` of the next page; null on the last.")]
