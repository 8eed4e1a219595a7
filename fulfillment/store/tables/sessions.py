"""Who is signed in to the pages: a hash of what their browser keeps, and what they were let in with."""

from datetime import datetime

from sqlalchemy import Index, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from fulfillment.domain.people import Role
from fulfillment.store.tables.base import Stamp, Table, Words, one_of


class PageSessionRow(Table):
    """One browser of one person, who acts in one of `roles`.

    `id` is the SHA-256 of a token that only the browser has. `known_roles` are those that the directory
    gave the person when they signed in; null says that they were not in it.
    """

    __tablename__ = "page_session"
    __table_args__ = (
        one_of("role", [role for role in Role if role is not Role.SYSTEM]),
        Index("ix_page_session_person", "person_id"),
        Index("ix_page_session_until", "until"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[str]
    name: Mapped[str]
    role: Mapped[str]
    roles: Mapped[Words]
    known_roles: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    created_at: Mapped[Stamp]
    seen_at: Mapped[Stamp]
    until: Mapped[datetime]
