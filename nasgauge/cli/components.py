"""What there is, and how it is cited and taken: `nasgauge list`, `cite` and `copy`."""

from pathlib import Path
from typing import Annotated

import typer

from nasgauge.cli.printing import print_table
from nasgauge.core.remote import path_of


def list_(
    category: Annotated[str | None, typer.Argument(help="Category (default: all).")] = None,
    bib: Annotated[bool, typer.Option("--bib", help="Print the BibTeX entries of the listed components.")] = False,
) -> None:
    """List available components: spaces, benchmarks, data sets, estimators, proxies, samplers, protocols, encoders,
    losses, searches, criteria, analyses, files, studies and recipes, with references."""
    from nasgauge.studies import listing

    found = listing.listing(category)
    if bib:
        print(listing.bibtex(found))
        return
    for title, entries in found.items():
        print_table(title, ("name", "description", "reference"), entries)


def cite(
    folder: Annotated[
        Path | None,
        typer.Argument(
            parser=path_of, metavar="[FOLDER]", help="Folder of a study or survey: also the sources of all it uses."
        ),
    ] = None,
) -> None:
    """Print the BibTeX entries to cite: nasgauge, and estimators, criteria, space and ground truth of a study."""
    if folder is None:
        from nasgauge.core import about

        print(about.bibtex())
        return
    from nasgauge.studies import folders

    folders.reporter(folder)  # before the imports that a study needs
    from nasgauge.studies import citing

    print(citing.bibtex(folder))


def copy(
    study: Annotated[str, typer.Argument(help="Name of a shipped study or recipe.")],
    file: Annotated[Path | None, typer.Argument(help="File to write, or a folder (default: here).")] = None,
) -> None:
    """Write the TOML file of a shipped study or recipe, for editing; never overwrites."""
    from nasgauge.studies import texts

    copied = texts.copy(study, Path() if file is None else file)
    command = "run" if texts.study_text(study) else "bench build"
    print(f"{copied}: run it with `nasgauge {command} {copied}`")
