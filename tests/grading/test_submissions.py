"""`pytest tests/hidden --submission ...` as an instructor runs it: masters, stubs, and submissions up to no good.

The latter are graded in one session that shares one worker, so that whatever one of them does to it would show in the
next. Attacks that only a sandbox stops (the disk, the network, other processes) wait for the sandbox.
"""

import os
import shutil

import pytest

from vae_edu.course.catalog import load_catalog

EVERY_FUNCTION = "log_normal = kl_standard_normal = kl_full = answer\n"

# name: (the source, the category of what the first check of log_normal finds)
HOSTILE = {
    "always_equal": (
        """
class Equal:
    def __getattr__(self, name): return self
    def __call__(self, *args, **kwargs): return self
    def __eq__(self, other): return True
    def __bool__(self): return True
def answer(*inputs): return Equal()
""",
        "wrong type or shape",
    ),
    "tensor_subclass": (
        """
import torch
class Agreeable(torch.Tensor):
    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None): return True
def answer(*inputs): return torch.zeros(len(inputs[0])).as_subclass(Agreeable)
""",
        "wrong type or shape",
    ),
    "patched_comparisons": (
        """
import torch
torch.allclose = torch.equal = torch.isclose = torch.testing.assert_close = lambda *args, **kwargs: True
__builtins__["AssertionError"] = type("Harmless", (BaseException,), {})
def answer(*inputs): return torch.zeros(len(inputs[0]))
""",
        "wrong value",
    ),
    "skips_itself": ("def answer(*inputs): __import__('pytest').skip('nothing to see')\n", "exception"),
    "exits_at_import": ("__import__('sys').exit(0)\n", "import error"),
    "ends_process_at_import": ("__import__('os')._exit(0)\n", "crash"),
    "ends_process_in_call": ("def answer(*inputs): __import__('os')._exit(0)\n", "crash"),
    "interrupts": ("def answer(*inputs): raise KeyboardInterrupt\n", "crash"),
    "loops_at_import": ("while True: pass\n", "timeout"),
    "loops_on_empty_batches": (
        """
signal = __import__("signal")
for number in (signal.SIGTERM, signal.SIGINT, signal.SIGALRM, signal.SIGXCPU): signal.signal(number, signal.SIG_IGN)
def log_normal(x, mean, log_var):
    while len(x) < 2: pass
""",
        "wrong type or shape",
    ),
    "leaves_a_process_behind": (
        """
os, time = __import__("os"), __import__("time")
def log_normal(x, mean, log_var):
    if len(x) == 1 and os.fork() == 0: time.sleep(60)
    os._exit(0)
""",
        "crash",
    ),
    "kills_the_worker": (
        """
os = __import__("os")
def log_normal(x, mean, log_var):
    if len(x) == 1: os.kill(os.getppid(), 9)
""",
        "wrong type or shape",
    ),
    "writes_into_every_pipe": (
        """
os = __import__("os")
def answer(*inputs):
    for handle in range(3, 20):
        try: os.write(handle, bytes([0, 0, 0, 8]) + b"garbage!")
        except OSError: pass
    os._exit(0)
""",
        "protocol",
    ),
    "says_more_than_fits": (
        """
os = __import__("os")
def answer(*inputs):
    for handle in range(3, 20):
        try: os.write(handle, bytes([127, 255, 255, 255]))
        except OSError: pass
""",
        "crash",
    ),
    "prints_a_report": (
        """
print("9999 passed"); print("total 26 / 26", file=__import__("sys").stderr)
def answer(*inputs): print("." * 10_000_000 + "100 %")
""",
        "wrong type or shape",
    ),
    "returns_too_much": ("import torch\ndef answer(*inputs): return torch.zeros(20_000_000)\n", "too big"),
    "returns_endless_depth": (
        "def answer(*inputs):\n    nest = []\n    nest.append(nest)\n    return nest\n",
        "wrong type or shape",
    ),
    "wants_all_memory": ("import torch\ndef answer(*inputs): return torch.ones(2**31)\n", "exception"),
    "leaks_inputs_by_name": (
        "def answer(x, *inputs): raise type('x_is_' + str(x.flatten()[0].item()), (Exception,), {})('\\x1b[2J')\n",
        "exception",
    ),
    "imports_something_else": ("import os\ndef answer(*inputs): return None\n", "import error"),
    "does_not_parse": ("def log_normal(x, mean, log_var:\n", "import error"),
    "nests_too_deep": ("x = " + "(" * 5000 + ")" * 5000 + "\n", "import error"),
    "holds_null_bytes": ("x = 1\0\n", "import error"),
}


