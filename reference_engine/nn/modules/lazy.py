"""Layers that find out the number of their inputs from the first input that they see.

After that they are ordinary layers of the class that they stand for.
"""

from collections.abc import Iterator
from inspect import Signature, signature
from typing import Any, ClassVar

import reference_engine as torch
from reference_engine.nn._uninitialized import (
    UninitializedBuffer,
    UninitializedParameter,
    UninitializedTensorMixin,
)
from reference_engine.nn.modules import batchnorm, conv
from reference_engine.nn.modules.linear import Linear

__all__ = [
    "LazyBatchNorm1d", "LazyBatchNorm2d", "LazyBatchNorm3d", "LazyConv1d", "LazyConv2d",
    "LazyConv3d", "LazyConvTranspose1d", "LazyConvTranspose2d", "LazyConvTranspose3d",
    "LazyInstanceNorm1d", "LazyInstanceNorm2d", "LazyInstanceNorm3d", "LazyLinear",
]  # fmt: skip


class LazyModuleMixin:
    """Beside a module: initialises its parameters before its first call.

    A class defines `initialize_parameters(*inputs)`, and `cls_to_become` where it becomes another.
    """

    cls_to_become: ClassVar[type[Any] | None] = None

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._load_hook = self._register_load_state_dict_pre_hook(self._lazy_load_hook)
        self._initialize_hook = self.register_forward_pre_hook(
            self._infer_parameters, with_kwargs=True
        )

    def initialize_parameters(self, *args: Any, **kwargs: Any) -> None:
        """Materialise the parameters for these inputs."""
        raise NotImplementedError(
            f"initialize_parameters is not implemented for {type(self).__name__}"
        )

    def has_uninitialized_params(self) -> bool:
        """Whether a parameter or buffer has no shape yet."""
        return any(isinstance(one, UninitializedTensorMixin) for _, one in self._members())

    def _members(self: Any) -> Iterator[tuple[str, Any]]:
        yield from self._parameters.items()
        yield from self._buffers.items()

    def _infer_parameters(self: Any, module: Any, args: Any, kwargs: Any = None) -> None:
        module.initialize_parameters(*args, **(kwargs or {}))
        if module.has_uninitialized_params():
            raise RuntimeError(f"module {self._get_name()} has not been fully initialized")
        module._initialize_hook.remove()
        module._load_hook.remove()
        del module._initialize_hook, module._load_hook
        if module.cls_to_become is not None:
            module.__class__ = module.cls_to_become

    def _lazy_load_hook(self, state_dict: Any, prefix: str, *_: Any) -> None:
        for name, one in self._members():
            given = state_dict.get(prefix + name)
            is_known = given is not None and not isinstance(given, UninitializedTensorMixin)
            if is_known and isinstance(one, UninitializedTensorMixin):
                one.materialize(given.shape)

    def _save_to_state_dict(self: Any, destination: Any, prefix: str, keep_vars: bool) -> None:
        for name, one in self._members():
            if one is not None and name not in self._non_persistent_buffers_set:
                stays = keep_vars or isinstance(one, UninitializedTensorMixin)
                destination[prefix + name] = one if stays else one.detach()


class _Layer(LazyModuleMixin):
    """A layer whose class takes the number of its inputs first, which is left out here."""

    cls_to_become: ClassVar[Any] = None
    __signature__: ClassVar[Signature]
    _signed_as: ClassVar[Any] = None  # the class whose arguments it takes, if another one
    _inputs: str  # the attribute with the number of inputs

    def __init_subclass__(cls) -> None:
        if cls.cls_to_become is not None:
            _, *others = signature(cls._signed_as or cls.cls_to_become).parameters.values()
            cls.__signature__ = Signature(others)

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        given = self.__signature__.bind(*args, **kwargs)
        given.apply_defaults()
        wanted = given.arguments
        made = {"device": wanted["device"], "dtype": wanted["dtype"]}
        outputs = {
            name: wanted[name] for name in ("out_features", "out_channels") if name in wanted
        }
        has_bias, affine = wanted["bias"], wanted.get("affine", True)
        tracks = wanted.get("track_running_stats", False)
        # Built without inputs, outputs and anything of their size: nothing is drawn or allocated.
        nothing: dict[str, Any] = {**dict.fromkeys(outputs, 0), "bias": False}
        absent = {"affine": False, "track_running_stats": False}
        wanted.update(nothing, **{name: no for name, no in absent.items() if name in wanted})
        super().__init__(0, *given.args, **given.kwargs)
        self.__dict__.update(outputs)
        if "affine" in wanted:
            self.affine, self.track_running_stats = affine, tracks
        if affine:
            self.weight = UninitializedParameter(**made)
        if affine and has_bias:
            self.bias = UninitializedParameter(**made)
        if tracks:
            self.running_mean = UninitializedBuffer(**made)
            self.running_var = UninitializedBuffer(**made)
            self.num_batches_tracked = torch.tensor(0)

    def reset_parameters(self: Any) -> None:
        """Draw the parameters, once they are there."""
        if not self.has_uninitialized_params() and getattr(self, self._inputs) != 0:
            super().reset_parameters()  # type: ignore[misc]

    def initialize_parameters(self: Any, input: Any, *_: Any, **__: Any) -> None:
        """Materialise and draw the parameters for the number of the input's channels."""
        if self.has_uninitialized_params():
            setattr(self, self._inputs, self._count(input))
            shapes = self._shapes()
            with torch.no_grad():
                for name, one in self._members():
                    if isinstance(one, UninitializedTensorMixin):
                        one.materialize(shapes[name])
                self.reset_parameters()
        elif getattr(self, self._inputs) == 0:  # a state was loaded
            setattr(self, self._inputs, self._count(input))

    def _count(self, input: Any) -> int:
        return int(input.shape[1])

    def _shapes(self) -> dict[str, tuple[int, ...]]:
        """The shapes of the parameters and buffers, from the number of inputs."""
        raise NotImplementedError


