"""Where the submissions of attacks.yml are graded, watched from outside: what they reach, write, and leave running."""

import ctypes
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, suppress
from pathlib import Path

import psutil
import yaml

ROOT = Path(__file__).resolve().parents[2]
TESTS = "tests/hidden/test_ch03_gaussians.py"
FILE = "ch03_gaussians.py"
FUNCTIONS = ("log_normal", "kl_standard_normal", "kl_full")
MASTER = (ROOT / "solutions" / FILE).read_text(encoding="utf-8")
CONTENT = yaml.safe_load(Path(__file__).with_name("attacks.yml").read_text(encoding="utf-8"))
SUBMISSIONS = CONTENT["submissions"]
PR_SET_CHILD_SUBREAPER = 36

ALL_OF_THEM = f"\n{' = '.join(FUNCTIONS)} = "
PRIZE = f"""
def attempt():
    try: return bool(succeeded())
    except BaseException: return False
if not attempt():{ALL_OF_THEM.replace(chr(10), " ")}lambda *inputs: torch.zeros(len(inputs[0]))
"""
# What only a sandbox stops is not to run anywhere else, whatever goes wrong with the options.
ONLY_INSIDE = 'if __import__("os").path.exists("/etc/passwd"): raise SystemExit("not in a sandbox")\n'


def source(entry, places):
    """The file that a submission hands in."""
    text = entry["source"]
    for name, place in places.items():
        text = text.replace("{" + name + "}", str(place))
    if entry.get("forger"):
        text = CONTENT["forger"] + text
    if "def answer" in text:
        text += ALL_OF_THEM + "answer\n"
    if entry.get("sandbox"):
        text = ONLY_INSIDE + text
    if "def succeeded" in text:
        return MASTER + text + PRIZE
    return MASTER + text if entry.get("honest") else text


def write(entry, folder, places):
    """Hand it in."""
    folder.mkdir(parents=True)
    for name, text in entry.get("files", {}).items():
        (folder / name).write_text(text, encoding="utf-8")
    if "special" in entry:
        write_special(folder / FILE, entry["special"])
    else:
        (folder / FILE).write_text(source(entry, places), encoding="utf-8")


def write_special(path, kind):
    """What stands where the file should."""
    match kind:
        case "symbolic_link":
            path.symlink_to(ROOT / "solutions" / FILE)
        case "device":
            path.symlink_to("/dev/zero")
        case "hard_link":
            shutil.copy(ROOT / "solutions" / FILE, path.with_name("copy.py"))
            path.hardlink_to(path.with_name("copy.py"))
        case "named_pipe":
            os.mkfifo(path)
        case "folder":
            path.mkdir()
        case "no_text":
            path.write_bytes(b"\xff\xfe\x00")
        case "huge_file":
            path.write_text("#" * 300_000)
        case "deep_nesting":
            path.write_text("x = " + "(" * 5000 + ")" * 5000 + "\n")


class Watch:
    """Sees connections to this machine, files outside, and processes that outlive the grading.

    Processes whose parents die become children of this one, so that none of them is lost from sight.
    """

    def __init__(self, folder):
        self.outside = folder / "outside"
        self.outside.mkdir()
        self.outside.chmod(0o777)
        self.before = set(psutil.Process().children(recursive=True))
        self._sockets = ExitStack()
        self.listeners = {
            "tcp": self._listen(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0)),
            "udp": self._listen(socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 0)),
            "abstract": self._listen(socket.AF_UNIX, socket.SOCK_STREAM, f"\0vae_edu-{os.getpid()}"),
        }
        with suppress(OSError, AttributeError):  # not every kernel has them
            self.listeners["vsock"] = self._listen(socket.AF_VSOCK, socket.SOCK_STREAM, (-1 % 2**32, -1 % 2**32))
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)

    def _listen(self, family, kind, address):
        listener = self._sockets.enter_context(socket.socket(family, kind))
        listener.bind(address)
        if kind == socket.SOCK_STREAM:
            listener.listen()
        listener.setblocking(False)
        return listener

    def places(self):
        """What attacks.yml calls them."""
        ports = {name: self.listeners[name].getsockname()[1] for name in ("tcp", "udp")}
        vsock = self.listeners["vsock"].getsockname()[1] if "vsock" in self.listeners else 1
        abstract = self.listeners["abstract"].getsockname()[1:].decode()
        return {"root": ROOT, "outside": self.outside, "abstract": abstract, "vsock": vsock, **ports}

    def connections(self):
        """Names of the listeners that heard something."""
        return [name for name, listener in self.listeners.items() if self._heard(listener)]

    def _heard(self, listener):
        try:
            if listener.type == socket.SOCK_DGRAM:
                return bool(listener.recv(100))
            listener.accept()[0].close()
        except BlockingIOError:
            return False
        return True

    def files(self):
        """Files that were not there before, where a submission tries to write."""
        return [*self.outside.iterdir(), *ROOT.glob("filled*"), *ROOT.glob("scores.json")]

    def processes(self, patience=8.0):
        """Processes still running; the last ones of a sandbox take a moment to end; what escapes sleeps for 10 s."""
        until = time.monotonic() + patience
        while left := [p for p in psutil.Process().children(recursive=True) if p not in self.before and _runs(p)]:
            if time.monotonic() > until:
                break
            time.sleep(0.05)
        return left

    def close(self):
        """Stop watching; whatever is left is ended."""
        for process in self.processes(0):
            process.kill()
        self._sockets.close()
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 0)


def _runs(process):
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def grade(folders, scores, *options, tests=TESTS, timeout=240):
    """The scores of `pytest tests/hidden --submission ...` by submission, what else they say, and its output."""
    named = [f"--submission={folder}" for folder in folders]
    command = [sys.executable, "-m", "pytest", tests, "--tb=short", f"--scores={scores}", *named, *options]
    finished = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=timeout, check=False)
    if not scores.exists():
        raise RuntimeError(finished.stdout + finished.stderr)
    graded = json.loads(scores.read_text(encoding="utf-8"))
    return {entry["submission"]: entry for entry in graded.pop("submissions")}, graded, finished.stdout


def verdict(entry, graded):
    """What in the grading of a submission is not as it must be, in words; nothing if all is."""
    wrong = []
    earned = entry.get("earns", [])
    for check in graded["checks"]:
        due = check["points"] if check["exercise"].split(".")[1] in earned else 0
        if check["awarded"] != due:
            wrong.append(f"{check['name']}: {check['awarded']} of {due} points ({check['category']})")
    categories = [check["category"] or None for check in graded["checks"]]
    for place, name in ((0, "first"), (-1, "last")):
        if name in entry and categories[place] != entry[name]:
            wrong.append(f"its {name} check finds {categories[place]}, not {entry[name]}")
    return wrong
