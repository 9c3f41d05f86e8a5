"""The witness: a process of its own that runs students' functions and says what they returned.

It judges nothing. Started as `python -I -B worker.py [sandboxed] [optimizers]` with a socket as standard
input. It loads torch once and forks one child per check. The parent never runs a student's code: it relays
each request to the child and answers in its place when the child is late, dies or says too much. It needs
torch, numpy, safetensors and the two modules beside this file, not the course.
"""

import ctypes
import importlib.util
import os
import resource
import signal
import sys
import time
from contextlib import suppress
from multiprocessing.connection import Connection, Pipe
from pathlib import Path
from types import ModuleType
from typing import Any


def beside(name: str) -> ModuleType:
    """The module in `name`.py beside this file, without a folder of the course on the import path."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


bench, protocol = beside("bench"), beside("protocol")

# In a sandbox this process comes right after the namespace's first; outside no program ever has that number.
SANDBOXED = "sandboxed" in sys.argv and os.getpid() == 2

LIMITS = {
    resource.RLIMIT_AS: 4 * 2**30,
    resource.RLIMIT_DATA: 2 * 2**30,
    resource.RLIMIT_CPU: 60,
    resource.RLIMIT_FSIZE: 32 * 2**20,
    resource.RLIMIT_NOFILE: 128,
    resource.RLIMIT_CORE: 0,
}
if SANDBOXED:  # counted by sandbox; elsewhere it would count everything else the user runs
    LIMITS[resource.RLIMIT_NPROC] = 24

PR_SET_DUMPABLE = 4


def main() -> None:
    """Tell the grader that torch is loaded, then answer until it hangs up."""
    grader = Connection(os.dup(0))
    sys.path.append(str(Path(__file__).with_name("site")))  # in a sandbox, the packages
    import numpy
    import safetensors.torch  # noqa: F401
    import torch

    if "optimizers" in sys.argv:  # otherwise the first optimizer of every check would spend a second on it
        import torch._dynamo
    torch.set_num_threads(1)
    silence()
    shield()
    versions = {"torch": str(torch.__version__), "numpy": numpy.__version__}
    grader.send_bytes(protocol.encode({"ready": versions}))
    serve(grader)


def silence() -> None:
    """Nothing a student prints is read, and standard input is nobody's."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nothing, standard)


def shield() -> None:
    """The kernel ends the student's code first when memory runs out, and keeps it out of this process's memory."""
    if sys.platform == "linux":
        with suppress(OSError):
            Path("/proc/self/oom_score_adj").write_text("1000")
        ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0)


def serve(grader: Connection) -> None:
    """Answer each request with one frame; a "load" starts a fresh child."""
    child = None
    while True:
        try:
            frame = grader.recv_bytes(protocol.MAX_FRAME)
        except EOFError:
            break
        request = protocol.decode(frame)
        if request["op"] == "load":
            if child:
                child.stop()
            child = Child(grader)
        grader.send_bytes(child.exchange(frame, request) if child else problem(request, "crash"))
    if child:
        child.stop()


class Child:
    """A fork of this process for the length of one check."""

    def __init__(self, grader: Connection) -> None:
        self.pipe, theirs = Pipe()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                grader.close()
                self.pipe.close()
                run_child(theirs)
            finally:
                os._exit(1)
        theirs.close()

    def exchange(self, frame: bytes, request: dict[str, Any]) -> bytes:
        """The child's reply, or what became of the child."""
        try:
            self.pipe.send_bytes(frame)
            if not self.pipe.poll(request["seconds"]):
                self.stop()
                return problem(request, "timeout")
            return self.pipe.recv_bytes(protocol.MAX_FRAME)
        except (EOFError, OSError):  # the child died, or sends a frame over the limit
            self.stop()
            return problem(request, "crash")

    def stop(self) -> None:
        """Kill and reap the child, whatever it is doing; a second call does nothing."""
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
            self.pid = 0
            end_all_others()


def end_all_others() -> None:
    """Whatever the child left behind goes with it: in a sandbox every process is of this submission's making.

    Returns when they are gone, not when they are told: the next check must not find them.
    """
    with suppress(ProcessLookupError):
        while SANDBOXED:
            os.kill(-1, signal.SIGKILL)
            time.sleep(0.001)


def run_child(parent: Connection) -> None:
    """Limit what this process may use, then run the student's code until the parent hangs up or kills it."""
    for limit, value in LIMITS.items():
        resource.setrlimit(limit, (value, value))
    desk = bench.Bench()
    while True:
        request = protocol.decode(parent.recv_bytes())
        parent.send_bytes(reply(request, desk.answer(request)))


def reply(request: dict[str, Any], answer: dict[str, Any]) -> bytes:
    """The frame of an answer, or of the reason why its value cannot be sent."""
    try:
        return protocol.encode({"id": request["id"], **answer})
    except protocol.TooBig:
        return problem(request, "too big")
    except protocol.NotPlainData as error:
        return problem(request, "wrong type or shape", error.type_name)


def problem(request: dict[str, Any], category: str, type_name: str = "") -> bytes:
    """The frame that says what went wrong where no exception of the student's code does."""
    return protocol.encode({"id": request["id"], "problem": {"category": category, "type": type_name, "line": None}})


if __name__ == "__main__":
    main()
