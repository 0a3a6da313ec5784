"""The filter of system calls: compiled once, loaded by every child.

No sockets, no processes, no other programs, no signals to others, no changing of the owner or
mode of files, nothing that the kernel learned lately. It knows no files: that is Landlock's.
"""

import ctypes
import errno
import struct
from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import itemgetter

from msgspec import Struct

from grader.sandbox.worker.lockdown import kernel
from grader.sandbox.worker.lockdown.kernel import Machine
from grader.sandbox.worker.lockdown.syscalls import (
    ALLOWED,
    CLONE3,
    HUSHED,
    LOCAL,
    SOCKET,
    UNKNOWN,
    WATCHED,
)

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN, _JUMP = 0x20, 0x15, 0x35, 0x45, 0x06, 0x05
_FARTHEST = 255
"""How many steps a test can skip; a jump of its own can skip any number."""
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16

_KILL = 0x80000000
_ALLOW = 0x7FFF0000
_ERROR = 0x00050000
_REFUSE = _ERROR | errno.EPERM
_ABSENT = _ERROR | errno.ENOSYS
_PRETEND = _ERROR  # error 0: done, as far as the caller can tell

_AUDIT = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_X32 = 0x40000000

_CLONE_THREAD = 0x00010000
_CLONE_NEW = 0x7E020080  # every flag that makes a namespace
_LOCAL_FAMILY = 1
_OWN_PID = 0x7FFFFFFF  # stands in the program for the number of the child that loads it

# Duplicates, flags and locks; not F_SETOWN and F_SETSIG, by which a file signals any process.
_FCNTL = (0, 1, 2, 3, 4, 5, 6, 7, 36, 37, 38, 1030, 1032)
# Asking for a terminal and its size, what is waiting, close-on-exec, blocking.
_IOCTL = (0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451, 0x802C542A)
# Reading its state and naming threads and memory; not becoming dumpable, not outliving the zygote.
_PRCTL = (3, 15, 16, 21, 39, 0x53564D41)

_Step = tuple[int, int, int, int]
_Body = tuple[_Step, ...]


class Program(Struct, frozen=True):
    """A compiled filter in memory, and the offsets at which the loading child's number stands."""

    code: "ctypes.Array[ctypes.c_char]"
    own_pid_at: tuple[int, ...]


def compile_filter(machine: Machine, *, kernel_runs: bool = False) -> Program:
    """The filter for this processor's calls; all others' are met with a kill.

    Where a Jupyter kernel runs, processes may be forked and local sockets be made.
    """
    code = b"".join(struct.pack("=HBBI", *step) for step in _steps(machine, kernel_runs))
    places = tuple(
        offset + 4
        for offset in range(0, len(code), 8)
        if code[offset + 4 : offset + 8] == struct.pack("=I", _OWN_PID)
    )
    return Program(ctypes.create_string_buffer(code, len(code)), places)


def admit(program: Program, pid: int) -> None:
    """Let the process send signals to itself that loads the program and has this number.

    It is written into the program, which every process has a copy of.
    """
    for offset in program.own_pid_at:
        struct.pack_into("=I", program.code, offset, pid)


def loading(program: Program) -> kernel.Step:
    """Filtering a process's calls from then on, for good; it must have no_new_privs by then."""
    header = struct.pack("@HP", len(program.code) // 8, ctypes.addressof(program.code))
    return kernel.step("seccomp", "prctl", kernel.PR_SET_SECCOMP, 2, header)


def _steps(machine: Machine, kernel_runs: bool) -> Iterator[_Step]:
    yield _load(_ARCHITECTURE)
    yield from _unless(_EQUAL, _AUDIT[machine], _KILL)
    yield _load(_NUMBER)
    decisions = _decisions(machine, kernel_runs)
    # Neighbours that share a decision are one range, for which its first number stands.
    ranges = [next(group) for _, group in groupby(sorted(decisions.items()), itemgetter(1))]
    yield from _find(ranges)


def _decisions(machine: Machine, kernel_runs: bool) -> dict[int, _Body]:
    """What decides about each number, and about those above it up to the next."""
    column = 0 if machine == "x86_64" else 1
    decisions: dict[int, _Body] = dict.fromkeys(range(UNKNOWN), (_return(_REFUSE),))
    decisions[CLONE3] = decisions[UNKNOWN] = (_return(_ABSENT),)
    if machine == "x86_64":
        decisions[_X32] = (_return(_KILL),)
    allowed = ALLOWED | LOCAL if kernel_runs else ALLOWED
    for table, verdict in ((allowed, _ALLOW), (HUSHED, _PRETEND)):
        for numbers in table.values():
            number = numbers[column]
            if number is not None:
                decisions[number] = (_return(verdict),)
    for name, numbers in (WATCHED | SOCKET if kernel_runs else WATCHED).items():
        number = numbers[column]
        assert number is not None  # noqa: S101 - both processors have all of them
        decisions[number] = tuple(_watch(name, kernel_runs))
    return decisions


def _find(ranges: Sequence[tuple[int, _Body]]) -> _Body:
    """Find the range that a number is in by halves, and do what decides there.

    The kernel runs the program for every number there is whenever a child loads it.
    """
    if len(ranges) == 1:
        return ranges[0][1]
    middle = len(ranges) // 2
    below, above = _find(ranges[:middle]), _find(ranges[middle:])
    start = ranges[middle][0]
    if len(below) <= _FARTHEST:
        return ((_AT_LEAST, len(below), 0, start), *below, *above)
    return ((_AT_LEAST, 0, 1, start), (_JUMP, 0, 0, len(below)), *below, *above)


def _watch(name: str, kernel_runs: bool) -> Iterator[_Step]:
    """What decides about a call by its arguments; they are 64 bits, the low half is meant."""
    match name:
        case "clone":
            yield _load(_ARGUMENTS)
            yield from _when(_ANY_BIT, _CLONE_NEW, _REFUSE)
            if kernel_runs:
                yield _return(_ALLOW)
            yield from _when(_ANY_BIT, _CLONE_THREAD, _ALLOW)
        case "socket" | "socketpair":
            yield _load(_ARGUMENTS)
            yield from _when(_EQUAL, _LOCAL_FAMILY, _ALLOW)
        case "kill" | "tgkill":
            yield _load(_ARGUMENTS)
            yield from _when(_EQUAL, _OWN_PID, _ALLOW)
        case "prlimit64":
            yield _load(_ARGUMENTS)
            yield from _when(_EQUAL, 0, _ALLOW)
        case "prctl":
            yield _load(_ARGUMENTS)
            for option in _PRCTL:
                yield from _when(_EQUAL, option, _ALLOW)
        case _:
            yield _load(_ARGUMENTS + 8)
            for command in _FCNTL if name == "fcntl" else _IOCTL:
                yield from _when(_EQUAL, command, _ALLOW)
    yield _return(_REFUSE)


def _load(offset: int) -> _Step:
    return (_LOAD, 0, 0, offset)


def _return(verdict: int) -> _Step:
    return (_RETURN, 0, 0, verdict)


def _when(test: int, value: int, verdict: int) -> tuple[_Step, _Step]:
    return (test, 0, 1, value), _return(verdict)


def _unless(test: int, value: int, verdict: int) -> tuple[_Step, _Step]:
    return (test, 1, 0, value), _return(verdict)
