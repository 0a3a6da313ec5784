"""The filter of system calls, run step by step as the kernel would, for each processor."""

import re
import struct
from ctypes import create_string_buffer
from functools import cache
from pathlib import Path

import pytest

from grader.sandbox.worker.lockdown import layers
from grader.sandbox.worker.lockdown.seccomp import Program, compile_filter
from grader.sandbox.worker.lockdown.syscalls import (
    ALLOWED,
    CLONE3,
    HUSHED,
    LOCAL,
    SOCKET,
    UNKNOWN,
    WATCHED,
)

AUDIT = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
ALLOW, KILL, REFUSE, ABSENT, PRETEND = 0x7FFF0000, 0x80000000, 0x50001, 0x50026, 0x50000
OWN = 4321
MACHINES = pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
COLUMN = {"x86_64": 0, "aarch64": 1}


@cache
def steps_of(machine, kernel_runs=False):
    program = compile_filter(machine, kernel_runs=kernel_runs)
    code = bytearray(program.code)
    for offset in program.own_pid_at:
        struct.pack_into("=I", code, offset, OWN)
    return list(struct.iter_unpack("=HBBI", bytes(code)))


def verdict(machine, number, *arguments, audit=None, kernel_runs=False):
    """What the filter says to a call; the program may only do what the kernel knows."""
    steps = steps_of(machine, kernel_runs)
    words = [*arguments, *[0] * (6 - len(arguments))]
    data = struct.pack("=IIQ6Q", number, audit or AUDIT[machine], 0, *words)
    at, accumulator = 0, 0
    while True:
        operation, if_true, if_false, value = steps[at]
        at += 1
        match operation:
            case 0x20:
                (accumulator,) = struct.unpack_from("=I", data, value)
            case 0x06:
                return value
            case 0x15:
                at += if_true if accumulator == value else if_false
            case 0x05:
                at += value
            case 0x35:
                at += if_true if accumulator >= value else if_false
            case 0x45:
                at += if_true if accumulator & value else if_false
            case _:
                raise AssertionError(operation)


def number(machine, name):
    return {**ALLOWED, **HUSHED, **WATCHED}[name][COLUMN[machine]]


HEADERS = {
    "x86_64": Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
    "aarch64": Path("/usr/include/asm-generic/unistd.h"),
}


@MACHINES
def test_the_numbers_are_the_kernels(machine):
    if not HEADERS[machine].is_file():
        pytest.skip("the kernel's headers are not installed")
    found = re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)\n", HEADERS[machine].read_text())
    known = {name: int(number) for name, number in found}
    for name, numbers in (ALLOWED | HUSHED | WATCHED | LOCAL | SOCKET).items():
        in_header = "fstatat" if (machine, name) == ("aarch64", "newfstatat") else name
        # What is newer than the headers says nothing.
        number = numbers[COLUMN[machine]]
        if in_header in known or (number is not None and number <= max(known.values())):
            assert known.get(in_header) == number, name


@MACHINES
@pytest.mark.parametrize("kernel_runs", [False, True])
def test_a_number_in_no_table_is_not_allowed(machine, kernel_runs):
    tables = ALLOWED | LOCAL if kernel_runs else ALLOWED
    watched = WATCHED | SOCKET if kernel_runs else WATCHED
    allowed = {numbers[COLUMN[machine]] for numbers in tables.values()}
    judged = {numbers[COLUMN[machine]] for numbers in watched.values()}
    hushed = {numbers[COLUMN[machine]] for numbers in HUSHED.values()}
    for number in (*range(1024), *(2**one - 1 for one in range(11, 33))):
        # With arguments that no watched call may have.
        found = verdict(machine, number, *[128] * 6, kernel_runs=kernel_runs)
        assert (found == ALLOW) == (number in allowed), number
        assert (found == PRETEND) == (number in hushed), number
        assert found == REFUSE or number not in judged, number


@MACHINES
@pytest.mark.parametrize("kernel_runs", [False, True])
def test_the_kernel_takes_the_program(machine, kernel_runs):
    steps = steps_of(machine, kernel_runs)
    assert len(steps) <= 4096
    assert steps[-1][0] == 0x06
    for at, (operation, if_true, if_false, value) in enumerate(steps):
        if operation == 0x20:
            assert value % 4 == 0
            assert value < 64
        farthest = value if operation == 0x05 else max(if_true, if_false)
        assert at + 1 + farthest < len(steps) or operation == 0x06


