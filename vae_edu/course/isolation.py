"""How far a submission is shut off: the kinds of workers there are, and which of them a grade is recorded from.

That is a sandbox whose self-test has just passed, or nothing at all.
"""

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from vae_edu.course import sandbox, selftest
from vae_edu.course.findings import Finding
from vae_edu.course.syscalls import filter_file
from vae_edu.course.workers import Worker, Workers, start_plain
from vae_edu.errors import UserError

REFUSAL = "Grades are not recorded without isolation; --practice runs the checks in a plain process instead."
INSTALL = "install it (Debian, Ubuntu: sudo apt-get install bubblewrap; Fedora: sudo dnf install bubblewrap)."
APPARMOR = (
    "this system's AppArmor forbids user namespaces; give bubblewrap its profile: sudo apt-get install "
    "apparmor-profiles && sudo cp /usr/share/apparmor/extra-profiles/bwrap-userns-restrict /etc/apparmor.d/ && "
    "sudo systemctl reload apparmor."
)
KERNEL = (
    "it needs Linux 5.14 or newer, where every user may make user namespaces; in a container see grading/README.md."
)
RESTRICTED = Path("/proc/sys/kernel/apparmor_restrict_unprivileged_userns")


@dataclass(frozen=True)
class Isolation:
    """A kind of worker: how to start one, and what a record says about it."""

    mode: str
    start: Callable[..., Worker] = start_plain
    particulars: dict[str, Any] = field(default_factory=dict)

    def described(self) -> dict[str, Any]:
        """Mode and particulars, for a record."""
        return {"mode": self.mode, **self.particulars}


REFERENCE = Isolation("none: the project's own solutions, in a process of their own")
PRACTICE = Isolation("practice: a process with limits, shut off from nothing; not for grades")
TRUSTED = Isolation("trusted: the grader's own process; not for grades")


def sandboxed() -> Isolation:
    """Workers in sandboxes, after a self-test. Raises UserError, with what to install, where that does not work."""
    if sys.platform != "linux":
        raise UserError(
            "submissions are isolated by bubblewrap, which needs Linux; on this system grade in a container "
            f"(grading/README.md says how). {REFUSAL}"
        )
    if not shutil.which("bwrap"):
        raise UserError(f"submissions are isolated by bubblewrap, and there is no `bwrap` here: {INSTALL} {REFUSAL}")
    try:
        os.close(filter_file())
    except (ImportError, RuntimeError):
        raise UserError(
            "the sandbox's filter of system calls needs the package pyseccomp (pip install pyseccomp) and the "
            f"system's libseccomp (Debian, Ubuntu: sudo apt-get install libseccomp2). {REFUSAL}"
        ) from None
    try:
        failed = selftest.problems(Workers(sandbox.start))
    except (RuntimeError, Finding, OSError) as error:
        restricted = RESTRICTED.exists() and RESTRICTED.read_text().strip() == "1"
        raise UserError(
            f"the sandbox does not start ({error}); {APPARMOR if restricted else KERNEL} {REFUSAL}"
        ) from None
    if failed:
        raise UserError(f"the sandbox does not hold: {'; '.join(failed)}. {REFUSAL}")
    return Isolation("sandbox", sandbox.start, _particulars())


def _particulars() -> dict[str, Any]:
    said = subprocess.run(["bwrap", "--version"], capture_output=True, text=True, check=False).stdout
    return {
        "self-test": "passed",
        "bubblewrap": said.strip().removeprefix("bubblewrap "),
        "pyseccomp": version("pyseccomp"),
        "systemd scope": bool(sandbox.scope()),
        "kernel": platform.release(),
    }
