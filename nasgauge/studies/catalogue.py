"""The components that a study can name, collected from all registries: `nasgauge list` reads a copy.

`python -m nasgauge.studies.catalogue` writes the copy, `listing.json`: collecting them imports every package and torch,
which takes seconds. A test compares the two.
"""

import json
import re
import tomllib
from pathlib import Path

from nasgauge.analyses import ANALYSES
from nasgauge.benchmarks import BENCHMARKS, embedded
from nasgauge.criteria import CRITERIA
from nasgauge.estimators import ESTIMATORS, EstimatorConfig
from nasgauge.estimators.oneshot import PROTOCOLS, SAMPLERS
from nasgauge.estimators.predictors import ENCODERS, LOSSES
from nasgauge.estimators.zeroshot import PROXIES
from nasgauge.images import CROPS, DATASETS
from nasgauge.official import KINDS
from nasgauge.search import SEARCHES
from nasgauge.spaces import SPACES
from nasgauge.studies.described import described
from nasgauge.studies.listing import FILE, Entry, keys_in
from nasgauge.studies.scores import ScoresConfig
from nasgauge.studies.texts import recipe_names, recipe_text, study_names, study_text


def gathered() -> dict[str, list[Entry]]:
    """The entries of every category."""
    return {
        "spaces": [Entry(n, first_sentence(s), s.reference) for n, s in SPACES.items()],
        "benchmarks": [Entry(n, *_benchmark(n)) for n in BENCHMARKS],
        "datasets": [Entry(n, first_sentence(loader), _DATASETS.get(n)) for n, loader in DATASETS.items()],
        "estimators": [Entry(n, first_sentence(c)) for n, c in _estimators().items()],
        "proxies": [Entry(n, p.summary, p.reference) for n, p in PROXIES.items()],
        "samplers": [Entry(n, first_sentence(s.function), s.reference) for n, s in SAMPLERS.items()],
        "protocols": [Entry(n, *_PROTOCOLS[n]) for n in PROTOCOLS],
        "encoders": [Entry(n, e.summary, e.reference) for n, e in ENCODERS.items()],
        "losses": [Entry(n, first_sentence(f), next(iter(keys_in(f.__doc__)), None)) for n, f in LOSSES.items()],
        "searches": [Entry(n, s.summary, s.reference) for n, s in SEARCHES.items()],
        "criteria": [
            Entry(n, f"{c.title} ({c.symbol}), {c.better} is better", c.reference) for n, c in CRITERIA.items()
        ],
        "analyses": [Entry(n, a.question, "ning2021evaluating" if a.figure else None) for n, a in ANALYSES.items()],
        "files": [Entry(n, k.summary, k.reference) for n, k in KINDS.items()],
        "studies": [Entry(n, described(study_text(n) or "", n)) for n in study_names()],
        "recipes": [Entry(n, tomllib.loads(recipe_text(n) or "")["title"]) for n in recipe_names()],
    }


def as_json() -> str:
    """The content of `listing.json`."""
    entries = {category: [e._asdict() for e in found] for category, found in gathered().items()}
    return json.dumps(entries, indent=1, ensure_ascii=False) + "\n"


_PROTOCOLS = {
    "digits": ("SGD with a cosine schedule over 200 epochs, for the 8x8 digits", None),
    "laube2021": ("250 epochs, one batch per architecture of a step, gradients added", "laube2021exploring"),
    "ning2021": ("1,000 epochs, the rate lowered on a plateau of the training loss", "ning2021evaluating"),
    "yu2021": ("151 epochs with a cosine schedule, gradients added", "yu2020train"),
}

_DATASETS = {
    "digits": "alpaydin1998digits",
    "cifar10": "krizhevsky2009cifar",
    "cifar100": "krizhevsky2009cifar",
    "imagenet16-120": "chrabaszcz2017downsampled",
    **dict.fromkeys(CROPS, "vanderwalt2014scikitimage"),
}


def _estimators() -> dict[str, type[EstimatorConfig]]:
    """Those of ESTIMATORS, to which this package adds one."""
    return {**ESTIMATORS, "scores": ScoresConfig}


# Summaries of the published tables; those of embedded ones come from their own facts.
_BENCHMARKS = {
    "nb101": ("CIFAR-10 test accuracy of 423,624 cells after 108 epochs (NAS-Bench-101)", "ying2019nasbench101"),
    "nb201": ("accuracy of all 15,625 cells on three data sets (NAS-Bench-201)", "dong2020nasbench201"),
    "nb301": ("accuracy of 725 DARTS cells, predicted by the surrogate of NAS-Bench-301", "siems2020nasbench301"),
}


def _benchmark(name: str) -> tuple[str, str]:
    if name in _BENCHMARKS:
        return _BENCHMARKS[name]
    record = embedded.record(name)
    facts = record["facts"]
    return f"{facts['n_archs']:,} {record['title']}, {facts['n_seeds']} seeds each", "alpaydin1998digits"


# Full stops of abbreviations do not end a sentence.
_END = re.compile(r"(?<!\bal)(?<!\bcf)(?<!\be\.g)(?<!\bi\.e)(?<!\bsec)(?<!\bFigs)(?<!\bFig)\.(?: |$)")


def first_sentence(thing: object) -> str:
    """The first sentence of a docstring, without its full stop; "et al.", "e.g." and the like do not end it.

    >>> def draw():
    ...     "Cells that Ning et al. train. Rule: none."
    >>> first_sentence(draw)
    'Cells that Ning et al. train'
    """
    return _END.split(" ".join((thing.__doc__ or "").split()), maxsplit=1)[0]


if __name__ == "__main__":
    (Path(__file__).parent / FILE).write_text(as_json(), encoding="utf-8")
