"""What there is: `nasgauge list`."""

from typing import Annotated

import typer

from nasgauge.cli.printing import print_table


def list_(
    category: Annotated[str | None, typer.Argument(help="Category (default: all).")] = None,
    bib: Annotated[bool, typer.Option("--bib", help="Print the BibTeX entries of the listed components.")] = False,
) -> None:
    """List available components: spaces, benchmarks, data sets, estimators, proxies, samplers, encoders, searches,
    criteria, analyses, files, studies and recipes, with references."""
    from nasgauge.studies import listing

    found = listing.listing(category)
    if bib:
        print(listing.bibtex(found))
        return
    for title, entries in found.items():
        print_table(title, ("name", "description", "reference"), entries)
