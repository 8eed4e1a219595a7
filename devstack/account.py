"""Find an account under which PostgreSQL agrees to run: it refuses to be root."""

import os
import pwd
import subprocess
from collections.abc import Iterator
from pathlib import Path

from devstack.child import Account
from devstack.errors import Unusable


def for_postgres(binary: Path, *, root: Path) -> Account:
    """Return the smallest change of account under which `binary` runs and `root` can be written.

    Everything in `root` belongs to that account afterwards.

    Raises:
        Unusable: we are root and no change of account works here.
    """
    if os.geteuid() != 0:
        return Account()
    for account, owner in _candidates():
        _hand_over(root, to=owner)
        if _works(account, binary=binary, root=root):
            return account
    raise Unusable(
        f"PostgreSQL refuses to run as root, and no other account can be had for it in {root}: "
        "user namespaces are closed here, `nobody` may not enter, and `setpriv` is missing or cannot help. "
        "Run this as an ordinary user, or set DATABASE_URL to a PostgreSQL that runs already."
    )


def _candidates() -> Iterator[tuple[Account, int]]:
    """Yield accounts for root to step down to, each with the user id its files have to carry."""
    nobody = pwd.getpwnam("nobody")
    uid, gid = nobody.pw_uid, nobody.pw_gid
    # In a user namespace the files stay root's, as does the way to them; PostgreSQL only sees another name.
    yield Account(prefix=("unshare", "-U", f"--map-user={uid}", f"--map-group={gid}")), 0
    yield Account(user=uid, group=gid), uid
    # A container without user namespaces and all of this in root's own home: nobody, with the right to walk
    # through closed directories. Without the securebit, access(2) would leave that right out of account.
    ids = (f"--reuid={uid}", f"--regid={gid}", "--clear-groups")
    rights = ("--inh-caps=-all,+dac_override", "--ambient-caps=-all,+dac_override")
    # Changing the account unfastens the leash of child.py, so that is done again, too.
    rest = ("--securebits=+no_setuid_fixup", "--pdeathsig=INT")
    yield Account(prefix=("setpriv", *ids, *rights, *rest)), uid


def _works(account: Account, *, binary: Path, root: Path) -> bool:
    """Tell whether `account` may run `binary` and write in `root`, by the question PostgreSQL itself asks."""
    return _succeeds(account, "test", "-x", str(binary)) and _succeeds(account, "test", "-w", str(root))


def _succeeds(account: Account, *command: str) -> bool:
    try:
        tried = subprocess.run(  # noqa: S603 - the two commands above
            (*account.prefix, *command),
            cwd="/",
            check=False,
            capture_output=True,
            user=account.user,
            group=account.group,
            extra_groups=None if account.user is None else [],
        )
    except OSError:  # no such tool on this machine
        return False
    return tried.returncode == 0


def _hand_over(root: Path, *, to: int) -> None:
    if root.stat().st_uid == to:
        return
    # The top comes last: a hand-over that was cut short is seen and finished the next time.
    for path in (*root.rglob("*"), root):
        os.chown(path, to, -1, follow_symlinks=False)
