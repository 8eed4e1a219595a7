"""Secrets at rest: what somebody entrusts to us is written down only under one of our keys."""

import re
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

HOW_TO_MAKE_A_KEY = (
    'python -c "from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())"'
)


KEY = re.compile(r"[A-Za-z0-9_-]{43}=")
"""32 bytes in url-safe base64. The decoder alone would take two keys run together for the first of them."""


class Unreadable(Exception):
    """None of the keys opens it: it was changed, or its key has been taken away."""


class Sealer:
    """Seal secrets under the first of `keys`, and open what was sealed under any of them.

    A key is 32 random bytes in url-safe base64. To rotate: put a new key in front, `renew` all that is
    kept, then take the old key away.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        """Raises ValueError if there is no key, or one of them is none; it says how to make one."""
        if not keys:
            raise ValueError(f"there is no key to seal with; make one with: {HOW_TO_MAKE_A_KEY}")
        self._keys = MultiFernet([_fernet(key, place) for place, key in enumerate(keys, start=1)])
        self._count = len(keys)

    def __repr__(self) -> str:
        return f"Sealer({self._count} keys)"

    def seal(self, secret: str) -> bytes:
        """Return `secret`, readable to holders of our newest key only; never the same bytes twice."""
        return self._keys.encrypt(secret.encode())

    def open(self, sealed: bytes) -> str:
        """Return the secret in `sealed`.

        Raises:
            Unreadable: no key fits.
        """
        try:
            return self._keys.decrypt(sealed).decode()
        except InvalidToken:
            raise Unreadable("none of the keys opens it") from None

    def renew(self, sealed: bytes) -> bytes:
        """Return the same secret under the newest key, under whichever key it is now.

        Raises:
            Unreadable: no key fits.
        """
        try:
            return self._keys.rotate(sealed)
        except InvalidToken:
            raise Unreadable("none of the keys opens it") from None


def _fernet(key: str, place: int) -> Fernet:
    if KEY.fullmatch(key):
        return Fernet(key)
    # Which one it is, but not what: a key with one letter missing is still a secret.
    raise ValueError(f"key {place} is not 32 bytes in url-safe base64; make one with: {HOW_TO_MAKE_A_KEY}")
