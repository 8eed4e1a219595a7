"""What the list of assignments is asked for: words to search by, and filters, as a form sends them."""

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Depends, Query

from api.finding import Filters
from api.ui.forms import Draft, Fault
from fulfillment.domain.assignment.state import Status

FORM = "find"
SHORTEST, LONGEST = 2, 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was asked. A form sends what is blank, too, and that asks for nothing."""

    q: str = ""
    status: Status | None = None
    overdue: bool = False
    fault: str = ""

    @property
    def is_all(self) -> bool:
        """Whether nothing in particular is looked for."""
        return not (self.q or self.status or self.overdue)

    @property
    def filters(self) -> Filters:
        return Filters(q=self.q or None, status=self.status, reminder_overdue=True if self.overdue else None)

    @property
    def query(self) -> str:
        """Return the same as the query of an address."""
        said = {"q": self.q, "status": self.status or "", "overdue": "yes" if self.overdue else ""}
        return urlencode({name: value for name, value in said.items() if value})

    @property
    def draft(self) -> Draft:
        values = {"q": self.q, "status": self.status or "", "overdue": "yes" if self.overdue else ""}
        faults = (Fault(name="q", says=self.fault),) if self.fault else ()
        return Draft(id=FORM, values=values, faults=faults)


async def _asked(
    q: Annotated[str, Query(max_length=1000)] = "",
    status: Annotated[str, Query(max_length=64)] = "",
    overdue: Annotated[str, Query(max_length=8)] = "",
) -> Asked:
    sought = " ".join(q.split())
    known = Status(status) if status in set(Status) else None
    fault = ""
    if sought and len(sought) < SHORTEST:
        fault = "Please give two letters or more."
    if len(sought) > LONGEST:
        fault = f"Please give {LONGEST} letters at most."
    return Asked(q=sought, status=known, overdue=bool(overdue), fault=fault)


TheAsked = Annotated[Asked, Depends(_asked)]
