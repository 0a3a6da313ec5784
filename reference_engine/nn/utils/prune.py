"""torch.nn.utils.prune: parts of a parameter held at zero by a mask that a hook applies.

A pruned parameter `name` is kept whole as `name_orig`, beside the buffer `name_mask`.
"""

from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

import reference_engine as torch
from reference_engine.nn.utils.convert_parameters import parameters_to_vector

__all__ = [
    "BasePruningMethod", "CustomFromMask", "Identity", "L1Unstructured", "LnStructured",
    "PruningContainer", "RandomStructured", "RandomUnstructured", "custom_from_mask",
    "global_unstructured", "identity", "is_pruned", "l1_unstructured", "ln_structured",
    "random_structured", "random_unstructured", "remove",
]  # fmt: skip


def _hooks(module: Any, name: str | None = None) -> Iterator[tuple[Any, Any]]:
    """The pruning hooks of a module with their keys, of one tensor if named."""
    for key, hook in list(module._forward_pre_hooks.items()):
        method = hook.function
        if isinstance(method, BasePruningMethod) and name in (None, method._tensor_name):
            yield key, method


class BasePruningMethod:
    """The hook that masks a parameter before each call; subclasses define `compute_mask`."""

    PRUNING_TYPE: ClassVar[str] = "unstructured"
    _tensor_name: str | None = None

    def __call__(self, module: Any, inputs: Any) -> None:
        setattr(module, str(self._tensor_name), self.apply_mask(module))

    def compute_mask(self, t: Any, default_mask: Any) -> Any:
        """Ones where a tensor of importance scores stays, zeros elsewhere."""
        raise NotImplementedError

    def apply_mask(self, module: Any) -> Any:
        """The whole parameter times its mask."""
        if self._tensor_name is None:
            raise AssertionError(f"Module {module} has to be pruned")
        whole = getattr(module, f"{self._tensor_name}_orig")
        return getattr(module, f"{self._tensor_name}_mask").to(dtype=whole.dtype) * whole

    @classmethod
    def apply(
        cls, module: Any, name: str, *args: Any, importance_scores: Any = None, **kwargs: Any
    ) -> Any:
        """Prune a parameter of the module, after what was pruned of it before."""
        method: Any = cls(*args, **kwargs)
        method._tensor_name = name
        earlier = list(_hooks(module, name))
        if earlier:
            [(key, old)] = earlier
            del module._forward_pre_hooks[key]
            if not isinstance(old, PruningContainer):
                old = PruningContainer(old)
            old.add_pruning_method(method)
            method = old
        whole = getattr(module, name)
        scores = whole if importance_scores is None else importance_scores
        if scores.shape != whole.shape:
            raise AssertionError(
                f"importance_scores should have the same shape as parameter {name} of {module}, "
                f"got {scores.shape} vs {whole.shape}"
            )
        if earlier:
            mask = method.compute_mask(scores, getattr(module, f"{name}_mask").detach().clone())
        else:
            mask = method.compute_mask(scores, torch.ones_like(whole))
            del module._parameters[name]
            module.register_parameter(f"{name}_orig", whole)
        module.register_buffer(f"{name}_mask", mask)
        setattr(module, name, method.apply_mask(module))
        module.register_forward_pre_hook(method)
        return method

    def prune(self, t: Any, default_mask: Any = None, importance_scores: Any = None) -> Any:
        """A tensor times the mask that the method computes for it."""
        mask = torch.ones_like(t) if default_mask is None else default_mask
        return t * self.compute_mask(t if importance_scores is None else importance_scores, mask)

    def remove(self, module: Any) -> None:
        """Make the masked parameter an ordinary one."""
        name = str(self._tensor_name)
        masked = self.apply_mask(module)
        delattr(module, name)
        whole = module._parameters.pop(f"{name}_orig")
        whole.data = masked.data
        del module._buffers[f"{name}_mask"]
        setattr(module, name, whole)


