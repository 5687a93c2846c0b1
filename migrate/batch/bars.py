"""Progress bars on a terminal: one line a stage, and how far the stage has come."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn


class Bars:
    """A watch over a run that draws bars on the terminal, plain lines where there is none."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._console = Console(stderr=True, quiet=quiet, highlight=False)
        self._live = self._console.is_terminal and not quiet
        self._progress = Progress(
            SpinnerColumn(finished_text="[green]✓[/green]"),
            TextColumn("{task.description}"),
            BarColumn(bar_width=30),
            TextColumn("{task.fields[what]}"),
            TimeElapsedColumn(),
            console=self._console,
            disable=not self._live,
        )
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def stage_started(self, stage: str) -> None:
        """Show a stage that has begun."""
        if self._live:
            self._tasks[stage] = self._progress.add_task(stage, total=None, what="")
        else:
            self._console.print(f"{stage} …")

    def stage_progress(self, stage: str, done: int, total: int, what: str) -> None:
        """Move the bar of a stage to ``done`` of ``total``."""
        if not self._live:
            return
        if stage not in self._tasks:
            self.stage_started(stage)
        self._progress.update(self._tasks[stage], completed=done, total=total or None, what=what)

    def stage_ended(self, stage: str, seconds: float) -> None:
        """Show a stage as done."""
        if self._live:
            self._progress.update(self._tasks[stage], completed=1, total=1, what="")
            self._progress.stop_task(self._tasks[stage])
        else:
            self._console.print(f"{stage} done in {seconds:.1f} s")
