"""Ids that follow from what they name."""

from fulfillment.domain.ids import derived


def test_an_id_is_derived_from_all_of_its_parts_and_is_a_uuid_of_version_8() -> None:
    assert derived("a", "bc") != derived("ab", "c")
    assert derived("a", "b") == derived("a", "b")
    for n in range(64):
        head, _, third, fourth, tail = derived("offer", str(n)).split("-")
        assert (len(head), third[0], len(tail)) == (8, "8", 12)
        assert fourth[0] in "89ab"
