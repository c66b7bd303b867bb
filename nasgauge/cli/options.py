"""Arguments and options that several commands share.

Where `path_of` parses a path it may be a URL, and is then a `RemotePath`, which stands where a `Path` does.
"""

from pathlib import Path
from typing import Annotated

import typer

from nasgauge.core.remote import path_of

Out = Annotated[
    Path | None,
    typer.Option(
        parser=path_of, metavar="PATH",
        help="Output folder, or a URL such as s3://bucket/folder, from which an interrupted run resumes.",
    ),
]  # fmt: skip
Figures = Annotated[
    Path | None,
    typer.Option(parser=path_of, metavar="PATH", help="Also write every figure to a file in this folder."),
]
FORMAT = "pdf"  # of figures, where none is given
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
Latex = Annotated[
    Path | None,
    typer.Option(
        parser=path_of, metavar="PATH", help="Also write the table of values as LaTeX (booktabs) to this file."
    ),
]
Workers = Annotated[
    int | None, typer.Option("--workers", min=1, help="Worker processes (default: all cores), at most eight per core.")
]
Strict = Annotated[
    bool,
    typer.Option("--strict", help="Refuse to resume what was computed under other versions or on another device."),
]
Kind = Annotated[str, typer.Option(help="Execution: serial, processes or ray.")]
Address = Annotated[
    str | None, typer.Option(help="Address of a running Ray cluster, e.g. auto or HOST:6379, with --kind ray.")
]