class PruningContainer(BasePruningMethod):
    """Several methods for one parameter; each prunes what the earlier ones have left."""

    def __init__(self, *args: Any) -> None:
        self._pruning_methods: tuple[Any, ...] = ()
        if len(args) == 1:
            self._tensor_name = args[0]._tensor_name
        for method in args:
            self.add_pruning_method(method)

    def add_pruning_method(self, method: Any) -> None:
        """Add a method, of the same parameter."""
        if not isinstance(method, BasePruningMethod):
            raise TypeError(f"{type(method)} is not a BasePruningMethod subclass")
        if self._tensor_name != method._tensor_name:
            raise ValueError(
                "Can only add pruning methods acting on the parameter named "
                f"'{self._tensor_name}' to PruningContainer {self}. Found '{method._tensor_name}'"
            )
        self._pruning_methods += (method,)

    def __len__(self) -> int:
        return len(self._pruning_methods)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._pruning_methods)

    def __getitem__(self, idx: int) -> Any:
        return self._pruning_methods[idx]

    def compute_mask(self, t: Any, default_mask: Any) -> Any:
        """The mask that the last method computes for what is left."""
        method = self._pruning_methods[-1]
        left: Any = ...
        if method.PRUNING_TYPE == "unstructured":
            left = default_mask == 1
        elif method.PRUNING_TYPE == "structured":
            dim = method.dim % t.dim()
            others = [one for one in range(t.dim()) if one != dim]
            left = (slice(None),) * dim + (default_mask.sum(dim=others) != 0,)
        elif method.PRUNING_TYPE != "global":
            raise ValueError(f"Unrecognized PRUNING_TYPE {method.PRUNING_TYPE}")
        mask = default_mask.to(dtype=t.dtype).clone()
        mask[left] = method.compute_mask(t[left], default_mask[left]).to(dtype=mask.dtype)
        return mask


class Identity(BasePruningMethod):
    """Prunes nothing, but keeps parameter and mask as the others do."""

    def compute_mask(self, t: Any, default_mask: Any) -> Any:
        return default_mask


class _ByAmount(BasePruningMethod):
    """`amount` is a number of elements or channels, or a share between 0 and 1."""

    def __init__(self, amount: Any) -> None:
        if isinstance(amount, bool) or not isinstance(amount, int | float):
            raise TypeError(f"Invalid type for amount: {amount}. Must be int or float.")
        whole = isinstance(amount, int)
        if amount < 0 or (not whole and amount > 1.0):
            raise ValueError(
                f"amount={amount} should either be a float in the range [0, 1] or a "
                "non-negative integer"
            )
        self.amount = amount

    def _count(self, size: int) -> int:
        if isinstance(self.amount, int):
            if self.amount > size:
                raise ValueError(
                    f"amount={self.amount} should be smaller than the number of parameters to "
                    f"prune={size}"
                )
            return self.amount
        return round(self.amount * size)


class RandomUnstructured(_ByAmount):
    """Single elements at random."""

    def _scores(self, t: Any) -> tuple[Any, bool]:
        return torch.rand_like(t), True

    def compute_mask(self, t: Any, default_mask: Any) -> Any:
        count = self._count(t.nelement())
        mask = default_mask.clone()
        if count:
            scores, largest = self._scores(t)
            places = torch.topk(scores.view(-1), k=count, largest=largest).indices
            mask.view(-1)[places] = 0
        return mask


class L1Unstructured(RandomUnstructured):
    """The elements that are smallest in size."""

    def _scores(self, t: Any) -> tuple[Any, bool]:
        return torch.abs(t), False


class _Structured(_ByAmount):
    """Whole channels along `dim`."""

    PRUNING_TYPE = "structured"
    dim: int

    def _kept(self, t: Any, size: int, count: int) -> Any:
        """Which channels stay: indices, or a mask."""
        raise NotImplementedError

    def compute_mask(self, t: Any, default_mask: Any) -> Any:
        if t.dim() <= 1:
            raise ValueError(
                "Structured pruning can only be applied to multidimensional tensors. Found tensor "
                f"of shape {t.shape} with {t.dim()} dims"
            )
        size = t.shape[self.dim]
        count = self._count(size)
        if not count:
            return default_mask
        mask: Any = torch.zeros_like(t)
        mask.transpose(0, self.dim)[self._kept(t, size, count)] = 1
        return mask * default_mask.to(dtype=mask.dtype)


