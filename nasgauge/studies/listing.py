"""`nasgauge list`: the components that a study can name, by category, with references. Imports no other package."""

import json
import re
from collections.abc import Mapping
from importlib import resources
from typing import NamedTuple

from nasgauge.core.errors import UserError, unknown_name

FILE = "listing.json"  # `python -m nasgauge.studies.catalogue` writes it


class Entry(NamedTuple):
    """One component that a study or a command can name: its description in a sentence, and the key of its reference."""

    name: str
    summary: str
    reference: str | None = None


def listing(category: str | None = None) -> dict[str, list[Entry]]:
    """The entries of every category, or of the one named."""
    content = json.loads((resources.files("nasgauge.studies") / FILE).read_text(encoding="utf-8"))
    found = {name: [Entry(**entry) for entry in entries] for name, entries in content.items()}
    if category is None:
        return found
    if category not in found:
        raise unknown_name("category", category, found)
    return {category: found[category]}


def bibtex(entries: Mapping[str, list[Entry]]) -> str:
    """The BibTeX entries of all references in the listing, each once, in alphabetical order of their keys."""
    known = references()
    keys = sorted({e.reference for found in entries.values() for e in found if e.reference})
    absent = [k for k in keys if k not in known]
    if absent:
        raise UserError(f"no BibTeX entry for {absent[0]}")
    return "\n".join(known[k] for k in keys)


def keys_in(text: str | None) -> tuple[str, ...]:
    """The keys of shipped BibTeX entries that a text names behind "Reference:", in their order.

    >>> keys_in("A front. Reference: ning2021evaluating, Sec. 5; deb2002nsga2.")
    ('ning2021evaluating', 'deb2002nsga2')
    """
    known = references()
    return tuple(word for word in re.findall(r"\w+", (text or "").partition("Reference:")[2]) if word in known)


def references() -> dict[str, str]:
    """All shipped BibTeX entries by key."""
    text = (resources.files("nasgauge.core") / "references.bib").read_text(encoding="utf-8")
    return {re.match(r"@\w+\{(\w+),", line).group(1): line for line in text.splitlines() if line.startswith("@")}
