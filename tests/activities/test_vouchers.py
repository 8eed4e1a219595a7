from datetime import UTC, datetime, timedelta

from temporalio.testing import ActivityEnvironment

from activities.vouchers import VoucherClaim, Vouchers
from fulfillment.domain.vouchers import LIFETIME, seal

SECRET = b"a secret that only api and worker share"
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def claim(*, admin_id: str = "grace", until: datetime = NOON + LIFETIME) -> VoucherClaim:
    """An approval claimed by `admin_id`, with a voucher that the API sealed for grace."""
    voucher = seal(SECRET, payout_id="p1", attempt=1, amount=60_000, admin_id="grace", expires_at=until)
    return VoucherClaim(payout_id="p1", attempt=1, amount=60_000, admin_id=admin_id, voucher=voucher)


async def test_the_apis_voucher_is_believed() -> None:
    verify = Vouchers(SECRET, clock=lambda: NOON).verify_voucher

    assert await ActivityEnvironment().run(verify, claim())


async def test_a_voucher_in_another_hand_is_not() -> None:
    verify = Vouchers(SECRET, clock=lambda: NOON).verify_voucher

    assert not await ActivityEnvironment().run(verify, claim(admin_id="alan"))


async def test_a_voucher_expires_by_the_wall_clock() -> None:
    verify = Vouchers(SECRET, clock=lambda: NOON + LIFETIME).verify_voucher

    assert not await ActivityEnvironment().run(verify, claim())


async def test_the_wall_clock_is_the_one_it_goes_by_unless_told_otherwise() -> None:
    verify = Vouchers(SECRET).verify_voucher
    now = datetime.now(UTC)

    assert await ActivityEnvironment().run(verify, claim(until=now + LIFETIME))
    assert not await ActivityEnvironment().run(verify, claim(until=now - timedelta(seconds=1)))
