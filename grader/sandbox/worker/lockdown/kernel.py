"""System calls that Python has no function for; each raises OSError where the kernel refuses."""

import ctypes
import os
import platform
import signal
from collections.abc import Iterable
from typing import Any, Literal, TypeAlias

Machine: TypeAlias = Literal["x86_64", "aarch64"]

_libc = ctypes.CDLL(None, use_errno=True)
_locked = ctypes.PyDLL(None, use_errno=True)
"""Keeps the interpreter's lock during a call, as a call that returns twice must."""

_CLONE = {"x86_64": 56, "aarch64": 220}

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_SET_SECCOMP = 22
PR_SET_CHILD_SUBREAPER = 36
PR_SET_NO_NEW_PRIVS = 38


def machine() -> Machine:
    """The processor's family; raises OSError where its system calls are not in our tables."""
    match platform.machine():
        case "x86_64":
            return "x86_64"
        case "aarch64" | "arm64":
            return "aarch64"
        case other:
            raise OSError(f"there is no table of system calls for {other} processors")


def system_call(name: str, number: int, *arguments: Any) -> int:
    """A system call by its number; arguments are integers, bytes or ctypes pointers."""
    return _checked(name, _libc.syscall(ctypes.c_long(number), *map(_word, arguments)))


def system_calls(name: str, number: int, calls: Iterable[tuple[int, int, bytes, int]]) -> None:
    """The same system call many times; there are hundreds in the life of every child."""
    call, word = _libc.syscall, ctypes.c_long(number)
    for first, second, third, fourth in calls:
        if call(word, first, second, third, fourth) < 0:
            _checked(name, -1)


def process_control(option: int, value: Any) -> None:
    """Set one attribute of this process; arguments that are not used are zero."""
    none = ctypes.c_ulong(0)
    _checked("prctl", _libc.prctl(ctypes.c_int(option), _word(value), none, none, none))


def filter_system_calls(program: Any) -> None:
    """Load a seccomp filter, a `struct sock_fprog`; it holds for all threads to come."""
    mode = ctypes.c_ulong(2)
    _checked("prctl", _libc.prctl(ctypes.c_int(PR_SET_SECCOMP), mode, program))


def unshare(flags: int) -> None:
    """Leave the namespaces that the flags name for new ones."""
    _checked("unshare", _libc.unshare(ctypes.c_int(flags)))


def mount(source: str, target: str, kind: str, *, flags: int, data: str = "") -> None:
    """Mount a file system, or change a mount; `source` and `kind` may be empty."""
    words = [word.encode() or None for word in (source, target, kind)]
    done = _libc.mount(*words, ctypes.c_ulong(flags), data.encode() or None)
    _checked(f"mount {target}", done)


def unmount(target: str, *, flags: int) -> None:
    """Take a mount away."""
    _checked(f"umount {target}", _libc.umount2(target.encode(), ctypes.c_int(flags)))


def clone(flags: int) -> int:
    """Fork into new namespaces: the child's process id, 0 in the child.

    Python's own preparations are made as for os.fork().
    """
    number = ctypes.c_long(_CLONE[machine()])
    zero = ctypes.c_long(0)
    word = ctypes.c_long(flags | signal.SIGCHLD)
    _locked.PyOS_BeforeFork()
    pid: int = _locked.syscall(number, word, zero, zero, zero, zero)
    error = ctypes.get_errno()
    if pid == 0:
        _locked.PyOS_AfterFork_Child()
        return 0
    _locked.PyOS_AfterFork_Parent()
    if pid < 0:
        raise OSError(error, f"clone: {os.strerror(error)}")
    return pid


def drop_capabilities() -> None:
    """Give up every capability, for good: without exec there is no way to get them back."""
    version_3 = 0x20080522
    header = (ctypes.c_uint32 * 2)(version_3, 0)
    nothing = (ctypes.c_uint32 * 6)()
    _checked("capset", _libc.capset(header, nothing))


def _word(value: Any) -> Any:
    return ctypes.c_long(value) if isinstance(value, int) else value


def _checked(name: str, result: int) -> int:
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{name}: {os.strerror(error)}")
    return result
