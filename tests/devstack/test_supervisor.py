"""The supervisor keeps its children together: in order, on a leash, and never silent about a loss."""

import os
import signal
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from devstack import child
from devstack.child import Program
from devstack.errors import ChildDied, NotReady
from devstack.supervisor import Supervisor, stopping_on_signals
from tests.devstack.orphans import all_end, is_running, kill_a_parent_of

SLEEP = "import time; time.sleep(600)"
# Each writes its name when asked to stop, so the file tells the order.
LEAVE_A_TRACE = """
import signal, sys, time
def leave(*_):
    print(sys.argv[1], file=open(sys.argv[2], "a"))
    sys.exit()
signal.signal(signal.SIGTERM, leave)
open(sys.argv[3], "w").close()
time.sleep(600)
"""
STUBBORN = """
import signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
open(sys.argv[1], "w").close()
time.sleep(600)
"""
PARENT_OF_TWO = """
import sys, time
from pathlib import Path
from devstack import child
from devstack.child import Program
from devstack.supervisor import Supervisor

child.KERNEL_HAS_LEASH = sys.argv[2] == "kernel" and child.KERNEL_HAS_LEASH
with Supervisor() as supervisor:
    folder = Path(sys.argv[1])
    for name in ("first", "second"):
        command = (sys.executable, "-c", "import os, time; print(os.getpid(), flush=True); time.sleep(600)")
        supervisor.start(Program(name=name, command=command, log=folder / f"{name}.log", cwd=folder))
    logs = [folder / "first.log", folder / "second.log"]
    while not all(log.read_text().endswith("\\n") for log in logs):
        time.sleep(0.01)
    print(*(log.read_text().strip() for log in logs), flush=True)
    time.sleep(600)
"""


def program(folder: Path, name: str, code: str, *arguments: object) -> Program:
    command = (sys.executable, "-c", code, *(str(argument) for argument in arguments))
    return Program(name=name, command=command, log=folder / "log" / f"{name}.log", cwd=folder)


@pytest.fixture
def hanging_up() -> Iterator[None]:
    """Let a hang-up end this process, as from a terminal; the tests may run under nohup."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


class TestAKilledParent:
    @pytest.mark.parametrize("leash", ["kernel", "watcher"])
    def test_leaves_no_child_alive(self, tmp_path: Path, leash: str) -> None:
        children = kill_a_parent_of(PARENT_OF_TWO, tmp_path, leash)

        assert len(children) == 2
        assert all_end(children)


class TestAChildThatDies:
    def test_is_named_with_its_last_words(self, tmp_path: Path) -> None:
        with Supervisor() as supervisor:
            supervisor.start(program(tmp_path, "steady", SLEEP))
            supervisor.start(program(tmp_path, "brittle", "import sys; sys.exit('the tea is cold')"))

            with pytest.raises(
                ChildDied, match=r"brittle ended by itself with exit code 1(?s:.*)tea is cold"
            ):
                supervisor.watch(until=lambda: False)

    def test_takes_the_others_with_it(self, tmp_path: Path) -> None:
        with Supervisor() as supervisor:
            steady = supervisor.start(program(tmp_path, "steady", SLEEP))
            victim = supervisor.start(program(tmp_path, "victim", SLEEP))
            victim.process.kill()
            with pytest.raises(ChildDied, match="victim was killed by SIGKILL"):
                supervisor.watch(until=lambda: False)

        assert not is_running(steady.process.pid)

    def test_ends_the_waiting_for_another(self, tmp_path: Path) -> None:
        with Supervisor() as supervisor:
            slow = supervisor.start(program(tmp_path, "slow", SLEEP))
            supervisor.start(program(tmp_path, "brittle", "raise SystemExit(3)"))

            with pytest.raises(ChildDied, match="brittle ended by itself with exit code 3"):
                supervisor.wait_for(slow, lambda: False)


class TestWaiting:
    def test_has_an_end(self, tmp_path: Path) -> None:
        with Supervisor() as supervisor:
            mute = supervisor.start(program(tmp_path, "mute", SLEEP))

            with pytest.raises(NotReady, match="mute runs, but did not answer"):
                supervisor.wait_for(mute, lambda: False, patience=0.05)


class TestStopping:
    def test_goes_in_reverse(self, tmp_path: Path) -> None:
        order, names = tmp_path / "order", ("database", "engine", "api")
        with Supervisor() as supervisor:
            for name in names:
                trace = program(tmp_path, name, LEAVE_A_TRACE, name, order, tmp_path / name)
                supervisor.wait_for(supervisor.start(trace), (tmp_path / name).exists)

        assert order.read_text().split() == ["api", "engine", "database"]

    def test_does_not_wait_for_ever(self, tmp_path: Path) -> None:
        deaf = tmp_path / "deaf"
        stubborn = child.start(replace(program(tmp_path, "stubborn", STUBBORN, deaf), patience=0.1))
        child.wait_until(deaf.exists, name="stubborn", watching=[stubborn])

        stubborn.stop()

        assert stubborn.process.returncode == -signal.SIGKILL

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
    def test_a_signal_is_a_request_to_stop(
        self, tmp_path: Path, number: signal.Signals, hanging_up: None
    ) -> None:
        def send() -> bool:
            os.kill(os.getpid(), number)
            return False

        with stopping_on_signals(), Supervisor() as supervisor:
            steady = supervisor.start(program(tmp_path, "steady", SLEEP))
            with pytest.raises(KeyboardInterrupt):
                supervisor.watch(until=send)

        assert not is_running(steady.process.pid)

    def test_who_was_started_to_outlive_the_terminal_does(self, hanging_up: None) -> None:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup leaves it

        with stopping_on_signals():
            os.kill(os.getpid(), signal.SIGHUP)

            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN


class TestALog:
    def test_that_has_grown_long_is_put_aside(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(child, "LOG_LIMIT", 3)
        for _ in range(2):
            child.start(program(tmp_path, "talker", "print('hello')")).process.wait()

        assert (tmp_path / "log" / "talker.log").read_text() == "hello\n"
        assert (tmp_path / "log" / "talker.log.1").read_text() == "hello\n"
