"""What runs remember, closed to whoever reads the engine's disk: AES-GCM under one of our keys."""

import base64
import hashlib
import os
from collections.abc import Mapping, Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE = 12
"""Bytes. They are random, so a key is good for four thousand million payloads (NIST SP 800-38D, 8.3)."""


class Unreadable(Exception):
    """It was sealed under a key that we do not have, or it was changed."""


class PayloadKeys:
    """Seal under the first of `keys`, and open what was sealed under any of them.

    A key is 32 random bytes in url-safe base64, as `gateways/sealing.py` takes it. Its id is made of the key
    itself, so nobody has to name keys, and one in another place of the list stays the same one.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        """Raises ValueError if there is no key, or one is no 32 bytes."""
        if not keys:
            raise ValueError("there is no key to seal with")
        raw = [base64.urlsafe_b64decode(key) for key in keys]
        self._ciphers: Mapping[str, AESGCM] = {_id_of(each): AESGCM(each) for each in raw}
        self.newest = _id_of(raw[0])
        """The id of the key that seals."""

    def __repr__(self) -> str:
        return f"PayloadKeys({', '.join(self._ciphers)})"

    def seal(self, content: bytes) -> bytes:
        """Return `content`, readable to holders of the newest key only; never the same bytes twice."""
        nonce = os.urandom(NONCE)
        return nonce + self._ciphers[self.newest].encrypt(nonce, content, self.newest.encode())

    def open(self, sealed: bytes, *, key_id: str) -> bytes:
        """Return what was sealed under the key of that id.

        Raises:
            Unreadable: we do not have that key, or these are not the bytes that were sealed.
        """
        cipher = self._ciphers.get(key_id)
        if cipher is None:
            raise Unreadable(f"there is no key {key_id[:16]!r} among PAYLOAD_KEYS")
        try:
            return cipher.decrypt(sealed[:NONCE], sealed[NONCE:], key_id.encode())
        except (InvalidTag, ValueError):
            raise Unreadable(f"this was not sealed under key {key_id}, or was changed since") from None


def _id_of(key: bytes) -> str:
    return hashlib.sha256(b"payload key" + key).hexdigest()[:12]
