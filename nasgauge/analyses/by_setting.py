"""On which settings of network, training and sampling does the ranking depend?"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
import pandas as pd

from nasgauge.analyses.toolkit.analysis import Analysis
from nasgauge.analyses.toolkit.drawing import LINES, N_LINES, draw_line, legend_below, say, tidy
from nasgauge.analyses.toolkit.supernet_settings import (
    MAIN,
    NOTHING,
    Chosen,
    chosen_by,
    kind_of,
    kinds_in,
    what_differs,
    with_choices,
)
from nasgauge.analyses.toolkit.vectors import mean_truth, scores_by_seed
from nasgauge.analyses.trend import judged
from nasgauge.criteria import CRITERIA, BoundCriterion, CriterionSpec, resolve_all
from nasgauge.spaces import Space

SETTING_CRITERIA: tuple[CriterionSpec, ...] = (
    "kendall_tau",
    "spearman_rho",
    {"name": "precision_at_top", "fraction": 0.05},
    {"name": "precision_at_bottom", "fraction": 0.05},
    {"name": "best_rank_at", "fraction": 0.05},
    {"name": "worst_rank_at", "fraction": 0.05},
)
_COLUMNS = (
    *("setting", "setting_value", "series", "also_differs", "estimator"),
    *("criterion", "at", "value", "low", "high", "n", "n_seeds"),
)


@final
@dataclass(frozen=True)
class Comparison:
    """Estimators to compare by one setting: what they are, which other settings differ among them, their names."""

    label: str
    also_differs: str
    names: tuple[str, ...]


def compute(
    scores: pd.DataFrame,
    truth: pd.DataFrame,
    space: Space | None = None,
    *,
    settings: pd.DataFrame,
    choices: pd.DataFrame | None = None,
    criteria: Iterable[CriterionSpec] = SETTING_CRITERIA,
) -> pd.DataFrame:
    """Every criterion of the estimators that differ in a setting, by its value, for each setting that differs.

    value = mean over seeds of criterion(scores of the seed, mean truth); low, high = minimum, maximum over seeds

    scores, truth, settings, choices: tables SCORES, TRUTH, SETTINGS, CHOICES; space is not used. A series holds
    estimators of one kind that are equal in all other settings and choices and take two values or more of this one;
    where a setting has no such series, it gets one of all estimators of a kind, and also_differs names what differs
    with it (else "nothing"). Where choices of one of them are not recorded, also_differs says so: then it is not known
    that they are equal. The
    kind is that of table SETTINGS ("loss", "main": accuracy); where it is not recorded, what a name adds to that of
    another estimator with the same settings ("net_loss" beside "net": loss), "main" where it adds nothing; series: the
    kind, then the settings that part this series from others of its kind. n: architectures of the ground truth that all
    n_seeds seeds scored. Directions and ranges are the criteria's; NaN where a criterion is undefined for one of the
    seeds. Returns (setting, setting_value, series, also_differs, estimator,
    criterion, at, value, low, high, n, n_seeds); empty where no setting differs. UserError: criteria that do not exist,
    an estimator called "truth".

    >>> truth = pd.DataFrame({"arch": list("abc"), "seed": 0, "accuracy": [0.7, 0.8, 0.9]})
    >>> scores = {"estimator": ["c8"] * 3 + ["c16"] * 3, "arch": list("abcabc"), "seed": 0}
    >>> settings = pd.DataFrame({"estimator": ["c8", "c16"], "setting": "channels", "value": [8.0, 16.0]})
    >>> table = compute(
    ...     pd.DataFrame({**scores, "score": [1.0, 3, 2, 1, 2, 3]}), truth, settings=settings, criteria=["kendall_tau"]
    ... )
    >>> table[["setting", "setting_value", "estimator", "value", "n"]].round(4).values.tolist()
    [['channels', 8.0, 'c8', 0.3333, 3], ['channels', 16.0, 'c16', 1.0, 3]]

    Reference: ning2020surgery, Fig. 3 (a, b); ning2021evaluating, Fig. A6 and Table A2.
    """
    requested = resolve_all(criteria)
    known = scores[scores["estimator"].isin(settings["estimator"].unique())]
    values = {name: rows for name, rows in _values(known, truth, requested)}
    chosen = {name: each for name, each in chosen_by(settings, choices).items() if name in values}
    recorded, rows = with_choices(choices), []
    for setting in sorted(settings.loc[settings["estimator"].isin(chosen), "setting"].unique()):
        for compared in _comparisons(setting, chosen, recorded, kinds_in(settings)):
            for name in compared.names:
                key = {"setting": setting, "setting_value": chosen[name][setting], "series": compared.label}
                key |= {"also_differs": compared.also_differs, "estimator": name}
                rows += [{**key, **row} for row in values[name]]
    return pd.DataFrame(rows, columns=list(_COLUMNS))


def draw(table: pd.DataFrame, ax, space: Space | None = None) -> None:
    """One setting: one line per criterion over its value, bands over the seeds; of several series, the first."""
    if table.empty:
        say(ax, "no setting differs")
        return
    labels = table["series"].unique()
    shown = table[table["series"] == labels[0]]
    keys = list(dict.fromkeys(zip(shown["criterion"], shown["at"].fillna(0.0), strict=True)))
    for (criterion, at), line in zip(keys[:N_LINES], LINES, strict=False):
        rows = shown[(shown["criterion"] == criterion) & (shown["at"].fillna(0.0) == at)].groupby("setting_value")
        rows = rows.agg(value=("value", "mean"), low=("low", "min"), high=("high", "max"))
        draw_line(rows.index, rows, ax, line, _symbol(criterion, at))
    ticks = np.unique(shown["setting_value"])
    if ticks[0] > 0 and ticks[-1] >= 4 * ticks[0]:
        ax.set_xscale("log")
    if len(ticks) <= 7:
        ax.set_xticks(ticks, [f"{tick:,g}".replace("-", "−") for tick in ticks])
        ax.minorticks_off()
    ax.set_xlabel(str(table["setting"].iloc[0]).replace("_", " "))
    differs = shown["also_differs"].iloc[0]
    notes = [f"also differs: {_listed(differs)}".replace("_", " ")] if differs != NOTHING else []
    notes += [f"series: {labels[0]}, 1 of {len(labels)}"] if len(labels) > 1 else []
    legend_below(ax, "; ".join(notes))
    tidy(ax)


def _values(
    scores: pd.DataFrame, truth: pd.DataFrame, requested: Sequence[BoundCriterion]
) -> Iterator[tuple[str, list[dict[str, object]]]]:
    accuracy = mean_truth(truth).sort_index()
    for name, table in scores_by_seed(scores).items():
        by_seed = table.reindex(accuracy.index).sort_index(axis=1).to_numpy("float64")
        kept = ~np.isnan(by_seed).any(axis=1)
        if kept.any():
            yield name, judged([(score, accuracy.to_numpy()[kept]) for score in by_seed[kept].T], requested)


def _comparisons(setting: str, chosen: Chosen, recorded: Collection[str], kinds: Mapping[str, str]) -> list[Comparison]:
    """The comparisons by one setting: all else equal where that can be had, else all estimators of a kind."""
    having = {name: dict(each) for name, each in chosen.items() if setting in each}
    others = {name: {s: v for s, v in each.items() if s != setting} for name, each in having.items()}
    for controlled in (True, False):
        groups: dict[tuple[str, frozenset], list[str]] = {}
        for name in having:
            fixed = frozenset(others[name].items()) if controlled else frozenset()
            groups.setdefault((kind_of(name, chosen, kinds), fixed), []).append(name)
        groups = {key: names for key, names in groups.items() if len({having[name][setting] for name in names}) > 1}
        if groups:
            break
    found = []
    for (kind, _), names in sorted(groups.items(), key=lambda g: (g[0][0] != MAIN, g[0][0], -len(g[1]), g[1])):
        rivals = [others[name] for key, members in groups.items() if key[0] == kind for name in members]
        fixed = others[names[0]] if controlled else {}
        parts = [f"{s} = {_text(fixed[s])}" for s in sorted(fixed) if len({each.get(s) for each in rivals}) > 1]
        also = what_differs(names, others, recorded)
        order = sorted(names, key=lambda name: (having[name][setting], name))
        found.append(Comparison("; ".join([kind, *parts]), also, tuple(order)))
    return found


def _listed(differs: str, limit: int = 4) -> str:
    """The first settings, and how many more there are."""
    names = differs.split(", ")
    more = len(names) - limit
    return differs if more < 2 else f"{', '.join(names[:limit])} and {more} more"


def _text(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:g}"


def _symbol(criterion: str, at: float) -> str:
    """The paper's symbol of a criterion, with an arrow where lower is better; 0 stands for no share or count."""
    entry = CRITERIA.in_tables(criterion.partition("(")[0])
    if entry is None:
        return criterion
    symbol = entry.symbol_at(at) if at else entry.symbol
    return f"{symbol} ↓" if entry.better == "lower" else symbol


ANALYSIS = Analysis(
    name="by_setting",
    question="On which settings of network, training and sampling does the ranking depend?",
    figure="Fig. A6",
    paper_finding=(
        "Ning et al. (2020, Fig. 3, and 2021, App. A.1.4) find that fewer channels reduce the quality little and fewer "
        "layers much; several architectures per step do not help on NAS-Bench-201 (Table A2)."
    ),
    section="settings",
    caption=(
        "Criteria by the value of a setting; bands: range over seeds. Of several series the first is shown, the table "
        "contains all; settings that vary with it are named."
    ),
    needs=("settings",),
    takes=("choices",),
    compute=compute,
    draw=draw,
    panel_by="setting",
    size=(3.3, 3.0),
)
