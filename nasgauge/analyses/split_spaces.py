"""Do supernets of the parts of a space rank the parts better than one supernet of the whole?"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

import numpy as np
import pandas as pd

from nasgauge.analyses.toolkit.analysis import Analysis
from nasgauge.analyses.toolkit.drawing import BLUE, VERMILION, plain, say, tidy
from nasgauge.analyses.toolkit.over_seeds import mean_interval
from nasgauge.analyses.toolkit.supernet_quality import METRICS, Measure, by_kind, scored_supernets
from nasgauge.analyses.toolkit.supernet_settings import Chosen, chosen_by, kinds_in
from nasgauge.spaces import Space

_COLUMNS = (
    *("metric", "kind", "estimator", "role", "within", "lower", "upper", "whole"),
    *("parts", "n_parts", "n_seeds", "n"),
)
_OF_THE_PART = ("without", "n_samples")  # in which supernets of parts differ
_SHOWN = tuple(metric for metric in METRICS if metric != "mean_score")


def compute(
    scores: pd.DataFrame,
    truth: pd.DataFrame,
    space: Space | None = None,
    *,
    settings: pd.DataFrame,
    choices: pd.DataFrame,
    least: int = 2,
    smallest: int = 10,
    largest: float = 0.9,
    rng: np.random.Generator,
    **options: object,
) -> pd.DataFrame:
    """Supernets of disjoint parts of a space together, and the supernets of the whole, on the same architectures.

    within = mean over parts of metric(supernet, architectures of the part), per seed, then mean over seeds
    whole = metric(supernet, architectures of all parts), mean over seeds

    Metrics: those of `toolkit.supernet_quality.Measure` but the mean score; options: its fields. Parts belong together
    where their supernets differ in `without` alone (and in the architectures of a step), each scored at most `largest`
    of the ground truth, and no two have an architecture in common; at least `least` of them. Parts of fewer than
    `smallest` architectures are left out, also of the mean; n_parts are left, of n architectures. role "split": the
    parts' supernets, whose names are joined in parts; their scores are not compared across parts, so that whole is NaN.
    role "whole": a supernet that scored all n. lower, upper: 95% of within by Student's t over the n_seeds seeds.
    scores, truth, settings, choices: tables SCORES, TRUTH, SETTINGS, CHOICES; space is not used. Returns (metric, kind,
    estimator, role, within, lower, upper, whole, parts, n_parts, n_seeds, n); empty without such parts. NaN: undefined
    in a part. UserError: as of `supernet_metrics`.

    Reference: yu2020train, Sec. 4.5 and Table 3 ("Baseline": whole; "Baseline-v2": within; "Ours": split).
    """
    measure = Measure(int(rng.integers(2**63)), **options)
    every = chosen_by(settings, choices)
    accuracy, tables = scored_supernets(scores, truth, every)
    chosen = {name: every[name] for name in tables}
    rows: list[dict[str, object]] = []
    for kind, names in by_kind(tables, chosen, kinds_in(settings)):
        small = [name for name in names if len(tables[name]) <= largest * len(accuracy)]
        for owners in _splits(small, tables, chosen, least):
            kept = [name for name in owners if len(tables[name]) >= smallest]
            if len(kept) < min(least, len(owners)):
                continue
            parts = [tables[name].index for name in kept]
            known = {"kind": kind, "parts": ", ".join(kept), "n_parts": len(kept), "n": sum(map(len, parts))}
            wholes = [name for name in names if all(part.isin(tables[name].index).all() for part in parts)]
            sources = {" + ".join(kept): ("split", [tables[name] for name in kept])}
            sources |= {name: ("whole", [tables[name]] * len(kept)) for name in wholes if name not in owners}
            for name, (role, of_parts) in sources.items():
                key = {**known, "estimator": name, "role": role}
                rows += [{**key, **row} for row in _rows(of_parts, parts, role, accuracy, measure)]
    rows.sort(key=lambda row: _SHOWN.index(str(row["metric"])))
    return pd.DataFrame(rows, columns=list(_COLUMNS))


def draw(table: pd.DataFrame, ax, space: Space | None = None) -> None:
    """One metric: the mean over parts of each supernet with its interval, that of the parts' supernets as a diamond."""
    rows = table[table["kind"] == table["kind"].iloc[0]].dropna(subset=["within"])
    if rows.empty:
        say(ax, "undefined in some part for every supernet")
        return
    rows = rows.sort_values(["within", "estimator"], ascending=[False, True])
    place, split = np.arange(len(rows)), (rows["role"] == "split").to_numpy()
    ax.hlines(place, rows["lower"].fillna(rows["within"]), rows["upper"].fillna(rows["within"]), color=BLUE,
              linewidth=4, alpha=0.25)  # fmt: skip
    ax.plot(rows["within"][~split], place[~split], "o", color=BLUE, markersize=5)
    ax.plot(rows["within"][split], place[split], "D", color=VERMILION, markersize=6)
    ax.plot(rows["whole"], place, "|", color="0.35", markersize=9)
    labels = np.where(split, "one supernet per part", rows["estimator"])
    ax.set_yticks(place, [plain(name, 28) for name in labels])
    ax.set_ylim(len(rows) - 0.5, -0.5)
    ax.margins(x=0.1)
    ax.set_xlabel(f"{METRICS[rows['metric'].iloc[0]]}, mean over {rows['n_parts'].iloc[0]} parts")
    tidy(ax)


