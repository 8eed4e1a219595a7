"""What people have in their calendars: files as they were sent, feeds, and accounts they let us write to."""

from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from fulfillment.domain.messages import CalendarMethod
from fulfillment.domain.people import Role
from fulfillment.store.tables.base import Stamp, Table, one_of


class CalendarRow(Table):
    """A calendar file as it was sent, byte for byte; `sequence` rises with each (trap I4)."""

    __tablename__ = "calendar_artifact"
    __table_args__ = (one_of("method", CalendarMethod),)

    assignment_id: Mapped[str] = mapped_column(ForeignKey("assignment.id"), primary_key=True)
    recipient_role: Mapped[str] = mapped_column(primary_key=True)
    sequence: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    uid: Mapped[str]
    method: Mapped[str]
    sha256: Mapped[str]
    ics: Mapped[bytes]
    sent_at: Mapped[datetime | None]
    object_key: Mapped[str | None]
    made_at: Mapped[Stamp]


class FeedRow(Table):
    """A person's subscription to their visits. Only a hash of its token is kept (S12)."""

    __tablename__ = "calendar_feed"
    __table_args__ = (one_of("role", Role), UniqueConstraint("token_hash"))

    person_id: Mapped[str] = mapped_column(primary_key=True)
    role: Mapped[str] = mapped_column(primary_key=True)
    token_hash: Mapped[str]
    created_at: Mapped[Stamp]


class CalendarAccountRow(Table):
    """A person's consent to write into a calendar of theirs; `secret` is sealed, and gone when they leave.

    `pending_...` is a consent that was asked for and not given yet.
    """

    __tablename__ = "calendar_account"
    __table_args__ = (UniqueConstraint("pending_state_hash"),)

    person_id: Mapped[str] = mapped_column(primary_key=True)
    secret: Mapped[bytes | None]
    scope: Mapped[str] = mapped_column(server_default=text("''"))
    pending_state_hash: Mapped[str | None]
    pending_secret: Mapped[bytes | None]
    pending_until: Mapped[datetime | None]
    connected_at: Mapped[datetime | None]
    gone_at: Mapped[datetime | None]
