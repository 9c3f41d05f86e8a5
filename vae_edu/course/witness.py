"""The witness of one submission: what its code answers, or why it does not.

Its worker is replaced when it dies, but not for ever, and a submission has so much time and no more.
"""

import secrets
import time
from typing import Any

from vae_edu.course import protocol
from vae_edu.course.findings import Category, finding, gave_up, protocol_breach
from vae_edu.course.workers import Gone, Late, Worker, Workers

CALL_SECONDS = 5.0
SUBMISSION_SECONDS = 300.0
# The worker ends a late call itself; only a worker that no longer does so is ended, this much later.
GRACE_SECONDS = 5.0
REPLACEMENTS = 4


class Witness:
    """Answers requests about one submission with a worker of its own."""

    def __init__(self, workers: Workers, seconds: float = CALL_SECONDS, budget: float = SUBMISSION_SECONDS) -> None:
        """`seconds` for one call, `budget` for all of them together."""
        self.seconds = seconds
        self._workers = workers
        self._worker: Worker | None = None
        self._taken = 0
        self._left = budget

    def answer(self, request: dict[str, Any]) -> Any:
        """The value a request asks for. Raises Finding when the submission has none to give."""
        worker = self._ready_worker()
        seal = secrets.token_hex(8)
        frame = protocol.encode({**request, "id": seal, "seconds": self.seconds})
        started = time.monotonic()
        try:
            reply = worker.exchange(frame, self.seconds + GRACE_SECONDS)
        except (Late, Gone) as end:
            category = Category.TIMEOUT if isinstance(end, Late) else Category.CRASH
            account = {"category": category, "type": "", "line": None}
            raise finding(account, request["file"], request["function"]) from None
        finally:
            self._left -= time.monotonic() - started
        return read_reply(reply, seal, request["file"], request["function"])

    def close(self) -> None:
        """Let go of the worker."""
        if self._worker:
            self._workers.give_back(self._worker)
            self._worker = None

    def _ready_worker(self) -> Worker:
        if self._left <= 0:
            raise gave_up("its time was used up")
        if self._worker is None or not self._worker.alive:
            if self._taken > REPLACEMENTS:
                raise gave_up(f"it ended the process that runs it {self._taken} times")
            self._worker = self._workers.take()
            self._worker.hello()  # outside of any budget: a slow machine is not the student's fault
            self._taken += 1
        return self._worker


def read_reply(reply: bytes, seal: str, file: str, function: str) -> Any:
    """The value in a reply that bears the request's seal. Raises Finding for any other reply, whatever it holds."""
    try:
        content = protocol.decode(reply)
    except protocol.ProtocolError:
        raise protocol_breach() from None
    match content:
        case {"id": str(echo), "value": value, **rest} if echo == seal and not rest:
            return value
        case {"id": str(echo), "problem": problem, **rest} if echo == seal and not rest:
            raise finding(problem, file, function)
    raise protocol_breach()
