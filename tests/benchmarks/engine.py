"""The engine's speed beside PyTorch's, other autograds' and hand-written NumPy's, in one run.

    python -m tests.benchmarks.engine

Single-threaded. Each row is forward and backward of one computation; its times are the best of
many rounds in which all take turns, so that a slow moment of the machine hits all alike. What is
not installed is left out.
"""

import os

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"  # read when the libraries are first imported

# ruff: noqa: E402
import importlib
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable

import numpy as np

import reference_engine

Computation = Callable[[], object]

ROUNDS = 40


def torch_like(torch) -> dict[str, Computation]:
    """The computations in PyTorch's words: for PyTorch and the engine."""

    def leaf(array):
        return torch.tensor(array, dtype=torch.float64, requires_grad=True)

    def constant(array):
        return torch.tensor(array, dtype=torch.float64)

    x0, w = leaf(1.0), leaf(0.999)

    def chain():
        x = x0
        for _ in range(500):
            x = x * w
            x = x + 1.0
        x.backward()

    x, w1, y = constant(VECTOR), leaf([1.0]), constant(TARGET)

    def square():
        ((x * w1 - y) ** 2).sum().backward()

    images, labels = constant(IMAGES), constant(LABELS)
    layers = [leaf(one) for one in LAYERS]

    def perceptron():
        hidden = torch.tanh(images @ layers[0] + layers[1])
        out = hidden @ layers[2] + layers[3]
        ((out - labels) ** 2).mean().backward()
        for one in layers:
            one.grad = None

    return {CHAIN: chain, SQUARE: square, PERCEPTRON: perceptron}


def by_hand() -> dict[str, Computation]:
    """The gradients as someone would write them in NumPy."""
    w = np.ones(1)
    first, first_bias, second, second_bias = LAYERS

    def square():
        error = VECTOR * w - TARGET
        return (error**2).sum(), (2 * error * VECTOR).sum(keepdims=True)

    def perceptron():
        hidden = np.tanh(IMAGES @ first + first_bias)
        error = hidden @ second + second_bias - LABELS
        out = 2 * error / error.size
        through = (out @ second.T) * (1 - hidden * hidden)
        return IMAGES.T @ through, through.sum(0), hidden.T @ out, out.sum(0)

    return {SQUARE: square, PERCEPTRON: perceptron}


def hips_autograd(autograd) -> dict[str, Computation]:
    anp = importlib.import_module("autograd.numpy")

    def chain(x, w):
        for _ in range(500):
            x = x * w
            x = x + 1.0
        return x

    def loss(w):
        return anp.sum((VECTOR * w - TARGET) ** 2)

    def network(layers):
        hidden = anp.tanh(anp.dot(IMAGES, layers[0]) + layers[1])
        return anp.mean((anp.dot(hidden, layers[2]) + layers[3] - LABELS) ** 2)

    chained, squared, trained = autograd.grad(chain), autograd.grad(loss), autograd.grad(network)
    return {
        CHAIN: lambda: chained(1.0, 0.999),
        SQUARE: lambda: squared(np.ones(1)),
        PERCEPTRON: lambda: trained(LAYERS),
    }


def my_grad(mygrad) -> dict[str, Computation]:
    x0, w = mygrad.tensor(1.0), mygrad.tensor(0.999)
    w1 = mygrad.tensor([1.0])
    layers = [mygrad.tensor(one) for one in LAYERS]

    def chain():
        x = x0
        for _ in range(500):
            x = x * w
            x = x + 1.0
        x.backward()

    def square():
        ((VECTOR * w1 - TARGET) ** 2).sum().backward()

    def perceptron():
        hidden = mygrad.tanh(mygrad.matmul(IMAGES, layers[0]) + layers[1])
        ((mygrad.matmul(hidden, layers[2]) + layers[3] - LABELS) ** 2).mean().backward()

    return {CHAIN: chain, SQUARE: square, PERCEPTRON: perceptron}


