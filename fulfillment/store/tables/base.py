"""What all tables share: how constraints are named, instants kept, and closed sets guarded."""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, ClassVar

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ColumnElement,
    DateTime,
    MetaData,
    Text,
    literal_column,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TSVECTOR
from sqlalchemy.orm import DeclarativeBase, mapped_column

from fulfillment.domain.assignment.state import CLOSED, Status

Json = dict[str, Any]
"""A domain value as `fulfillment.store.wire` writes it, or a part of one."""

Minor = Annotated[int, mapped_column(BigInteger)]
"""An amount of money in minor units; four bytes would end at some twenty million of the major unit."""

Counter = Annotated[int, mapped_column(server_default=text("0"))]
Flag = Annotated[bool, mapped_column(server_default=text("false"))]
Stamp = Annotated[datetime, mapped_column(server_default=text("now()"))]
"""An instant that the database's own clock supplies when nobody else does."""

Words = Annotated[list[str], mapped_column(ARRAY(Text), server_default=text("'{}'"))]


class Entity(StrEnum):
    """What an audit line, an outcome or a message is about."""

    ASSIGNMENT = "assignment"
    JOB = "job"


class Table(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
        }
    )
    type_annotation_map: ClassVar = {datetime: DateTime(timezone=True), str: Text(), Json: JSONB()}


def one_of(column: str, members: Iterable[str]) -> CheckConstraint:
    """Return the guard that `column` holds one of `members`; where the column may be null, null passes."""
    return CheckConstraint(f"{column} IN ({quoted(members)})", name=column)


def quoted(members: Iterable[str]) -> str:
    """Return `members` as an SQL list. They are names out of our own enums, never anybody's text."""
    return ", ".join(f"'{member}'" for member in members)


def words_of(column: str) -> ColumnElement[Any]:
    """Return the words of a text as they are indexed: in lower case, and of no language."""
    return literal_column(f"to_tsvector('simple'::regconfig, {column})", TSVECTOR())


LIVE = tuple(status for status in Status if status not in CLOSED)
