"""The rules of our alerts and the page about them, as tests read them."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.alerts.programs import OPS

FILE = OPS / "prometheus" / "alerts.yml"
RUNBOOK = OPS.parent / "docs" / "runbooks" / "alerts.md"
# A word of PromQL that is followed by a brace, a bracket or nothing more, and is no function and no label.
STRING = re.compile(r'"[^"]*"')
BRACED = re.compile(r"\{[^}]*\}")
BY = re.compile(r"\b(?:by|on|without|ignoring)\s*\([^)]*\)")
RANGE = re.compile(r"\[[^\]]*\]")
WORD = re.compile(r"\b[a-z_][a-z0-9_]*\b(?!\s*\()")
OPERATORS = {"and", "or", "unless", "on", "by"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    name: str
    expression: str
    severity: str
    summary: str
    runbook_url: str

    @property
    def metrics(self) -> frozenset[str]:
        """The names of the series that it looks at."""
        return metrics(self.expression)


def metrics(expression: str) -> frozenset[str]:
    """Return the names of the series that an expression of PromQL looks at."""
    for part in (STRING, BRACED, BY, RANGE):
        expression = part.sub(" ", expression)
    return frozenset(WORD.findall(expression)) - OPERATORS


def alerts(file: Path = FILE) -> list[Alert]:
    groups: list[dict[str, Any]] = yaml.safe_load(file.read_text(encoding="utf-8"))["groups"]
    return [
        Alert(
            name=rule["alert"],
            expression=rule["expr"],
            severity=rule["labels"]["severity"],
            summary=rule["annotations"]["summary"],
            runbook_url=rule["annotations"]["runbook_url"],
        )
        for group in groups
        for rule in group["rules"]
    ]
