"""What a diagnosis costs: once an assignment, and for a class of which half are wrong.

    python -m tests.benchmarks.diagnosis [SIZE]

The first table gives, for each question of the bundled assignments, the processor time of the first
diagnosis (the faulty answers are computed then) and of the same once more. The answer is
the right one, every number a little off at random: no mistake gives it, so that everything is
tried. The second grades a class of SIZE (1,000) modules with and without diagnosis, in turns, and
gives the ratio of all processes' time. No two answers are the same to the last digit, so that
nothing is worked out once for all who answer alike.
"""

import os
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

import numpy as np
from msgspec.structs import replace

from grader import grading
from grader.assignment import Question
from grader.authoring.strength import answer_of
from grader.cases import draw_cases
from grader.catalogue import bundled, load
from grader.comparison import judge
from grader.diagnosis import diagnose
from grader.outcomes import Answered, TensorValue
from grader.sandbox.pool import Sandbox
from grader.submissions import collect

ANSWER = """import numpy as np

def mlp_forward(x, W1, b1, W2, b2):
    h = np.tanh(x @ W1 + b1)
    return {{"hidden": h, "prediction": (h @ W2 + b2) * {two} / 2}}

def mlp_backprop(x, W1, b1, W2, b2, y):
    h = np.tanh(x @ W1 + b1)
    d = {two} * (h @ W2 + b2 - y) / y.size
    dz = (d @ W2.T) * ({slope})
    return {{"dW2": h.T @ d, "db2": d.sum(0), "dW1": x.T @ dz, "db1": dz.sum(0)}}
"""
EPSILON = float(np.finfo(np.float64).eps)
RIGHT = "1 - h**2"
WRONG = ("1 - h", "1", "h * (1 - h)", "1 - np.tanh(h)**2", "h**2 - 1", "1 - h**3")


def disturbed(value, generator):
    """A value with every floating-point number moved by up to a fifth."""
    if isinstance(value, dict):
        return {name: disturbed(one, generator) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(disturbed(one, generator) for one in value)
    if isinstance(value, TensorValue):
        return replace(value, data=disturbed(value.data, generator))
    if isinstance(value, np.ndarray) and value.dtype.kind == "f":
        return value * generator.uniform(0.8, 1.2, value.shape)
    return value * float(generator.uniform(0.8, 1.2)) if isinstance(value, float) else value


def processor_time(work):
    started = time.process_time()
    work()
    return time.process_time() - started


def questions():
    """For each question the processor seconds of its cases, of the first diagnosis and the next."""
    generator = np.random.default_rng(0)
    for name in bundled():
        for item in load(name):
            if not isinstance(item, Question):
                continue
            started = time.process_time()
            cases = draw_cases(item, "benchmark")
            drawn = time.process_time() - started
            answers = [
                Answered(disturbed(answer_of(case.expected), generator), case.arguments)
                for case in cases
            ]
            judgement = judge(item, cases, answers)
            work = partial(diagnose, item, cases, answers, judgement)
            first, again = processor_time(work), processor_time(work)
            yield name, item.id, drawn, first, again


def grade_class(folder, *, diagnosing):
    """The processor seconds of all processes that grade a class."""
    told = grading.diagnose
    grading.diagnose = told if diagnosing else (lambda *_: ())
    before = sum(os.times()[:4])
    try:
        with Sandbox(least="limits") as sandbox:
            grader = grading.Grader(load("mlp_backprop"), sandbox, seed="benchmark")
            for submission in collect([folder]):
                grader.grade(submission)
    finally:
        grading.diagnose = told
    return sum(os.times()[:4]) - before


def main():
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000
    once = {}
    print(f"{'question':48}{'cases':>9}{'first':>9}{'again':>9}   (ms)")
    for name, question, *seconds in questions():
        print(f"{f'{name}.{question}':48}" + "".join(f"{1e3 * one:9.1f}" for one in seconds))
        once[name] = once.get(name, 0.0) + seconds[0] + seconds[1]
    dearest = max(once, key=once.__getitem__)
    print(f"an assignment, cases and diagnoses: at most {once[dearest]:.2f} s ({dearest})\n")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for number in range(size):
            two = f"{2 * (1 + number * EPSILON):.17g}"
            slope = WRONG[number // 2 % len(WRONG)] if number % 2 else RIGHT
            (folder / f"s{number:05}.py").write_text(ANSWER.format(slope=slope, two=two))
        ratios = []
        for _ in range(3):
            without, with_it = (grade_class(folder, diagnosing=one) for one in (False, True))
            ratios.append(with_it / without)
            print(
                f"{size} modules: {without:.1f} s without, {with_it:.1f} s with: {ratios[-1]:.3f}"
            )
    print(f"diagnosis adds {sorted(ratios)[1] - 1:.0%}")


if __name__ == "__main__":
    main()
