"""Side by side or alone, never both."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

from grader.sandbox.turns import Turns


def test_many_run_together():
    turns = Turns()
    with turns, turns:
        pass


def test_who_is_alone_waits_for_those_that_run_and_keeps_the_others_out():
    turns, seen, started = Turns(), [], Event()

    def alone():
        started.set()
        with turns.alone():
            seen.append("alone")

    def together(number):
        with turns:
            seen.append(number)

    with ThreadPoolExecutor(4) as pool:
        with turns:
            first = pool.submit(alone)
            started.wait()
            assert seen == []
        first.result()
        list(pool.map(together, range(3)))
    assert seen[0] == "alone"
    assert sorted(seen[1:]) == [0, 1, 2]
