"""The tables: every operation beside its derivative, one family a file.

The families of everyday computations are loaded at once; those of networks and linear algebra
one after another, until a row that is looked up is there.
"""

from importlib import import_module

from reference_engine._derivatives import arithmetic as arithmetic
from reference_engine._derivatives import choices as choices
from reference_engine._derivatives import extremes as extremes
from reference_engine._derivatives import indexing as indexing
from reference_engine._derivatives import matrix as matrix
from reference_engine._derivatives import pointwise as pointwise
from reference_engine._derivatives import questions as questions
from reference_engine._derivatives import rearranging as rearranging
from reference_engine._derivatives import reductions as reductions
from reference_engine._derivatives import scattering as scattering
from reference_engine._derivatives import shapes as shapes
from reference_engine._derivatives._table import TABLE as TABLE

_LATER = (
    "activations", "losses", "special", "rounding", "slopes", "normalization", "statistics",
    "ordering", "products", "convolution", "pooling", "embedding", "limits", "scatter_reductions",
    "solving", "decompositions", "matrix_functions", "attention", "distances", "resampling",
    "sequences",
)  # fmt: skip
"""What is looked up most comes first."""


def load_all() -> None:
    """Complete the table."""
    for family in _LATER:
        import_module(f"{__name__}.{family}")


def _load_until(name: str) -> None:
    for family in _LATER:
        import_module(f"{__name__}.{family}")
        if name in TABLE:
            return


TABLE.load_until = _load_until
