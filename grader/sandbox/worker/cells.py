"""Runs a submission's cells statement by statement, as a notebook or a module would.

A statement that fails is recorded and the rest goes on. It knows no frames and no limits.
"""

import __future__

import ast
import builtins
import linecache
import re
import sys
import types
from collections.abc import Iterator
from typing import Any, Literal

from grader.sandbox.protocol import MAX_FAILURES, MAX_NAMES, StudentException
from grader.sandbox.protocol.control import Kind
from grader.sandbox.worker.failures import cell_name, describe
from grader.sandbox.worker.notebook_syntax import to_python
from grader.sandbox.worker.stand_ins import Harmless, Shell, StandIn, no_display, no_input
from grader.sandbox.worker.values import plain_text

_FUTURE = sum(
    getattr(__future__, feature).compiler_flag for feature in set(__future__.all_feature_names)
)
_NOTEBOOK_SYNTAX = frozenset("%!?")
_TIMING_OPTIONS = re.compile(r"\s*(-\w+\s*\d*\s+)*")
_NAME = 200


class Workspace:
    """The namespace that the cells fill, what failed meanwhile, and where imports ask first.

    `attempts` holds the (file name, line) of the imports that stand inside `try`.
    """

    def __init__(self, form: Literal["notebook", "module"], kind: Kind) -> None:
        name = "__main__" if form == "notebook" else "submission"
        module = types.ModuleType(name)
        sys.modules["__main__"] = sys.modules[name] = module
        self.namespace: dict[str, Any] = module.__dict__
        self.sources: dict[int, str] = {}
        self.failures: list[StudentException] = []
        self.attempts: set[tuple[str, int]] = set()
        self._kind = kind
        self._flags = 0
        self._cell = 0
        self._line = 0
        self._become_front_end()

    def run(self, index: int, source: str) -> None:
        """Run a cell; never raises, whatever it holds."""
        filename = cell_name(index)
        self._cell = index
        self.sources[index] = source
        lines = source.splitlines(keepends=True)
        linecache.cache[filename] = (len(source), None, lines, filename)
        try:
            tree = self._parse(source, filename)
        except BaseException as error:  # noqa: BLE001 - the parser may give up in any way
            self._record(error, None)
            return
        self._run_statements(tree, filename)

    def defined(self) -> list[str]:
        """The names of the functions and classes that the cells left behind."""
        names = [
            plain_text(name, _NAME)
            for name, value in list(self.namespace.items())
            if isinstance(name, str)
            and not name.startswith("_")
            and callable(value)
            and not issubclass(type(value), (types.ModuleType, StandIn, Harmless))
        ]
        return names[:MAX_NAMES]

    def _parse(self, source: str, filename: str) -> ast.Module:
        try:
            return self._tree(source, filename)
        except SyntaxError:
            if _NOTEBOOK_SYNTAX.isdisjoint(source):
                raise
        tree = self._tree(to_python(source), filename)
        blank = len(source) - len(source.lstrip())  # the transformer drops leading blank lines
        return ast.increment_lineno(tree, source[:blank].count("\n"))

    def _tree(self, source: str, filename: str) -> ast.Module:
        flags = self._flags | ast.PyCF_ONLY_AST
        tree: ast.Module = compile(source, filename, "exec", flags=flags, dont_inherit=True)
        return tree

    def _run_statements(self, tree: ast.Module, filename: str) -> None:
        self.attempts.update((filename, line) for line in _attempted_imports(tree))
        for statement in tree.body:
            self._line = statement.lineno
            try:
                self._run_statement(statement, filename)
            except BaseException as error:  # noqa: BLE001 - sys.exit() ends no grading
                self._record(error, statement)

    def _run_statement(self, statement: ast.stmt, filename: str) -> None:
        alone = ast.Module([statement], type_ignores=[])
        code = compile(alone, filename, "exec", flags=self._flags, dont_inherit=True)
        self._flags |= code.co_flags & _FUTURE
        exec(code, self.namespace)  # noqa: S102 - what a sandbox is for

    def _record(self, error: BaseException, statement: ast.stmt | None) -> None:
        if len(self.failures) >= MAX_FAILURES:
            return
        span = None
        if statement is not None:
            span = statement.lineno, statement.end_lineno or statement.lineno
        self.failures.append(describe(error, self.sources, kind=self._kind, statement=span))

    def _become_front_end(self) -> None:
        shell = Shell(self._run_line, self._run_body)
        for name, stand_in in (
            ("get_ipython", lambda: shell),
            ("display", no_display),
            ("input", no_input),
        ):
            setattr(builtins, name, stand_in)
        sys.breakpointhook = no_display

    def _run_line(self, text: str) -> object:
        filename = cell_name(self._cell)
        tree = self._tree(_TIMING_OPTIONS.sub("", text, count=1), filename)
        ast.increment_lineno(tree, self._line - 1)
        if len(tree.body) == 1 and isinstance(tree.body[0], ast.Expr):
            value = ast.Expression(tree.body[0].value)
            return eval(compile(value, filename, "eval"), self.namespace)  # noqa: S307 - as above
        for statement in tree.body:
            self._run_statement(statement, filename)
        return None

    def _run_body(self, text: str) -> None:
        filename = cell_name(self._cell)
        tree = self._parse(text, filename)
        self._run_statements(ast.increment_lineno(tree, self._line), filename)


def _attempted_imports(tree: ast.Module) -> Iterator[int]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Try):
            continue
        for guarded in node.body:
            for inner in ast.walk(guarded):
                if isinstance(inner, (ast.Import, ast.ImportFrom)):
                    yield inner.lineno
