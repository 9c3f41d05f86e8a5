"""The self-test of a sandbox: from within, try what must not be possible, and what must be.

`escapes` travels to the worker as a check's scenario does, so it stands on its own.
"""

import inspect
import socket
from typing import Any

from vae_edu.course.runner import PROJECT
from vae_edu.course.witness import Witness
from vae_edu.course.workers import Workers


def escapes(_function: Any, project: str, port: int) -> list[str]:
    """What was possible although it must not be, or the other way round; nothing in a sandbox that holds."""
    import ctypes
    import os
    import socket
    import threading
    from pathlib import Path

    done = threading.Event()

    def started_threads() -> int:
        number = 0
        while number < 64 and works(threading.Thread(target=done.wait).start):
            number += 1
        done.set()
        return number

    def works(action: Any) -> bool:
        try:
            return action() is not False
        except Exception:
            return False

    status = dict(line.split(":\t", 1) for line in Path("/proc/self/status").read_text().splitlines())
    writable = [place for place in ("/", "/usr", "/runner", "/dev", "/proc/sys", project) if os.access(place, os.W_OK)]
    processes = [name for name in os.listdir("/proc") if name.isdigit()]
    threads = started_threads()
    found = {
        "the project's folder is there": Path(project).exists(),
        "the course can be imported": works(lambda: __import__("vae_edu")),
        "the network can be reached": works(lambda: socket.create_connection(("127.0.0.1", port), timeout=1)),
        "sockets can be made": works(lambda: socket.socket(socket.AF_UNIX)),
        f"{', '.join(writable)} can be written to": bool(writable),
        "other processes can be seen": len(processes) > 4,
        "it runs as somebody": os.getuid() != 65534 or os.getgid() != 65534,
        "it has an administrator's rights": any(int(status[name], 16) for name in ("CapEff", "CapPrm", "CapBnd")),
        "it can gain rights": status["NoNewPrivs"] != "1",
        "system calls are not filtered": status["Seccomp"] != "2",
        "namespaces can be made": ctypes.CDLL(None).unshare(0x10000000) == 0,
        "no thread can be started": threads == 0,
        "the number of processes is not limited": threads == 64,
        "nothing can be written to /tmp": not works(lambda: Path("/tmp/trial").write_text("trial")),
    }
    return [what for what, true in found.items() if true]


def problems(workers: Workers) -> list[str]:
    """What does not hold in the sandbox of these workers. Raises RuntimeError or Finding when it does not answer."""
    witness = Witness(workers, seconds=30.0)
    request = {"op": "load", "file": "selftest.py", "function": "nothing", "source": "def nothing(): pass\n"}
    text = "from __future__ import annotations\n" + inspect.getsource(escapes)
    try:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            inputs = [str(PROJECT), listener.getsockname()[1]]
            witness.answer(request)
            return witness.answer({**request, "op": "run", "scenario": text, "name": "escapes", "inputs": inputs})
    finally:
        witness.close()
