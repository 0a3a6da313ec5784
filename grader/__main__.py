"""The command line's beginning: `grader` and `python -m grader`."""

import atexit
import gc
import os
import sys

# `python -m` looks into the current folder first, where a student's numpy.py may lie.
_HOME = os.path.dirname(os.path.dirname(__file__))  # noqa: PTH120 - as the path has it
if __name__ == "__main__" and sys.path[0] == os.getcwd() != _HOME:  # noqa: PTH109 - likewise
    del sys.path[0]

# Nearly all that is made stays, so that it is looked through for garbage less often, and not once
# more at the end, when all of it goes anyway: a tenth of the time that a check of one file takes.
gc.set_threshold(50_000)
atexit.register(gc.freeze)

# What is computed here is small: a second thread of NumPy's would wait, and with a processor for
# that, as long as importing NumPy takes. Nor do sums depend on how many there are.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def run() -> None:
    """Do what the words of the command line say, and end with its status."""
    for stream in range(3):
        try:
            os.fstat(stream)
        except OSError:  # closed: what is opened next would be taken for it
            os.open(os.devnull, os.O_RDWR)
    if sys.argv[1:2] == ["check"] and {"-h", "--help"}.isdisjoint(sys.argv):
        from grader.sandbox import starting  # noqa: PLC0415 - other commands start no worker yet

        starting.start_ahead()
    from grader.cli import main  # noqa: PLC0415 - a worker comes first

    main(prog_name="grader")


if __name__ == "__main__":
    run()
