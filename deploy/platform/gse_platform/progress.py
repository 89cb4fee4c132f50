"""What the person at the terminal sees while something takes time. All of it goes to stderr; stdout is for answers."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.status import Status

console = Console(stderr=True, highlight=False)


class Progress:
    """Steps that may run at the same time. On a terminal one moving line names them; elsewhere each is a line."""

    def __init__(self) -> None:
        self._under_way: dict[str, str] = {}
        self._status: Status | None = None
        self._lock = threading.Lock()

    def say(self, line: str) -> None:
        console.print(line, markup=False, soft_wrap=True)

    @contextmanager
    def step(self, name: str) -> Iterator[Callable[[str], None]]:
        """Show a step as under way, then how long it took. Yields what tells its details; any thread may call that."""
        started = time.monotonic()
        self._show(name, "starting")
        if not console.is_terminal:
            self.say(f"{name} …")
        try:
            yield lambda detail: self._detail(name, detail)
        except BaseException:
            self._show(name, None)
            raise
        self._show(name, None)
        self.say(f"{name}: ready in {time.monotonic() - started:.1f} s")

    def _detail(self, name: str, detail: str) -> None:
        if self._under_way.get(name, detail) == detail:
            return  # said already, or the step is over and somebody still tells
        if not console.is_terminal:
            self.say(f"{name}: {detail}")
        self._show(name, detail)

    def _show(self, name: str, detail: str | None) -> None:
        with self._lock:
            if detail is None:
                self._under_way.pop(name, None)
            else:
                self._under_way[name] = detail
            if not console.is_terminal:
                return
            if not self._under_way:
                if self._status is not None:
                    self._status.stop()
                self._status = None
                return
            words = " · ".join(f"{key}: {value}" for key, value in self._under_way.items())
            if self._status is None:
                self._status = console.status(words)
                self._status.start()
            else:
                self._status.update(words)