def micro_grad(engine) -> dict[str, Computation]:
    """Scalars only, and recursive: a chain short enough for its stack, counted up."""

    def chain():
        x, w = engine.Value(1.0), engine.Value(0.999)
        for _ in range(100):
            x = x * w
            x = x + 1.0
        x.backward()

    return {CHAIN: lambda: [chain() for _ in range(5)]}


PEERS: dict[str, tuple[str, Callable]] = {
    "PyTorch": ("torch", torch_like),
    "autograd": ("autograd", hips_autograd),
    "MyGrad": ("mygrad", my_grad),
    "micrograd": ("micrograd.engine", micro_grad),
}

CHAIN = "chain of 1,000 scalar operations"
SQUARE = "((x*w - y)**2).sum(), 4 numbers"
PERCEPTRON = "MLP 784-128-10, 64 rows, float64"

_random = np.random.default_rng(0)
VECTOR, TARGET = _random.normal(size=4), _random.normal(size=4)
IMAGES, LABELS = _random.normal(size=(64, 784)), _random.normal(size=(64, 10))
LAYERS = [_random.normal(size=size) / 10 for size in ((784, 128), (128,), (128, 10), (10,))]


def contestants() -> dict[str, dict[str, Computation]]:
    """Who is installed, the engine first."""
    found = {"engine": torch_like(reference_engine)}
    for name, (module, computations) in PEERS.items():
        try:
            found[name] = computations(importlib.import_module(module))
        except ImportError:
            continue
    if "PyTorch" in found:
        sys.modules["torch"].set_num_threads(1)
    found["NumPy by hand"] = by_hand()
    return found


def best_times(computations: dict[str, Computation]) -> dict[str, float]:
    """Seconds of each, the best of many rounds in which they take turns."""
    best = dict.fromkeys(computations, float("inf"))
    # Not by the first calls, which load modules and compile.
    repeats = {
        name: max(1, int(2e-3 / min(seconds(compute) for _ in range(10))))
        for name, compute in computations.items()
    }
    for _ in range(ROUNDS):
        for name, compute in computations.items():
            best[name] = min(best[name], seconds(compute, times=repeats[name]))
    return best


def seconds(compute: Computation, *, times: int = 1) -> float:
    """How long one call takes, as a mean of several."""
    started = time.perf_counter()
    for _ in range(times):
        compute()
    return (time.perf_counter() - started) / times


def chain_memory(length: int = 100_000) -> float:
    """Peak MiB of a chain's forward and backward pass."""
    tracemalloc.start()
    x = reference_engine.tensor(1.0, dtype=reference_engine.float64, requires_grad=True)
    y = x
    for _ in range(length):
        y = y * 1.0
    y.backward()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 2**20


def import_seconds(module: str) -> float:
    """The best wall time of a fresh interpreter that imports a module."""
    times = []
    # Its bytecode is there after the first time, as it is for everyone but the first user.
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    for _ in range(12):
        started = time.perf_counter()
        subprocess.run([sys.executable, "-c", f"import {module}"], check=True, env=kept)
        times.append(time.perf_counter() - started)
    return min(times)


def main() -> None:
    found = contestants()
    print(f"{'forward + backward':36}" + "".join(f"{name:>15}" for name in found))
    for row in (CHAIN, SQUARE, PERCEPTRON):
        times = best_times({name: rows[row] for name, rows in found.items() if row in rows})
        cells = "".join(
            f"{times[name] * 1e6:12.0f} us" if name in times else f"{'-':>15}" for name in found
        )
        print(f"{row:36}{cells}")
        ratios = "".join(
            f"{times['engine'] / times[name]:15.2f}" if name in times else f"{'':15}"
            for name in found
        )
        print(f"{'  engine as a part of it':36}{ratios}")
    print(f"100,000-node chain: {chain_memory():.0f} MiB at its peak")
    extra = import_seconds("reference_engine") - import_seconds("numpy")
    print(f"import: {1e3 * extra:.0f} ms more than numpy")


if __name__ == "__main__":
    main()
