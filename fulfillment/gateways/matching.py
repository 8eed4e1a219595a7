"""The door to matching: who could take this job?"""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """For whom to look: at most `limit` providers who do `category` (empty: any), none of the `excluded`."""

    job_id: str
    category: str
    limit: int
    excluded: tuple[str, ...] = ()


class Matcher(Protocol):
    """Its stay-at-home version, which looks into our own directory, is in `activities.matching`."""

    async def candidates(self, search: Search) -> tuple[str, ...]:
        """Return the ids of providers who fit, best first; empty when nobody does.

        Nobody is made to fit: a job that finds no candidate goes to operations (trap D7). Any error
        means that the answer is not to be had now; ask again.
        """
