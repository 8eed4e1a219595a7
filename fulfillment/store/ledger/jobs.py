"""Writing jobs: the head that lists read, the quotes, the offers, and each return once."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, or_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from fulfillment.domain.entries import Refusal
from fulfillment.domain.job import Job, Offer, Quote, Requeue
from fulfillment.domain.job_entries import JobEntry
from fulfillment.store import wire
from fulfillment.store.ledger import history
from fulfillment.store.ledger.history import About
from fulfillment.store.ledger.messages import write_messages
from fulfillment.store.tables import JobRow, OfferRow, QuoteRow, RequeueRow


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
        job = _newest(about, entries)
        await history.take_turns(session, about)
        await _write_head(session, job)
        await _write_quotes(session, job)
        await _write_offers(session, job)
        returns = await _write_requeues(session, job)
        await write_messages(session, about, entries)
        await history.write_steps(session, about, [each.step for each in entries])
        answers = [(each.step, wire.job_to_json(each.job)) for each in entries]
        await history.write_outcomes(session, about, answers)
    if refusals:
        await history.write_refusals(session, about, refusals)
    return returns


def _newest(about: About, entries: Sequence[JobEntry]) -> Job:
    strangers = {each.job.id for each in entries} - {about.id}
    if strangers:
        raise ValueError(f"entries of {sorted(strangers)} came with those of {about.id}")
    return max(entries, key=lambda each: each.step.number).job


async def _write_head(session: AsyncSession, job: Job) -> None:
    state = _state(job)
    row = insert(JobRow).values(state)
    older = JobRow.state_version < job.state_version
    await session.execute(row.on_conflict_do_update(index_elements=[JobRow.id], set_=state, where=older))


def _state(job: Job) -> dict[str, Any]:
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
        "excluded_providers": list(job.excluded),
        "live_assignment_id": job.live and job.live.assignment_id,
        "cancelled_at": job.cancelled_at,
        "cancel_reason": job.cancel_reason,
        "snapshot": snapshot,
        "state_version": job.state_version,
        "projected_at": func.clock_timestamp(),
    }


async def _write_quotes(session: AsyncSession, job: Job) -> None:
    if not job.quotes:
        return
    rows = [_quote(job, quote) for quote in job.quotes]
    statement = insert(QuoteRow).values(rows)
    new, old = statement.excluded, QuoteRow
    changed = or_(old.status != new.status, old.version != new.version)
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=[old.id],
            set_={name: new[name] for name in rows[0]},
            where=(old.state_version < new.state_version) & changed,
        )
    )


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


async def _write_offers(session: AsyncSession, job: Job) -> None:
    if not job.offers:
        return
    rows = [_offer(job, offer) for offer in job.offers]
    statement = insert(OfferRow).values(rows)
    new, old = statement.excluded, OfferRow
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=[old.id],
            set_={name: new[name] for name in rows[0]},
            where=(old.state_version < new.state_version) & (old.status != new.status),
        )
    )


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


async def _write_requeues(session: AsyncSession, job: Job) -> int:
    if not job.requeues:
        return 0
    rows = [_requeue(job, requeue) for requeue in job.requeues]
    written = await session.execute(
        insert(RequeueRow).values(rows).on_conflict_do_nothing().returning(RequeueRow.no)
    )
    return len(written.all())


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
