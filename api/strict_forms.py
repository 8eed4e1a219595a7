"""Forms read as strictly as JSON: nothing in them can hurt what stands behind us.

Browsers end the lines of a text field with CR and LF; behind this there is only LF.
"""

import unicodedata
from urllib.parse import parse_qsl

from api.errors import FieldError, InvalidBody, Malformed
from api.strict_json import FORBIDDEN, MOST_ERRORS

MOST_FIELDS = 200


def read(raw: bytes) -> list[tuple[str, str]]:
    """Return names and values in their order, in Unicode's composed form (NFC).

    Raises:
        Malformed: not UTF-8, not a form, or too many fields.
        InvalidBody: a name or a value with a control character other than line feed and tab.
    """
    try:
        pairs = parse_qsl(
            raw.decode("utf-8"),
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=MOST_FIELDS,
        )
    except ValueError:
        raise Malformed("This is no form that a browser would send.") from None
    plain = [(_plain(name), _plain(value)) for name, value in pairs]
    _expect_printable(plain)
    return plain


def _plain(text: str) -> str:
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))


def _expect_printable(pairs: list[tuple[str, str]]) -> None:
    errors = [
        FieldError(field="form" if FORBIDDEN.search(name) else name, message="this has a control character")
        for name, value in pairs
        if FORBIDDEN.search(name + value)
    ]
    if errors:
        raise InvalidBody(errors=tuple(errors[:MOST_ERRORS]))
