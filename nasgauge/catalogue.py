"""`nasgauge list`: what there is, room by room, with references."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from nasgauge.analyses import ANALYSES
from nasgauge.benchmarks import BENCHMARKS
from nasgauge.criteria import CRITERIA
from nasgauge.datasets import DATASETS
from nasgauge.errors import UserError, unknown_name
from nasgauge.estimators.oneshot import SAMPLERS
from nasgauge.estimators.predictors import ENCODERS
from nasgauge.estimators.zeroshot import PROXIES
from nasgauge.families import FAMILIES
from nasgauge.official import KINDS
from nasgauge.run import shipped_names
from nasgauge.search import SEARCHES
from nasgauge.spaces import SPACES


@dataclass(frozen=True)
class Entry:
    """One thing that a study can name: what it is, in a sentence, and the key of its reference."""

    name: str
    summary: str
    reference: str | None = None


def listing(room: str | None = None) -> dict[str, list[Entry]]:
    """The entries of every room, or of the one named."""
    rooms = {
        "spaces": [Entry(n, _first_sentence(s), s.reference) for n, s in SPACES.items()],
        "benchmarks": [Entry(n, _benchmark_summary(n), _BENCHMARK_REFERENCES[n]) for n in BENCHMARKS],
        "datasets": [Entry(n, _first_sentence(loader)) for n, loader in DATASETS.items()],
        "estimators": [Entry(n, _first_sentence(f.words)) for n, f in FAMILIES.items()],
        "proxies": [Entry(n, p.summary, p.reference) for n, p in PROXIES.items()],
        "samplers": [Entry(n, _first_sentence(s.function), s.reference) for n, s in SAMPLERS.items()],
        "encoders": [Entry(n, e.summary, e.reference) for n, e in ENCODERS.items()],
        "searches": [Entry(n, s.summary, s.reference) for n, s in SEARCHES.items()],
        "criteria": [
            Entry(n, f"{c.title} ({c.symbol}), {c.better} is better", c.reference) for n, c in CRITERIA.items()
        ],
        "analyses": [Entry(n, a.question, "ning2021evaluating" if a.figure else None) for n, a in ANALYSES.items()],
        "files": [Entry(n, k.summary, k.reference) for n, k in KINDS.items()],
        "studies": [Entry(n, f"nasgauge run {n}") for n in shipped_names()],
    }
    if room is None:
        return rooms
    if room not in rooms:
        raise unknown_name("room", room, rooms)
    return {room: rooms[room]}


def bibtex(rooms: Mapping[str, list[Entry]]) -> str:
    """The BibTeX entries of all references in the listing, each once, in alphabetical order of their keys."""
    known = references()
    keys = sorted({e.reference for entries in rooms.values() for e in entries if e.reference})
    absent = [k for k in keys if k not in known]
    if absent:
        raise UserError(f"no BibTeX entry for {absent[0]}")
    return "\n".join(known[k] for k in keys)


def references() -> dict[str, str]:
    """All shipped BibTeX entries by key."""
    text = (Path(str(resources.files("nasgauge"))) / "references.bib").read_text()
    return {re.match(r"@\w+\{(\w+),", line).group(1): line for line in text.splitlines() if line.startswith("@")}


_BENCHMARK_REFERENCES = {
    "digits-darts": "alpaydin1998digits",
    "digits-nb101": "alpaydin1998digits",
    "digits-nb101-1shot1": "alpaydin1998digits",
    "digits-nb201": "alpaydin1998digits",
    "digits-resnet": "alpaydin1998digits",
    "digits-resnext-a": "alpaydin1998digits",
    "nb101": "ying2019nasbench101",
    "nb201": "dong2020nasbench201",
    "nb301": "siems2020nasbench301",
}


def _benchmark_summary(name: str) -> str:
    loader = BENCHMARKS[name]
    return _first_sentence(getattr(loader, "func", loader))  # an embedded one is a partial of its loader


def _first_sentence(thing: object) -> str:
    text = " ".join((thing.__doc__ or "").split())
    return text.partition(". ")[0].rstrip(".")
