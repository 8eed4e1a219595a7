"""JSON read so that no two parsers could disagree, and nothing in it can hurt what stands behind us.

One NUL, or half of a surrogate pair, stops an assignment for good once it is in the engine's history and
Postgres refuses it; depth and endless digits cost a parser dearly. So this runs before anything else.
"""

import json
import math
import re
import unicodedata
from collections.abc import Iterator

from api.errors import FieldError, InvalidBody, Malformed

DEEPEST = 32
LARGEST = 2**53
"""Whole numbers beyond this are not the same to every reader of JSON (RFC 8259, section 6)."""
MOST_ERRORS = 20

# A string up to its closing quote, or to the end: every quote is consumed once, so the scan is linear.
STRING = re.compile(rb'"(?:[^"\\]|\\.)*+"?', re.DOTALL)
NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
# C0 and C1 but for line feed and tab, DEL, and surrogates, which stand alone once a text is decoded.
FORBIDDEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


class _NameTwice(ValueError):
    """An object gives one name two values."""


def read(raw: bytes) -> object:
    """Return the value that `raw` says, its texts in Unicode's composed form (NFC).

    Raises:
        Malformed: not UTF-8, not JSON, nested too deeply, or an object that gives a name twice.
        InvalidBody: a number that is not finite or too large, or a text with a control character.
    """
    _expect_shallow(raw)
    try:
        value = json.loads(
            raw.decode("utf-8"), object_pairs_hook=_object, parse_constant=float, parse_int=_whole
        )
    except _NameTwice as error:
        raise Malformed(str(error)) from None
    except ValueError:
        raise Malformed from None
    errors = tuple(FieldError(field=path or "body", message=why) for path, why in _faults(value))
    if errors:
        raise InvalidBody(errors=errors[:MOST_ERRORS])
    return _composed(value)


def _expect_shallow(raw: bytes) -> None:
    """Refuse deep nesting before a parser recurses into it."""
    depth = 0
    for bracket in STRING.sub(b"", raw).translate(None, delete=NOT_BRACKETS):
        depth += 1 if bracket in b"[{" else -1
        if depth > DEEPEST:
            raise Malformed(f"The body is nested more than {DEEPEST} deep.")


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise _NameTwice("An object in the body gives one name twice.")
    return made


def _whole(digits: str) -> float:
    """Return the number, or infinity for one that `_faults` refuses anyway: reading it takes long."""
    return int(digits) if len(digits) <= len(str(-LARGEST)) else math.inf


def _faults(value: object, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield the path of each wrong text or number in `value`, and what is wrong with it."""
    match value:
        case dict():
            for name, inner in value.items():
                if FORBIDDEN.search(name):
                    yield path, "a name in here has a control character, or half of a surrogate pair"
                else:
                    yield from _faults(inner, f"{path}.{name}" if path else name)
        case list():
            for index, inner in enumerate(value):
                yield from _faults(inner, f"{path}[{index}]")
        case str() if FORBIDDEN.search(value):
            yield path, "this text has a control character, or half of a surrogate pair"
        case int() | float() if not abs(value) <= LARGEST:
            yield path, f"this number is not between -{LARGEST} and {LARGEST}"
        case _:
            return


def _composed(value: object) -> object:
    match value:
        case str():
            return unicodedata.normalize("NFC", value)
        case list():
            return [_composed(inner) for inner in value]
        case dict():
            return {name: _composed(inner) for name, inner in value.items()}
        case _:
            return value
