"""Bodies are read strictly and written in one way."""

from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from typing import Any

import pytest
from pydantic import ValidationError

from api.schemas.base import Instant, Moment, OneOf, Sent, SentInstant, Shown


class Mode(StrEnum):
    QUOTES = "quotes"
    AUTO = "auto"


class Wanted(Sent):
    how_many: int = 0
    site_timezone: str = ""
    is_urgent: bool = False
    mode: OneOf[Mode] = Mode.AUTO
    starts_at: SentInstant | None = None
    local_time: Moment | None = None


class Told(Shown):
    scheduled_start: Instant | None = None


def wanted(**body: Any) -> Wanted:
    return Wanted.model_validate(body)


class TestReading:
    def test_names_are_camel_case(self) -> None:
        assert wanted(howMany=2, siteTimezone="Europe/Berlin").how_many == 2

    @pytest.mark.parametrize(
        "body",
        [
            {"how_many": 1},
            {"unknown": 1},
            {"__class__": "x"},
            {"howMany": "1"},
            {"howMany": 1.0},
            {"howMany": True},
            {"howMany": None},
            {"isUrgent": 1},
            {"isUrgent": "true"},
            {"siteTimezone": 7},
            {"mode": 0},
            {"mode": "QUOTES"},
            {"mode": ["quotes"]},
        ],
    )
    def test_nothing_is_guessed(self, body: dict[str, Any]) -> None:
        with pytest.raises(ValidationError):
            wanted(**body)

    def test_a_choice_is_read_from_its_text(self) -> None:
        assert wanted(mode="quotes").mode is Mode.QUOTES


class TestMoments:
    @pytest.mark.parametrize(
        "text",
        [
            "2026-05-04T09:00:00Z",
            "2026-05-04t09:00:00z",
            "2026-05-04 11:00:00+02:00",
            "2026-05-04T11:00+02:00",
            "2026-05-04T03:30:00.000000-05:30",
            "2026-05-04T09:00:00.000Z",
        ],
    )
    def test_one_instant_has_many_spellings(self, text: str) -> None:
        assert wanted(startsAt=text).starts_at == datetime(2026, 5, 4, 9, tzinfo=UTC)

    @pytest.mark.parametrize(
        "value",
        [
            0,
            1_777_881_600,
            "1777881600",
            "2026-05-04",
            "20260504T090000Z",
            "2026-W19-1T09:00:00Z",
            "2026-13-04T09:00:00Z",
            "2026-02-30T09:00:00Z",
            "2026-05-04T24:00:00Z",
            "2026-05-04T25:00:00Z",
            "2026-05-04T09:00:00+25:00",
            "2026-05-04T09:00:00Z ",
            "0001-01-01T00:00:00+14:00",
            "9999-12-31T23:59:59-14:00",
            "2019-12-31T23:59:59Z",
            "2100-01-01T00:00:00Z",
            "\uff12\uff10\uff12\uff16-05-04T09:00:00Z",
            "now",
            "",
            ["2026-05-04T09:00:00Z"],
        ],
    )
    def test_is_no_moment(self, value: object) -> None:
        with pytest.raises(ValidationError):
            wanted(startsAt=value)

    def test_an_instant_needs_its_offset_and_a_local_time_does_not(self) -> None:
        assert wanted(localTime="2026-05-04T09:00").local_time == datetime(2026, 5, 4, 9)  # noqa: DTZ001
        with pytest.raises(ValidationError):
            wanted(startsAt="2026-05-04T09:00")


class TestWriting:
    @pytest.mark.parametrize("zone", [UTC, timezone(timedelta(hours=2))])
    def test_instants_are_in_utc_with_a_z(self, zone: timezone) -> None:
        told = Told(scheduled_start=datetime(2026, 5, 4, 9, tzinfo=UTC).astimezone(zone))

        assert told.model_dump_json(by_alias=True) == '{"scheduledStart":"2026-05-04T09:00:00Z"}'

    def test_what_is_not_there_is_null(self) -> None:
        assert Told().model_dump_json(by_alias=True) == '{"scheduledStart":null}'
