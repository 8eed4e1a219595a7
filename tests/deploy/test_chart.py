"""What the chart makes of an installation is what our processes need, and no more than they need."""

import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from cryptography.fernet import Fernet
from helm_python import HelmError

import worker
from api.serve import GRACE
from fulfillment.settings import AppEnv
from tests.deploy.charts import CHART, CHOICES, Thing, chosen, complaints, of_kind, pods, rendered
from tests.deploy.environments import DEPLOY, started_with, unknown
from workflows.names import NOTIFICATIONS_QUEUE, PAYMENTS_QUEUE, QUEUE

SECRET = {
    "DATABASE_URL": "postgresql://fulfillment:secret@postgres.example.com/fulfillment",
    "APPROVAL_SECRET": "a" * 32,
    "METRICS_TOKEN": "m" * 32,
    "SESSION_SECRET": "s" * 32,
    "PAYLOAD_KEYS": Fernet.generate_key().decode(),
    "SECRETS_KEYS": Fernet.generate_key().decode(),
    "TEMPORAL_API_KEY": "key",
}
BOTH = pytest.mark.parametrize("choice", [file.stem for file in CHOICES])


def only(pod: Thing) -> Thing:
    """Return the one container of a pod."""
    (container,) = pod["spec"]["containers"]
    found: Thing = container
    return found


def matched(labels: dict[str, str], things: list[Thing]) -> set[str]:
    """Return the names of what runs the pods that a selector finds."""
    return {name for name, pod in pods(things).items() if labels.items() <= pod["metadata"]["labels"].items()}


def plain(container: Thing) -> dict[str, str]:
    """Return the variables that a container is given by name."""
    return {each["name"]: each["value"] for each in container.get("env", []) if "value" in each}


def changed(choice: str, *path: str, to: Any) -> dict[str, Any]:
    """Return the values of `choice` with another one in the place that `path` leads to."""
    values = inner = chosen(choice)
    for name in path[:-1]:
        inner = inner.setdefault(name, {})
    inner[path[-1]] = to
    return values


@BOTH
def test_helm_and_kubernetes_have_nothing_against_it(choice: str) -> None:
    assert list(complaints(chosen(choice))) == []


