"""The NotificationsService (T6): what each event tells its recipient, made up of how things are then.

Its methods carry the seed's names. What they return is a letter; `delivering` sees to it that it arrives.
"""

from collections.abc import Awaitable, Callable, Mapping

from sqlalchemy.ext.asyncio import AsyncSession

from fulfillment.notifications import letter as letters
from fulfillment.notifications.case import Case
from fulfillment.notifications.house import House
from fulfillment.notifications.letter import Letter

Composer = Callable[[AsyncSession, Case], Awaitable[Letter]]


class NotificationsService:
    def __init__(self, house: House) -> None:
        self._house = house
        self._composers: Mapping[str, Composer] = {
            "notifyScheduleProposed": self.notify_schedule_proposed,
            "notifyScheduleConfirmed": self.notify_schedule_confirmed,
            "notifyAssignmentRejected": self.notify_assignment_rejected,
            "notifyReminderSent": self.notify_reminder_sent,
        }

    async def compose(self, session: AsyncSession, case: Case) -> Letter:
        """Return the letter about `case`, by the method for its event."""
        return await self._composers.get(case.owed.event, self.notify)(session, case)

    async def notify_schedule_proposed(self, session: AsyncSession, case: Case) -> Letter:
        """Return the news that a window was proposed; its link carries the version it shows (trap X1)."""
        return await letters.write(session, case, self._house)

    async def notify_schedule_confirmed(self, session: AsyncSession, case: Case) -> Letter:
        """Return the news that a visit is agreed, where it was before if it moved; with a calendar file."""
        return await letters.write(session, case, self._house, entry=True)

    async def notify_assignment_rejected(self, session: AsyncSession, case: Case) -> Letter:
        """Return the news that the provider gave it back; a file takes the visit out of the calendar (D8)."""
        return await letters.write(session, case, self._house, entry=True)

    async def notify_reminder_sent(self, session: AsyncSession, case: Case) -> Letter:
        """Return a reminder of what is owed or coming as things stand now, without a file (trap I3)."""
        return await letters.write(session, case, self._house)

    async def notify(self, session: AsyncSession, case: Case) -> Letter:
        """Return the news of any other event, with a file if it changes what is in calendars."""
        return await letters.write(session, case, self._house, entry=True)