@MACHINES
def test_what_a_program_needs_is_allowed(machine):
    for name, numbers in ALLOWED.items():
        if numbers[COLUMN[machine]] is not None:
            assert verdict(machine, numbers[COLUMN[machine]]) == ALLOW, name


@MACHINES
def test_modes_and_times_seem_to_change(machine):
    for name, numbers in HUSHED.items():
        if numbers[COLUMN[machine]] is not None:
            assert verdict(machine, numbers[COLUMN[machine]]) == PRETEND, name


REFUSED = {
    "socket": (41, 198), "socketpair": (53, 199), "connect": (42, 203), "bind": (49, 200),
    "execve": (59, 221), "execveat": (322, 281), "ptrace": (101, 117), "mount": (165, 40),
    "unshare": (272, 97), "setns": (308, 268), "bpf": (321, 280), "keyctl": (250, 219),
    "perf_event_open": (298, 241), "userfaultfd": (323, 282), "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271), "memfd_create": (319, 279), "io_uring_setup": (425, 425),
    "pidfd_open": (434, 434), "pidfd_getfd": (438, 438), "pidfd_send_signal": (424, 424),
    "chown": (92, None), "fchownat": (260, 54), "setxattr": (188, 5), "truncate": (76, 45),
    "fork": (57, None), "vfork": (58, None), "tkill": (200, 130), "rt_sigqueueinfo": (129, 138),
    "mknodat": (259, 33), "chroot": (161, 51), "open_by_handle_at": (304, 265),
    "shmget": (29, 194), "msgget": (68, 186), "setuid": (105, 146), "capset": (126, 91),
    "seccomp": (317, 277), "personality": (135, 92), "setpriority": (141, 140),
}  # fmt: skip


@MACHINES
@pytest.mark.parametrize("name", REFUSED)
def test_what_reaches_outside_is_refused(machine, name):
    call = REFUSED[name][COLUMN[machine]]
    if call is not None:
        assert verdict(machine, call) == REFUSE


@MACHINES
def test_calls_of_another_processor_end_the_process(machine):
    (other,) = AUDIT.keys() - {machine}
    assert verdict(machine, number(machine, "read"), audit=AUDIT[other]) == KILL
    assert verdict(machine, number(machine, "read"), audit=0x40000003) == KILL


def test_calls_of_x32_end_the_process():
    assert verdict("x86_64", 0x40000000) == KILL
    assert verdict("x86_64", 0xFFFFFFFF) == KILL


@MACHINES
def test_what_is_newer_than_the_tables_is_not_there(machine):
    assert verdict(machine, UNKNOWN) == ABSENT
    assert verdict(machine, CLONE3) == ABSENT


@MACHINES
@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("clone", (0x3D0F00,), ALLOW),  # a thread
        ("clone", (17,), REFUSE),  # a process
        ("clone", (0x3D0F00 | 0x10000000,), REFUSE),  # a thread with namespaces
        ("kill", (OWN, 10), ALLOW),
        ("kill", (OWN, 9), ALLOW),
        ("kill", (OWN + 1, 0), REFUSE),
        ("kill", (0, 9), REFUSE),
        ("kill", (2**32 - 1, 9), REFUSE),
        ("tgkill", (OWN, OWN, 6), ALLOW),
        ("tgkill", (OWN, OWN, 9), ALLOW),
        ("tgkill", (OWN + 1, OWN + 1, 6), REFUSE),
        ("prlimit64", (0,), ALLOW),
        ("prlimit64", (OWN + 1,), REFUSE),
        ("fcntl", (3, 4), ALLOW),
        ("fcntl", (3, 8), REFUSE),
        ("fcntl", (3, 10), REFUSE),
        ("ioctl", (1, 0x5401), ALLOW),
        ("ioctl", (1, 0x5412), REFUSE),  # typing into a terminal
        ("prctl", (15,), ALLOW),
        ("prctl", (1,), REFUSE),
        ("prctl", (4, 1), REFUSE),
    ],
)
def test_calls_are_judged_by_their_arguments(machine, name, arguments, expected):
    assert verdict(machine, number(machine, name), *arguments) == expected


def test_a_filter_that_the_kernel_refuses_is_lacking(monkeypatch):
    def knows_of_none(*_):
        raise OSError(22, "Invalid argument")

    monkeypatch.setattr(layers.kernel, "process_control", knows_of_none)
    program = compile_filter(layers.kernel.machine())
    assert layers._loadable(program) is program  # a child could load it all the same
    with pytest.raises(OSError, match="seccomp"):
        layers._loadable(Program(create_string_buffer(b"\xff" * 8, 8), ()))
