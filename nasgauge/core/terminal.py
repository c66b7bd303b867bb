"""Output of the command line: plain text on any terminal, pipe or file, and the progress of long commands.

Rule: nothing that a user supplies is interpreted as markup; a character that the terminal cannot show is replaced.
"""

import codecs
import os
import shutil
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from nasgauge.core.errors import one_line
from nasgauge.core.progress import Phases, Progress

_ASCII = {"–": "-", "—": "-", "−": "-", "…": ".", "≈": "~", "≥": ">", "≤": "<", "↑": "^", "↓": "v", "τ": "t", "ρ": "r"}
_WIDTHS = 40, 500  # no table fits a narrower terminal
_FIRST, _EVERY = 2.0, 30.0  # seconds until the first line off a terminal, and between two lines at most


def _replaced(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(_ASCII.get(c, "?") for c in error.object[error.start : error.end]), error.end


codecs.register_error("nasgauge", _replaced)


def prepare() -> None:
    """Make stdout and stderr replace the characters that they cannot encode: `≈` by `~`, others by `?`."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="nasgauge")


def width() -> int:
    """Columns to print in: those of the terminal, or 80; from 40 to 500, whatever COLUMNS says."""
    narrowest, widest = _WIDTHS
    return min(widest, max(narrowest, shutil.get_terminal_size().columns))


def console(*, stderr: bool = False) -> Any:
    """A rich console without markup, emoji codes and highlighting."""
    from rich.console import Console  # here and not above: half of the commands print plain lines only

    return Console(stderr=stderr, width=width(), height=25, markup=False, emoji=False, highlight=False)


def close_stdout() -> None:
    """Discard the remaining output: the reader of stdout has ended, or its disk is full."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, sys.stdout.fileno())
    except (OSError, ValueError):  # no file behind it: nothing is written at exit either
        pass
    finally:
        os.close(nowhere)


def tell(sentence: str) -> None:
    """Say something that a user should know, on stderr, in one line."""
    print(f"nasgauge: {one_line(sentence)}", file=sys.stderr, flush=True)


@contextmanager
def followed(what: str) -> Iterator[Phases]:
    """Progress of the block on stderr: a bar on a terminal, else a line after two seconds and then at growing
    intervals.

    Yields a Phases: `phases("bootstrap draws")(done, total)`; a total of 0 is unknown. A block that ends within two
    seconds prints no line.
    """
    with _bar(what) if sys.stderr.isatty() else _lines(what) as phases:
        yield phases


@contextmanager
def _bar(what: str) -> Iterator[Phases]:
    from rich import progress as shown

    text = shown.TextColumn("{task.description}", markup=False)
    counts = (shown.MofNCompleteColumn(), shown.TimeElapsedColumn(), shown.TimeRemainingColumn())
    with shown.Progress(text, shown.BarColumn(), *counts, console=console(stderr=True)) as bar:
        task = bar.add_task(what, total=None)

        def phases(name: str) -> Progress:
            bar.reset(task, description=f"{what}: {name}", total=None)
            return lambda done, total: bar.update(task, completed=done, total=total or None)

        yield phases


@contextmanager
def _lines(what: str) -> Iterator[Phases]:
    began, over = time.monotonic(), threading.Event()
    state = {"text": what}

    def say(text: str) -> None:
        print(f"nasgauge: {text}, {time.monotonic() - began:,.0f} s", file=sys.stderr, flush=True)

    def repeat() -> None:
        pause = _FIRST
        while not over.wait(pause):
            say(state["text"])
            pause = min(_EVERY, 2 * pause)

    def phases(name: str) -> Progress:
        def update(done: float, total: int) -> None:
            of = f" of {total:,} ({100 * done / total:.0f}%)" if total else ""
            state["text"] = f"{what}: {name}: {done:,.0f}{of}"

        state["text"] = f"{what}: {name}"
        return update

    reporter = threading.Thread(target=repeat, daemon=True)
    reporter.start()
    try:
        yield phases
    finally:
        over.set()
        reporter.join()
