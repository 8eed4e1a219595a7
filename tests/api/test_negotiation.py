"""Who prefers CSV gets it, and whoever has no preference, or one we cannot read, gets JSON."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from api.negotiation import Form, preferred

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8"


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ([], "json"),
        ([""], "json"),
        (["*/*"], "json"),
        ([BROWSER], "json"),
        (["application/json"], "json"),
        (["text/csv"], "csv"),
        (["Text/CSV"], "csv"),
        (["text/csv; header=present"], "csv"),
        (["text/*"], "csv"),
        (["text/csv, application/json"], "json"),
        (["text/csv, application/json;q=0.9"], "csv"),
        (["text/csv;q=0.8, application/json;q=0.9"], "json"),
        (["text/csv;q=0.001, application/json;q=0"], "csv"),
        (["text/csv, */*;q=0.1"], "csv"),
        (["text/csv;q=0, */*"], "json"),
        (["application/json;q=0.1, */*"], "csv"),
        (["application/json;q=0, text/csv;q=0"], "json"),
        (["application/json;q=0.5", "text/csv;q=0.6"], "csv"),
        (["text/csv ; Q = 1.000 , application/json;q=0.999"], "csv"),
        (["text/csv;q=1.5"], "json"),
        (["text/csv;q=-1"], "json"),
        (["text/csv;q=nan"], "json"),
        (["text/csv;q=0.1234"], "json"),
        (["text/csv;q="], "json"),
        ([",;q=1;,text/csv,;"], "csv"),
    ],
)
def test_it_is_as_the_headers_prefer(accept: list[str], form: str) -> None:
    assert preferred(accept) == form


@given(st.lists(st.text(max_size=40) | st.text("text/csvjon*;q=.,10 \"'", max_size=60), max_size=4))
@example([";" * 8000])
def test_no_header_is_too_odd(accept: list[str]) -> None:
    assert preferred(accept) in Form