def test_it_is_of_the_version_that_it_installs() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text(encoding="utf-8"))
    project = tomllib.loads((DEPLOY.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]

    assert chart["version"] == chart["appVersion"] == project["version"]


@BOTH
def test_every_pod_is_as_restricted_as_can_be(choice: str) -> None:
    for name, pod in pods(rendered(chosen(choice))).items():
        assert pod["spec"]["securityContext"]["runAsNonRoot"] is True, name
        assert pod["spec"]["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert pod["spec"]["automountServiceAccountToken"] is False, name
        assert only(pod)["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }, name
        assert "memory" in only(pod)["resources"]["limits"], name


@BOTH
def test_the_processes_start_with_what_they_are_given(
    choice: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    things = rendered(chosen(choice))
    (shared,) = of_kind(things, "ConfigMap")
    deployed = [only(pod) for name, pod in pods(things).items() if not name.endswith("-migrate")]

    for container in deployed:
        environment = {**SECRET, **shared["data"], **plain(container)}
        assert unknown(environment) == set()
        settings = started_with(environment, monkeypatch, at=tmp_path)
        assert settings.app_env is AppEnv.PROD
        sources = {kind: where["name"] for each in container["envFrom"] for kind, where in each.items()}
        assert sources == {"configMapRef": shared["metadata"]["name"], "secretRef": "fulfillment"}


@BOTH
def test_probes_ask_where_the_process_listens_and_only_the_start_asks_for_others(choice: str) -> None:
    things = rendered(chosen(choice))
    (shared,) = of_kind(things, "ConfigMap")
    ports = {"api": shared["data"]["PORT"], "worker": shared["data"]["WORKER_HTTP_PORT"]}

    for name, pod in pods(things).items():
        if not name.endswith("-migrate"):
            container = only(pod)
            (port,) = container["ports"]
            assert str(port["containerPort"]) == ports[container["name"]]
            asked = {
                kind: container[f"{kind}Probe"]["httpGet"] for kind in ("startup", "readiness", "liveness")
            }
            assert {kind: get["path"] for kind, get in asked.items()} == {
                "startup": "/readyz", "readiness": "/healthz", "liveness": "/healthz",
            }  # fmt: skip
            assert {get["port"] for get in asked.values()} == {port["name"]}


def test_the_schema_goes_first_with_nothing_but_the_database() -> None:
    (job,) = of_kind(rendered(chosen("cluster")), "Job")
    container = only(job["spec"]["template"])

    assert job["metadata"]["annotations"]["helm.sh/hook"] == "pre-install,pre-upgrade"
    assert container["args"] == ["migrate"]
    assert [each["name"] for each in container["env"]] == ["DATABASE_URL"]
    assert "envFrom" not in container
    assert job["spec"]["backoffLimit"] > 0, "a lock that is taken is no reason to give up"


def test_whoever_is_told_to_stop_has_the_time_it_takes() -> None:
    stops = {only(pod)["name"]: pod["spec"] for pod in pods(rendered(chosen("cluster"))).values()}
    leaves = only({"spec": stops["api"]})["lifecycle"]["preStop"]["sleep"]["seconds"]

    assert stops["worker"]["terminationGracePeriodSeconds"] > worker.DRAIN.total_seconds()
    assert stops["api"]["terminationGracePeriodSeconds"] > leaves + GRACE


def test_the_backlog_of_every_queue_brings_workers() -> None:
    things = rendered(chosen("cluster"))
    (scaler,) = of_kind(things, "ScaledObject")
    triggers = [each["metadata"] for each in scaler["spec"]["triggers"]]

    assert scaler["spec"]["scaleTargetRef"]["name"] in pods(things)
    assert scaler["spec"]["minReplicaCount"] > 0
    assert {each["taskQueue"]: each["queueTypes"] for each in triggers} == {
        QUEUE: "workflow,activity", PAYMENTS_QUEUE: "activity", NOTIFICATIONS_QUEUE: "activity",
    }  # fmt: skip
    (deployment,) = (
        each
        for each in of_kind(things, "Deployment")
        if each["metadata"]["name"] == scaler["metadata"]["name"]
    )
    assert "replicas" not in deployment["spec"], "an upgrade would undo what was scaled"


def versions(things: list[Thing]) -> Iterator[tuple[str, str, str]]:
    """Yield, for each worker, its build, its image, and the build whose backlog scales it."""
    scalers = {each["metadata"]["name"]: each for each in of_kind(things, "ScaledObject")}
    for name, pod in pods(things).items():
        container = only(pod)
        if container["name"] == "worker":
            triggers = [each["metadata"] for each in scalers[name]["spec"]["triggers"]]
            (scaled_by,) = {each["workerDeploymentBuildId"] for each in triggers}
            yield plain(container)["TEMPORAL_WORKER_BUILD_ID"], container["image"], scaled_by


def test_versions_of_the_worker_stand_side_by_side() -> None:
    things = rendered(chosen("cloud"))
    selectors = [each["spec"]["selector"]["matchLabels"] for each in of_kind(things, "Deployment")]

    assert list(versions(things)) == [
        ("0.6.0", "fulfillment:0.6.0", "0.6.0"),
        ("0.7.0", "fulfillment:0.7.0-rc1", "0.7.0"),
    ]
    assert [len(matched(labels, things)) for labels in selectors] == [1, 1, 1]


def test_scaling_in_temporal_cloud_takes_the_key_of_the_secret() -> None:
    things = rendered(chosen("cloud"))
    (authentication,) = of_kind(things, "TriggerAuthentication")
    named = {
        trigger["authenticationRef"]["name"]
        for scaler in of_kind(things, "ScaledObject")
        for trigger in scaler["spec"]["triggers"]
    }

    assert named == {authentication["metadata"]["name"]}
    assert authentication["spec"]["secretTargetRef"] == [
        {"parameter": "apiKey", "name": "fulfillment", "key": "TEMPORAL_API_KEY"}
    ]


@BOTH
def test_what_points_at_pods_finds_those_it_means(choice: str) -> None:
    things = rendered(chosen(choice))

    for kind in ("Service", "PodDisruptionBudget", "NetworkPolicy", "PodMonitor"):
        for thing in of_kind(things, kind):
            spec = thing["spec"]
            selector = spec.get("podSelector") or spec["selector"]
            found = matched(selector.get("matchLabels", selector), things)
            assert found, thing["metadata"]["name"]
            assert all(name.startswith(thing["metadata"]["name"]) for name in found)


@BOTH
def test_the_network_lets_out_what_the_processes_reach(choice: str) -> None:
    things = rendered(chosen(choice))
    engine = int(chosen(choice)["temporal"]["address"].rpartition(":")[2])

    for policy in of_kind(things, "NetworkPolicy"):
        ports = {port["port"] for rule in policy["spec"]["egress"] for port in rule["ports"]}
        assert {53, 443, 5432, engine} <= ports
        assert policy["spec"]["policyTypes"] == ["Ingress", "Egress"]


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        (("temporal", "address"), "", "temporal.address is missing"),
        (("temporal", "address"), "https://temporal", "temporal/address"),
        (("settings", "AUTH_ISSUER"), "", "settings.AUTH_ISSUER is missing"),
        (("settings", "auth_issuer"), "x", "auth_issuer"),
        (("image", "tag"), "latest", "tag"),
        (("secretName",), "", "secretName"),
        (("worker", "versions"), [{"buildId": 0.7}], "buildId"),
        (("temporal", "tls"), True, "in the clear"),
        (("ingress", "tlsSecretName"), "", "ingress.tlsSecretName is missing"),
    ],
)
def test_what_could_not_work_is_refused_with_its_name(path: tuple[str, ...], value: Any, says: str) -> None:
    if path[0] == "image":
        values = {**chosen("cluster"), "image": {"repository": "fulfillment", path[1]: value}}
    else:
        values = changed("cluster", *path, to=value)

    with pytest.raises(HelmError, match=says):
        rendered(values)
