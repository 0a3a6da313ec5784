"""Runs a submission's cells as a notebook or a module would, and on where these would end.

A statement that fails is recorded and the rest goes on, statement by statement. It knows no frames
and no limits.
"""

import __future__

import ast
import builtins
import inspect
import linecache
import os
import re
import sys
import types
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import partial
from importlib import import_module
from itertools import islice
from typing import Any, Literal

from grader.sandbox.protocol import MAX_FAILURES, MAX_NAMES, Cell, StudentException
from grader.sandbox.protocol.control import Kind
from grader.sandbox.worker.failures import cell_name, describe, lines_of
from grader.sandbox.worker.imports import attempted_imports
from grader.sandbox.worker.notebook_syntax import to_python
from grader.sandbox.worker.stand_ins import Harmless, Shell, StandIn, no_display, no_input
from grader.sandbox.worker.values import plain_text

_FUTURE = sum(
    getattr(__future__, feature).compiler_flag for feature in set(__future__.all_feature_names)
)
_NOTEBOOK_SYNTAX = frozenset("%!?")
_TIMING_OPTIONS = re.compile(r"\s*(-\w+\s*\d*\s+)*")
_NAME = 200


def _nobody(_: int) -> None:
    """Whom it is told where nobody asks."""


class Workspace:
    """The namespace that the cells fill, what failed meanwhile, and where imports ask first.

    `attempts` holds the (file name, line) of the imports that stand inside `try`; `given` the names
    that are no work of the cells; `cell` and `statement` say what is being run.
    """

    def __init__(self, kind: Kind) -> None:
        self._module = types.ModuleType("__main__")
        self.namespace: dict[str, Any] = self._module.__dict__
        self.sources: dict[int, str] = {}
        self.failures: list[StudentException] = []
        self.attempts: set[tuple[str, int]] = set()
        self._kind = kind
        self._flags = 0
        self._await: Callable[[Any], object] | None = None
        self.cell = 0
        self.statement: ast.stmt | None = None
        self._without: Collection[int] | None = None
        self._tell: Callable[[int], object] = _nobody
        self._told = 0
        self.given: frozenset[str] = frozenset()

    def start(self, form: Literal["notebook", "module"]) -> None:
        """Be the main module, as a notebook is, or one of another name."""
        if form == "module":
            self.namespace["__name__"] = "submission"
            self.namespace["__file__"] = os.path.join(os.getcwd(), "submission.py")  # noqa: PTH109, PTH118
            sys.modules["submission"] = self._module
        else:
            self._flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        sys.modules["__main__"] = self._module

    def enter(
        self,
        index: int,
        source: str,
        *,
        without: Collection[int] | None = None,
        tell: Callable[[int], object] = _nobody,
    ) -> None:
        """Be about to run a cell.

        Where there is a `without`, the statements that begin at its lines are left out, and `tell`
        is called with the line of every other before it runs.
        """
        self._without, self._tell, self._told = without, tell, 0
        self.cell = index
        self.statement = None
        self.sources[index] = source
        self._remember_lines()

    def placed(self, statements: list[ast.stmt]) -> list[ast.stmt]:
        """The statements that IPython made of the current cell, at the lines of its text."""
        tree = _moved(ast.Module(statements, type_ignores=[]), self.sources[self.cell])
        self._remember_lines()
        self._note_attempts(tree)
        return tree.body

    def run(self, index: int, source: str, *, shows: bool = False) -> None:
        """Run a cell; never raises, whatever it holds. With `shows`, print the value it ends in."""
        filename = cell_name(index)
        self.enter(index, source)
        code = None if shows else self._whole(source, filename)
        failed = None
        if code is not None:
            try:
                exec(code, self.namespace)  # noqa: S102 - what a sandbox is for
            except BaseException as error:  # noqa: BLE001 - sys.exit() ends no grading
                failed = error, _left_at(code)
            else:
                return
        try:
            tree = self._parse(source, filename)
        except BaseException as error:  # noqa: BLE001 - the parser may give up in any way
            self.record(error, None)
            return
        if failed is not None:
            self.record(failed[0], _drop_through(tree, failed[1]))
            failed = None  # or what it holds would live on
        self._note_attempts(tree)
        last = tree.body[-1] if shows and tree.body else None
        shown = last if isinstance(last, ast.Expr) else None
        self._run_statements(tree.body, filename, shown=shown)

    def begins(self, statement: ast.stmt) -> bool:
        """Whether a statement of the current cell is to be run; told first where that is asked."""
        if self._without is None:
            return True
        line = statement.lineno
        if line in self._without:
            return False
        if line > self._told:
            self._told = line
            self._tell(line)
        return True

    def run_apart(
        self, index: int, source: str, *, without: Collection[int], tell: Callable[[int], object]
    ) -> None:
        """Run a cell's statements one by one, as `enter` says; never raises."""
        self.enter(index, source, without=without, tell=tell)
        try:
            tree = self._parse(source, cell_name(index))
        except BaseException as error:  # noqa: BLE001 - the parser may give up in any way
            self.record(error, None)
            return
        self._note_attempts(tree)
        self._run_statements(tree.body, cell_name(index))

    def defined(self) -> list[str]:
        """The names of the functions and classes that the cells left behind."""
        names = [
            plain_text(name, _NAME)
            for name, value in list(self.namespace.items())
            if isinstance(name, str)
            and not name.startswith("_")
            and name not in self.given
            and callable(value)
            and not issubclass(type(value), (types.ModuleType, StandIn, Harmless))
        ]
        return names[:MAX_NAMES]

    def become_front_end(self) -> None:
        """Give this process the names that a notebook has beyond Python's own."""
        shell = Shell(self._run_line, self._run_body, run_file=self._run_file, names=self.namespace)
        for name, stand_in in (
            ("get_ipython", lambda: shell),
            ("display", no_display),
            ("input", no_input),
        ):
            setattr(builtins, name, stand_in)
        sys.breakpointhook = no_display

    def _whole(self, source: str, filename: str) -> types.CodeType | None:
        """The cell as one piece of code, which is the quick way; None where it has to be in parts.

        That is where it does not compile, or where what runs must be known to imports and magics.
        """
        if "try" in source or "get_ipython" in source:
            return None
        try:
            code: types.CodeType = compile(
                source, filename, "exec", flags=self._flags, dont_inherit=True
            )
        except BaseException:  # noqa: BLE001 - told when its statements are compiled one by one
            return None
        self._flags |= code.co_flags & _FUTURE
        return None if code.co_flags & inspect.CO_COROUTINE else code

    def _parse(self, source: str, filename: str) -> ast.Module:
        try:
            return self._tree(source, filename)
        except SyntaxError:
            if _NOTEBOOK_SYNTAX.isdisjoint(source):
                raise
        return _moved(self._tree(to_python(source), filename), source)

    def _tree(self, source: str, filename: str) -> ast.Module:
        flags = self._flags | ast.PyCF_ONLY_AST
        tree: ast.Module = compile(source, filename, "exec", flags=flags, dont_inherit=True)
        return tree

    def _run_statements(
        self, statements: Iterable[ast.stmt], filename: str, *, shown: ast.stmt | None = None
    ) -> None:
        for statement in filter(self.begins, statements):
            self.statement = statement
            try:
                self._run_statement(statement, filename, shows=statement is shown)
            except BaseException as error:  # noqa: BLE001 - sys.exit() ends no grading
                self.record(error, statement)

    def _run_statement(self, statement: ast.stmt, filename: str, *, shows: bool = False) -> None:
        alone = ast.Interactive([statement]) if shows else ast.Module([statement], type_ignores=[])
        mode = "single" if shows else "exec"
        code = compile(alone, filename, mode, flags=self._flags, dont_inherit=True)
        self._flags |= code.co_flags & _FUTURE
        if code.co_flags & inspect.CO_COROUTINE:
            self._wait_for(eval(code, self.namespace))  # noqa: S307 - as below
        else:
            exec(code, self.namespace)  # noqa: S102 - what a sandbox is for

    def _wait_for(self, coroutine: Any) -> None:
        if self._await is None:
            # Loaded for the few notebooks that await something.
            self._await = import_module("asyncio").new_event_loop().run_until_complete
        self._await(coroutine)

    def record(self, error: BaseException, statement: ast.stmt | None) -> None:
        """Keep what came out of a statement, None where there is none to name."""
        if len(self.failures) >= MAX_FAILURES:
            return
        span = None
        if statement is not None:
            span = statement.lineno, statement.end_lineno or statement.lineno
        self.failures.append(describe(error, self.sources, kind=self._kind, statement=span))

    def _remember_lines(self) -> None:
        source, filename = self.sources[self.cell], cell_name(self.cell)
        lines = [f"{line}\n" for line in lines_of(source)]
        linecache.cache[filename] = (len(source), None, lines, filename)

    def _note_attempts(self, tree: ast.Module) -> None:
        if "try" in self.sources[self.cell]:
            filename = cell_name(self.cell)
            self.attempts.update((filename, line) for line in attempted_imports(tree))

    @property
    def _line(self) -> int:
        return 1 if self.statement is None else self.statement.lineno

    def _run_line(self, text: str) -> object:
        filename = cell_name(self.cell)
        tree = self._tree(_TIMING_OPTIONS.sub("", text, count=1), filename)
        ast.increment_lineno(tree, self._line - 1)
        if len(tree.body) == 1 and isinstance(tree.body[0], ast.Expr):
            value = ast.Expression(tree.body[0].value)
            return eval(compile(value, filename, "eval"), self.namespace)  # noqa: S307 - as above
        for statement in tree.body:
            self._run_statement(statement, filename)
        return None

    def _run_file(self, path: str) -> None:
        """Run a file as a program of its own, and take over the names that it leaves behind."""
        found = os.path.abspath(path if path.endswith(".py") else f"{path}.py")  # noqa: PTH100
        with open(found, "rb") as file:  # noqa: PTH123
            code = compile(file.read(), found, "exec", dont_inherit=True)
        names: dict[str, Any] = {"__name__": "__main__", "__file__": found}
        try:
            exec(code, names)  # noqa: S102 - as above
        finally:
            left = {name: value for name, value in names.items() if not name.startswith("__")}
            self.namespace.update(left)

    def _run_body(self, text: str) -> None:
        filename = cell_name(self.cell)
        tree = self._parse(text, filename)
        ast.increment_lineno(tree, self._line)
        self._note_attempts(tree)
        self._run_statements(tree.body, filename)


