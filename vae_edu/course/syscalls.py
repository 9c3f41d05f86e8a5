"""The system calls a worker may not make, as a filter the kernel applies to it and to whatever it starts.

A deny list of what could still be attacked or escaped by from within namespaces and without rights. torch
needs none of it.
"""

import errno
import os
from contextlib import suppress

# Sockets of every family: the pipes and socket pairs that a worker uses are made by other calls.
NETWORK = ("socket", "socketcall")
OTHER_PROCESSES = ("ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "kcmp", "pidfd_getfd")
NAMESPACES = (
    *("unshare", "setns", "mount", "umount2", "pivot_root", "chroot", "move_mount", "open_tree", "mount_setattr"),
    *("fsopen", "fsconfig", "fsmount", "fspick", "name_to_handle_at", "open_by_handle_at"),
)
KERNEL = (
    *("io_uring_setup", "io_uring_enter", "io_uring_register", "bpf", "perf_event_open", "userfaultfd"),
    *("keyctl", "add_key", "request_key", "init_module", "finit_module", "delete_module", "kexec_load"),
    *("kexec_file_load", "reboot", "swapon", "swapoff", "acct", "quotactl", "syslog", "fanotify_init"),
    *("settimeofday", "clock_settime", "adjtimex", "clock_adjtime", "vhangup", "modify_ldt", "iopl", "ioperm"),
)
# The CLONE_NEW* flags: mount, cgroup, uts, ipc, user, pid and network namespace.
NEW_NAMESPACES = (0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000)
TERMINAL_INPUT = (0x5412, 0x541C)  # TIOCSTI and TIOCLINUX type into the terminal that started the grading


def filter_file() -> int:
    """A descriptor to read the filter from, once; the caller closes it.

    Raises ImportError or RuntimeError where pyseccomp or libseccomp is missing.
    """
    import pyseccomp as seccomp

    rules = seccomp.SyscallFilter(defaction=seccomp.ALLOW)
    refused = seccomp.ERRNO(errno.EPERM)
    for name in (*NETWORK, *OTHER_PROCESSES, *NAMESPACES, *KERNEL):
        with suppress(OSError):  # a call that this libseccomp does not know
            rules.add_rule(refused, name)
    for flag in NEW_NAMESPACES:
        rules.add_rule(refused, "clone", seccomp.Arg(0, seccomp.MASKED_EQ, flag, flag))
    # The flags of clone3 lie in memory, where a filter cannot look; without it the C library uses clone.
    rules.add_rule(seccomp.ERRNO(errno.ENOSYS), "clone3")
    for request in TERMINAL_INPUT:
        rules.add_rule(refused, "ioctl", seccomp.Arg(1, seccomp.MASKED_EQ, 0xFFFFFFFF, request))
    descriptor = os.memfd_create("filter")
    with open(descriptor, "wb", closefd=False) as file:
        rules.export_bpf(file)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor
