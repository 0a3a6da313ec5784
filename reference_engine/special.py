"""The names of `torch.special`: special functions, most of which `torch` has too."""

from typing import Any

from reference_engine import _elementwise, _reductions, _statistics
from reference_engine._derivatives import TABLE
from reference_engine._errors import NotCovered
from reference_engine._signatures import function_of

_NAMES = {
    "digamma": "digamma", "psi": "digamma", "erf": "erf", "erfc": "erfc", "erfinv": "erfinv",
    "exp2": "exp2", "expit": "sigmoid", "expm1": "expm1", "gammaln": "lgamma", "i0": "i0",
    "log1p": "log1p", "logit": "logit", "multigammaln": "mvlgamma", "sinc": "sinc",
    "entr": "special_entr", "erfcx": "special_erfcx", "i0e": "special_i0e", "i1": "special_i1",
    "i1e": "special_i1e", "log_ndtr": "special_log_ndtr", "ndtri": "special_ndtri",
}  # fmt: skip
"""The functions that are a row each."""

globals().update({name: function_of(TABLE[row]) for name, row in _NAMES.items()})
ndtr = _elementwise.special_ndtr
xlog1py = _elementwise.special_xlog1py
xlogy = _elementwise.xlogy
polygamma = _elementwise.polygamma
logsumexp = _statistics.logsumexp
softmax = _reductions.softmax
log_softmax = _reductions.log_softmax


def round(input: Any, *, decimals: int = 0) -> Any:
    """The nearest number with so many decimals."""
    return _elementwise.round(input, decimals=decimals)


def __getattr__(name: str) -> Any:
    if name.startswith("_"):
        raise AttributeError(f"module 'torch.special' has no attribute '{name}'")
    raise NotCovered(f"special.{name}")
