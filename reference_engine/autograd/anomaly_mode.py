"""Anomaly detection: which forward operation a failing backward pass speaks of.

While it is on, every recorded operation notes where it was called, and every backward step is
checked. It watches through the observer seam, so that it costs nothing while it is off.
"""

import os
import warnings
from collections.abc import Sequence
from types import TracebackType
from typing import Any, cast

import numpy as np

from reference_engine import _dispatch, _errors
from reference_engine._graph import Gradient, Node
from reference_engine._observer import Observer
from reference_engine._running import running_pass

_TRACEBACK = "traceback_"
_PARENT = "parent_"
_PACKAGE = os.path.dirname(os.path.dirname(__file__))  # noqa: PTH120 - pathlib loads much


class _Notes:
    """Notes the caller of every operation on its node; whoever observed before sees all as well."""

    def __init__(self, former: Observer | None) -> None:
        self.former = former
        self._watching = former or Observer()

    def operation(self, row: Any, inputs: Sequence[Any], results: Sequence[Any]) -> None:
        node = results[0]._grad_fn
        if node is not None and _TRACEBACK not in node.metadata:
            self.note(node)
        self._watching.operation(row, inputs, results)

    def note(self, node: Node) -> None:
        """Note who called for a node, and in which node's step of a backward pass that was."""
        import traceback  # only here: it loads much

        callers = [one for one in traceback.extract_stack() if not _is_ours(one.filename)]
        node.metadata[_TRACEBACK] = traceback.format_list(callers)
        running = running_pass()
        parent = None if running is None else running[0].get("node")
        if parent is not None:
            node.metadata[_PARENT] = parent

    def __getattr__(self, name: str) -> Any:
        return getattr(self._watching, name)


def _is_ours(filename: str) -> bool:
    """Whether a frame is the engine's: its files, or what it compiled."""
    return filename.startswith((_PACKAGE, "<torch."))


class set_detect_anomaly:
    """Turns anomaly detection on or off; as a context manager, restores it on leaving."""

    def __init__(self, mode: bool, check_nan: bool = True) -> None:
        self._former = (_dispatch.observer, _dispatch.step)
        if mode:
            _dispatch.observer = cast("Observer", _Notes(_dispatch.observer))
            _dispatch.step = _checked if check_nan else _explained
        else:
            watching: Any = _dispatch.observer
            if isinstance(watching, _Notes):
                _dispatch.observer = watching.former
            _dispatch.step = None

    def __enter__(self) -> None:
        """Nothing: it is on since it was made."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        _dispatch.observer, _dispatch.step = self._former


class detect_anomaly(set_detect_anomaly):
    """Anomaly detection for a block of code, with a warning that it is slow."""

    def __init__(self, check_nan: bool = True) -> None:
        warnings.warn(_errors.ANOMALY_ENABLED, UserWarning, stacklevel=2)
        super().__init__(mode=True, check_nan=check_nan)


def is_anomaly_enabled() -> bool:
    """Whether anomaly detection is on."""
    return _dispatch.step is not None


def is_anomaly_check_nan_enabled() -> bool:
    """Whether backward steps are checked for nan, now or once anomaly detection is on."""
    return _dispatch.step is not _explained


def _explained(node: Node, received: Gradient, operations: Any) -> Sequence[Gradient]:
    """Apply a node; where it fails, show first where its forward operation was called."""
    try:
        found: Sequence[Gradient] = node.apply(received, operations)
    except Exception:
        _show(node)
        raise
    return found


def _checked(node: Node, received: Gradient, operations: Any) -> Sequence[Gradient]:
    """As `_explained`, and refuse a nan among the results."""
    results = _explained(node, received, operations)
    for number, result in enumerate(results):
        array = operations.from_tensor(operations.to_tensor(result))
        array = getattr(array, "_array", array)
        if array is not None and np.isnan(array).any():
            _show(node)
            raise RuntimeError(_errors.ANOMALY_NAN.format(name=node.name(), number=number))
    return results


def _show(node: Node) -> None:
    """Tell where the forward operation was called, and those whose steps it was part of."""
    texts = (_errors.ANOMALY_DETECTED, _errors.ANOMALY_DETECTED_WHERE)
    shown: Node | None = node
    while shown is not None:
        frames = shown.metadata.get(_TRACEBACK)
        text = texts[frames is not None]
        told = text.format(name=shown.name(), frames="".join(frames or ()))
        warnings.warn(told, UserWarning, stacklevel=4)
        shown = shown.metadata.get(_PARENT)
        texts = (_errors.ANOMALY_INDUCED, _errors.ANOMALY_INDUCED_WHERE)
