"""What crosses between the grader and a zygote: who is to be forked, and how it ended.

One message a packet, over a socket that no student's process holds.
"""

from typing import Any, Literal, TypeAlias

import msgspec

Kind: TypeAlias = Literal["numpy", "facade", "real"]
"""Which torch a process has: none, the reference engine's, the installed one."""


Level: TypeAlias = Literal["full", "kernel", "limits"]
"""How much students' processes are kept from, most first."""


Executor: TypeAlias = Literal["fast", "jupyter"]
"""What runs the cells: the worker itself, or a Jupyter kernel through nbconvert."""


class _Message(msgspec.Struct, frozen=True, tag_field="message", kw_only=True):
    pass


class Load(_Message, frozen=True, tag="load"):
    """Load what a process of a kind needs; the answer is `Ready` or `Failed`. It is said first.

    `roots` are the folders by which the grader and the engine are found, `home` is one of the
    grader's own. `most` is the most protection to look for. Where `few` children will come, what
    pays only with many is left out.
    """

    kind: Kind
    roots: list[str]
    home: str
    most: Level
    executor: Executor
    few: bool


class Fork(_Message, frozen=True, tag="fork"):
    """Fork a child that serves the channel sent along; the answer is `Forked` or `Failed`.

    `scratch` is its own folder, None where the layers give it one in memory; memory, file_size (of
    one) and files (of all, where the layers can hold that) are bytes, cpu seconds.
    """

    scratch: str | None
    memory: int
    cpu: int
    file_size: int
    files: int
    descriptors: int


class Reap(_Message, frozen=True, tag="reap"):
    """Tell how a child ended, killing it and all it started first if `kill`; see `Reaped`."""

    pid: int
    kill: bool


class End(_Message, frozen=True, tag="end"):
    """Kill a child and all it started; there is no answer."""

    pid: int


class Layer(msgspec.Struct, frozen=True, kw_only=True):
    """A layer of protection by its name; `lacking` says why there is none, empty where it holds."""

    name: str
    lacking: str = ""


class Ready(_Message, frozen=True, tag="ready"):
    """The libraries are loaded and the layers were tried out; said once."""

    layers: tuple[Layer, ...]


class Forked(_Message, frozen=True, tag="forked"):
    """The child's process id."""

    pid: int


class Reaped(_Message, frozen=True, tag="reaped"):
    """How a child ended: exit code, or minus the signal; None while it is still running.

    `cpu` counts seconds, `peak` the bytes that were resident at most.
    """

    exit_code: int | None
    cpu: float = 0.0
    peak: int = 0


class Failed(_Message, frozen=True, tag="failed"):
    """What was asked for could not be done, and why: a fault of the machine."""

    reason: str


Request: TypeAlias = Fork | Reap | End
Reply: TypeAlias = Ready | Forked | Reaped | Failed

MAX_PACKET = 64 * 2**10

pack: Any = msgspec.msgpack.Encoder().encode
unpack_load = msgspec.msgpack.Decoder(Load).decode
unpack_request = msgspec.msgpack.Decoder(Request).decode
unpack_reply = msgspec.msgpack.Decoder(Reply).decode
