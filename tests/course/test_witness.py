"""The grader's side holds against a worker that has gone wrong: late, silent, mad or dead."""

import time

import pytest

from vae_edu.course import witness
from vae_edu.course.findings import Category, Finding

REQUEST = {"op": "load", "file": "ch03.py", "function": "kl", "source": ""}

# A worker of its own making: it says hello, then does the one thing it is told to.
HEAD = f"""
import importlib.util, os, sys, time
from multiprocessing.connection import Connection
spec = importlib.util.spec_from_file_location("protocol", {witness.protocol.__file__!r})
protocol = importlib.util.module_from_spec(spec); spec.loader.exec_module(protocol)
grader = Connection(os.dup(0))
grader.send_bytes(protocol.encode({{"ready": {{"torch": "none"}}}}))
while True:
    request = protocol.decode(grader.recv_bytes())
    answer = {{"id": request["id"], "value": 7}}
"""


@pytest.fixture
def answer(tmp_path, monkeypatch):
    """answer(what the worker does): one exchange with such a worker."""

    def exchange(does, seconds=0.5):
        script = tmp_path / "worker.py"
        script.write_text(HEAD + f"    {does}\n")
        monkeypatch.setattr(witness, "WORKER", script)
        monkeypatch.setattr(witness, "GRACE_SECONDS", 0.5)
        asked = witness.Witness(seconds)
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


def test_a_worker_that_cannot_start_is_not_the_students_fault(tmp_path, monkeypatch):
    script = tmp_path / "worker.py"
    script.write_text("raise SystemExit(1)")
    monkeypatch.setattr(witness, "WORKER", script)
    with pytest.raises(RuntimeError, match="the worker did not start"):
        witness.Witness().answer(REQUEST)


def test_a_dead_worker_is_replaced():
    asked = witness.Witness()
    try:
        request = {**REQUEST, "source": "def kl():\n    return 7\n"}
        assert asked.answer(request) is None
        asked._kill()
        with pytest.raises(Finding, match="crash"):
            asked.answer(request)
        assert asked.answer(request) is None
    finally:
        asked.close()


def test_the_worker_inherits_neither_environment_nor_files(monkeypatch, tmp_path):
    monkeypatch.setenv("A_SECRET", "seed")
    source = """
os = __import__("os")
def kl():
    return [dict(os.environ), [os.path.realpath(f"/proc/self/fd/{handle}") for handle in os.listdir("/proc/self/fd")]]
"""
    run = {**REQUEST, "op": "run", "scenario": "def call(function): return function()", "name": "call", "inputs": []}
    asked = witness.Witness()
    try:
        with (tmp_path / "secret").open("w"):
            asked.answer({**REQUEST, "source": source})
            environment, files = asked.answer(run)
    finally:
        asked.close()
    assert set(environment) <= {"PATH", "OMP_NUM_THREADS", "LC_CTYPE", "TORCHINDUCTOR_CACHE_DIR"}  # the last is torch's
    assert all(file.startswith(("/dev/null", "/proc/")) for file in files)
