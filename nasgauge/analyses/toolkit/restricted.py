"""Supernets with and without some operations: which are compared, and what both score of which architectures."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import final

import pandas as pd

from nasgauge.analyses.toolkit.supernet_settings import MAIN, NOTHING, chosen_by, kind_of, kinds_in
from nasgauge.analyses.toolkit.vectors import is_among

_KINDS = {MAIN: "accuracy"}  # of the scores, as panels name them; others keep their names


@final
@dataclass(frozen=True)
class Pair:
    """A supernet without operations, and one of the whole space that is equal in all other settings."""

    without: str
    kind: str
    restricted: str
    unrestricted: str


@final
@dataclass(frozen=True, eq=False)
class Both:
    """What a pair scored at an epoch: architectures down, by name and in one order, and seeds across.

    `full`: the unrestricted supernet, all that it scored; `inside`, `sub`: the unrestricted and the restricted one, the
    same members of the classes that lie in the restricted space. `n_by_member`: how many of these are not the
    architecture itself; `n_left_out`: further classes, of whose member the unrestricted one has no score.
    """

    pair: Pair
    epoch: int
    full: pd.DataFrame
    inside: pd.DataFrame
    sub: pd.DataFrame
    n_by_member: int
    n_left_out: int


def compared(
    pairs: Sequence[Pair],
    archs: pd.Index,
    checkpoint_scores: pd.DataFrame,
    stand_ins: pd.DataFrame | None,
    member_scores: pd.DataFrame | None,
) -> Iterator[Both]:
    """What each pair scored of `archs` at each epoch that both have, in this order; nothing where no class is shared.

    Tables CHECKPOINT_SCORES, STAND_INS and MEMBER_SCORES; only what all seeds of a supernet scored counts.
    """
    named = {name for pair in pairs for name in (pair.restricted, pair.unrestricted)}
    tables = _by_epoch(checkpoint_scores[checkpoint_scores["estimator"].isin(named)], archs)
    members, apart = _members_of(stand_ins), _scores_of_members(member_scores)
    for pair in pairs:
        of_sub, of_full = (tables.get(name, {}) for name in (pair.restricted, pair.unrestricted))
        for epoch in sorted(of_sub.keys() & of_full.keys()):
            full, sub = of_full[epoch], of_sub[epoch]
            moved = {a: member for a, member in members.get(pair.restricted, {}).items() if a in sub.index}
            inside = _inside(full, sub, moved, apart.get((pair.unrestricted, epoch)))
            if len(inside):
                n_by_member = int(is_among(inside.index, list(moved)).sum())
                n_left_out = len(sub) - len(inside)
                yield Both(pair, epoch, full, inside, sub.loc[inside.index], n_by_member, n_left_out)


def pairs_of(settings: pd.DataFrame, choices: pd.DataFrame) -> list[Pair]:
    """Supernets with and without removed operations that are otherwise equal; by kind, removal and names."""
    chosen = chosen_by(settings[settings["setting"] != "n_samples"], choices)
    chosen = {name: each for name, each in chosen.items() if "without" in each}
    alike: dict[tuple, dict[str, str]] = {}
    for name, each in chosen.items():
        rest = frozenset((setting, value) for setting, value in each.items() if setting != "without")
        alike.setdefault((kind_of(name, chosen, kinds_in(settings)), rest), {})[name] = str(each["without"])
    found = [
        Pair(without, _KINDS.get(kind, kind), restricted, unrestricted)
        for (kind, _), names in alike.items()
        for restricted, without in names.items()
        for unrestricted, all_of in names.items()
        if without != NOTHING == all_of
    ]
    return sorted(found, key=lambda pair: (pair.kind, pair.without, pair.restricted, pair.unrestricted))


def _by_epoch(checkpoint_scores: pd.DataFrame, archs: pd.Index) -> dict[str, dict[int, pd.DataFrame]]:
    """By estimator and epoch its scores, architectures down and seeds across, those that every seed scored."""
    return {
        str(name): {
            int(epoch): of.pivot(index="arch", columns="seed", values="score").dropna().sort_index()
            for epoch, of in part.groupby("epoch")
        }
        for name, part in checkpoint_scores[is_among(checkpoint_scores["arch"], archs)].groupby("estimator")
    }


def _members_of(stand_ins: pd.DataFrame | None) -> dict[str, dict[str, str]]:
    """By estimator and architecture the member of its class that is scored in its place."""
    if stand_ins is None:
        return {}
    return {
        str(name): dict(zip(part["arch"], part["member"], strict=True)) for name, part in stand_ins.groupby("estimator")
    }


def _scores_of_members(member_scores: pd.DataFrame | None) -> dict[tuple[str, int], pd.DataFrame]:
    """By estimator and epoch the scores of members, (arch, member) down and seeds across."""
    if member_scores is None:
        return {}
    return {
        (str(name), int(epoch)): part.pivot(index=["arch", "member"], columns="seed", values="score")
        for (name, epoch), part in member_scores.groupby(["estimator", "epoch"])
    }


def _inside(
    full: pd.DataFrame, sub: pd.DataFrame, moved: Mapping[str, str], apart: pd.DataFrame | None
) -> pd.DataFrame:
    """What the unrestricted supernet scored of what the restricted one scored; moved: by architecture, its member."""
    parts = [full[is_among(full.index, sub.index.difference(list(moved)))]]
    if apart is not None and moved:
        there = apart.reindex(pd.MultiIndex.from_tuples(moved.items()), columns=full.columns)
        parts.append(there.set_axis(list(moved), axis=0).dropna())
    return pd.concat(parts).sort_index()
