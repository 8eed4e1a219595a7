"""What counts as JSON here, and what is refused before anything else sees it."""

import contextlib
import time

import pytest

from api import strict_json
from api.errors import InvalidBody, Malformed


def test_a_good_body_is_read_as_it_is() -> None:
    assert strict_json.read(b'{"a": [1, 2.5, true, null, "x\\n\\t"], "b": {}}') == {
        "a": [1, 2.5, True, None, "x\n\t"],
        "b": {},
    }


def test_texts_are_composed() -> None:
    assert strict_json.read('"e\u0301"'.encode()) == "\u00e9"


def test_a_pair_of_surrogates_is_one_character() -> None:
    assert strict_json.read(rb'"\ud83d\ude00"') == "\U0001f600"


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"{", id="half an object"),
        pytest.param(b'{"a": 1} x', id="something after it"),
        pytest.param(b"{'a': 1}", id="single quotes"),
        pytest.param(b'"\xff"', id="not UTF-8"),
        pytest.param('{"a": "é"}'.encode("latin-1"), id="latin-1"),
        pytest.param(b"\xef\xbb\xbf{}", id="a byte order mark"),
        pytest.param('{"a": 1}'.encode("utf-16"), id="UTF-16"),
        pytest.param(b'"\x01"', id="a bare control character"),
        pytest.param(b'{"a": 1, "a": 2}', id="a name twice"),
        pytest.param(b'{"x": [{"a": 1, "\\u0061": 2}]}', id="a name twice, deep down and in disguise"),
        pytest.param(b"[" * 33 + b"]" * 33, id="33 deep"),
        pytest.param(b"[" * 100_000, id="100,000 brackets"),
        pytest.param(b'{"a":' * 8_000, id="8,000 objects"),
        pytest.param(b'["\\"' + b"[" * 40, id="a text that never ends"),
    ],
)
def test_is_malformed(raw: bytes) -> None:
    with pytest.raises(Malformed):
        strict_json.read(raw)


def test_brackets_inside_a_text_are_not_depth() -> None:
    assert strict_json.read(b'"' + b"[{" * 1000 + b'\\"[["') == "[{" * 1000 + '"[['


def test_32_deep_is_deep_enough() -> None:
    strict_json.read(b"[" * 32 + b"]" * 32)


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        pytest.param(rb'{"note": "a\u0000b"}', "note", id="NUL"),
        pytest.param(rb'{"note": "\ud800"}', "note", id="half of a surrogate pair"),
        pytest.param(rb'{"note": "\udc00\ud800"}', "note", id="a surrogate pair the wrong way round"),
        pytest.param(rb'{"a": [{"b": "\u0085"}]}', "a[0].b", id="C1"),
        pytest.param(rb'{"a": "\u000b"}', "a", id="vertical tab"),
        pytest.param(rb'{"a": "\r"}', "a", id="carriage return"),
        pytest.param(b'{"a": "\x7f"}', "a", id="DEL"),
        pytest.param(rb'{"a": {"x\u0000": 1}}', "a", id="in a name"),
        pytest.param(rb'{"\u0000": 1}', "body", id="in a name at the top"),
        pytest.param(b'{"n": NaN}', "n", id="NaN"),
        pytest.param(b'{"n": [1, -Infinity]}', "n[1]", id="-Infinity"),
        pytest.param(b'{"n": 1e400}', "n", id="1e400"),
        pytest.param(b'{"n": 9007199254740993}', "n", id="beyond 2**53"),
        pytest.param(b'{"n": -9007199254740993}', "n", id="beyond -2**53"),
        pytest.param(b'{"n": 1' + b"0" * 5000 + b"}", "n", id="10**5000"),
        pytest.param(b"NaN", "body", id="nothing but NaN"),
    ],
)
def test_is_invalid_and_says_where(raw: bytes, field: str) -> None:
    with pytest.raises(InvalidBody) as refusal:
        strict_json.read(raw)

    assert [error.field for error in refusal.value.errors] == [field]


def test_2_to_the_53_is_fine_both_ways() -> None:
    assert strict_json.read(b"[9007199254740992, -9007199254740992, -0]") == [2**53, -(2**53), 0]


def test_only_the_first_twenty_errors_are_told() -> None:
    with pytest.raises(InvalidBody) as refusal:
        strict_json.read(b"[" + b"NaN," * 500 + b"1]")

    assert len(refusal.value.errors) == 20


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b'"' + rb"\"" * 8_000, id="escaped quotes without end"),
        pytest.param(b'"' * 16_000, id="nothing but quotes"),
        pytest.param('"{}"'.format("\u0315\u0300\u05ae\u0316" * 2_000).encode(), id="combining marks"),
    ],
)
def test_no_body_within_the_limit_takes_long(raw: bytes) -> None:
    began = time.process_time()
    with contextlib.suppress(Malformed):
        strict_json.read(raw[: 16 * 1024])

    assert time.process_time() - began < 0.25
