"""Which settings make a supernet better?"""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from nasgauge.analyses.toolkit.analysis import Analysis
from nasgauge.analyses.toolkit.drawing import BLUE, column_width, plain, say, tidy
from nasgauge.analyses.toolkit.over_seeds import mean_interval
from nasgauge.analyses.toolkit.supernet_quality import METRICS, Measure, by_kind, scored_supernets
from nasgauge.analyses.toolkit.supernet_settings import (
    NOTHING,
    Chosen,
    chosen_by,
    differing,
    kinds_in,
    what_differs,
    with_choices,
)
from nasgauge.core.errors import UserError, unknown_name
from nasgauge.spaces import Space

_COLUMNS = (
    *("metric", "kind", "factor", "off", "on", "base", "estimator"),
    *("influence", "lower", "upper", "value_off", "value_on", "n_seeds", "n"),
)


class Base(NamedTuple):
    """Estimators in columns of one table, to be compared with one of them: its name, and those of the others."""

    name: str
    others: tuple[str, ...]


def compute(
    scores: pd.DataFrame,
    truth: pd.DataFrame,
    space: Space | None = None,
    *,
    settings: pd.DataFrame,
    choices: pd.DataFrame | None = None,
    base: str | None = None,
    rng: np.random.Generator,
    **options: object,
) -> pd.DataFrame:
    """How much each metric of a supernet changes when a factor of its training is switched on, all else equal.

    influence = mean over seeds of metric(supernet with the factor, seed) - metric(base, seed)

    Metrics: those of `toolkit.supernet_quality.Measure` (options: its fields), over the n architectures that both
    scored in all their seeds; lower, upper: 95% by Student's t over the n_seeds seeds that both have. base: the
    estimator with which all others of its kind of score are compared; if absent the one from which most others differ
    in one factor only, of equals the one with the fewest differences in all, then by name. factor: the names of the
    settings and choices that differ, joined by commas, where the sampler stands for its own options as well; "nothing"
    for a repetition, and "not recorded" among them where not all settings are known. off, on: their values in the base
    and with the factor. scores, truth, settings, choices: tables SCORES, TRUTH, SETTINGS, CHOICES; space is not used.
    Returns (metric, kind, factor, off, on, base, estimator, influence, lower, upper, value_off, value_on, n_seeds, n);
    empty with a single supernet. NaN: a metric undefined in a seed, no common seed (n_seeds 0); the interval of a
    single seed. Pairs without a common architecture have no row. UserError: a base that is no supernet; as of
    `supernet_metrics`.

    >>> truth = pd.DataFrame({"arch": list("abcd"), "seed": 0, "accuracy": [0.9, 0.8, 0.7, 0.6]})
    >>> rows = {"estimator": ["x"] * 4 + ["y"] * 4, "arch": list("abcd") * 2, "seed": 0}
    >>> scores = pd.DataFrame({**rows, "score": [4.0, 3, 2, 1, 3, 4, 2, 1]})
    >>> settings = pd.DataFrame({"estimator": ["x", "y"], "setting": "epochs", "value": [9.0, 8.0]})
    >>> choices = pd.DataFrame({"estimator": ["x", "y"], "setting": "bn", "value": "batch"})
    >>> table = compute(scores, truth, settings=settings, choices=choices, rng=np.random.default_rng(0))
    >>> table.set_index("metric").loc["kendall_tau", ["factor", "off", "on"]].tolist()
    ['epochs', '9', '8']
    >>> round(float(table.set_index("metric").loc["kendall_tau", "influence"]), 3)
    -0.333

    Reference: yu2020train, Fig. 10.
    """
    measure = Measure(int(rng.integers(2**63)), **options)
    every = chosen_by(settings, choices)
    accuracy, tables = scored_supernets(scores, truth, every)
    chosen = {name: every[name] for name in tables}
    if base is not None and base not in chosen:
        raise unknown_name("base of supernet_factors", base, chosen)
    recorded, rows = with_choices(choices), []
    for kind, names in by_kind(tables, chosen, kinds_in(settings)):
        if base is not None and base not in names:
            continue
        star = _star(names, chosen, base)
        for name in star.others:
            common = tables[star.name].index.intersection(tables[name].index)
            if len(common):
                key = {"kind": kind, **_factor(star.name, name, chosen, recorded), "base": star.name, "estimator": name}
                pair = [tables[each].reindex(common) for each in (star.name, name)]
                rows += [{**key, **row} for row in _influences(pair, accuracy.reindex(common).to_numpy(), measure)]
    order = list(METRICS)
    rows.sort(key=lambda row: (order.index(row["metric"]), row["kind"] != "main", row["kind"]))
    return pd.DataFrame(rows, columns=list(_COLUMNS))


