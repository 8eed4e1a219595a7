"""The door to whoever is on call: events in the form of PagerDuty's Events API v2."""

import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import httpx2
import structlog

from fulfillment.domain.alerts import Alarm, Name
from fulfillment.gateways.guarded import TIMEOUT, Guarded
from fulfillment.gateways.notices import NoticeFailed

log = structlog.stdlib.get_logger(__name__)

RUNBOOK = "docs/runbooks/alerts.md"


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """Something has gone wrong, and was noticed `at` then."""

    alarm: Alarm
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Over:
    """It is well again."""

    name: Name


Event = Begun | Over


class Desk(Protocol):
    async def tell(self, event: Event) -> None:
        """Tell whoever is on call. A repeat is told again, under the same key, and is no second alert there.

        Raises:
            NoticeRefused: the address leads where we do not go.
            NoticeFailed: nobody has taken it.
        """


class PagingDesk:
    """A receiver of events, at PagerDuty or elsewhere.

    `source` names this installation, for several may have one receiver; `page` is where its figures are seen.
    """

    def __init__(
        self,
        url: str,
        *,
        routing_key: str = "",
        source: str,
        page: str,
        allow_private: bool = False,
        timeout: float = TIMEOUT,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._receiver = Guarded(url, allow_private=allow_private, timeout=timeout, tls=tls)
        self._routing_key = routing_key
        self._source = source
        self._page = page

    async def tell(self, event: Event) -> None:
        body = json.dumps(self._said(event)).encode()
        status = await self._receiver.post(body, {"content-type": "application/json"})
        if not httpx2.codes.is_success(status):
            raise NoticeFailed(f"alert: {status}")

    def _said(self, event: Event) -> Mapping[str, Any]:
        routing = {"routing_key": self._routing_key} if self._routing_key else {}
        match event:
            case Over(name=name):
                return {**routing, "event_action": "resolve", "dedup_key": self._key(name)}
            case Begun(alarm=alarm, at=at):
                return {
                    **routing,
                    "event_action": "trigger",
                    "dedup_key": self._key(alarm.name),
                    "payload": self._payload(alarm, at),
                    "client": "Fulfillment",
                    "client_url": self._page,
                    "links": [{"href": self._page, "text": "Figures"}],
                }

    def _key(self, name: Name) -> str:
        return f"{self._source}/{name}"

    def _payload(self, alarm: Alarm, at: datetime) -> Mapping[str, Any]:
        return {
            "summary": alarm.summary,
            "source": self._source,
            "severity": alarm.severity,
            "timestamp": at.isoformat(),
            "component": "fulfillment",
            "class": alarm.name,
            "custom_details": {"runbook": f"{RUNBOOK}#{alarm.name.lower()}"},
        }


class LogDesk:
    """A desk at home: what would be told is logged."""

    async def tell(self, event: Event) -> None:
        match event:
            case Begun(alarm=alarm):
                log.warning("alert.begun", name=alarm.name, severity=alarm.severity, summary=alarm.summary)
            case Over(name=name):
                log.info("alert.over", name=name)
