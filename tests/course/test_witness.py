"""The grader's side holds against a worker that has gone wrong: late, silent, mad or dead."""

import sys
import time
from functools import partial

import pytest

from vae_edu.course import protocol, witness, workers
from vae_edu.course.findings import Category, Finding
from vae_edu.course.witness import Witness
from vae_edu.course.workers import Worker, Workers

REQUEST = {"op": "load", "file": "ch03.py", "function": "kl", "source": ""}

# A worker of its own making: it says hello, then does the one thing it is told to.
HEAD = f"""
import importlib.util, os, sys, time
from multiprocessing.connection import Connection
spec = importlib.util.spec_from_file_location("protocol", {protocol.__file__!r})
protocol = importlib.util.module_from_spec(spec); spec.loader.exec_module(protocol)
grader = Connection(os.dup(0))
grader.send_bytes(protocol.encode({{"ready": {{"torch": "none"}}}}))
while True:
    request = protocol.decode(grader.recv_bytes())
    answer = {{"id": request["id"], "value": 7}}
"""


def witness_of(code, tmp_path, **limits):
    """A witness whose workers run this code."""
    script = tmp_path / "worker.py"
    script.write_text(code)
    return Witness(Workers(partial(Worker, [sys.executable, "-I", "-B", str(script)])), **limits)


@pytest.fixture
def answer(tmp_path, monkeypatch):
    """answer(what the worker does): one exchange with such a worker."""

    def exchange(does, seconds=0.5):
        monkeypatch.setattr(witness, "GRACE_SECONDS", 0.5)
        asked = witness_of(HEAD + f"    {does}\n", tmp_path, seconds=seconds)
        try:
            return asked.answer(REQUEST)
        finally:
            asked.close()

    return exchange


def test_an_honest_answer_arrives(answer):
    assert answer("grader.send_bytes(protocol.encode(answer))", seconds=30.0) == 7


@pytest.mark.parametrize(
    ("does", "category"),
    [
        ("time.sleep(60)", Category.TIMEOUT),
        ("os.write(0, bytes([0, 0, 1, 0]) + b'half a frame'); time.sleep(60)", Category.TIMEOUT),
        ("os._exit(3)", Category.CRASH),
        ("os.write(0, bytes([127, 255, 255, 255]) + b'a frame without end'); time.sleep(60)", Category.CRASH),
        ("grader.send_bytes(b'no frame')", Category.PROTOCOL),
        ("grader.send_bytes(protocol.encode({**answer, 'id': 'guessed'}))", Category.PROTOCOL),
        ("grader.send_bytes(protocol.encode({'value': 7}))", Category.PROTOCOL),
        ("grader.send_bytes(protocol.encode([answer]))", Category.PROTOCOL),
        ("grader.send_bytes(protocol.encode({'id': answer['id'], 'problem': 'none'}))", Category.PROTOCOL),
        (
            "grader.send_bytes(protocol.encode({'id': answer['id'], 'problem': "
            "{'category': 'passed', 'type': '', 'line': None}}))",
            Category.PROTOCOL,
        ),
    ],
    ids=range(10),
)
def test_anything_else_is_a_finding_within_the_deadline(answer, does, category):
    start = time.perf_counter()
    with pytest.raises(Finding) as found:
        answer(does)
    assert found.value.category is category
    assert time.perf_counter() - start < 30


def test_a_worker_that_cannot_start_is_not_the_students_fault(tmp_path):
    asked = witness_of("raise SystemExit('no libraries here')", tmp_path)
    with pytest.raises(RuntimeError, match="the worker did not start: no libraries here"):
        asked.answer(REQUEST)


def test_a_worker_that_says_nothing_is_not_waited_for_without_end(tmp_path, monkeypatch):
    monkeypatch.setattr(workers, "HELLO_SECONDS", 0.5)
    asked = witness_of("import time; time.sleep(60)", tmp_path)
    with pytest.raises(RuntimeError, match="it said nothing"):
        asked.answer(REQUEST)


def test_a_dead_worker_is_replaced_four_times(tmp_path):
    asked = witness_of(HEAD + "    os._exit(3)\n", tmp_path)
    for _ in range(1 + witness.REPLACEMENTS):
        with pytest.raises(Finding, match="crash"):
            asked.answer(REQUEST)
    with pytest.raises(Finding, match="gave up: the submission was not run any further, because it ended"):
        asked.answer(REQUEST)


def test_a_submission_has_so_much_time_and_no_more(tmp_path):
    slow = "time.sleep(0.2); grader.send_bytes(protocol.encode(answer))"
    asked = witness_of(HEAD + f"    {slow}\n", tmp_path, budget=0.3)
    try:
        assert [asked.answer(REQUEST) for _ in range(2)] == [7, 7]
        with pytest.raises(Finding, match=r"gave up: .* because its time was used up"):
            asked.answer(REQUEST)
    finally:
        asked.close()


def test_the_next_worker_starts_while_one_is_in_use():
    started = []

    def start():
        started.append(workers.start_plain())
        return started[-1]

    pool = Workers(start, expected=2)
    first = pool.take()
    assert len(started) == 2
    assert pool.take() is started[1]
    assert len(started) == 2
    for worker in (first, started[1]):
        pool.give_back(worker)
        assert not worker.alive


def test_the_worker_inherits_neither_environment_nor_files(monkeypatch, tmp_path):
    monkeypatch.setenv("A_SECRET", "seed")
    source = """
os = __import__("os")
def kl():
    return [dict(os.environ), [os.path.realpath(f"/proc/self/fd/{handle}") for handle in os.listdir("/proc/self/fd")]]
"""
    run = {**REQUEST, "op": "run", "scenario": "def call(function): return function()", "name": "call", "inputs": []}
    asked = Witness(Workers())
    try:
        with (tmp_path / "secret").open("w"):
            asked.answer({**REQUEST, "source": source})
            environment, files = asked.answer(run)
    finally:
        asked.close()
    ours = ("PATH", "OMP_NUM_THREADS", "LC_CTYPE")
    assert all(name in ours or name.startswith("TORCH") for name in environment), environment
    assert all(file.startswith(("/dev/null", "/proc/")) for file in files)
