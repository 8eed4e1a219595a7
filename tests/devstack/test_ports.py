"""A port is ours only if nobody else has it."""

import socket

import pytest

from devstack import ports


def test_a_free_port_is_kept(capsys: pytest.CaptureFixture[str]) -> None:
    wanted = ports.free()

    assert ports.choose("the API", wanted) == wanted
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("interface", ["127.0.0.1", ""])
def test_a_taken_port_is_replaced_and_said(interface: str, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server((interface, 0)) as somebody:
        wanted = somebody.getsockname()[1]

        port = ports.choose("the API", wanted)

    assert port != wanted
    assert capsys.readouterr().out == f"Port {wanted} is taken, so the API gets {port}.\n"
