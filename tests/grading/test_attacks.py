"""Submissions up to no good earn nothing, and nothing of them is left or heard of outside; honest ones stay honest.

This is the quick part of attacks.yml, in one sandbox for all, so that whatever one of them does would show in the next.
benchmarks/attacks.py runs everything, each in a sandbox of its own.
"""

import socket
import subprocess
import sys
import time
from types import SimpleNamespace

import pytest

from vae_edu.course.findings import FLAGGED

# Six checks of each, and all where one check's doings might meet the next.
CHECKS = "Test_log_normal or leaves_torch_changed or partly_right or honest_and_last"


@pytest.fixture(scope="module")
def session(tmp_path_factory, arena, grade, without_isolation):
    """The submissions, how they were graded, what was printed, and what the watch saw."""
    place = tmp_path_factory.mktemp("arena")
    watch = arena.Watch(place)
    honest = {"name": "honest_and_last", "earns": arena.FUNCTIONS, "first": None, "source": arena.MASTER}
    entries = [*(entry for entry in arena.SUBMISSIONS if entry.get("quick")), honest]
    if without_isolation:
        entries = [entry for entry in entries if not entry.get("sandbox")]
    for entry in entries:
        arena.write(entry, place / "in" / entry["name"], watch.places())
    folders = [place / "in" / entry["name"] for entry in entries]
    scores, _, output = grade(folders, "--share-worker", "--call-seconds=3", "-k", CHECKS)
    seen = {"connections": watch.connections(), "files": watch.files(), "processes": watch.processes()}
    watch.close()
    return SimpleNamespace(entries=entries, scores=scores, output=output, seen=seen)


def test_none_earns_what_it_has_not_deserved(session, arena):
    verdicts = {entry["name"]: arena.verdict(entry, session.scores[entry["name"]]) for entry in session.entries}
    assert not {name: wrong for name, wrong in verdicts.items() if wrong}


def test_there_are_enough_of_them(arena):
    assert len(arena.SUBMISSIONS) >= 45
    assert len({entry["name"] for entry in arena.SUBMISSIONS}) == len(arena.SUBMISSIONS)
    assert sum(bool(entry.get("quick")) for entry in arena.SUBMISSIONS) >= len(arena.SUBMISSIONS) * 0.4


def test_nothing_of_them_is_left_or_heard_of(session, without_isolation):
    if without_isolation:
        pytest.skip(without_isolation)
    assert session.seen == {"connections": [], "files": [], "processes": []}


def test_a_loop_costs_only_the_check_that_meets_it(session):
    checks = session.scores["loops_on_empty_batches"]["checks"]
    late = [check["name"] for check in checks if check["category"] == "timeout"]
    assert late == ["one data point and none"]


def test_a_process_left_behind_is_a_timeout_not_an_answer(session):
    checks = session.scores["leaves_a_process_behind"]["checks"]
    assert {check["category"] for check in checks if check["exercise"] == "ch03.log_normal"} == {"crash", "timeout"}


def test_no_text_of_a_submission_reaches_the_report(session):
    for forged in ("9999 passed", "x_is_", "\x1b[2J", "<script>", "nothing to see", "100 %"):
        assert forged not in session.output + str(session.scores)


def test_what_no_honest_submission_does_is_flagged(session):
    flagged = {name: graded["flags"] for name, graded in session.scores.items() if graded["flags"]}
    assert "protocol" in flagged["forged_frames"]
    assert set().union(*flagged.values()) <= {*FLAGGED}
    assert "flagged, for a person to look at: protocol" in session.output


KILLED = r"""
import time
from vae_edu.course import sandbox
from vae_edu.course.witness import Witness
from vae_edu.course.workers import Workers
source = "__import__('os').fork()\nwhile True: pass\n"
witness = Witness(Workers(sandbox.start), 60.0)
witness._ready_worker()
print("ready", flush=True)
witness.answer({"op": "load", "file": "ch03.py", "function": "kl", "source": source})
"""


def test_a_grader_that_is_killed_takes_its_sandbox_along(arena, tmp_path, without_isolation):
    if without_isolation:
        pytest.skip(without_isolation)
    watch = arena.Watch(tmp_path)
    try:
        with subprocess.Popen([sys.executable, "-c", KILLED], stdout=subprocess.PIPE, text=True) as grader:
            assert grader.stdout.readline() == "ready\n"
            time.sleep(0.5)
            assert len(watch.processes(0)) > 3
            grader.kill()
        assert watch.processes() == []
    finally:
        watch.close()


def test_the_watch_sees_connections_files_and_processes(arena, tmp_path):
    watch = arena.Watch(tmp_path)
    try:
        places = watch.places()
        socket.create_connection(("127.0.0.1", places["tcp"])).close()
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"leaked", ("127.0.0.1", places["udp"]))
        with socket.socket(socket.AF_UNIX) as ours:
            ours.connect(f"\0{places['abstract']}")
        (places["outside"] / "new").touch()
        orphan = "import os, time; os.fork() or (os.setsid(), os.fork() or time.sleep(30))"
        subprocess.run([sys.executable, "-c", orphan], check=True)
        assert watch.connections() == ["tcp", "udp", "abstract"]
        assert [path.name for path in watch.files()] == ["new"]
        assert len(watch.processes(patience=0.5)) == 1
    finally:
        watch.close()
