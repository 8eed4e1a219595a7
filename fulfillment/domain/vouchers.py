"""Vouchers: the API's sealed word that an admin, known to it by name, asked for this money to move just now.

An update can be sent by anybody who reaches the engine's port, and says about itself what it likes.
Only the API knows who is asking, and only API and worker know the secret; so a command whose voucher
opens did come through the API (P16), and one without counts as what it is, a word from nowhere.
"""

import hashlib
import hmac
import json
from base64 import urlsafe_b64encode
from datetime import datetime, timedelta

LIFETIME = timedelta(minutes=5)
"""How long the API's word holds: long enough for a worker to restart, too short to be of use in a drawer."""

APPROVAL = "fulfillment/approve_payout/1"
REFUND = "fulfillment/refund_payout/1"
"""What a seal is for: one that is made for an approval opens no refund."""


def seal(
    secret: bytes,
    *,
    payout_id: str,
    attempt: int,
    amount: int | None,
    admin_id: str,
    expires_at: datetime,
    purpose: str = APPROVAL,
) -> str:
    """Return a voucher for exactly this approval, good until `expires_at` (to the second).

    `amount` is in minor units; None stands for the amount as submitted, which the attempt pins down. Of a
    refund `attempt` is its number, 0 where the admin names none, and None is all that is left.
    """
    until = int(expires_at.timestamp())
    return f"{until}.{_mac(secret, purpose, payout_id, attempt, amount, admin_id, until)}"


def opens(
    secret: bytes,
    voucher: str,
    *,
    payout_id: str,
    attempt: int,
    amount: int | None,
    admin_id: str,
    at: datetime,
    purpose: str = APPROVAL,
) -> bool:
    """Return whether `voucher` was sealed with `secret` for exactly this and still holds at `at`.

    Whatever else the text may be, the answer is no; and how long the answer takes tells nothing about
    the seal.
    """
    until, _, mac = voucher.partition(".")
    if not (until.isascii() and until.isdigit() and len(until) <= len("9999999999")):
        return False
    right = _mac(secret, purpose, payout_id, attempt, amount, admin_id, int(until))
    genuine = hmac.compare_digest(right.encode(), mac.encode(errors="replace"))
    return genuine and at.timestamp() < int(until)


def _mac(secret: bytes, *covered: str | int | None) -> str:
    # JSON keeps the parts apart, so that no two approvals are spelt alike.
    return (
        urlsafe_b64encode(hmac.digest(secret, json.dumps(covered).encode(), hashlib.sha256))
        .decode()
        .rstrip("=")
    )
