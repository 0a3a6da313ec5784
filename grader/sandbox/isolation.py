"""The levels of isolation, the layers they are made of, and what each layer is for.

Which of them a machine offers is found out by the worker, which tries them.
"""

from collections.abc import Iterable
from functools import lru_cache

from msgspec import Struct

from grader.results import Isolation
from grader.sandbox.protocol.control import Layer, Level

LEVELS: tuple[Level, ...] = ("limits", "kernel", "full")
"""From least to most."""

CONTAINER = (
    "docker build -t grader -f .container/Dockerfile . && "
    'docker run --rm --network none -u "$(id -u)" -v "$PWD":/work grader grader grade ...'
)
"""The command that gives level kernel where there is Docker, from a checkout; it needs Landlock."""

_NAMESPACES = (
    "user namespaces: sysctl kernel.unprivileged_userns_clone=1 (Debian), "
    "kernel.apparmor_restrict_unprivileged_userns=0 (Ubuntu); containers mostly block them"
)


class LayerKind(Struct, frozen=True):
    """A layer: the least level that needs it, what it stops, how a machine comes by it.

    None needs one that is another's stand-in, and taken where it is to be had.
    """

    name: str
    level: Level | None
    stops: str
    how: str


LAYERS = (
    LayerKind("process", "limits", "crashes and endless loops", "always there"),
    LayerKind("rlimits", "limits", "memory bombs, full disks, too many files", "Linux or macOS"),
    LayerKind("seccomp", "kernel", "network, new processes, signals to others", "Linux"),
    LayerKind(
        "landlock",
        "kernel",
        "files: home folders, results, solutions",
        "Linux 6.2 or later, 5.19 with namespaces",
    ),
    LayerKind(
        "own-user", None, "files and processes of everybody's, once more", "root, no namespaces"
    ),
    LayerKind("user-namespace", "full", "rights over the machine, also as root", _NAMESPACES),
    LayerKind("pid-namespace", "full", "seeing other processes", _NAMESPACES),
    LayerKind("network-namespace", "full", "the network, once more", _NAMESPACES),
    LayerKind("mount-namespace", "full", "seeing files, filling the disk", _NAMESPACES),
)


@lru_cache(maxsize=16)
def isolation_of(layers: tuple[Layer, ...]) -> Isolation:
    """The level that layers make, and the names of those that hold."""
    held = {"process", *(layer.name for layer in layers if not layer.lacking)}
    missing = [
        LEVELS.index(layer.level)
        for layer in LAYERS
        if layer.level is not None and layer.name not in held
    ]
    level = LEVELS[max(0, min(missing, default=len(LEVELS)) - 1)]
    return Isolation(level=level, layers=tuple(one.name for one in LAYERS if one.name in held))


def holds(layers: Iterable[Layer], name: str) -> bool:
    """Whether the layer of that name is among those that hold."""
    return any(layer.name == name and not layer.lacking for layer in layers)


def reaches(level: Level, least: Level) -> bool:
    """Whether a level is as good as the least that is asked for."""
    return LEVELS.index(level) >= LEVELS.index(least)
