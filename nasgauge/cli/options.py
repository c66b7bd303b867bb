"""Arguments and options that several commands share."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from nasgauge.core.errors import unknown_name

Figures = Annotated[Path | None, typer.Option(help="Also write every figure to a file in this folder.")]
FigureFormat = Annotated[str, typer.Option(help="Figure format: pdf or svg.")]
Only = Annotated[
    list[str] | None,
    typer.Option("--figure", help="Name of a figure for a paper, e.g. values, scatter; repeatable (default: all)."),
]
Columns = Annotated[
    int | None, typer.Option(min=1, max=2, help="Width of the figures in columns of a paper (3.25 or 6.75 inches).")
]
Serif = Annotated[bool, typer.Option("--serif", help="Figures with a serif font.")]
Csv = Annotated[bool, typer.Option("--csv", help="Also write the numbers behind each figure as CSV.")]
Latex = Annotated[Path | None, typer.Option(help="Also write the table of values as LaTeX (booktabs) to this file.")]
Workers = Annotated[
    int | None, typer.Option("--workers", min=1, help="Worker processes (default: all cores), at most eight per core.")
]


def named_text(
    kind: str, name: str, shipped: Callable[[str], str | None], names: list[str]
) -> tuple[str, str, Path | None]:
    """The TOML text of an argument, a short name and its folder: of a file, or else of a shipped study or recipe."""
    from nasgauge.core.store import text_of

    path = Path(name)
    if path.suffix == ".toml" or path.is_file():
        return text_of(path), path.stem, path.resolve().parent
    text = shipped(name)
    if text is None:
        raise unknown_name(f"{kind} (and no such file)", name, names)
    return text, name, None
