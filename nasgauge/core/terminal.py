"""Where the command line prints: text as it is, on any terminal, pipe or file, and how far long work is.

Rule: nothing of a user's is read as markup; a letter that the terminal cannot show is replaced, never an error.
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

from nasgauge.core.progress import Phases, Progress

_ASCII = {"–": "-", "—": "-", "−": "-", "…": ".", "≈": "~", "≥": ">", "≤": "<", "↑": "^", "↓": "v", "τ": "t", "ρ": "r"}
_WIDTHS = 40, 500  # a table in a narrower terminal than the first is no table
_FIRST, _EVERY = 2.0, 30.0  # seconds until the first line off a terminal, and between two lines at most


def _replaced(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(_ASCII.get(c, "?") for c in error.object[error.start : error.end]), error.end


codecs.register_error("nasgauge", _replaced)


def prepare() -> None:
    """Make stdout and stderr replace the letters that they cannot encode: `≈` by `~`, others by `?`."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="nasgauge")


def width() -> int:
    """Columns to print in: those of the terminal, or 80; from 40 to 500, whatever COLUMNS says."""
    least, most = _WIDTHS
    return min(most, max(least, shutil.get_terminal_size().columns))


def console(*, stderr: bool = False) -> Any:
    """A rich console that reads no markup, no emoji codes and no numbers out of what it prints."""
    from rich.console import Console  # here and not above: half of the commands print plain lines only

    return Console(stderr=stderr, width=width(), height=25, markup=False, emoji=False, highlight=False)


def close_stdout() -> None:
    """Send whatever is still to be printed nowhere: the reader of stdout is gone, or its disk is full."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, sys.stdout.fileno())
    except (OSError, ValueError):  # no file behind it: nothing is written at exit either
        pass
    finally:
        os.close(nowhere)


@contextmanager
def followed(what: str) -> Iterator[Phases]:
    """How far the block is, on stderr: a bar on a terminal, else a line after two seconds, and then now and then.

    It gives a Phases: `phases("bootstrap draws")(done, total)`; a total of 0 is not known. Work that is over, or fails,
    within two seconds prints no line.
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

    def tell() -> None:
        pause = _FIRST
        while not over.wait(pause):
            say(state["text"])
            pause = min(_EVERY, 2 * pause)

    def phases(name: str) -> Progress:
        def told(done: float, total: int) -> None:
            of = f" of {total:,} ({100 * done / total:.0f}%)" if total else ""
            state["text"] = f"{what}: {name}: {done:,.0f}{of}"

        state["text"] = f"{what}: {name}"
        return told

    teller = threading.Thread(target=tell, daemon=True)
    teller.start()
    try:
        yield phases
    finally:
        over.set()
        teller.join()
