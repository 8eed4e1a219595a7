"""The directory of people, and how often each of them has asked."""

from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from fulfillment.store.tables.base import Flag, Stamp, Table, Words, words_of

WORDS_OF_NAME = words_of("name")


class PersonRow(Table):
    """Somebody we can reach; everything personal lives here and not in the engine (trap E16)."""

    __tablename__ = "person"
    __table_args__ = (
        Index("ix_person_newest", "created_at", "id"),
        Index("ix_person_words", WORDS_OF_NAME, postgresql_using="gin"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    email: Mapped[str | None]
    phone: Mapped[str | None]
    timezone: Mapped[str]
    locale: Mapped[str]
    roles: Mapped[Words]
    categories: Mapped[Words]
    active: Mapped[bool]
    created_at: Mapped[Stamp]
    sms_consent: Mapped[Flag]
    sms_opted_out_at: Mapped[datetime | None]


class RateLimitRow(Table):
    """How often a key was seen until `expires`. Unlogged: a crash forgets it, and that is fine."""

    __tablename__ = "rate_limit"
    __table_args__ = ({"prefixes": ["UNLOGGED"]},)

    key: Mapped[str] = mapped_column(primary_key=True)
    hits: Mapped[int]
    expires: Mapped[datetime]
