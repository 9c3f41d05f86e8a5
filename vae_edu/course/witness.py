"""The grader's side of the worker: start it, ask it, hold it to its deadlines."""

import os
import secrets
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Timer
from typing import Any

from vae_edu.course import protocol
from vae_edu.course.findings import Category, finding, protocol_breach

START_SECONDS = 60.0
CALL_SECONDS = 5.0
# The worker ends a late call itself; only a worker that no longer does so is killed, this much later.
GRACE_SECONDS = 5.0

WORKER = Path(__file__).with_name("worker.py")


def launch() -> tuple[subprocess.Popen[bytes], Connection]:
    """Start a worker that has nothing of this process but a socket. A sandbox wraps the command here."""
    ours, theirs = socket.socketpair()
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-I", "-B", str(WORKER)],
            stdin=theirs.fileno(),
            stdout=subprocess.DEVNULL,
            env={"PATH": os.defpath, "OMP_NUM_THREADS": "1"},
            cwd="/",
            start_new_session=True,
        )
    return process, Connection(ours.detach())


class Witness:
    """A worker process, replaced when it dies. It starts at once and loads torch in the meantime."""

    def __init__(self, seconds: float = CALL_SECONDS) -> None:
        self.seconds = seconds
        self.versions: dict[str, str] = {}
        self._process, self._connection = launch()
        self._late = False

    def answer(self, request: dict[str, Any]) -> Any:
        """The value a request asks for. Raises Finding when the submission has none to give."""
        self._make_ready()
        seal = secrets.token_hex(8)
        frame = protocol.encode({**request, "id": seal, "seconds": self.seconds})
        try:
            with self._deadline(self.seconds + GRACE_SECONDS):
                self._connection.send_bytes(frame)
                reply = protocol.decode(self._connection.recv_bytes(protocol.MAX_FRAME))
        except (EOFError, OSError):
            self.close()
            died = {"category": Category.TIMEOUT if self._late else Category.CRASH, "type": "", "line": None}
            raise finding(died, request["file"], request["function"]) from None
        except protocol.ProtocolError:
            raise protocol_breach() from None
        match reply:
            case {"id": str(echo), "value": value} if echo == seal:
                return value
            case {"id": str(echo), "problem": problem} if echo == seal:
                raise finding(problem, request["file"], request["function"])
        raise protocol_breach()

    def close(self) -> None:
        """End the worker and everything of its session."""
        self._connection.close()
        self._kill()
        self._process.wait()

    def _make_ready(self) -> None:
        if self._connection.closed:
            self._process, self._connection = launch()
            self.versions = {}
        if self.versions:
            return
        try:
            with self._deadline(START_SECONDS):
                self.versions = protocol.decode(self._connection.recv_bytes(protocol.MAX_FRAME))["ready"]
        except (EOFError, OSError) as error:
            self.close()
            raise RuntimeError(f"the worker did not start (`{sys.executable} {WORKER}`)") from error

    @contextmanager
    def _deadline(self, seconds: float) -> Iterator[None]:
        """Kill the worker when the block takes longer: that also ends a read stuck in half a frame."""
        self._late = False
        timer = Timer(seconds, self._be_late)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _be_late(self) -> None:
        self._late = True
        self._kill()

    def _kill(self) -> None:
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
