"""What a notice says of an event of a job, to one recipient: the facts, as they were when it happened."""

from fulfillment.domain.job.events import (
    JobCancelled,
    JobEvent,
    JobRequeued,
    JobUnfilled,
    QuoteSubmitted,
    WaveOpened,
)
from fulfillment.domain.job.state import Job, Offer
from fulfillment.domain.messages import Facts, Recipient


def facts_of_job(event: JobEvent, job: Job, *, to: Recipient) -> Facts:
    """Return what is to be said of `event` to that recipient, the job being as it is afterwards."""
    match event:
        case WaveOpened(offers=offers):
            return _offer(next((each for each in offers if each.provider_id == to.id), None))
        case QuoteSubmitted(quote=quote):
            return Facts(window=quote.window, amount=quote.price, until=quote.valid_until, reason=quote.note)
        case JobRequeued(requeue=requeue):
            return Facts(window=job.agreed_window, amount=job.agreed_price, reason=requeue.reason)
        case JobUnfilled(expires_at=expires_at, why=why):
            return Facts(until=expires_at, reason=why)
        case JobCancelled(reason=reason):
            return Facts(reason=reason)
        case _:
            return Facts(until=job.expires_at)


def _offer(offer: Offer | None) -> Facts:
    if offer is None:
        return Facts()
    return Facts(window=offer.window, amount=offer.price, until=offer.expires_at)
