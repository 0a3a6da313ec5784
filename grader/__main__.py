"""The command line's beginning: `grader` and `python -m grader`."""

import atexit
import contextlib
import gc
import os
import sys

# `python -m` looks into the current folder first, where a student's numpy.py may lie.
_HOME = os.path.dirname(os.path.dirname(__file__))  # noqa: PTH120 - as the path has it
if __name__ == "__main__" and sys.path[0] == os.getcwd() != _HOME:  # noqa: PTH109 - likewise
    del sys.path[0]

# Nearly all that is made stays, so that it is looked through for garbage less often, and not once
# more at the end, when all of it goes anyway.
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
    checks = sys.argv[1:2] == ["check"] and {"-h", "--help"}.isdisjoint(sys.argv)
    if checks:
        from grader.sandbox import starting  # noqa: PLC0415 - other commands start no worker yet

        starting.start_ahead()
        gc.set_threshold(500_000)  # more than one file leaves: a twentieth of the time
    from grader.cli import main  # noqa: PLC0415 - a worker comes first

    try:
        main(prog_name="grader")
    except SystemExit as end:
        if checks:
            _leave(end.code)
        raise


def _leave(status: object) -> None:
    """End at once, without taking apart what was loaded: that takes as long as a submission does.

    Returns where there is more to do: something to say, or output that cannot be written.
    """
    if not isinstance(status, int):
        return
    with contextlib.suppress(OSError):
        for stream in filter(None, (sys.stdout, sys.stderr)):
            stream.flush()
        os._exit(status)


if __name__ == "__main__":
    run()
