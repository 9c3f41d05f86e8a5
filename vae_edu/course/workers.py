"""Worker processes: one is started, asked, held to a deadline, ended; a spare one warms up in the meantime."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Timer

from vae_edu.course import protocol

HELLO_SECONDS = 60.0
GOODBYE_SECONDS = 5.0

Names = Sequence[str]

WORKER = Path(__file__).with_name("worker.py")


class Late(Exception):
    """The worker did not answer in time and was ended."""


class Gone(Exception):
    """The worker ended without an answer."""


class Worker:
    """One process and the socket to it. It has nothing else of this process."""

    def __init__(self, command: Sequence[str], keep_open: tuple[int, ...] = (), environment: Names = ()) -> None:
        """`keep_open` descriptors and variables of the `environment` are for what starts it."""
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                command,
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,  # until torch is loaded; a student's code has nowhere to write to
                env={"OMP_NUM_THREADS": "1"}
                | {name: os.environ[name] for name in ("PATH", *environment) if name in os.environ},
                cwd="/",
                pass_fds=keep_open,
                start_new_session=True,
            )
        self._connection = Connection(ours.detach())
        self._late = False
        self._versions: dict[str, str] = {}

    def hello(self) -> dict[str, str]:
        """Wait until it is ready: the versions of what it runs. Raises RuntimeError when it does not come up."""
        if not self._versions:
            try:
                self._versions = protocol.decode(self._receive(HELLO_SECONDS))["ready"]
            except (Late, Gone, protocol.ProtocolError) as error:
                raise RuntimeError(f"the worker did not start: {self._last_words()}") from error
        return self._versions

    def exchange(self, frame: bytes, seconds: float) -> bytes:
        """Its reply to a frame. Raises Late or Gone; either way it is no longer there."""
        with self._deadline(seconds):
            self._connection.send_bytes(frame)
            return self._connection.recv_bytes(protocol.MAX_FRAME)

    def _receive(self, seconds: float) -> bytes:
        with self._deadline(seconds):
            return self._connection.recv_bytes(protocol.MAX_FRAME)

    @property
    def alive(self) -> bool:
        """Whether it can be asked."""
        return not self._connection.closed

    def close(self) -> None:
        """End the process and its session. Raises TimeoutExpired when even the kernel cannot."""
        self._connection.close()
        self._kill()
        self._process.wait(GOODBYE_SECONDS)

    def _last_words(self) -> str:
        self.close()
        assert self._process.stderr is not None
        with self._process.stderr as stream:
            lines = stream.read(10_000).decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it said nothing"

    @contextmanager
    def _deadline(self, seconds: float) -> Iterator[None]:
        """Kill the worker when the block takes longer: that also ends a read stuck in half a frame."""
        self._late = False
        timer = Timer(seconds, self._be_late)
        timer.daemon = True
        timer.start()
        try:
            yield
        except (EOFError, OSError):
            self.close()
            raise (Late if self._late else Gone) from None
        finally:
            timer.cancel()

    def _be_late(self) -> None:
        self._late = True
        self._kill()

    def _kill(self) -> None:
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)


def start_plain(*options: str) -> Worker:
    """A worker that is an ordinary process with limits on time and memory, not shut off from anything."""
    return Worker([sys.executable, "-I", "-B", str(WORKER), *options])


class Workers:
    """Where workers come from. While one is in use, the next one, if it will be needed, loads torch."""

    def __init__(self, start: Callable[[], Worker] = start_plain, *, expected: int = 1, shared: bool = False) -> None:
        """`expected` of them are going to be taken; `shared` ones are taken again when they are given back."""
        self._start, self._expected, self._shared = start, expected, shared
        self._spare: Worker | None = start()

    def take(self) -> Worker:
        """A worker nobody else has."""
        worker, self._spare = self._spare or self._start(), None
        self._expected -= 1
        if self._expected > 0 and not self._shared:
            self._spare = self._start()
        return worker

    def give_back(self, worker: Worker) -> None:
        """End a worker, or keep it for the next submission where one is shared."""
        if self._shared and worker.alive and not self._spare:
            self._spare = worker
        else:
            worker.close()

    def close(self) -> None:
        """End the spare one."""
        if self._spare:
            self._spare.close()
            self._spare = None