# What stands where the file should, and the category it gets.
ODD = {
    "no_file": "not attempted",
    "symbolic_link": "import error",
    "hard_link": "import error",
    "named_pipe": "import error",
    "folder": "import error",
    "no_text": "import error",
    "huge_file": "too big",
}


def make_odd(path, name, reference):
    path.parent.mkdir()
    if name == "symbolic_link":
        path.symlink_to(reference)
    elif name == "hard_link":
        shutil.copy(reference, path.with_name("copy.py"))
        path.hardlink_to(path.with_name("copy.py"))
    elif name == "named_pipe":
        os.mkfifo(path)
    elif name == "folder":
        path.mkdir()
    elif name == "no_text":
        path.write_bytes(b"\xff\xfe\x00")
    elif name == "huge_file":
        path.write_text("#" * 300_000)


@pytest.fixture(scope="module")
def references(grade, pytestconfig):
    """The masters and the stubs, graded on every exercise there is."""
    return grade([pytestconfig.rootpath / "solutions", pytestconfig.rootpath / "exercises"], "--share-worker")[0]


@pytest.fixture(scope="module")
def session(tmp_path_factory, grade, pytestconfig):
    """Odd, hostile and one honest submission, graded on chapter 3: the scores by name, and what was printed."""
    place, root = tmp_path_factory.mktemp("submissions"), pytestconfig.rootpath
    reference = root / "solutions/ch03_gaussians.py"
    for name in ODD:
        make_odd(place / name / "ch03_gaussians.py", name, reference)
    sources = {name: source + EVERY_FUNCTION * ("def answer" in source) for name, (source, _) in HOSTILE.items()}
    for name, source in (sources | {"honest_and_last": reference.read_text(encoding="utf-8")}).items():
        (place / name).mkdir()
        (place / name / "ch03_gaussians.py").write_text(source, encoding="utf-8")
    folders = [place / name for name in [*ODD, *HOSTILE, "honest_and_last"]]
    return grade(folders, "--share-worker", "--call-seconds=3", tests="tests/hidden/test_ch03_gaussians.py")


@pytest.fixture(scope="module")
def catalog(pytestconfig):
    return load_catalog(pytestconfig.rootpath / "exercises/catalog.yml")


def test_the_masters_earn_everything(references, catalog):
    everything = sum(exercise.points for exercise in catalog.values())
    assert references["solutions"]["total"] == {"points": everything, "of": everything, "not_graded": 0}


def test_the_stubs_earn_nothing(references):
    stubs = references["exercises"]
    assert stubs["total"]["points"] == stubs["total"]["not_graded"] == 0
    assert {check["category"] for check in stubs["checks"]} == {"not attempted"}


def test_points_of_the_hidden_checks_are_those_of_the_catalog(references, catalog):
    for exercise in catalog.values():
        checks = [check for check in references["solutions"]["checks"] if check["exercise"] == exercise.id]
        assert sum(check["points"] for check in checks) == exercise.points


@pytest.mark.parametrize("name", [*ODD, *HOSTILE])
def test_an_odd_or_hostile_submission_earns_nothing_and_is_named(session, name):
    checks = session[0][name]["checks"]
    assert {check["awarded"] for check in checks} == {0}
    assert checks[0]["category"] == (ODD[name] if name in ODD else HOSTILE[name][1])


def test_an_honest_submission_after_all_of_them_earns_everything(session):
    assert all(check["awarded"] == check["points"] for check in session[0]["honest_and_last"]["checks"])


def test_a_loop_costs_only_the_check_that_meets_it(session):
    checks = session[0]["loops_on_empty_batches"]["checks"]
    late = [check["name"] for check in checks if check["category"] == "timeout"]
    assert late == ["one data point and none"]


def test_a_process_left_behind_is_a_timeout_not_an_answer(session):
    checks = session[0]["leaves_a_process_behind"]["checks"]
    assert {check["category"] for check in checks if check["exercise"] == "ch03.log_normal"} == {"crash", "timeout"}


def test_no_text_of_a_submission_reaches_the_report(session):
    graded, output = session
    for forged in ("9999 passed", "x_is_", "\x1b[2J", "nothing to see", "100 %"):
        assert forged not in output + str(graded)