def over_spaces(tables: Mapping[str, pd.DataFrame], confidence: float = 0.95) -> pd.DataFrame:
    """The influence of each factor over several ground truths: the mean over them of the influences, with an interval.

    tables: by name of the ground truth, what `compute` returned. A factor is the same where its name and its values off
    and on are. lower, upper: Student's t over the n_spaces ground truths in which it was varied, NaN of one. n_same:
    in how many of them the influence has the sign of the mean. base, estimator: their names, joined by commas where
    they differ. Returns (metric, kind, factor, off, on, base, estimator, influence, lower, upper, n_same, n_spaces).
    UserError: no table.
    """
    if not tables:
        raise UserError("supernet_factors: no table to join; give at least one")
    every = pd.concat([table.assign(space=name) for name, table in tables.items()], ignore_index=True)
    rows = []
    for key, part in every.groupby(["metric", "kind", "factor", "off", "on"], sort=False):
        of_space = part.groupby("space")["influence"].mean()
        mean, lower, upper = mean_interval(of_space.to_numpy(), confidence)
        same = int((np.sign(of_space) == np.sign(mean)).sum())
        called = [", ".join(dict.fromkeys(part[name])) for name in ("base", "estimator")]
        rows.append((*key, *called, mean, lower, upper, same, len(of_space)))
    names = ["metric", "kind", "factor", "off", "on", "base", "estimator"]
    return pd.DataFrame(rows, columns=[*names, "influence", "lower", "upper", "n_same", "n_spaces"])


def draw(table: pd.DataFrame, ax, space: Space | None = None) -> None:
    """One metric: influences of the factors with their intervals, the largest above."""
    rows = table[table["kind"] == table["kind"].iloc[0]].dropna(subset=["influence"])
    if rows.empty:
        say(ax, "undefined for every factor")
        return
    rows = rows.sort_values(["influence", "estimator"], ascending=[False, True])
    labels = [plain(f"{row.estimator}: {row.factor} = {row.on}", 44) for row in rows.itertuples()]
    place, value = np.arange(len(rows)), rows["influence"].to_numpy()
    ax.axvline(0, color="0.35", linewidth=0.8, linestyle=(0, (4, 2)), zorder=0)
    ax.hlines(place, rows["lower"].fillna(rows["influence"]), rows["upper"].fillna(rows["influence"]), color=BLUE,
              linewidth=max(1.0, min(5.0, column_width(ax, (), len(rows)) / 4)), alpha=0.3)  # fmt: skip
    ax.plot(value, place, "o", color=BLUE, markersize=4)
    ax.set_yticks(place, labels)
    ax.set_ylim(len(rows) - 0.5, -0.5)
    reach = 1.15 * np.abs(value).max() or 1.0
    seen = np.nan_to_num(np.abs(rows[["lower", "upper"]].to_numpy()), nan=0.0).max()
    ax.set_xlim(-max(reach, min(seen, 3 * reach)), max(reach, min(seen, 3 * reach)))  # few seeds have wide intervals
    ax.set_xlabel(f"{METRICS[rows['metric'].iloc[0]]}: change from {plain(rows['base'].iloc[0], 24)}")
    tidy(ax)


def _star(names: Sequence[str], chosen: Chosen, base: str | None) -> Base:
    """The estimator with which the others are compared."""

    def order(name: str) -> tuple[int, int, str]:
        differences = [len(differing(name, other, chosen)) for other in names if other != name]
        return -sum(n == 1 for n in differences), sum(differences), name

    found = base or min(names, key=order)
    return Base(found, tuple(name for name in names if name != found))


def _factor(base: str, name: str, chosen: Chosen, recorded: Collection[str]) -> dict[str, str]:
    """What differs, by name, and the values in the base and beside it."""
    factor = what_differs([base, name], chosen, recorded)  # also says what is not known
    known = factor.split(", ")
    if base in recorded and name in recorded and factor != NOTHING:
        known = differing(base, name, chosen)
        factor = ", ".join(known)
    off, on = (", ".join(_text(chosen[each].get(setting)) for setting in known) for each in (base, name))
    return {"factor": factor, "off": off, "on": on}


def _text(value: float | str | None) -> str:
    return "–" if value is None else value if isinstance(value, str) else f"{value:g}"


def _influences(pair: Sequence[pd.DataFrame], true: np.ndarray, measure: Measure) -> list[dict[str, object]]:
    """One row per metric over the seeds that both supernets have."""
    seeds = sorted(set(pair[0].columns) & set(pair[1].columns))
    values = [[measure(table[seed].to_numpy("float64"), true) for seed in seeds] for table in pair]
    rows = []
    for metric in METRICS:
        off, on = (np.array([found[metric] for found in each]) for each in values)
        influence, lower, upper = mean_interval(on - off)
        means = (float(x.mean()) if len(x) else np.nan for x in (off, on))
        found = dict(zip(("value_off", "value_on"), means, strict=True))
        found |= {"influence": influence, "lower": lower, "upper": upper}
        rows.append({"metric": metric, **found, "n_seeds": len(seeds), "n": len(true)})
    return rows


def _size(table: pd.DataFrame) -> tuple[float, float]:
    return 6.4, 1.1 + 0.2 * max(4, table["estimator"].nunique() / max(1, table["kind"].nunique()))


ANALYSIS = Analysis(
    name="supernet_factors",
    question="Which settings make a supernet better?",
    paper_finding=(
        "Yu et al. (ICLR 2021 submission, Fig. 10) find that tuned hyper-parameters improve the search result by far "
        "the most; most other factors hardly have an effect, or harm."
    ),
    section="settings",
    caption=(
        "Change of the metric when one factor differs from the base, all else equal; points: means over seeds, bars: "
        "95% intervals (Student's t over seeds)."
    ),
    needs=("settings",),
    takes=("choices",),
    random=True,
    compute=compute,
    draw=draw,
    panel_by="metric",
    size=(6.4, 3.0),
    size_of=_size,
    over=over_spaces,
    over_caption=(
        "Points: means over ground truths of the change of the metric from the base; bars: 95% intervals (Student's t "
        "over ground truths)."
    ),
)
