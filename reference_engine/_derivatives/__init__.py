"""The tables: every operation beside its derivative, one family a file."""

from reference_engine._derivatives import choices as choices
from reference_engine._derivatives import convolution as convolution
from reference_engine._derivatives import extremes as extremes
from reference_engine._derivatives import indexing as indexing
from reference_engine._derivatives import linear_algebra as linear_algebra
from reference_engine._derivatives import matrix as matrix
from reference_engine._derivatives import neural as neural
from reference_engine._derivatives import ordering as ordering
from reference_engine._derivatives import pointwise as pointwise
from reference_engine._derivatives import rearranging as rearranging
from reference_engine._derivatives import reductions as reductions
from reference_engine._derivatives import scattering as scattering
from reference_engine._derivatives import shapes as shapes
from reference_engine._derivatives import special as special
from reference_engine._derivatives import statistics as statistics
from reference_engine._derivatives._table import TABLE as TABLE
