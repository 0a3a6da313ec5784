"""Which files students' code may read: the interpreter, the libraries that courses use, no more.

Package by package: site-packages as a whole holds the grader, and what a question may forbid.
"""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from grader.sandbox.protocol.control import Kind

_LIBRARIES = frozenset(
    {
        "numpy", "scipy", "pandas", "sklearn", "joblib", "threadpoolctl", "narwhals",
        "matplotlib", "mpl_toolkits", "pylab", "contourpy", "cycler", "fontTools", "fonttools",
        "kiwisolver", "packaging", "PIL", "pillow", "pyparsing", "seaborn", "dateutil", "six",
        "pytz", "tzdata", "tqdm", "sympy", "mpmath", "networkx", "tabulate", "typing_extensions",
        "scikit_learn", "python_dateutil",
    }
)  # fmt: skip
"""Packages, modules and the names they were installed under."""

_ENGINE = "reference_engine"
_TORCH = frozenset(
    {
        "torch", "torchvision", "torchaudio", "torchgen", "functorch", "triton", "nvidia",
        "filelock", "fsspec", "jinja2", "markupsafe", "setuptools", "_distutils_hack", "einops",
    }
)  # fmt: skip

_JUPYTER = frozenset(
    {
        "IPython", "ipykernel", "ipykernel_launcher", "zmq", "pyzmq", "tornado", "traitlets",
        "jupyter_client", "jupyter_core", "nbclient", "nbconvert", "nbformat", "jinja2",
        "markupsafe", "matplotlib_inline", "comm", "psutil", "debugpy", "nest_asyncio",
        "nest_asyncio2", "platformdirs", "fastjsonschema", "jsonschema", "attr", "attrs", "rpds",
        "referencing", "jsonschema_specifications", "decorator", "jedi", "parso", "pygments",
        "prompt_toolkit", "wcwidth", "stack_data", "executing", "asttokens", "pure_eval",
        "pexpect", "ptyprocess", "bleach", "bs4", "defusedxml", "mistune", "pandocfilters",
        "webencodings", "tinycss2", "soupsieve", "jupyterlab_pygments", "ipython_pygments_lexers",
    }
)  # fmt: skip

_SITES = ("site-packages", "dist-packages")
_SYSTEM = ("/etc/ld.so.cache", "/etc/localtime", "/usr/share/zoneinfo", "/usr/share/fonts")
_DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")


class Readable(Struct, frozen=True):
    """What may be read, whole but for the folders `hidden` within; `devices` also written.

    `listed` are folders of which the names may be seen: importing needs them.
    """

    folders: tuple[Path, ...]
    hidden: tuple[Path, ...]
    listed: tuple[Path, ...]
    devices: tuple[Path, ...]

    def pieces(self) -> Iterator[Path]:
        """The folders and files, those that hold something hidden piece by piece."""
        for folder in self.folders:
            if any(one.is_relative_to(folder) for one in self.hidden):
                yield from (one for one in folder.iterdir() if one not in self.hidden)
            else:
                yield folder


def may_import(kind: Kind, package: str) -> bool:
    """Whether a top-level package that is installed beside Python may be used by this kind."""
    own = package.removesuffix(".libs")
    return (
        own in _LIBRARIES
        or (kind == "facade" and own == _ENGINE)
        or (kind == "real" and own in _TORCH)
        or (own in _JUPYTER and has_kernel())
    )


def has_kernel() -> bool:
    """Whether this process was loaded to run cells in a Jupyter kernel."""
    return "ipykernel" in sys.modules


def site_folders() -> list[Path]:
    """The folders of sys.path where packages are installed."""
    return [Path(entry) for entry in dict.fromkeys(sys.path) if Path(entry).name in _SITES]


def find(kind: Kind) -> Readable:
    """What a process of this kind may read on this machine; the libraries must be loaded."""
    standard = [Path(os.__file__).parent]
    standard += [Path(entry) for entry in sys.path if Path(entry).name == "lib-dynload"]
    sites = site_folders()
    folders = [
        *standard,
        *_library_folders(),
        *(package for site in sites for package in _packages(site, kind)),
        *map(Path, _SYSTEM),
    ]
    if kind == "facade":
        folders.append(Path(sys.modules[_ENGINE].__path__[0]))
    hidden = (folder / name for folder in standard for name in _SITES)
    return Readable(
        folders=tuple(folder for folder in dict.fromkeys(folders) if folder.exists()),
        hidden=tuple(folder for folder in hidden if folder.is_dir()),
        listed=(*standard, *sites),
        devices=tuple(map(Path, _DEVICES)),
    )


def _packages(site: Path, kind: Kind) -> Iterator[Path]:
    for entry in sorted(os.listdir(site)):  # noqa: PTH208 - most are nobody's business
        name = entry.partition("-")[0] if entry.endswith("-info") else entry
        if may_import(kind, name.removesuffix(".py").partition(".cpython-")[0]):
            yield site / entry


def _library_folders() -> Iterator[Path]:
    """Where shared libraries lie; out of folders that also hold Python packages only those in use.

    Extension modules that are imported later are linked with them.
    """
    triplet = getattr(sys.implementation, "_multiarch", "")
    usual = [
        Path(root, triplet) for root in ("/lib", "/usr/lib", "/lib64", "/usr/lib64") if triplet
    ]
    mapped = sorted({Path(name) for name in _mapped_files()})
    folders = [*usual, *dict.fromkeys(one.parent for one in mapped)]
    with_packages = {one for one in folders if _holds_python(one)}
    for folder in folders:
        if folder in with_packages or folder.name == "lib-dynload" or _is_in_site(folder):
            continue
        if folder.is_dir():
            yield folder
    yield from (one for one in mapped if one.parent in with_packages)


def _holds_python(folder: Path) -> bool:
    """Whether a version of Python has its folder in this one."""
    try:
        return any(name.startswith("python") for name in os.listdir(folder))  # noqa: PTH208 - many
    except OSError:
        return False


def _is_in_site(folder: Path) -> bool:
    return not set(_SITES).isdisjoint(folder.parts)


def _mapped_files() -> Iterator[str]:
    with open("/proc/self/maps", encoding="utf-8", errors="replace") as lines:  # noqa: PTH123
        for line in lines:
            name = line.rstrip("\n").partition("/")[2]
            if name and ".so" in os.path.basename(name):  # noqa: PTH119 - many lines
                yield f"/{name}"
