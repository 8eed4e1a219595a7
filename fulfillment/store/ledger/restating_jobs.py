"""Writing rows of jobs once more as they were: the head, its quotes and offers, at the same step."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from fulfillment.domain.job.state import Job
from fulfillment.store.ledger import jobs, sql
from fulfillment.store.ledger.jobs import _head, _offer, _quote
from fulfillment.store.ledger.restating import again
from fulfillment.store.tables import Entity, JobRow

Row = Mapping[str, Any]


def _as_known(statement: str) -> str:
    """Return the upsert `statement` for whatever is not of a later step."""
    upsert, _, fence = statement.rpartition(" WHERE ")
    if not fence.strip().startswith("it.state_version < excluded.state_version"):
        raise AssertionError(f"not a statement that takes newer rows only: {fence}")
    return f"{upsert} WHERE it.state_version <= excluded.state_version"


RESTATED = sql.together(head=again(jobs.HEAD), quotes=_as_known(jobs.QUOTES), offers=_as_known(jobs.OFFERS))
STEP = "state_version"
"""Of a quote or an offer it says when it last changed, which the job itself does not know."""
SNAPSHOT = "snapshot"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewrite:
    """What has to be written for rows to say what `job` says: columns by table and name, and whole rows."""

    job: Job
    columns: tuple[str, ...]
    head: Row
    quotes: tuple[Row, ...] = field(default=())
    offers: tuple[Row, ...] = field(default=())


def rewrite(job: Job, *, head: Row, quotes: Mapping[str, Row], offers: Mapping[str, Row]) -> Rewrite:
    """Compare a job with its rows, quotes and offers by their ids, and return what has to be written."""
    own = [row for quote in job.quotes for row in [_quote(job, quote)] if _differ(row, quotes)]
    sent = [row for offer in job.offers for row in [_offer(job, offer)] if _differ(row, offers)]
    wanted = {name: value for name, value in _head(job).items() if name != SNAPSHOT}
    return Rewrite(
        job=job,
        columns=(
            *(f"job.{name}" for name in sql.unlike(wanted, head)),
            *(f"quote.{name}" for row in own for name in _differ(row, quotes)),
            *(f"offer.{name}" for row in sent for name in _differ(row, offers)),
        ),
        head=_head(job),
        quotes=tuple(own),
        offers=tuple(sent),
    )


async def restate_jobs(session: AsyncSession, rewrites: Sequence[Rewrite]) -> frozenset[str]:
    """Write these, and return the ids of the jobs that are of that step still; a repeat changes nothing.

    Once a job's run has written another step, nothing is written of it here.
    """
    by_id = {each.job.id: each for each in rewrites}
    await sql.take_turns(session, *(f"{Entity.JOB}/{id}" for id in sorted(by_id)))
    known = select(JobRow.id, JobRow.state_version).where(JobRow.id.in_(by_id))
    there = (await session.execute(known)).all()
    current = [by_id[id] for id, number in there if number == by_id[id].job.state_version]
    if current:
        rows = {
            "head": sql.rows(*(each.head for each in current)),
            "quotes": sql.rows(*(row for each in current for row in each.quotes)),
            "offers": sql.rows(*(row for each in current for row in each.offers)),
        }
        await session.execute(RESTATED, rows)
    return frozenset(each.job.id for each in current)


def _differ(row: Row, there: Mapping[str, Row]) -> tuple[str, ...]:
    wanted = {name: value for name, value in row.items() if name != STEP}
    return tuple(sql.unlike(wanted, there.get(row["id"], {})))
