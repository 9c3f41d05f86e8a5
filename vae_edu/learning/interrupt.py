"""Ctrl-C that lets the current step finish, so that what was learned is kept whole."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Interrupted(Exception):
    """A loop was stopped that is only a part of something: what it learned so far is saved, but is no result."""


class StopLearning(Exception):
    """Raised by a callback: the epochs so far are enough. The history counts as interrupted, as after Ctrl-C."""


class StopFlag:
    """True once Ctrl-C was pressed. With `whole_only` a loop that stops raises Interrupted in place of returning."""

    def __init__(self, whole_only: bool = False) -> None:
        """Not pressed yet."""
        self.raised = False
        self.whole_only = whole_only

    def __bool__(self) -> bool:
        """Whether to stop."""
        return self.raised


_active: list[StopFlag] = []  # there is one Ctrl-C: a loop inside another one listens to the same flag


@contextmanager
def stop_on_interrupt(whole_only: bool = False) -> Iterator[StopFlag]:
    """Turn the first Ctrl-C into a flag to look at between steps; a second one interrupts at once."""
    if _active or threading.current_thread() is not threading.main_thread():  # signals reach the main thread only
        yield _active[0] if _active else StopFlag()
        return
    flag = StopFlag(whole_only)
    previous = signal.getsignal(signal.SIGINT)

    def raise_flag(_number: int, _frame: FrameType | None) -> None:
        flag.raised = True
        signal.signal(signal.SIGINT, previous)

    signal.signal(signal.SIGINT, raise_flag)
    _active.append(flag)
    try:
        yield flag
    finally:
        _active.clear()
        signal.signal(signal.SIGINT, previous)