class RandomStructured(_Structured):
    """Channels at random."""

    def __init__(self, amount: Any, dim: int = -1) -> None:
        super().__init__(amount)
        self.dim = dim

    def _kept(self, t: Any, size: int, count: int) -> Any:
        drawn: Any = torch.rand(size)
        return drawn > torch.kthvalue(drawn, k=count).values


class LnStructured(_Structured):
    """The channels whose norm of order `n` is smallest."""

    def __init__(self, amount: Any, n: Any, dim: int = -1) -> None:
        super().__init__(amount)
        self.n = n
        self.dim = dim

    def _kept(self, t: Any, size: int, count: int) -> Any:
        others = [one for one in range(t.dim()) if one != self.dim % t.dim()]
        norms: Any = torch.norm(t, p=self.n, dim=others)
        return torch.topk(norms, k=size - count).indices


class CustomFromMask(BasePruningMethod):
    """What a given mask says."""

    PRUNING_TYPE = "global"

    def __init__(self, mask: Any) -> None:
        self.mask = mask

    def compute_mask(self, t: Any, default_mask: Any) -> Any:
        if default_mask.shape != self.mask.shape:
            raise AssertionError(
                f"default_mask shape {default_mask.shape} must match self.mask shape "
                f"{self.mask.shape}"
            )
        return default_mask * self.mask.to(dtype=default_mask.dtype)


def identity(module: Any, name: str) -> Any:
    """Prune nothing of a parameter, but keep a mask for it."""
    Identity.apply(module, name)
    return module


def random_unstructured(module: Any, name: str, amount: Any) -> Any:
    """Prune elements of a parameter at random."""
    RandomUnstructured.apply(module, name, amount=amount)
    return module


def l1_unstructured(module: Any, name: str, amount: Any, importance_scores: Any = None) -> Any:
    """Prune the smallest elements of a parameter."""
    L1Unstructured.apply(module, name, amount=amount, importance_scores=importance_scores)
    return module


def random_structured(module: Any, name: str, amount: Any, dim: int) -> Any:
    """Prune channels of a parameter at random."""
    RandomStructured.apply(module, name, amount=amount, dim=dim)
    return module


def ln_structured(
    module: Any, name: str, amount: Any, n: Any, dim: int, importance_scores: Any = None
) -> Any:
    """Prune the channels of a parameter with the smallest norms."""
    LnStructured.apply(
        module, name, amount=amount, n=n, dim=dim, importance_scores=importance_scores
    )
    return module


def custom_from_mask(module: Any, name: str, mask: Any) -> Any:
    """Prune what a mask says."""
    CustomFromMask.apply(module, name, mask=mask)
    return module


def global_unstructured(
    parameters: Any, pruning_method: Any, importance_scores: Any = None, **kwargs: Any
) -> None:
    """Prune elements of several parameters, pairs of module and name, as if they were one."""
    if not isinstance(parameters, Iterable):
        raise TypeError("global_unstructured(): parameters is not an Iterable")
    pairs = list(parameters)
    given = importance_scores or {}
    scores = parameters_to_vector(
        [given.get((module, name), getattr(module, name)) for module, name in pairs]
    )
    masks = parameters_to_vector(
        [
            getattr(module, f"{name}_mask", torch.ones_like(getattr(module, name)))
            for module, name in pairs
        ]
    )
    method = pruning_method(**kwargs)
    if method.PRUNING_TYPE != "unstructured":
        raise TypeError(
            'Only "unstructured" PRUNING_TYPE supported for the `pruning_method`. Found method '
            f"{pruning_method} of type {method.PRUNING_TYPE}"
        )
    mask = PruningContainer(method).compute_mask(scores, masks)
    start = 0
    for module, name in pairs:
        tensor = getattr(module, name)
        part = mask[start : start + tensor.numel()].view_as(tensor)
        custom_from_mask(module, name, mask=part)
        start += tensor.numel()


def remove(module: Any, name: str) -> Any:
    """Make a pruned parameter an ordinary one; what was pruned stays zero."""
    for key, method in _hooks(module, name):
        method.remove(module)
        del module._forward_pre_hooks[key]
        return module
    raise ValueError(
        f"Parameter '{name}' of module {module} has to be pruned before pruning can be removed"
    )


def is_pruned(module: Any) -> bool:
    """Whether a parameter of the module or of its descendants is pruned."""
    return any(True for one in module.modules() for _ in _hooks(one))
