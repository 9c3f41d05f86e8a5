"""A sandbox that has a hole does not pass its self-test, and where there is none, one sentence says what to install."""

import sys

import pytest

from vae_edu.course import isolation, runner, sandbox, selftest
from vae_edu.course.workers import Workers
from vae_edu.errors import UserError


@pytest.fixture(scope="module")
def needs_a_sandbox():
    try:
        isolation.sandboxed()
    except UserError as error:
        pytest.skip(str(error))


@pytest.fixture
def weakened(monkeypatch, needs_a_sandbox):
    """weakened(options to leave out, mounts to add): what the self-test of such a sandbox finds."""

    def problems(without, mounts=()):
        command, honest = sandbox.command, runner.mounts

        def leave_out(descriptor):
            words = iter(command(descriptor))
            for word in words:
                skipped = next((option for option in without if option[0] == word), None)
                if skipped is None:
                    yield word
                elif len(skipped) == 2 and (argument := next(words)) != skipped[1] is not None:
                    yield from (word, argument)

        monkeypatch.setattr(sandbox, "command", lambda descriptor: list(leave_out(descriptor)))
        monkeypatch.setattr(runner, "mounts", lambda: honest() | {place: place for place in mounts})
        return set(selftest.problems(Workers(sandbox.start)))

    return problems


def test_each_missing_part_is_noticed(weakened):
    found = weakened([("--seccomp", None), ("--unshare-net",), ("--remount-ro", "/")], mounts=[runner.PROJECT])
    assert found == {
        "the project's folder is there",
        "the network can be reached",
        "sockets can be made",
        "/, /runner can be written to",
        "system calls are not filtered",
    }


def test_missing_walls_between_processes_are_noticed(weakened):
    assert {"other processes can be seen", "the number of processes is not limited"} <= weakened([("--unshare-pid",)])


def test_nothing_of_the_course_is_mounted_but_three_files():
    mounts = runner.mounts()
    ours = {path.name for path in mounts.values() if path.is_relative_to(runner.PROJECT / "vae_edu")}
    assert ours == set(runner.FILES)
    assert {"torch", "numpy", "safetensors"} <= set(runner.packages())
    assert not [name for name in runner.packages() if "vae" in name or "pytest" in name]
    assert not [path for path in mounts.values() if runner.PROJECT.is_relative_to(path) and path not in runner.trees()]


def script(folder, name, text):
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(0o755)
    return str(folder)


@pytest.mark.parametrize(
    ("restricted", "says"), [("1\n", "sudo apt-get install apparmor-profiles"), ("0\n", "Linux 5.14 or newer")]
)
def test_a_kernel_that_grants_no_namespaces_is_named_with_the_remedy(restricted, says, monkeypatch, tmp_path):
    bin_folder = script(tmp_path / "bin", "bwrap", "echo 'bwrap: setting up uid map: Permission denied' >&2; exit 1\n")
    (tmp_path / "restricted").write_text(restricted)
    monkeypatch.setenv("PATH", f"{bin_folder}:/usr/bin:/bin")
    monkeypatch.setattr(isolation, "RESTRICTED", tmp_path / "restricted")
    with pytest.raises(UserError, match="setting up uid map: Permission denied") as refused:
        isolation.sandboxed()
    assert says in str(refused.value)
    assert "--practice" in str(refused.value)


def test_other_systems_and_missing_parts_are_one_sentence_each(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(UserError, match=r"needs Linux; on this system grade in a container \(grading/README.md"):
        isolation.sandboxed()
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match="sudo apt-get install bubblewrap"):
        isolation.sandboxed()
    monkeypatch.setenv("PATH", script(tmp_path / "bin", "bwrap", ""))
    monkeypatch.setitem(sys.modules, "pyseccomp", None)
    with pytest.raises(UserError, match="pip install pyseccomp"):
        isolation.sandboxed()


def test_a_sandbox_that_does_not_hold_is_refused(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", script(tmp_path / "bin", "bwrap", ""))
    monkeypatch.setattr(selftest, "problems", lambda workers: workers.close() or ["the network can be reached"])
    with pytest.raises(UserError, match="the sandbox does not hold: the network can be reached"):
        isolation.sandboxed()


@pytest.fixture
def systemd(monkeypatch, tmp_path):
    """systemd(what systemd-run does after it has read its options): the words in front of a worker's command."""

    def scope(does):
        text = 'test -n "$XDG_RUNTIME_DIR" || exit 1\nwhile [ "$1" != -- ]; do shift; done; shift\n' + does
        monkeypatch.setenv("XDG_RUNTIME_DIR", "/run/user/1000")
        monkeypatch.setenv("PATH", f"{script(tmp_path / 'bin', 'systemd-run', text)}:/usr/bin:/bin")
        monkeypatch.setattr(sandbox, "SYSTEMD", tmp_path)
        sandbox.scope.cache_clear()
        return sandbox.scope()

    yield scope
    sandbox.scope.cache_clear()


def test_systemd_bounds_memory_where_it_grants_a_scope(systemd, needs_a_sandbox):
    words = systemd('exec "$@"\n')
    assert "MemoryMax=2G" in words
    assert selftest.problems(Workers(sandbox.start)) == []
    assert systemd("exit 1\n") == []
