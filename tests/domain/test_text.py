import pytest

from fulfillment.domain.errors import ReasonRequired, ValueInvalid
from fulfillment.domain.text import LONGEST_NOTE, expect_instant, expect_reason, expect_text
from tests.domain.people import NOON


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("Ring twice.\nThe dog is kind.\tReally.", id="lines and tabs"),
        pytest.param("Grüße aus Zürich, 你好, שלום", id="other alphabets"),
        pytest.param("👩🏽\u200d🔧 will come", id="emoji with a joiner"),
        pytest.param("e\u0301", id="a combining accent"),
        pytest.param("<script>{{7*7}}' OR 1=1 --", id="what is harmless once it is escaped"),
        pytest.param("x" * LONGEST_NOTE, id="as long as may be"),
    ],
)
def test_what_people_write_is_taken(text: str) -> None:
    expect_text("note", text)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("a\0b", id="NUL"),
        pytest.param("\ud800", id="a lone surrogate"),
        pytest.param("a\rb", id="a carriage return"),
        pytest.param("a\x0bb", id="a vertical tab"),
        pytest.param("\x1b[31m", id="an escape"),
        pytest.param("\x7f", id="a delete"),
        pytest.param("\x85", id="a next line from C1"),
        pytest.param("\u2028", id="a line separator"),
        pytest.param("\u2029", id="a paragraph separator"),
        pytest.param("x" * (LONGEST_NOTE + 1), id="one too long"),
    ],
)
def test_what_breaks_stores_and_mails_is_refused_by_the_name_of_its_field(text: str) -> None:
    with pytest.raises(ValueInvalid, match=r"^note: "):
        expect_text("note", text)


def test_a_refusal_repeats_nothing_of_what_no_log_should_carry() -> None:
    with pytest.raises(ValueInvalid) as refused:
        expect_text("note", "\x1b[31mred")

    assert str(refused.value).isprintable()


@pytest.mark.parametrize(
    "text", ["", " ", "\n\t ", "\u3000"], ids=["nothing", "blank", "lines", "wide blank"]
)
def test_a_reason_has_to_be_given(text: str) -> None:
    with pytest.raises(ReasonRequired, match=r"^reason: "):
        expect_reason("reason", text)


def test_a_reason_is_bounded_as_a_text_is() -> None:
    expect_reason("code", "sick", most=4)

    with pytest.raises(ValueInvalid):
        expect_reason("code", "weary", most=4)


def test_an_instant_has_a_zone() -> None:
    expect_instant("until", NOON)

    with pytest.raises(ValueInvalid, match=r"^until: "):
        expect_instant("until", NOON.replace(tzinfo=None))
