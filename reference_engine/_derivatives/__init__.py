"""The tables: every operation beside its derivative, one family a file.

The families of everyday computations are loaded at once; those of networks and linear algebra
when a row of theirs is first looked up, which few notebooks do.
"""

from importlib import import_module

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
    "activations", "arithmetic", "attention", "convolution", "decompositions", "distances",
    "embedding", "limits", "losses", "matrix_functions", "normalization", "ordering", "pooling",
    "products", "resampling", "rounding", "scatter_reductions", "sequences", "slopes", "solving",
    "special", "statistics",
)  # fmt: skip


def load_all() -> None:
    """Complete the table."""
    for family in _LATER:
        import_module(f"{__name__}.{family}")


TABLE.load_rest = load_all