class LazyLinear(_Layer, Linear):
    """A linear layer of `out_features` over as many features as its first input has."""

    cls_to_become = Linear
    _inputs = "in_features"

    def _count(self, input: Any) -> int:
        return int(input.shape[-1])

    def _shapes(self) -> dict[str, tuple[int, ...]]:
        return {"weight": (self.out_features, self.in_features), "bias": (self.out_features,)}


class _LazyNorm(_Layer):
    _signed_as = batchnorm.BatchNorm1d
    _inputs = "num_features"

    def _shapes(self: Any) -> dict[str, tuple[int, ...]]:
        names = ("weight", "bias", "running_mean", "running_var")
        return dict.fromkeys(names, (self.num_features,))


class _LazyConvolution(_Layer):
    _inputs = "in_channels"
    _transposed = False

    def _count(self: Any, input: Any) -> int:
        if input.dim() - self._dims not in (1, 2):
            raise RuntimeError(
                f"Expected {self._dims + 1}D (unbatched) or {self._dims + 2}D (batched) input to "
                f"{type(self).__name__}, but got input of size: {input.shape}"
            )
        channels = int(input.shape[-self._dims - 1])
        if channels % self.groups:
            raise ValueError("in_channels must be divisible by groups")
        return channels

    def _shapes(self: Any) -> dict[str, tuple[int, ...]]:
        first, second = self.out_channels, self.in_channels
        if self._transposed:
            first, second = second, first
        weight = (first, second // self.groups, *self.kernel_size)
        return {"weight": weight, "bias": (self.out_channels,)}


class _LazyTransposed(_LazyConvolution):
    _transposed = True


class LazyConv1d(_LazyConvolution, conv.Conv1d):
    """`Conv1d` over as many channels as its first input has."""

    cls_to_become = conv.Conv1d


class LazyConv2d(_LazyConvolution, conv.Conv2d):
    """`Conv2d` over as many channels as its first input has."""

    cls_to_become = conv.Conv2d


class LazyConv3d(_LazyConvolution, conv.Conv3d):
    """`Conv3d` over as many channels as its first input has."""

    cls_to_become = conv.Conv3d


class LazyConvTranspose1d(_LazyTransposed, conv.ConvTranspose1d):
    """`ConvTranspose1d` over as many channels as its first input has."""

    cls_to_become = conv.ConvTranspose1d


class LazyConvTranspose2d(_LazyTransposed, conv.ConvTranspose2d):
    """`ConvTranspose2d` over as many channels as its first input has."""

    cls_to_become = conv.ConvTranspose2d


class LazyConvTranspose3d(_LazyTransposed, conv.ConvTranspose3d):
    """`ConvTranspose3d` over as many channels as its first input has."""

    cls_to_become = conv.ConvTranspose3d


class LazyBatchNorm1d(_LazyNorm, batchnorm.BatchNorm1d):
    """`BatchNorm1d` over as many channels as its first input has."""

    cls_to_become = batchnorm.BatchNorm1d


class LazyBatchNorm2d(_LazyNorm, batchnorm.BatchNorm2d):
    """`BatchNorm2d` over as many channels as its first input has."""

    cls_to_become = batchnorm.BatchNorm2d


class LazyBatchNorm3d(_LazyNorm, batchnorm.BatchNorm3d):
    """`BatchNorm3d` over as many channels as its first input has."""

    cls_to_become = batchnorm.BatchNorm3d


class LazyInstanceNorm1d(_LazyNorm, batchnorm.InstanceNorm1d):
    """`InstanceNorm1d` over as many channels as its first input has."""

    cls_to_become = batchnorm.InstanceNorm1d


class LazyInstanceNorm2d(_LazyNorm, batchnorm.InstanceNorm2d):
    """`InstanceNorm2d` over as many channels as its first input has."""

    cls_to_become = batchnorm.InstanceNorm2d


class LazyInstanceNorm3d(_LazyNorm, batchnorm.InstanceNorm3d):
    """`InstanceNorm3d` over as many channels as its first input has."""

    cls_to_become = batchnorm.InstanceNorm3d
