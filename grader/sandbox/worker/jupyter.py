"""Cells run by a real Jupyter kernel in the student's process, driven by nbconvert from a second.

The two talk over local sockets in the scratch folder. What the cells leave behind and what failed
is the workspace's, as without a kernel: its shell goes on after a statement that raised, too.
"""

import ast
import io
import json
import os
import secrets
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import nbformat
from ipykernel import iostream, kernelapp
from ipykernel.zmqshell import ZMQInteractiveShell
from IPython.core import debugger  # noqa: F401 - the kernel asks for it where pdb is withheld
from IPython.core.history import HistoryManager
from jupyter_client.manager import AsyncKernelManager
from nbconvert.preprocessors import ExecutePreprocessor
from tornado.ioloop import IOLoop

from grader.sandbox.protocol import Cell
from grader.sandbox.worker.cells import Workspace
from grader.sandbox.worker.failures import cell_name
from grader.sandbox.worker.stand_ins import no_display, no_input

_DESCRIPTORS = 1024
_CHANNELS = ("shell", "iopub", "stdin", "control", "hb")
_NO_MAGIC = ("grader", "matplotlib", "conda", "mamba", "uv")
"""Line magics without effect here: whose program may be missing, and the starters' last line."""
_COMMANDS = ("bash", "sh", "script", "system", "sx", "!", "perl", "ruby", "cmd")
"""Cell magics that start a process."""


def run(workspace: Workspace, cells: Sequence[Cell], started: Callable[..., None]) -> None:
    """Run the cells in a kernel; `started` is called with the number of each before it runs."""
    written = [cell for cell in cells if cell.source.strip()]
    connection = _write_connection(Path.cwd() / ".jupyter")
    client = os.fork()
    if client == 0:
        try:
            # What it has to say is nobody's, and the channel to the grader is not its own.
            sys.stdout = sys.stderr = io.StringIO()
            os.closerange(3, _DESCRIPTORS)
            _drive(connection, [cell.source for cell in written])
        finally:
            os._exit(0)
    streams = sys.stdout, sys.stderr
    app = _kernel(connection, workspace)
    sys.stdout, sys.stderr = streams
    workspace.given = frozenset(workspace.namespace)
    waiting = iter(written)

    def start_cell(asked: Any) -> None:
        # Magics such as %%capture run what is below them as a cell of its own, without a history.
        cell = next(waiting, None) if asked.store_history else None
        if cell is not None:
            started(cell.index)
            tell = partial(started, cell.index)
            workspace.enter(cell.index, cell.source, without=cell.without, tell=tell)

    app.shell.events.register("pre_run_cell", start_cell)
    loop = IOLoop.current()
    end = threading.Thread(target=_stop_after, args=(client, loop))
    end.start()
    app.start()
    end.join()
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    sys.stdout, sys.stderr = streams
    if next(waiting, None) is not None:
        raise RuntimeError("nbconvert ended before the last cell")


def _stop_after(client: int, loop: IOLoop) -> None:
    os.waitpid(client, 0)
    loop.add_callback(loop.stop)


def _write_connection(folder: Path) -> Path:
    folder.mkdir()
    connection = folder / "connection.json"
    ports = {f"{channel}_port": number for number, channel in enumerate(_CHANNELS, 1)}
    connection.write_text(
        json.dumps(
            {
                "transport": "ipc",
                "ip": str(folder / "kernel"),
                "key": secrets.token_hex(16),
                "signature_scheme": "hmac-sha256",
                **ports,
            }
        ),
        encoding="utf-8",
    )
    return connection


class _RunningKernel(AsyncKernelManager):
    """A kernel that is there already, and that nobody needs to start or stop."""

    has_kernel = True

    async def _async_is_alive(self) -> bool:
        return True

    is_alive = _async_is_alive


def _drive(connection: Path, sources: Sequence[str]) -> None:
    """Have nbconvert run the sources as the cells of a notebook in the kernel."""
    manager = _RunningKernel(connection_file=str(connection))
    manager.load_connection_file()
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    # Time is the grader's to watch.
    ExecutePreprocessor(timeout=-1, allow_errors=True, store_widget_state=False).preprocess(
        nbformat.v4.new_notebook(cells=cells), {}, km=manager
    )


def _kernel(connection: Path, workspace: Workspace) -> Any:
    HistoryManager.enabled = False
    # Its pipe for the text of forked processes would be a TCP socket.
    kernelapp.IOPubThread = lambda socket, **_: iostream.IOPubThread(socket, pipe=False)
    app = kernelapp.IPKernelApp(
        connection_file=str(connection),
        user_ns=workspace.namespace,
        capture_fd_output=False,
    )
    app.kernel_class.shell_class = _shell_for(workspace)
    app.log_connection_info = lambda: None  # it would be printed among the student's text
    app.initialize([])
    app.kernel.raw_input = app.kernel.getpass = no_input
    app.shell.compile.get_code_name = lambda *_: cell_name(workspace.cell)
    for kind, names in (("line", _NO_MAGIC), ("cell", _COMMANDS)):
        for name in names:
            app.shell.register_magic_function(no_display, kind, name)
    return app


def _shell_for(workspace: Workspace) -> type:
    class Shell(ZMQInteractiveShell):  # type: ignore[misc]
        """IPython's shell, but raising or quitting ends nothing, and commands are not run."""

        async def run_ast_nodes(
            self, nodelist: list[ast.stmt], cell_name: str, *_: Any, **named: Any
        ) -> bool:
            failed = False
            named.pop("interactivity", None)
            for statement in filter(workspace.begins, workspace.placed(nodelist)):
                workspace.statement = statement
                failed |= await super().run_ast_nodes(
                    [statement], cell_name, interactivity="none", **named
                )
            return failed

        def showtraceback(self, *_: Any, **__: Any) -> None:
            error = sys.exc_info()[1]
            if error is not None:
                workspace.record(error, workspace.statement)

        def showsyntaxerror(self, *_: Any, **__: Any) -> None:
            workspace.statement = None
            self.showtraceback()

        showindentationerror = showsyntaxerror

        def ask_exit(self) -> None:
            # Called by quit(); IPython's ends the kernel, and with it what the next cells define.
            raise SystemExit(None)

        def system(self, *_: Any, **__: Any) -> None:
            pass

        def getoutput(self, *_: Any, **__: Any) -> list[str]:
            return []

    Shell.system_raw = Shell.system_piped = Shell.system
    return Shell
