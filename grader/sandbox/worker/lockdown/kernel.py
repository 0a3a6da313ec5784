"""System calls that Python has no function for; each raises OSError where the kernel refuses."""

import ctypes
import os
import platform
import signal
import struct
from collections.abc import Callable, Iterable
from typing import Any, Literal, TypeAlias

Machine: TypeAlias = Literal["x86_64", "aarch64"]

Step: TypeAlias = tuple[Callable[..., int], tuple[Any, ...], str]
"""A call of the C library's that is still to come: the function, the arguments, what it is."""

_libc = ctypes.CDLL(None, use_errno=True)
_locked = ctypes.PyDLL(None, use_errno=True)
"""Keeps the interpreter's lock during a call, as a call that returns twice must."""

_WORD = ctypes.c_void_p  # takes integers, bytes, pointers and None alike
# Bound before the first fork: looked up in a child, each would be looked up in every child.
_system_call, _call_twice = _libc.syscall, _locked.syscall
_system_call.argtypes = _call_twice.argtypes = (ctypes.c_long, *[_WORD] * 5)
_system_call.restype = _call_twice.restype = ctypes.c_long
_prctl, _mount, _setns, _clone = _libc.prctl, _libc.mount, _libc.setns, _libc.clone
_prctl.argtypes = (ctypes.c_int, *[_WORD] * 4)
_mount.argtypes = (*[ctypes.c_char_p] * 3, ctypes.c_ulong, ctypes.c_char_p)
_clone.argtypes = (_WORD, _WORD, ctypes.c_int, _WORD)
_pause = ctypes.cast(_libc.pause, _WORD).value

_CLONE = {"x86_64": 56, "aarch64": 220, "arm64": 220}.get(platform.machine())
_CLOSE_RANGE = 436
_SHARE_MEMORY_AND_FILES = 0x100 | 0x400
_SIZE = 2**14
_STACK = ctypes.create_string_buffer(_SIZE)
_TOP = (ctypes.addressof(_STACK) + _SIZE) & ~15
"""Where those that only sleep keep where they are: the same for all of them."""

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_GET_SECCOMP = 21
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
    """A system call by its number; arguments are integers, bytes or ctypes pointers, at most 5."""
    unused = (0,) * (5 - len(arguments))
    return _checked(name, _system_call(number, *arguments, *unused))


def system_calls(name: str, number: int, calls: Iterable[tuple[int, int, bytes, int, int]]) -> None:
    """The same system call many times, in one tight loop."""
    call = _system_call
    for first, second, third, fourth, fifth in calls:
        if call(number, first, second, third, fourth, fifth) < 0:
            _checked(name, -1)


def process_control(option: int, value: Any, extra: Any = 0) -> None:
    """Set one attribute of this process; arguments that are not used are zero."""
    _checked("prctl", _prctl(option, value, extra, 0, 0))


def unshare(flags: int) -> None:
    """Leave the namespaces that the flags name for new ones."""
    _checked("unshare", _libc.unshare(ctypes.c_int(flags)))


def mount(source: str, target: str, kind: str, *, flags: int, data: str = "") -> None:
    """Mount a file system, or change a mount; `source` and `kind` may be empty."""
    words = [word.encode() or None for word in (source, target, kind)]
    _checked(f"mount {target}", _mount(*words, flags, data.encode() or None))


def unmount(target: str, *, flags: int) -> None:
    """Take a mount away."""
    _checked(f"umount {target}", _libc.umount2(target.encode(), ctypes.c_int(flags)))


def clone(flags: int) -> int:
    """Fork into new namespaces: the child's process id, 0 in the child.

    For processes of one thread: nothing is done of what os.fork() does for the sake of others, of
    which a third of a child's pages would be copied.
    """
    if _CLONE is None:
        if flags:
            machine()  # says why not
        return os.fork()
    return _checked("clone", _call_twice(_CLONE, flags | signal.SIGCHLD, 0, 0, 0, 0))


def start_sleeper(flags: int) -> int:
    """A process in new namespaces that runs nothing and sleeps until it is killed: its number.

    It shares this one's memory, which costs a twentieth of a copy.
    """
    flags |= _SHARE_MEMORY_AND_FILES | signal.SIGCHLD
    return _checked("clone", _clone(_pause, _TOP, flags, None))


def step(purpose: str, name: str, *arguments: Any) -> Step:
    """A call by its function's name; arguments as of `system_call`, bytes end with a zero."""
    function = _libc[name]
    function.argtypes = (_WORD,) * 5
    return function, (*arguments, *[0] * (5 - len(arguments))), purpose


def dropping_capabilities() -> Step:
    """Giving up every capability, for good: without exec there is no way to get them back."""
    version_3 = 0x20080522
    return step("capset", "capset", struct.pack("=II", version_3, 0), bytes(24))


def closing_from(descriptor: int) -> Step:
    """Closing this descriptor and all above it; Linux 5.9 or later."""
    return step("close_range", "syscall", _CLOSE_RANGE, descriptor, 2**32 - 1)


def take(steps: Iterable[Step]) -> None:
    """Make calls one after another, up to the first that the kernel refuses."""
    for step in steps:
        # Not by three names: its last part is not even touched where all is well.
        if step[0](*step[1]) < 0:
            _checked(step[2], -1)


def join_namespace(process: int, kind: int) -> None:
    """Have children to come start in a namespace of the process that a pidfd stands for."""
    _checked("setns", _setns(process, kind))


def _checked(name: str, result: int) -> int:
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{name}: {os.strerror(error)}")
    return result
