"""Recurrent layers: RNN, LSTM and GRU over sequences, and their single steps as cells."""

import math
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

import reference_engine as torch
from reference_engine._tensor import Tensor
from reference_engine.nn import functional as F
from reference_engine.nn import init
from reference_engine.nn.modules._building import add_parameters
from reference_engine.nn.modules.module import Module

if TYPE_CHECKING:
    from reference_engine.nn.utils.rnn import PackedSequence

__all__ = ["GRU", "LSTM", "RNN", "GRUCell", "LSTMCell", "RNNBase", "RNNCell", "RNNCellBase"]

State = tuple[Any, ...]
"""(hidden,), and for an LSTM (hidden, cell)."""


def _plain(activation: Callable[[Any], Any]) -> Callable[[Any, Any, State], State]:
    """The step of a simple network."""

    def step(from_input: Any, from_hidden: Any, state: State) -> State:
        return (activation(from_hidden + from_input),)

    return step


def _lstm(from_input: Any, from_hidden: Any, state: State) -> State:
    gates = torch.unsafe_chunk(from_hidden + from_input, 4, -1)
    start, forget, new, out = (
        torch.tanh(one) if place == 2 else torch.sigmoid(one) for place, one in enumerate(gates)
    )
    cell = forget * state[1] + start * new
    return out * torch.tanh(cell), cell


def _gru(from_input: Any, from_hidden: Any, state: State) -> State:
    reset_input, update_input, new_input = torch.unsafe_chunk(from_input, 3, -1)
    reset_hidden, update_hidden, new_hidden = torch.unsafe_chunk(from_hidden, 3, -1)
    reset = torch.sigmoid(reset_hidden + reset_input)
    update = torch.sigmoid(update_hidden + update_input)
    new = torch.tanh(new_input + new_hidden * reset)
    return ((state[0] - new) * update + new,)


_STEPS: dict[str, tuple[int, Callable[[Any, Any, State], State]]] = {
    "RNN_TANH": (1, _plain(torch.tanh)),
    "RNN_RELU": (1, _plain(torch.relu)),
    "LSTM": (4, _lstm),
    "GRU": (3, _gru),
}
"""How many blocks of rows the weights have, and the step that is made of their products."""


def _reset(module: Module, size: int) -> None:
    bound = 1 / math.sqrt(size) if size > 0 else 0
    for one in module.parameters():
        init.uniform_(one, -bound, bound)


def _mode_of(nonlinearity: str) -> str:
    if nonlinearity not in {"tanh", "relu"}:
        raise ValueError(f"Unknown nonlinearity '{nonlinearity}'. Select from 'tanh' or 'relu'.")
    return f"RNN_{nonlinearity.upper()}"


