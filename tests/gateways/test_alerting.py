"""Events go out in the form of PagerDuty's, and one that nobody takes is not taken for told."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
import pytest_asyncio

from fulfillment.domain.alerts import Alarm, Name, Severity
from fulfillment.gateways.alerting import Begun, Over, PagingDesk
from fulfillment.gateways.notices import NoticeFailed, NoticeRefused
from tests.alerts import pager
from tests.alerts.pager import Pager

ALARM = Alarm(name=Name.HOLDS_ENDING, severity=Severity.CRITICAL, summary="2 holds on cards end")
BEGUN = Begun(alarm=ALARM, at=datetime(2026, 11, 26, 6, 5, tzinfo=UTC))
PAGE = "https://visits.example/ui/admin/metrics"


@pytest_asyncio.fixture
async def called() -> AsyncIterator[Pager]:
    async with pager.on_call() as it:
        yield it


def desk(url: str, *, allow_private: bool = True, routing_key: str = "r0uting") -> PagingDesk:
    return PagingDesk(
        url,
        routing_key=routing_key,
        source="https://visits.example",
        page=PAGE,
        allow_private=allow_private,
    )


async def test_what_has_begun_is_told_in_the_form_of_pagerduty(called: Pager) -> None:
    await desk(called.url).tell(BEGUN)

    assert called.heard == [
        {
            "routing_key": "r0uting",
            "event_action": "trigger",
            "dedup_key": "https://visits.example/HoldsEnding",
            "payload": {
                "summary": "2 holds on cards end",
                "source": "https://visits.example",
                "severity": "critical",
                "timestamp": "2026-11-26T06:05:00+00:00",
                "component": "fulfillment",
                "class": "HoldsEnding",
                "custom_details": {"runbook": "docs/runbooks/alerts.md#holdsending"},
            },
            "client": "Fulfillment",
            "client_url": PAGE,
            "links": [{"href": PAGE, "text": "Figures"}],
        }
    ]


async def test_what_is_over_has_the_key_under_which_it_began(called: Pager) -> None:
    await desk(called.url).tell(BEGUN)
    await desk(called.url).tell(Over(name=Name.HOLDS_ENDING))

    begun, over = called.heard
    assert over == {
        "routing_key": "r0uting",
        "event_action": "resolve",
        "dedup_key": begun["dedup_key"],
    }


async def test_a_receiver_that_wants_no_key_gets_none(called: Pager) -> None:
    await desk(called.url, routing_key="").tell(BEGUN)

    assert "routing_key" not in called.heard[0]


@pytest.mark.parametrize("status", [302, 400, 429, 500])
async def test_an_answer_that_is_no_yes_is_a_failure(called: Pager, status: int) -> None:
    called.status = status

    with pytest.raises(NoticeFailed):
        await desk(called.url).tell(BEGUN)


async def test_an_address_in_our_own_network_has_to_be_allowed(called: Pager) -> None:
    with pytest.raises(NoticeRefused):
        await desk(called.url, allow_private=False).tell(BEGUN)

    assert called.heard == []
