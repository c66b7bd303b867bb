"""The command line: arguments and exit codes. 0 done; 2 the user's mistake, in one line; 1 anything else."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from nasgauge.errors import UserError

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False,
                  help="Can I trust this cheap estimate of an architecture's quality?")
bench = typer.Typer(no_args_is_help=True, help="Make and import tabular benchmarks.")
app.add_typer(bench, name="bench")
console = Console()


def main() -> None:
    """Entry point: runs the command and turns a UserError into one line on stderr and exit code 2."""
    try:
        app()
    except UserError as error:
        print(f"nasgauge: {error}", file=sys.stderr)
        sys.exit(2)


Workers = Annotated[int | None, typer.Option("--workers", min=1, help="Processes; all cores if absent.")]


@bench.command("build")
def bench_build(
    recipe: Annotated[str, typer.Argument(help="A shipped recipe's name or a TOML file.")],
    out: Annotated[Path | None, typer.Option(help="Folder to write to and resume from.")] = None,
    workers: Workers = None,
) -> None:
    """Train architectures from scratch into a new tabular benchmark (resumable)."""
    from nasgauge import bench as building
    from nasgauge.benchmarks import embedded

    text, name = _text_of(recipe, embedded.recipe)
    folder = out or Path("runs") / f"bench-{name}"
    with _progress("training") as report:
        table = building.build(text, folder, where=name, n_workers=workers, progress=report)
    console.print(f"{table['arch'].nunique():,} architectures x {table['seed'].nunique()} seeds: {folder / name}.parquet")


def _text_of(name: str, shipped: Callable[[str], str | None]) -> tuple[str, str]:
    """The TOML text behind an argument, and a short name: a file of the user's, else what is shipped under the name."""
    path = Path(name)
    if path.suffix == ".toml" or path.is_file():
        try:
            return path.read_text(), path.stem
        except OSError as error:
            raise UserError(f"{name}: cannot be read ({error.strerror})") from error
    text = shipped(name)
    if text is None:
        raise UserError(f"{name!r} is neither a file nor shipped; `nasgauge list` shows what is shipped")
    return text, name


@contextmanager
def _progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """A progress bar on stderr; the function it gives is called with (done, total)."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


if __name__ == "__main__":
    main()
