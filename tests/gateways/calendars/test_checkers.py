"""A check that takes everything proves nothing: files that are broken on purpose are refused."""

from collections.abc import Callable

import pytest

from fulfillment.gateways.calendar import cancellation, invitation
from tests.gateways.calendars import javascript, libical, readers, vobjects
from tests.gateways.calendars.readers import expect_lines, expect_readers, expect_sound
from tests.gateways.calendars.reading import Unsound
from tests.gateways.calendars.visits import LEAK

INVITATION = invitation(LEAK)


def without(file: bytes, name: bytes) -> bytes:
    return file.replace(b"\r\n" + name, b"\r\nX-" + name)


@pytest.mark.parametrize(
    ("broken", "complaint"),
    [
        pytest.param(without(cancellation(LEAK), b"ORGANIZER"), "ORGANIZER", id="nobody calls it off"),
        pytest.param(INVITATION.replace(b"REQUEST", b"PUBLISH"), "ATTENDEE", id="published with a guest"),
        pytest.param(without(INVITATION, b"DTSTAMP"), "DTSTAMP", id="of no time"),
        pytest.param(without(INVITATION, b"ATTENDEE"), "ATTENDEE", id="an invitation for nobody"),
        pytest.param(b"no calendar", "", id="no calendar at all"),
    ],
)
def test_libical_refuses_what_breaks_the_rules_of_its_method(broken: bytes, complaint: str) -> None:
    expect_readers()

    with pytest.raises(Unsound, match=f"^libical: .*{complaint}"):
        libical.read(broken)


@pytest.mark.parametrize("read", [libical.read, vobjects.read, lambda file: javascript.read([file])])
def test_every_reader_refuses_what_is_no_event(read: Callable[[bytes], object]) -> None:
    expect_readers()

    with pytest.raises(Unsound):
        read(INVITATION.replace(b"VEVENT", b"VTODO"))


@pytest.mark.parametrize(
    ("broken", "complaint"),
    [
        pytest.param(INVITATION.replace(b"\r\n", b"\n"), "CRLF", id="bare newlines"),
        pytest.param(INVITATION.removesuffix(b"\r\n"), "CRLF", id="an end without one"),
        pytest.param(
            INVITATION.replace(b"TRANSP:", b"X:" + b"x" * 80 + b"\r\nTRANSP:"), "82 octets", id="long"
        ),
    ],
)
def test_lines_that_some_reader_chokes_on_are_refused(broken: bytes, complaint: str) -> None:
    with pytest.raises(Unsound, match=complaint):
        expect_lines(broken)


def test_a_time_without_its_zone_is_noticed() -> None:
    expect_readers()

    with pytest.raises(ValueError, match="does not match format"):
        libical.read(INVITATION.replace(b"T090000Z", b"T090000"))
    with pytest.raises(Unsound, match="could be anywhere"):
        vobjects.read(INVITATION.replace(b"T090000Z", b"T090000"))


def test_two_readings_of_one_file_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    other = invitation(LEAK).replace(b"SEQUENCE:0", b"SEQUENCE:1")
    monkeypatch.setattr(vobjects, "read", lambda _: libical.read(other))

    with pytest.raises(Unsound, match="and vobject reads"):
        expect_sound([INVITATION])


class TestAMissingReader:
    @pytest.fixture(autouse=True)
    def _nothing_is_installed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(libical, "is_there", lambda: False)
        monkeypatch.setattr(javascript, "has_packages", lambda: False)

    def test_skips_the_test_and_names_the_package(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("CI", raising=False)

        with pytest.raises(
            pytest.skip.Exception, match=r"apt-get install libical3.*npm ci --prefix tests/readers"
        ):
            readers.expect_sound([])

    def test_fails_it_on_ci(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("CI", "true")

        with pytest.raises(pytest.fail.Exception, match="apt-get install libical3"):
            readers.expect_sound([])
