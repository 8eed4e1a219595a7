"""The chart as a cluster would get it, rendered by Helm itself; `python -m tests.deploy.charts` checks it."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import kubernetes_validate
import yaml
from helm_python import Chart, lint

from tests.deploy.environments import DEPLOY

CHART = DEPLOY / "helm" / "fulfillment"
CHOICES = sorted((CHART / "ci").glob("*.yaml"))
"""Installations of different kinds, as their operators would describe them."""
OLDEST, NEWEST = "1.30", "1.37"
THEIRS = ("keda.sh/", "monitoring.coreos.com/")
"""Kinds that Kubernetes itself has no schemas of."""
WARNING = 2

Thing = dict[str, Any]


def chosen(name: str) -> dict[str, Any]:
    """Return the values of an installation in ci/."""
    values: dict[str, Any] = yaml.safe_load((CHART / "ci" / f"{name}.yaml").read_text(encoding="utf-8"))
    return values


def rendered(values: Mapping[str, Any], *, release: str = "shop") -> list[Thing]:
    """Return all that the chart makes of `values`."""
    with Chart.load(CHART) as chart:
        files = chart.render(values=dict(values), name=release, namespace=release)
    texts = [text for path, text in files.items() if path.endswith(".yaml")]
    return [thing for text in texts for thing in yaml.safe_load_all(text) if thing]


def of_kind(things: Sequence[Thing], kind: str) -> list[Thing]:
    return [thing for thing in things if thing["kind"] == kind]


def pods(things: Sequence[Thing]) -> dict[str, Thing]:
    """Return the pods that are run, by the name of what runs them."""
    runs = of_kind(things, "Deployment") + of_kind(things, "Job")
    return {thing["metadata"]["name"]: thing["spec"]["template"] for thing in runs}


def complaints(values: Mapping[str, Any]) -> Iterator[str]:
    """Yield what Helm and the schemas of Kubernetes have against the chart with `values`."""
    for message in lint(CHART, dict(values), strict=True)["messages"]:
        if message["severity"] >= WARNING:
            yield f"{message['path']}: {message['error']}"
    for thing in rendered(values):
        if thing["apiVersion"].startswith(THEIRS):
            continue
        for version in (OLDEST, NEWEST):
            try:
                kubernetes_validate.validate(thing, version, strict=True)
            except kubernetes_validate.ValidationError as error:
                yield f"{thing['kind']} {thing['metadata']['name']}, Kubernetes {version}: {error.message}"


def main() -> int:
    """Say what is wrong with any of the installations; return 1 if something is."""
    found = [f"{file.name}: {said}" for file in CHOICES for said in complaints(chosen(file.stem))]
    print(*found or [f"The chart is sound: {', '.join(file.stem for file in CHOICES)}"], sep="\n")  # noqa: T201
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
