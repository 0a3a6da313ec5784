"""torch.distributions: densities, draws and divergences; each kind is loaded when first named."""

from importlib import import_module
from typing import Any

from reference_engine._errors import NotCovered

_HOMES = {
    "bernoulli": "Bernoulli", "beta": "Beta", "binomial": "Binomial",
    "categorical": "Categorical", "cauchy": "Cauchy", "constraints": "", "dirichlet": "Dirichlet",
    "distribution": "Distribution", "exponential": "Exponential", "gamma": "Chi2 Gamma",
    "geometric": "Geometric", "gumbel": "Gumbel", "half_normal": "HalfNormal",
    "independent": "Independent", "kl": "kl_divergence register_kl", "laplace": "Laplace",
    "log_normal": "LogNormal", "mixture_same_family": "MixtureSameFamily",
    "multinomial": "Multinomial", "multivariate_normal": "MultivariateNormal",
    "normal": "Normal",
    "one_hot_categorical": "OneHotCategorical OneHotCategoricalStraightThrough",
    "poisson": "Poisson", "studentT": "StudentT",
    "transformed_distribution": "TransformedDistribution",
    "transforms": (
        "AbsTransform AffineTransform ComposeTransform ExpTransform PowerTransform "
        "SigmoidTransform SoftmaxTransform SoftplusTransform TanhTransform Transform "
        "identity_transform"
    ),
    "uniform": "Uniform",
}  # fmt: skip
_HOME = {name: home for home, names in _HOMES.items() for name in names.split()}

__all__ = list(_HOME)


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return import_module(f"{__name__}.{name}")
    if name in _HOME:
        return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    if name.startswith("_"):
        raise AttributeError(f"module 'torch.distributions' has no attribute '{name}'")
    raise NotCovered(f"distributions.{name}")
