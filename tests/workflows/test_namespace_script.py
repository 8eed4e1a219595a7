"""The script that sets a namespace up makes what runs are searched by, and nothing the second time."""

import os
import subprocess
import uuid

from temporalio.api.operatorservice.v1 import ListSearchAttributesRequest

from tests.deploy.environments import DEPLOY
from tests.skipping import SkippingServer, binary
from workflows.search import KEYS

SCRIPT = DEPLOY / "temporal" / "namespace.sh"


def set_up(address: str, namespace: str) -> subprocess.CompletedProcess[str]:
    environment = {
        "PATH": f"{binary().parent}:{os.defpath}",
        "TEMPORAL_ADDRESS": address,
        "TEMPORAL_NAMESPACE": namespace,
    }
    return subprocess.run(  # noqa: S603 - ours
        ["sh", str(SCRIPT)],  # noqa: S607 - as in the container
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


async def test_what_runs_are_searched_by_is_there_and_a_repeat_finds_it(skipping: SkippingServer) -> None:
    address = skipping.client.service_client.config.target_host
    namespace = f"shop-{uuid.uuid4().hex[:8]}"

    first, second = set_up(address, namespace), set_up(address, namespace)

    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    assert second.stdout == ""
    listed = await skipping.client.operator_service.list_search_attributes(
        ListSearchAttributesRequest(namespace=namespace)
    )
    wanted = {key.name: int(key.indexed_value_type) for key in KEYS}
    assert dict(listed.custom_attributes).items() >= wanted.items()
