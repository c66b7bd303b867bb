"""The data of the page's explorer, one entry per architecture, as JSON."""

import json
import math
from collections.abc import Mapping

import numpy as np
import pandas as pd

from nasgauge.analyses import mean_truth, operations_of, properties_of, rank_errors, ranks, strokes
from nasgauge.report.bundle import Bundle
from nasgauge.spaces import Graph

N_ARCHS = 2_000
_DASHES = {"solid": [], "dotted": [1, 2]}


def explorer(bundle: Bundle, *, rng: np.random.Generator) -> str | None:
    """The data of the explorer, safe within a script element; None if no estimator has scores.

    Beyond 2,000 architectures a seeded sample is shown, and `n` is the size of the population. The estimated and true
    ranks of an estimator are those among the n architectures that it scored. Keys: n, archs, accuracy, is_fraction,
    truth_rank, estimators {name: {score, rank, truth_rank, excess, n}}, properties {name: values}, places [[words,
    codes]], and, where the space is known, graphs and strokes.
    """
    errors = rank_errors(bundle.measured, bundle.truth)
    if not errors:
        return None
    accuracy = mean_truth(bundle.truth).sort_index()
    true_rank = pd.Series(ranks(accuracy.to_numpy()), accuracy.index)
    chosen = accuracy.index
    if len(chosen) > N_ARCHS:
        chosen = chosen[np.sort(rng.choice(len(chosen), N_ARCHS, replace=False))]
    worst = bundle.scores[np.isneginf(bundle.scores["score"])].groupby("estimator")["arch"].agg(set)
    known = properties_of(chosen, bundle.space, bundle.records.get("complexity"))
    data = {
        "n": len(accuracy),
        "archs": list(chosen),
        "accuracy": _numbers(accuracy[chosen], 6),
        "is_fraction": bool(accuracy.between(0, 1).all()),
        "truth_rank": _numbers(true_rank[chosen], 1),
        "estimators": {name: _estimator(table, chosen, worst.get(name, set())) for name, table in errors.items()},
        "properties": {name: _numbers(known[name], 6) for name in known},
    }
    if bundle.space is not None:
        archs = [bundle.space.from_str(text) for text in chosen]
        data["places"] = _places([bundle.space.words(arch) for arch in archs])
        graphs = [bundle.space.graphs(arch) for arch in archs]
        styles = strokes(bundle.space, operations_of(graphs))
        names = list(styles)
        data["graphs"] = [[_cell(graph, names) for graph in cells.values()] for cells in graphs]
        data["strokes"] = [[name, _colour(s.colour), _dash(s.dash)] for name, s in styles.items()]
    text = json.dumps(data, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _estimator(table: pd.DataFrame, chosen: pd.Index, worst: set[str]) -> dict[str, object]:
    """worst: architectures with a score of -inf, which JSON cannot represent; they keep their rank."""
    rank = pd.Series(ranks(table["score"].to_numpy()), table.index)
    score = table["score"].where(~table.index.isin(worst))
    true = pd.Series(ranks(table["accuracy"].to_numpy()), table.index)
    return {
        "n": len(table),
        "truth_rank": _numbers(true.reindex(chosen), 1),
        "score": _numbers(score.reindex(chosen), 6),
        "rank": _numbers(rank.reindex(chosen), 6),
        "excess": _numbers(table["excess"].reindex(chosen), 3),
    }


def _numbers(values: pd.Series, digits: int) -> list[float | int | None]:
    """Plain numbers with so many significant digits (decimals for ranks and errors), null where not finite."""
    return [_short(v, digits) if math.isfinite(v) else None for v in values.astype("float64")]


def _short(value: float, digits: int) -> float | int:
    if value == int(value) and abs(value) < 1e9:
        return int(value)
    return round(value, digits) if digits < 6 else float(f"{value:.6g}")


def _places(words: list[tuple[str, ...]]) -> list[list[object]]:
    found = []
    for column in zip(*words, strict=True):
        codes, names = pd.factorize(np.array(column, dtype=object), sort=True)
        found.append([[str(name) for name in names], codes.tolist()])
    return found


def _cell(graph: Graph, names: list[str]) -> Mapping[str, object]:
    """Nodes by label, edges as [from, to, operation or label, 1 if dead]; operations by their number in `strokes`."""
    place = {name: i for i, name in enumerate(names)}
    edges = [[s, t, place.get(label, label), int(i in graph.dead)] for i, (s, t, label) in enumerate(graph.edges)]
    return {"v": [place.get(label, label) for label in graph.nodes], "e": edges}


def _colour(colour: str) -> str:
    return (
        colour
        if colour.startswith("#")
        else f"#{round(255 * float(colour)):02x}" + 2 * f"{round(255 * float(colour)):02x}"
    )


def _dash(dash: object) -> list[int]:
    return _DASHES[dash] if isinstance(dash, str) else [2 * n for n in dash[1]]