class RNNBase(Module):
    """Layers of a recurrent network, one after the other, in one direction or both.

    The input is (time, batch, features), (batch, time, features) with `batch_first`, or without a
    batch (time, features); the state (layers * directions, batch, hidden_size).
    """

    def __init__(
        self, mode: str, input_size: int, hidden_size: int, num_layers: int = 1, bias: bool = True,
        batch_first: bool = False, dropout: float = 0.0, bidirectional: bool = False,
        proj_size: int = 0, device: Any = None, dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__()
        _check_settings(input_size, hidden_size, num_layers, dropout, proj_size)
        self.mode = mode
        self.input_size, self.hidden_size = input_size, hidden_size
        self.num_layers, self.bias, self.batch_first = num_layers, bias, batch_first
        self.dropout, self.bidirectional, self.proj_size = float(dropout), bidirectional, proj_size
        rows = _STEPS[mode][0] * hidden_size
        given = proj_size or hidden_size
        for layer in range(num_layers):
            width = input_size if layer == 0 else given * (2 if bidirectional else 1)
            for suffix in self._suffixes(layer):
                length = (rows,) if bias else None
                shapes = {
                    f"weight_ih_{suffix}": (rows, width),
                    f"weight_hh_{suffix}": (rows, given),
                    f"bias_ih_{suffix}": length,
                    f"bias_hh_{suffix}": length,
                    f"weight_hr_{suffix}": (proj_size, hidden_size) if proj_size else None,
                }
                kept = {name: shape for name, shape in shapes.items() if shape is not None}
                add_parameters(self, device, dtype, **kept)
        self.reset_parameters()

    def _suffixes(self, layer: int) -> list[str]:
        return [f"l{layer}", f"l{layer}_reverse"][: 2 if self.bidirectional else 1]

    def _weights(self, suffix: str) -> list[Any]:
        """Weight and bias of the input, weight and bias of the state, and the projection."""
        names = ("weight_ih", "bias_ih", "weight_hh", "bias_hh", "weight_hr")
        return [self._parameters.get(f"{name}_{suffix}") for name in names]

    def reset_parameters(self) -> None:
        """Draw all weights uniformly, within the root of the hidden size."""
        _reset(self, self.hidden_size)

    @property
    def all_weights(self) -> list[list[Any]]:
        """The parameters of each layer and direction."""
        return [
            [one for name, one in self._parameters.items() if name.endswith(f"_{suffix}")]
            for layer in range(self.num_layers)
            for suffix in self._suffixes(layer)
        ]

    def flatten_parameters(self) -> None:
        """Nothing: the weights lie as they lie."""

    def extra_repr(self) -> str:
        defaults = {
            "proj_size": 0, "num_layers": 1, "bias": True, "batch_first": False, "dropout": 0.0,
            "bidirectional": False,
        }  # fmt: skip
        changed = [
            f"{name}={getattr(self, name)}"
            for name, default in defaults.items()
            if getattr(self, name) != default
        ]
        return ", ".join([f"{self.input_size}, {self.hidden_size}", *changed])

    def _run(self, input: Any, given: State | None) -> tuple[Any, State]:
        """The last layer's outputs and the last states, from an input of 2 or 3 dimensions."""
        if isinstance(input, tuple):
            from reference_engine.nn.modules._packed import run_packed

            return run_packed(self, cast("PackedSequence", input), given, _STEPS[self.mode][1])
        kind = "LSTM" if self.mode == "LSTM" else "GRU" if self.mode == "GRU" else "RNN"
        if input.dim() not in (2, 3):
            tensor = " tensor" if kind == "RNN" else ""
            raise ValueError(
                f"{kind}: Expected input to be 2D or 3D, got {input.dim()}D{tensor} instead"
            )
        batched = input.dim() == 3
        if not batched:
            input = input.unsqueeze(1)
            given = None if given is None else tuple(one.unsqueeze(1) for one in given)
        elif self.batch_first:
            input = input.transpose(0, 1)
        states = self._states(input, given)
        values = input
        last: list[State] = []
        for layer in range(self.num_layers):
            outputs = []
            for direction, suffix in enumerate(self._suffixes(layer)):
                state = tuple(one[len(last)] for one in states)
                found, state = self._direction(values, state, suffix, backwards=direction == 1)
                outputs.append(found)
                last.append(state)
            values = torch.cat(outputs, -1) if len(outputs) > 1 else outputs[0]
            if self.dropout and layer < self.num_layers - 1:
                values = F.dropout(values, self.dropout, self.training)
        final = tuple(torch.stack(column) for column in zip(*last, strict=True))
        if not batched:
            return values.squeeze(1), tuple(one.squeeze(1) for one in final)
        return (values.transpose(0, 1) if self.batch_first else values), final

    def _states(self, input: Any, given: State | None) -> State:
        if input.size(-1) != self.input_size:
            raise RuntimeError(
                "input.size(-1) must be equal to input_size. Expected "
                f"{self.input_size}, got {input.size(-1)}"
            )
        count = self.num_layers * (2 if self.bidirectional else 1)
        widths = [self.proj_size or self.hidden_size, self.hidden_size]
        if given is None:
            given = tuple(
                torch.zeros(count, input.size(1), width, dtype=input.dtype)
                for width in widths[: 2 if self.mode == "LSTM" else 1]
            )
        for place, (one, width) in enumerate(zip(given, widths, strict=False)):
            expected = (count, input.size(1), width)
            if tuple(one.shape) != expected:
                name = ("hidden[0] ", "hidden[1] ")[place] if self.mode == "LSTM" else "hidden "
                raise RuntimeError(f"Expected {name}size {expected}, got {list(one.shape)}")
        return given

    def _direction(
        self, values: Any, state: State, suffix: str, *, backwards: bool
    ) -> tuple[Any, State]:
        weight, bias, hidden_weight, hidden_bias, projection = self._weights(suffix)
        step = _STEPS[self.mode][1]
        from_input: Any = F.linear(values, weight, bias)
        outputs: list[Any] = []
        steps = from_input.unbind(0)
        for one in reversed(steps) if backwards else steps:
            state = step(one, F.linear(state[0], hidden_weight, hidden_bias), state)
            if projection is not None:
                state = (F.linear(state[0], projection), *state[1:])
            outputs.append(state[0])
        return torch.stack(outputs[::-1] if backwards else outputs), state


def _check_settings(
    input_size: Any, hidden_size: Any, num_layers: int, dropout: Any, proj_size: int
) -> None:
    if isinstance(dropout, bool) or not isinstance(dropout, (int, float)) or not 0 <= dropout <= 1:
        raise ValueError(
            "dropout should be a number in range [0, 1] representing the probability of an element "
            "being zeroed"
        )
    if dropout > 0 and num_layers == 1:
        warnings.warn(
            "dropout option adds dropout after all but last recurrent layer, so non-zero dropout "
            f"expects num_layers greater than 1, but got dropout={dropout} and "
            f"num_layers={num_layers}",
            stacklevel=4,
        )
    for name, value in (("input_size", input_size), ("hidden_size", hidden_size)):
        if not isinstance(value, int):
            raise TypeError(f"{name} should be of type int, got: {type(value).__name__}")
        if value <= 0:
            raise ValueError(f"{name} must be greater than zero")
    if num_layers <= 0:
        raise ValueError("num_layers must be greater than zero")
    if proj_size < 0:
        raise ValueError("proj_size should be a positive integer or zero to disable projections")
    if proj_size >= hidden_size:
        raise ValueError("proj_size has to be smaller than hidden_size")


class RNN(RNNBase):
    """A simple recurrent network: `tanh` (or `relu`) of the input's part and the state's."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if "proj_size" in kwargs:
            raise ValueError("proj_size argument is only supported for LSTM, not RNN or GRU")
        if len(args) > 3:
            self_nonlinearity, args = args[3], (*args[:3], *args[4:])
        else:
            self_nonlinearity = kwargs.pop("nonlinearity", "tanh")
        super().__init__(_mode_of(self_nonlinearity), *args, **kwargs)
        self.nonlinearity = self_nonlinearity

    def forward(self, input: Any, hx: Any = None) -> tuple[Tensor, Tensor]:
        """(outputs of the last layer, last states)."""
        found, state = self._run(input, None if hx is None else (hx,))
        return found, state[0]


class LSTM(RNNBase):
    """A long short-term memory; its state is a pair (hidden, cell)."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__("LSTM", *args, **kwargs)

    def forward(self, input: Any, hx: Any = None) -> tuple[Tensor, State]:
        """(outputs of the last layer, (last hidden states, last cells))."""
        return self._run(input, None if hx is None else tuple(hx))


class GRU(RNNBase):
    """A network of gated recurrent units."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if "proj_size" in kwargs:
            raise ValueError("proj_size argument is only supported for LSTM, not RNN or GRU")
        super().__init__("GRU", *args, **kwargs)

    def forward(self, input: Any, hx: Any = None) -> tuple[Tensor, Tensor]:
        """(outputs of the last layer, last states)."""
        found, state = self._run(input, None if hx is None else (hx,))
        return found, state[0]


# -- one step -------------------------------------------------------------------------------------


class RNNCellBase(Module):
    """One step of a recurrent network, on (batch, features) or (features,)."""

    _mode: str

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool, num_chunks: int, device: Any = None,
        dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self.input_size, self.hidden_size, self.bias = input_size, hidden_size, bias
        rows = num_chunks * hidden_size
        length = (rows,) if bias else None
        add_parameters(
            self, device, dtype, weight_ih=(rows, input_size), weight_hh=(rows, hidden_size),
            bias_ih=length, bias_hh=length,
        )  # fmt: skip
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw all weights uniformly, within the root of the hidden size."""
        _reset(self, self.hidden_size)

    def extra_repr(self) -> str:
        shown = f"{self.input_size}, {self.hidden_size}"
        if self.bias is not True:
            shown += f", bias={self.bias}"
        nonlinearity = self.__dict__.get("nonlinearity", "tanh")
        return shown if nonlinearity == "tanh" else f"{shown}, nonlinearity={nonlinearity}"

    def _step(self, mode: str, input: Any, given: State | None) -> State:
        name = type(self).__name__
        if input.dim() not in (1, 2):
            raise ValueError(f"{name}: Expected input to be 1D or 2D, got {input.dim()}D instead")
        if given is None:
            zeros = torch.zeros(*input.shape[:-1], self.hidden_size, dtype=input.dtype)
            given = (zeros, zeros)
        if input.size(-1) != self.input_size:
            raise RuntimeError(
                f"input has inconsistent input_size: got {input.size(-1)} expected "
                f"{self.input_size}"
            )
        parameters: dict[str, Any] = self._parameters
        return _STEPS[mode][1](
            F.linear(input, parameters["weight_ih"], parameters["bias_ih"]),
            F.linear(given[0], parameters["weight_hh"], parameters["bias_hh"]),
            given,
        )


class RNNCell(RNNCellBase):
    """One step of an RNN."""

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, nonlinearity: str = "tanh",
        device: Any = None, dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__(input_size, hidden_size, bias, 1, device, dtype)
        self.nonlinearity = nonlinearity

    def forward(self, input: Any, hx: Any = None) -> Tensor:
        """The next hidden state."""
        mode = {"tanh": "RNN_TANH", "relu": "RNN_RELU"}.get(self.nonlinearity)
        if mode is None:
            raise RuntimeError(f"Unknown nonlinearity: {self.nonlinearity}")
        return self._step(mode, input, None if hx is None else (hx,))[0]  # type: ignore[no-any-return]


class LSTMCell(RNNCellBase):
    """One step of an LSTM."""

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, device: Any = None,
        dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__(input_size, hidden_size, bias, 4, device, dtype)

    def forward(self, input: Any, hx: Any = None) -> State:
        """(the next hidden state, the next cell)."""
        return self._step("LSTM", input, None if hx is None else tuple(hx))


class GRUCell(RNNCellBase):
    """One step of a GRU."""

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, device: Any = None,
        dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__(input_size, hidden_size, bias, 3, device, dtype)

    def forward(self, input: Any, hx: Any = None) -> Tensor:
        """The next hidden state."""
        return self._step("GRU", input, None if hx is None else (hx,))[0]  # type: ignore[no-any-return]
