"""The sandbox: the command that runs a worker where there is nothing to read, to reach or to harm.

bubblewrap gives it namespaces of its own for users, processes, network, messages and mounts, no rights, a
nobody's identity, a file system without anything but what `runner` names, all of it read-only, and two
small temporary folders. Below that, the kernel refuses the calls of `syscalls`. On top, systemd bounds the
memory of everything together, where it runs.
"""

import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

from vae_edu.course import runner
from vae_edu.course.syscalls import filter_file
from vae_edu.course.workers import Worker

NOBODY = "65534"
MEMORY = 2**20
TEMPORARY = {"/tmp": 64 * MEMORY, "/dev/shm": 16 * MEMORY}
ENVIRONMENT = {"PATH": os.defpath, "HOME": "/tmp", "LANG": "C.UTF-8", "OMP_NUM_THREADS": "1"}

NAMESPACES = (
    *("--unshare-user", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"),
    *("--disable-userns", "--uid", NOBODY, "--gid", NOBODY, "--cap-drop", "ALL", "--hostname", "sandbox"),
    *("--die-with-parent", "--new-session", "--clearenv"),
)
SCOPE_LIMITS = ("MemoryMax=2G", "MemorySwapMax=0", "TasksMax=64")
SYSTEMD_FINDS_ITS_USER_BY = ("XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS")
SYSTEMD = Path("/run/systemd/system")
STAGE = "/stage"


def start(*options: str) -> Worker:
    """Start a worker in a sandbox of its own, with the worker's `options`.

    It dies with the thread that called this: start it in one that lives as long as it is needed.
    """
    descriptor = filter_file()
    try:
        return Worker([*command(descriptor), *options], keep_open=(descriptor,), environment=SYSTEMD_FINDS_ITS_USER_BY)
    finally:
        os.close(descriptor)


def command(filter_descriptor: int) -> list[str]:
    """The whole command. Started by root, it becomes nobody first: root's processes are not counted."""
    mounts = {str(place): str(path) for place, path in runner.mounts().items()}
    if os.getuid() != 0:
        return [*scope(), *sandboxed(mounts, filter_descriptor)]
    staged = {f"{STAGE}/{number}": path for number, path in enumerate(mounts.values())}
    return [*scope(), *as_nobody(staged), *sandboxed(dict(zip(mounts, staged, strict=True)), filter_descriptor)]


def sandboxed(mounts: dict[str, str], filter_descriptor: int) -> list[str]:
    """The sandbox around the worker; `mounts` maps places inside to paths outside."""
    return [
        *("bwrap", *NAMESPACES),
        *(word for pair in ENVIRONMENT.items() for word in ("--setenv", *pair)),
        *("--proc", "/proc", "--dev", "/dev", "--remount-ro", "/dev"),
        *(word for path, size in TEMPORARY.items() for word in ("--size", str(size), "--tmpfs", path)),
        *layout(mounts),
        *(word for path in runner.hidden() for word in ("--tmpfs", str(path), "--remount-ro", str(path))),
        *("--remount-ro", "/", "--chdir", "/tmp", "--seccomp", str(filter_descriptor), "--"),
        *(str(runner.interpreter()), "-I", "-B", str(runner.RUNNER / "worker.py"), "sandboxed"),
    ]


def as_nobody(staged: dict[str, str]) -> list[str]:
    """For root: put what is to be mounted where nobody may read it, then become nobody for good.

    The processes get a namespace here already: when root's dies they die, though it may not signal nobody's.
    """
    return [
        *("bwrap", "--unshare-pid", "--die-with-parent", "--cap-add", "ALL", "--dir", STAGE, "--dir", "/tmp"),
        *layout({"/usr": "/usr", **staged}),
        *("--dev-bind", "/dev", "/dev", "--dev-bind", "/proc", "/proc", "--chdir", "/", "--"),
        *("setpriv", "--reuid", NOBODY, "--regid", NOBODY, "--clear-groups", "--"),
    ]


def layout(mounts: dict[str, str]) -> list[str]:
    """Read-only mounts and the root folder's links."""
    links = [word for link, target in runner.links().items() for word in ("--symlink", target, link)]
    return [*links, *(word for place, path in mounts.items() for word in ("--ro-bind", path, place))]


@cache
def scope() -> list[str]:
    """systemd's words for a scope with limits, or none where it does not grant one."""
    manager = [] if os.getuid() == 0 else ["--user"]
    limits = [word for limit in SCOPE_LIMITS for word in ("-p", limit)]
    words = ["systemd-run", *manager, "--scope", "--quiet", "--collect", *limits, "--"]
    if not shutil.which("systemd-run") or not SYSTEMD.exists():
        return []
    tried = subprocess.run(["timeout", "30", *words, "true"], capture_output=True, check=False)
    return words if tried.returncode == 0 else []