def run(workspace: Workspace, cells: Sequence[Cell], started: Callable[..., None]) -> None:
    """Run the cells one after another.

    `started` is called with the number of each before, and with the lines of what runs apart.
    """
    for cell in cells:
        started(cell.index)
        if cell.without is None:
            workspace.run(cell.index, cell.source, shows=cell.shows)
        else:
            tell = partial(started, cell.index)
            workspace.run_apart(cell.index, cell.source, without=cell.without, tell=tell)


def _left_at(code: types.CodeType) -> tuple[int, int]:
    """The line and column at which a module's code was left by the exception being handled."""
    step = sys.exc_info()[2]
    while step is not None and step.tb_frame.f_code is not code:
        step = step.tb_next
    if step is None:
        return 0, 0
    line, _, column, _ = next(islice(code.co_positions(), step.tb_lasti // 2, None))
    return line or step.tb_lineno, column or 0


def _drop_through(tree: ast.Module, place: tuple[int, int]) -> ast.stmt | None:
    """Leave in the tree what comes after the statement at a line and column: that is given."""
    while tree.body:
        statement = tree.body.pop(0)
        if (statement.end_lineno or 0, statement.end_col_offset or 0) > place:
            return statement
    return None


def _moved(tree: ast.Module, source: str) -> ast.Module:
    blank = len(source) - len(source.lstrip())  # IPython drops leading blank lines
    return ast.increment_lineno(tree, source[:blank].count("\n"))
