"""Arguments and options that several commands share."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from nasgauge.core.errors import unknown_name

Figures = Annotated[Path | None, typer.Option(help="Also write every figure to a file in this folder.")]
FigureFormat = Annotated[str, typer.Option(help="Figure format: pdf or svg.")]
Workers = Annotated[
    int | None, typer.Option("--workers", min=1, help="Worker processes (default: all cores), at most eight per core.")
]


def named_text(kind: str, name: str, shipped: Callable[[str], str | None], names: list[str]) -> tuple[str, str]:
    """The TOML text of an argument, and a short name: of a file, or else of a shipped study or recipe."""
    from nasgauge.core.store import text_of

    path = Path(name)
    if path.suffix == ".toml" or path.is_file():
        return text_of(path), path.stem
    text = shipped(name)
    if text is None:
        raise unknown_name(f"{kind} (and no such file)", name, names)
    return text, name
