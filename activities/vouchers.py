"""Telling, from a workflow, whether an approval or a refund really came through the API."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from temporalio import activity

from fulfillment.domain import vouchers


@dataclass(frozen=True, slots=True, kw_only=True)
class VoucherClaim:
    """An approval or a refund, by `purpose`, as the command puts it, and the `voucher` said to cover it."""

    payout_id: str
    attempt: int
    amount: int | None
    admin_id: str
    voucher: str
    purpose: str = vouchers.APPROVAL


def wall_clock() -> datetime:
    return datetime.now(UTC)


class Vouchers:
    """Needs the secret that the API seals with, and its clock.

    Everything else in a run goes by the workflow's clock. A voucher must not: the API seals it by the
    clock on the wall, which it shares with the worker, while a run can be days ahead of it
    (fast-forwarded in a demo or a test), and there every voucher would be long out of date. So the
    claim carries no instant, and this activity asks the wall.
    """

    def __init__(self, secret: bytes, *, clock: Callable[[], datetime] = wall_clock) -> None:
        self._secret = secret
        self._clock = clock

    @activity.defn(name="verify_voucher")
    async def verify_voucher(self, claim: VoucherClaim) -> bool:
        """Return whether the voucher covers this and still holds.

        It reads nothing and changes nothing. A repeat gives the same answer as long as the voucher
        holds; the workflow asks once and keeps the answer in its history.
        """
        return vouchers.opens(
            self._secret,
            claim.voucher,
            payout_id=claim.payout_id,
            attempt=claim.attempt,
            amount=claim.amount,
            admin_id=claim.admin_id,
            at=self._clock(),
            purpose=claim.purpose,
        )
