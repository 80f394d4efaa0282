"""Progress of a training run: a bar of rich, a function of the caller's, or nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["bar"]


class bar:
    """A progress bar of rich, a callable of the caller's, or nothing."""

    def __init__(self, progress: bool | Callable[[int, int], None]) -> None:
        self._progress = progress
        self._bar: Any = None
        self._task: Any = None

    def __enter__(self) -> Callable[[int, int], None]:
        if callable(self._progress):
            return self._progress
        if self._progress:
            from rich.progress import Progress

            self._bar = Progress()
            self._bar.start()
            self._task = self._bar.add_task("rounds", total=None)
        return self._advance

    def _advance(self, done: int, total: int) -> None:
        if self._bar is not None:
            self._bar.update(self._task, completed=done, total=total)

    def __exit__(self, *error: object) -> None:
        if self._bar is not None:
            self._bar.stop()
