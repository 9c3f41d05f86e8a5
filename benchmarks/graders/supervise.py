"""Run a command and leave none of its processes behind: `supervise.py REPORT LIMIT COMMAND...`.

The report is JSON: the command's exit status (null if it was ended after LIMIT seconds) and its seconds by the clock.
Processes whose parents die become children of this one, so kernels with sessions of their own are ended as well.
"""

import ctypes
import json
import os
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psutil

PR_SET_CHILD_SUBREAPER = 36


def supervise(limit: float, command: list[str]) -> dict[str, float | None]:
    """Run it."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
    started = time.perf_counter()
    process = subprocess.Popen(command)
    try:
        status = process.wait(limit)
    except subprocess.TimeoutExpired:
        status = None
    seconds = time.perf_counter() - started
    end_all()
    return {"status": status, "seconds": seconds}


def end_all() -> None:
    """End and collect all descendants."""
    while family := psutil.Process().children(recursive=True):
        for process in family:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        with suppress(ChildProcessError):
            while True:
                os.wait()


if __name__ == "__main__":
    report, limit, *command = sys.argv[1:]
    Path(report).write_text(json.dumps(supervise(float(limit), command)), encoding="utf-8")
