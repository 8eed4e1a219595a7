"""A child process that does not outlive us, with a log of its own."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from devstack.errors import ChildDied, NotReady

# From <sys/prctl.h>: the kernel sends this process a signal when the thread that started it is gone.
PR_SET_PDEATHSIG = 1
KERNEL_HAS_LEASH = sys.platform == "linux"
LEASH = Path(__file__).with_name("leash.py")

LOG_LIMIT = 5_000_000  # bytes; a longer log becomes `<name>.log.1` at the next start
POLL = 0.02  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """As whom a program runs: under a command that changes the account, or as a user id of its own."""

    prefix: tuple[str, ...] = ()
    user: int | None = None
    group: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """What to run, and how it wants to be ended.

    `orphaned` is the signal it gets when we are killed; `patience` the seconds it has to stop when asked.
    """

    name: str
    command: tuple[str, ...]
    log: Path
    cwd: Path
    env: Mapping[str, str] | None = None
    account: Account = Account()
    stop_with: signal.Signals = signal.SIGTERM
    orphaned: signal.Signals = signal.SIGKILL
    patience: float = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """A program that runs. Its log may be older; what it says itself begins at the byte `log_start`."""

    program: Program
    process: subprocess.Popen[bytes]
    log_start: int

    @property
    def name(self) -> str:
        return self.program.name

    @property
    def is_running(self) -> bool:
        return self.process.poll() is None

    def expect_alive(self) -> None:
        """Raises ChildDied, with how it ended and the last lines of its log."""
        code = self.process.poll()
        if code is not None:
            raise ChildDied(f"{self.name} {_ending(code)}. {self.last_words()}")

    def last_words(self, lines: int = 15) -> str:
        """Return the end of what it said, with the path to the log."""
        said = self.program.log.read_bytes()[self.log_start :].decode(errors="replace").splitlines()
        if not said:
            return f"It left no word in {self.program.log}."
        return "\n".join(
            [f"Its last words in {self.program.log}:", *(f"    {line}" for line in said[-lines:])]
        )

    def stop(self) -> None:
        """Ask it to end; after its patience, kill it. A repeat changes nothing."""
        if not self.is_running:
            return
        self.process.send_signal(self.program.stop_with)
        try:
            self.process.wait(self.program.patience)
        except subprocess.TimeoutExpired:
            # It leads a process group of its own, so this reaches what it may have started, too.
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def start(program: Program) -> Child:
    """Start `program` on our leash.

    Call it from the main thread: the kernel ties the leash to the thread that forks, not to the process.
    """
    leash: Callable[[], None] | None = None
    command = (*program.account.prefix, *program.command)
    if KERNEL_HAS_LEASH:
        leash = _kernel_leash(program.orphaned)
    else:
        command = (sys.executable, str(LEASH), str(os.getpid()), program.orphaned.name, *command)
    _keep_short(program.log)
    with program.log.open("ab") as log:
        log_start = log.tell()
        process = subprocess.Popen(  # noqa: S603 - every command is written in this package
            command,
            cwd=program.cwd,
            env=program.env,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl-C in the terminal reaches us alone: we know the order to stop in
            user=program.account.user,
            group=program.account.group,
            extra_groups=None if program.account.user is None else [],
            preexec_fn=leash,  # noqa: PLW1509 - two system calls; runs after the change of user, which undoes it
        )
    return Child(program=program, process=process, log_start=log_start)


def wait_until(
    is_ready: Callable[[], bool], *, name: str, watching: Sequence[Child], patience: float = 60.0
) -> None:
    """Return once `is_ready`, with an eye on the children.

    Raises:
        ChildDied: one of `watching` ended meanwhile.
        NotReady: `patience`, in seconds, is over.
    """
    deadline = time.monotonic() + patience
    while True:
        for child in watching:
            child.expect_alive()
        if is_ready():
            return
        if time.monotonic() > deadline:
            words = "\n".join(child.last_words() for child in watching if child.name == name)
            raise NotReady(f"{name} runs, but did not answer within {patience:.0f} s. {words}")
        time.sleep(POLL)


def _kernel_leash(orphaned: signal.Signals) -> Callable[[], None]:
    libc, parent = ctypes.CDLL(None), os.getpid()

    def fasten() -> None:
        libc.prctl(PR_SET_PDEATHSIG, int(orphaned))
        if os.getppid() != parent:  # we were killed before the leash held
            os._exit(1)

    return fasten


def _keep_short(log: Path) -> None:
    log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if log.exists() and log.stat().st_size > LOG_LIMIT:
        log.replace(log.with_name(f"{log.name}.1"))


def _ending(code: int) -> str:
    if code < 0:
        return f"was killed by {signal.Signals(-code).name}"
    return f"ended by itself with exit code {code}"
