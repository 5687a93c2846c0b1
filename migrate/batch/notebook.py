"""One notebook run by Papermill: executed, cleaned of what changes from run to run, kept as HTML."""

from __future__ import annotations

import json
import logging
import os
import re
import shutil
import signal
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Any

import nbformat
import psutil

from migrate.batch import progress, secrets
from migrate.batch.project import notebook as notebook_of
from migrate.errors import MigrateError, RunError
from migrate.intake.files import write_atomically

_TRANSIENT = (
    "start_time",
    "end_time",
    "duration",
    "input_path",
    "output_path",
    "environment_variables",
)
_ERROR_KINDS = {"InputError": 2, "RunError": 1, "MigrateError": 1}
_TABLE = re.compile(r'<table id="(T_[0-9a-f]{5})"')
_ADDRESS = re.compile(r" at 0x[0-9a-f]+>")
_KERNEL = "ipykernel_launcher"
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


class NotebookFailed(RunError):
    """A notebook stopped in a cell. ``exit_code`` is 2 where its input was to blame, else 1."""

    def __init__(self, message: str, *, exit_code: int, **place: Any) -> None:
        super().__init__(message, **place)
        self.exit_code = exit_code


def execute(stage: str, parameters: dict[str, Any], output: Path, *, word: Path) -> None:
    """Run the notebook of ``stage`` and leave it, as executed, at ``output``, and ``.html`` beside.

    ``word`` is where the kernel leaves word of its progress. The executed notebook appears whole:
    Papermill writes to a temporary file, which takes its name when the notebook ends, well or not.
    Raises NotebookFailed, naming the cell, when a cell raises or the kernel dies.
    """
    import papermill
    from papermill.exceptions import PapermillExecutionError

    logging.getLogger("papermill").setLevel(logging.ERROR)
    source = notebook_of(stage)
    check_parameters(source, parameters)
    output.parent.mkdir(parents=True, exist_ok=True)
    failure: NotebookFailed | None = None
    with (
        _private_kernel(word) as config,
        write_atomically(output) as partial,
        _ended_by_keyboard() as interrupted,
    ):
        try:
            papermill.execute_notebook(
                str(source),
                str(partial),
                parameters=parameters,
                kernel_name="python3",
                progress_bar=False,
                record_timing=False,
                autosave_cell_every=0,
                start_timeout=120,
                # all cells have ended by then; a gentle end interrupts the kernel, which complains
                shutdown_kernel="immediate",
                config=config,
            )
        except PapermillExecutionError as error:
            if interrupted():
                raise KeyboardInterrupt from None
            failure = _cell_failed(stage, error, output)
        except (MemoryError, RuntimeError) as error:
            if interrupted():
                raise KeyboardInterrupt from None
            failure = NotebookFailed(
                f"the kernel of notebook {stage} died: {_one_line(str(error))}",
                exit_code=1,
                file=output,
                fix="The machine may be out of memory; resume when there is more",
            )
        if interrupted():
            raise KeyboardInterrupt
        clean(partial)
    _write_html(output)
    if failure is not None:
        raise failure


@contextmanager
def _ended_by_keyboard() -> Iterator[Callable[[], bool]]:
    """Let Ctrl-C kill the kernel, once: who runs the notebook sees that it died, and asks here why.

    An exception raised into whatever nbclient does at that moment may be lost in it, or come with
    complaints of its tasks. Ctrl-C twice is the usual KeyboardInterrupt.
    """
    asked = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield asked.is_set
        return

    def stop(number: int, frame: FrameType | None) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()
        # it would say that the kernel died
        logging.getLogger("papermill").setLevel(logging.CRITICAL)
        for child in psutil.Process().children():
            with suppress(psutil.Error):
                if _KERNEL in child.cmdline():
                    child.kill()

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield asked.is_set
    finally:
        signal.signal(signal.SIGINT, before)


def check_parameters(source: Path, parameters: dict[str, Any]) -> None:
    """Refuse a parameter that the notebook does not name: Papermill itself only warns."""
    from papermill import inspect_notebook

    known = set(inspect_notebook(str(source)))
    for name in parameters:
        if name not in known:
            raise MigrateError("the notebook has no such parameter", file=source, column=name)


def clean(path: Path) -> None:
    """Drop times, paths and random ids from an executed notebook, and mask passwords, in place."""
    content = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    for number, cell in enumerate(content.cells):
        tags = cell.metadata.get("tags", [])
        if any(tag in tags for tag in ("injected-parameters", "papermill-error-cell-tag")):
            cell["id"] = f"papermill-{number}"
        for key in _TRANSIENT:
            cell.metadata.get("papermill", {}).pop(key, None)
    for key in _TRANSIENT:
        content.metadata.get("papermill", {}).pop(key, None)
    _without_chance(content)
    masked = secrets.mask_all(content)
    text = json.dumps(masked, ensure_ascii=False, indent=1, sort_keys=True)
    path.write_text(text + "\n", encoding="utf-8")


def _without_chance(content: Any) -> None:
    """Drop addresses of objects, and name the tables that pandas styled T_00001, T_00002…"""
    number = 0
    for cell in content.cells:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if "text/plain" in data:
                data["text/plain"] = _ADDRESS.sub(">", data["text/plain"])
            for name in _TABLE.findall(data.get("text/html", "")):
                number += 1
                data["text/html"] = data["text/html"].replace(name, f"T_{number:05d}")


@contextmanager
def _private_kernel(word: Path) -> Iterator[Any]:
    """A Jupyter configuration of our own: the user's profile must not change a batch's answers."""
    from traitlets.config import Config

    # sockets have short path limits, so the folder is directly under the system's temporary one
    runtime = Path(tempfile.mkdtemp(prefix="migrate-"))
    settings = {
        "IPYTHONDIR": str(runtime / "ipython"),
        "JUPYTER_RUNTIME_DIR": str(runtime / "run"),
        "JUPYTER_PREFER_ENV_PATH": "1",
        "GX_ANALYTICS_ENABLED": "false",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "PYTHONHASHSEED": "0",
        # a stray file in the folder of the run must not shadow a module
        "PYTHONSAFEPATH": "1",
        progress.VARIABLE: str(word),
    }
    before = {name: os.environ.get(name) for name in settings}
    os.environ.update(settings)
    try:
        # without a path of its own the sockets stand in the current folder, where runs would meet
        yield Config({"KernelManager": {"transport": "ipc", "ip": str(runtime / "kernel")}})
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        shutil.rmtree(runtime, ignore_errors=True)


def _cell_failed(stage: str, error: Any, output: Path) -> NotebookFailed:
    """The failure in one line: the stage, the cell, and the error's own words."""
    kind = str(error.ename)
    words = secrets.mask(_one_line(str(error.evalue)))
    if "No space left on device" in words or "disk is full" in words or "File too large" in words:
        words = f"the disk is full ({words})"
    elif kind not in _ERROR_KINDS:
        words = f"{kind}: {words}"
    return NotebookFailed(
        f"notebook {stage}, cell {error.exec_count}: {words}",
        exit_code=_ERROR_KINDS.get(kind, 1),
        fix=f"The notebook as far as it came: {output}",
    )


def _one_line(text: str) -> str:
    return " ".join(_COLOUR.sub("", text).split())


def _write_html(executed: Path) -> None:
    from migrate.batch.page import notebook_page

    with write_atomically(executed.with_suffix(".html")) as partial:
        partial.write_text(notebook_page(executed), encoding="utf-8")
