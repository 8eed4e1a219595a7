"""Ids that follow from what they name, so that deciding twice gives the same thing the same name."""

import hashlib

VERSION, VARIANT = 0x8, 0x8
"""RFC 9562: version 8 is for ids a system makes by its own rule; the variant's two bits are 10."""


def derived(*parts: str) -> str:
    """Return the id that `parts` always have: a UUIDv8 of their SHA-256.

    Each part goes in with its length, so that ("ab", "c") and ("a", "bc") are two things.
    """
    named = "".join(f"{len(part)}:{part}" for part in parts)
    digits = list(hashlib.sha256(named.encode()).hexdigest()[:32])
    digits[12] = f"{VERSION:x}"
    digits[16] = f"{VARIANT | int(digits[16], 16) & 0x3:x}"
    text = "".join(digits)
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))
