"""The commands by name, and the entry point: exit codes and one-line errors."""

import errno
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from nasgauge.cli import benches, components, judging, running
from nasgauge.core import terminal
from nasgauge.core.errors import UserError, one_line, without_torch

# Help and usage errors are plain text, so that brackets as in NAME[@K] are printed.
_PLAIN = {"no_args_is_help": True, "rich_markup_mode": None}
_REFUSED = next(kind for kind in typer.BadParameter.mro() if kind.__name__ == "ClickException")
_SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
_OF_THE_MACHINE = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EMFILE, errno.ENFILE, errno.ENOMEM)
_COMMANDS = {  # in the order of the help
    "list": components.list_,
    "copy": components.copy,
    "run": running.run,
    "judge": judging.judge,
    "report": running.report,
    "export": running.export,
    "status": running.status,
    "cite": components.cite,
}
_RESUMABLE = (["run"], ["bench", "build"])
_BENCH_COMMANDS = {"build": benches.build, "import": benches.import_}

app = typer.Typer(
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Evaluate cheap performance estimators of neural architectures against ground truth.",
    **_PLAIN,
)


def _version(wanted: bool) -> None:
    if wanted:
        from nasgauge.core.about import version

        print(f"nasgauge {version()}")
        raise typer.Exit()


@app.callback()
def _of_all(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    pass


bench = typer.Typer(help="Build and import tabular benchmarks.", **_PLAIN)
app.add_typer(bench, name="bench")
for group, commands in ((app, _COMMANDS), (bench, _BENCH_COMMANDS)):
    for name, function in commands.items():
        group.command(name)(function)


class _Stopped(BaseException):
    """A signal that ends the command; its number."""

    def __init__(self, number: int) -> None:
        self.number = number


def _stop(number: int, frame: object) -> None:
    for one in _SIGNALS:
        signal.signal(one, signal.SIG_IGN)  # a second one would cut off what the first one has begun to end
    raise _Stopped(number)


@contextmanager
def _stoppable() -> Iterator[None]:
    """Signals that end a program end the block by `_Stopped`; one that is ignored stays so. Threads get no signals."""
    heard = _SIGNALS if threading.current_thread() is threading.main_thread() else ()
    before = {one: handler for one in heard if (handler := signal.getsignal(one)) is not None}
    for one, handler in before.items():
        if handler is not signal.SIG_IGN:
            signal.signal(one, _stop)
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


def main() -> None:
    """Entry point: runs the command and turns a UserError into one line on stderr and exit code 2.

    SIGINT, SIGTERM and SIGHUP (unless it is ignored, as below nohup) end the command and its workers, with exit code
    128 plus the signal's number.
    """
    terminal.prepare()
    try:
        with _stoppable():
            code = app(standalone_mode=False)
            sys.stdout.flush()
    except UserError as error:
        code = _reported(error, _code_of(error.__cause__))
    except _REFUSED as error:  # options and arguments that the command does not take
        if type(error).__name__ == "NoArgsIsHelpError":
            error.show()
            sys.exit(error.exit_code)
        code = _reported(error.format_message(), 2)
    except ModuleNotFoundError as error:
        code = _reported(without_torch(error, " ".join(sys.argv[1:3])), 2)
    except _Stopped as stopped:
        resumes = any(sys.argv[1 : 1 + len(words)] == words for words in _RESUMABLE)
        code = _reported("stopped" + "; run the same command to resume" * resumes, 128 + stopped.number)
    except typer.Abort:
        code = _reported("stopped", 130)
    except BrokenPipeError:  # the reader of the output has ended
        terminal.close_stdout()
        code = 1
    except OSError as error:  # of a path that was not checked before, or of stdout
        where = "the output" if error.filename is None else os.fsdecode(error.filename)
        if error.filename is None:
            terminal.close_stdout()
        code = _reported(f"{where}: {error.strerror or error}", _code_of(error))
    sys.exit(code or 0)


def _code_of(cause: BaseException | None) -> int:
    """1 for what the machine lacks, such as room on its disk, 2 for a mistake of the user's."""
    return 1 if isinstance(cause, OSError) and cause.errno in _OF_THE_MACHINE else 2


def _reported(message: object, code: int) -> int:
    print(f"nasgauge: {one_line(message)}", file=sys.stderr)
    return code
