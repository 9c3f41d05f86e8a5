"""Run a command and account for everything that it started: `accounting.py REPORT LIMIT COMMAND...`.

The report is JSON: the command's exit status (null if it was ended after LIMIT seconds), seconds by the clock, and
seconds of processor time. Processes whose parents die become children of this one, so sandboxes and kernels count as
well; whatever is left at the end is ended.
"""

import ctypes
import json
import os
import resource
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psutil

PR_SET_CHILD_SUBREAPER = 36


def account(limit: float, command: list[str]) -> dict[str, float | None]:
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
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {"status": status, "seconds": seconds, "cpu": usage.ru_utime + usage.ru_stime}


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
    Path(report).write_text(json.dumps(account(float(limit), command)), encoding="utf-8")