def _splits(
    names: Sequence[str], tables: Mapping[str, pd.DataFrame], chosen: Chosen, least: int
) -> Iterator[list[str]]:
    """Supernets that differ in `without` alone and have no architecture in common, by name."""
    alike: dict[frozenset, list[str]] = {}
    for name in names:
        alike.setdefault(frozenset((s, v) for s, v in chosen[name].items() if s not in _OF_THE_PART), []).append(name)
    for owners in alike.values():
        apart = all(tables[a].index.intersection(tables[b].index).empty for a, b in combinations(owners, 2))
        if len(owners) >= least and apart:
            yield sorted(owners)


def _rows(
    tables: Sequence[pd.DataFrame], parts: Sequence[pd.Index], role: str, accuracy: pd.Series, measure: Measure
) -> list[dict[str, object]]:
    """One row per metric over the seeds that all these tables have."""
    seeds = sorted(set.intersection(*(set(table.columns) for table in tables)))

    def measured(table: pd.DataFrame, archs: pd.Index, seed: int) -> dict[str, float]:
        return measure(table[seed].reindex(archs).to_numpy("float64"), accuracy.reindex(archs).to_numpy())

    within = [[measured(t, archs, seed) for t, archs in zip(tables, parts, strict=True)] for seed in seeds]
    union = parts[0].append(list(parts[1:])).sort_values()
    whole = [measured(tables[0], union, seed) for seed in seeds] if role == "whole" else []
    rows = []
    for metric in _SHOWN:
        of_seeds = [float(np.mean([found[metric] for found in of_parts])) for of_parts in within]
        mean, lower, upper = mean_interval(of_seeds)
        overall = float(np.mean([found[metric] for found in whole])) if whole else np.nan
        found = {"within": mean, "lower": lower, "upper": upper, "whole": overall}
        rows.append({"metric": metric, **found, "n_seeds": len(seeds)})
    return rows


ANALYSIS = Analysis(
    name="split_spaces",
    question="Do supernets of the parts of a space rank the parts better than one supernet of the whole?",
    paper_finding=(
        "Yu et al. (ICLR 2021 submission, Table 3) find sparse tau .46 with a supernet for each number of channels on "
        "NAS-Bench-101, .33 with one supernet evaluated in each part, .22 over all parts."
    ),
    section="settings",
    caption=(
        "Diamond: one supernet per part; circles: supernets of the whole, evaluated in each part; means over the parts "
        "with 95% intervals over seeds (Student's t). Ticks: the same supernets over all parts at once."
    ),
    needs=("settings", "choices"),
    random=True,
    compute=compute,
    draw=draw,
    panel_by="metric",
    size=(4.2, 2.6),
)
