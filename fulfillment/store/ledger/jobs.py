"""Writing jobs: the head that lists read, the quotes and their wordings, the offers, each return once."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from fulfillment.domain.job.entries import JobEntry
from fulfillment.domain.job.state import Job, Offer, Quote, Requeue
from fulfillment.domain.steps import Refusal
from fulfillment.store import wire
from fulfillment.store.ledger import history, messages, sql
from fulfillment.store.ledger.history import About

HEAD = sql.newest(
    "job",
    """id, customer_id, title, category, site_tz, site_address, price_cap, currency, dispatch_mode,
    wanted_windows, priority, status, status_entered_at, created_at, expires_at, round, wave, requeue_count,
    excluded_providers, live_assignment_id, cancelled_at, cancel_reason, snapshot, state_version""",
    rows="head",
    key="id",
    newer="it.state_version < excluded.state_version",
    change={"projected_at": "clock_timestamp()"},
)
# A job brings all its quotes and offers along each time; only those that changed are written.
QUOTES = sql.newest(
    "quote",
    """id, job_id, provider_id, amount, currency, window_start, window_end, note, valid_until, status,
    version, submitted_at, state_version""",
    rows="quotes",
    key="id",
    newer="""it.state_version < excluded.state_version
        AND (it.status, it.version) <> (excluded.status, excluded.version)""",
)
WORDINGS = sql.once(
    "quote_wording",
    """quote_id, version, job_id, amount, currency, window_start, window_end, note, valid_until,
    submitted_at""",
    rows="wordings",
)
OFFERS = sql.newest(
    "offer",
    """id, job_id, round, wave, provider_id, amount, currency, window_start, window_end, sent_at, expires_at,
    responded_at, status, decline_reason, state_version""",
    rows="offers",
    key="id",
    newer="it.state_version < excluded.state_version AND it.status <> excluded.status",
)
REQUEUES = (
    sql.once(
        "requeue",
        "job_id, no, from_assignment, provider_id, reason, late, counted, at",
        rows="requeues",
    )
    + "RETURNING no"
)
WRITE = sql.together(
    "SELECT count(*) FROM requeues",
    head=HEAD,
    quotes=QUOTES,
    wordings=WORDINGS,
    offers=OFFERS,
    requeues=REQUEUES,
    **messages.SQL,
    audit=history.AUDIT,
    outcomes=history.OUTCOMES,
)


async def record_job(
    session: AsyncSession, about: About, *, entries: Sequence[JobEntry], refusals: Sequence[Refusal] = ()
) -> int:
    """Write steps of one job and all that follows from them; writing them again changes nothing.

    Return how many returns to dispatch were written for the first time.

    Raises:
        ValueError: an entry is about another job.
    """
    returns = 0
    if entries:
        await sql.take_turns(session, about.turn)
        written = await session.execute(WRITE, _written(about, entries))
        returns = written.scalar_one()
    await history.write_refusals(session, about, refusals)
    return returns


def _written(about: About, entries: Sequence[JobEntry]) -> dict[str, Any]:
    job = _newest(about, entries)
    answers = [(each.step, wire.job_to_json(each.job)) for each in entries]
    return {
        "head": sql.rows(_head(job)),
        "quotes": sql.rows(*(_quote(job, quote) for quote in job.quotes)),
        "wordings": sql.rows(*_wordings(entries)),
        "offers": sql.rows(*(_offer(job, offer) for offer in job.offers)),
        "requeues": sql.rows(*(_requeue(job, requeue) for requeue in job.requeues)),
        **messages.messages(about, entries),
        "audit": history.audit(about, [each.step for each in entries]),
        "outcomes": history.outcomes(about, answers),
    }


def _newest(about: About, entries: Sequence[JobEntry]) -> Job:
    strangers = {each.job.id for each in entries} - {about.id}
    if strangers:
        raise ValueError(f"entries of {sorted(strangers)} came with those of {about.id}")
    return max(entries, key=lambda each: each.step.number).job


def _head(job: Job) -> dict[str, Any]:
    snapshot = wire.job_to_json(job)
    return {
        "id": job.id,
        "customer_id": job.customer_id,
        "title": job.title,
        "category": job.category,
        "site_tz": job.site_timezone,
        "site_address": job.site_address,
        "price_cap": job.price_cap.amount,
        "currency": job.price_cap.currency,
        "dispatch_mode": job.dispatch_mode,
        "wanted_windows": snapshot["wanted_windows"],
        "priority": job.priority,
        "status": job.status,
        "status_entered_at": job.status_entered_at,
        "created_at": job.created_at,
        "expires_at": job.expires_at,
        "round": job.round,
        "wave": job.wave,
        "requeue_count": job.requeue_count,
        "excluded_providers": job.excluded,
        "live_assignment_id": job.live and job.live.assignment_id,
        "cancelled_at": job.cancelled_at,
        "cancel_reason": job.cancel_reason,
        "snapshot": snapshot,
        "state_version": job.state_version,
    }


def _quote(job: Job, quote: Quote) -> dict[str, Any]:
    return {
        "id": quote.id,
        "job_id": job.id,
        "provider_id": quote.provider_id,
        "amount": quote.price.amount,
        "currency": quote.price.currency,
        "window_start": quote.window and quote.window.start,
        "window_end": quote.window and quote.window.end,
        "note": quote.note,
        "valid_until": quote.valid_until,
        "status": quote.status,
        "version": quote.version,
        "submitted_at": quote.submitted_at,
        "state_version": job.state_version,
    }


def _wordings(entries: Sequence[JobEntry]) -> Iterator[dict[str, Any]]:
    """Yield each wording once; one that was replaced within the batch, too."""
    said = {(quote.id, quote.version): quote for each in entries for quote in each.job.quotes}
    for quote in said.values():
        row = _quote(entries[0].job, quote)
        yield {"quote_id": row.pop("id"), **row}


def _offer(job: Job, offer: Offer) -> dict[str, Any]:
    return {
        "id": offer.id,
        "job_id": job.id,
        "round": offer.round,
        "wave": offer.wave,
        "provider_id": offer.provider_id,
        "amount": offer.price.amount,
        "currency": offer.price.currency,
        "window_start": offer.window and offer.window.start,
        "window_end": offer.window and offer.window.end,
        "sent_at": offer.sent_at,
        "expires_at": offer.expires_at,
        "responded_at": offer.responded_at,
        "status": offer.status,
        "decline_reason": offer.decline_reason,
        "state_version": job.state_version,
    }


def _requeue(job: Job, requeue: Requeue) -> dict[str, Any]:
    return {
        "job_id": job.id,
        "no": requeue.no,
        "from_assignment": requeue.from_assignment,
        "provider_id": requeue.provider_id,
        "reason": requeue.reason,
        "late": requeue.late,
        "counted": requeue.counted,
        "at": requeue.at,
    }
