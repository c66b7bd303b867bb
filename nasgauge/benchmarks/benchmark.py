"""A tabular benchmark: accuracies of trained networks, facts and provenance."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from nasgauge.benchmarks.training import Training
from nasgauge.core.errors import UserError, unknown_name
from nasgauge.core.lists import Names, listed
from nasgauge.spaces import Space


@dataclass(frozen=True, eq=False)
class Benchmark:
    """Read-only ground truth of the architectures of one space.

    name; space: the search space itself. truth: table TRUTH, against which estimators are evaluated. replicates: table
    TRUTH with several seeds per architecture, for the noise ceiling; None where there are none. provenance: description
    of the ground truth, printed with every result. facts: declared numbers, verified by the contract test.
    complexity: arch, n_params and macs, or None. left_out: architectures of the benchmark's table that are not in
    the ground truth, as far as known by name, with the reason. ceiling_measure: the quantity that the replicates
    measure where it differs from the ground truth (other split, epochs or data); None: the same. training: data and
    network of the trainings, None where unknown.
    """

    name: str
    space: Space
    truth: pd.DataFrame
    replicates: pd.DataFrame | None
    provenance: Mapping[str, str]
    facts: Mapping[str, Any]
    complexity: pd.DataFrame | None = None
    left_out: Mapping[str, str] = field(default_factory=dict)
    ceiling_measure: str | None = None
    training: Training | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.space, Space):
            raise UserError(
                f"benchmark {self.name!r}: its space is {self.space!r}; give the space itself, which "
                "nasgauge.spaces.get_space finds by its name"
            )

    @property
    def archs(self) -> list[str]:
        """The architectures with ground truth, in the order of the table, each once."""
        return list(dict.fromkeys(self.truth["arch"]))

    def only(self, archs: Names) -> "Benchmark":
        """The benchmark reduced to these architectures, or to one; UserError names the first without ground truth."""
        archs = listed(archs, f"benchmark {self.name!r}, only: archs", "architectures' strings")
        absent = set(archs) - set(self.truth["arch"])
        if absent:
            raise UserError(f"benchmark {self.name!r} has no ground truth for {min(absent)}")
        keep = set(archs)
        reduced = {
            name: table if table is None else table[table["arch"].isin(keep)].reset_index(drop=True)
            for name, table in (("truth", self.truth), ("replicates", self.replicates), ("complexity", self.complexity))
        }
        return replace(
            self, **reduced, provenance={**self.provenance, "architectures": f"{len(keep):,} of {len(self.archs):,}"}
        )

    def in_classes(self, form: str | None) -> "Benchmark":
        """The same ground truth with the classes of another canonical form of its space, noted in the provenance.

        None, and the space's first form, leave the classes of the table. UserError: a form that the space lacks.
        """
        space = self.space
        if form is not None and form not in space.forms:
            raise unknown_name(f"canonical form of {space.name}", form, space.forms)
        if form in (None, space.forms[0]):
            return self
        tables = {name: getattr(self, name) for name in ("truth", "replicates")}
        tables = {name: table for name, table in tables.items() if table is not None}
        archs = dict.fromkeys(arch for table in tables.values() for arch in table["arch"])
        classes = {text: space.to_str(space.canonical(space.from_str(text), form)) for text in archs}
        named = {name: table.assign(iso_class=table["arch"].map(classes)) for name, table in tables.items()}
        n_classes = self.truth["arch"].map(classes).nunique()
        return replace(self, **named, provenance={**self.provenance, "classes": f"{n_classes:,} of the form {form!r}"})

    def sample_classes(self, n: int | None, *, twins: bool = False, rng: np.random.Generator) -> "Benchmark":
        """One architecture of each of `n` random isomorphism classes (all if None): the class's representative.

        Where the representative has no ground truth, the first member in the order of the table replaces it. With
        twins, all isomorphic members with ground truth.
        """
        members = self.truth.drop_duplicates("arch").groupby("iso_class", sort=True)["arch"].agg(list)
        chosen = [name if name in archs else archs[0] for name, archs in members.items()]
        if n is not None and not 0 <= n <= len(chosen):
            raise UserError(
                f"benchmark {self.name!r} has {len(chosen):,} classes; {n:,} are requested; give 0 to {len(chosen):,}"
            )
        order = rng.permutation(len(chosen))[:n] if n is not None else np.arange(len(chosen))
        if twins:
            lists = members.tolist()
            return self.only([arch for i in order for arch in lists[i]])
        return self.only([chosen[i] for i in order])

    def split(self, n_fit: int, n_test: int | None, *, rng: np.random.Generator) -> tuple[list[str], list[str]]:
        """Two disjoint random lists of architectures: training set and test set."""
        archs = self.archs
        n_test = max(0, len(archs) - n_fit) if n_test is None else n_test
        if min(n_fit, n_test) < 0 or n_fit + n_test > len(archs):
            requested = f"{n_fit:,} for training and {n_test:,} for testing"
            raise UserError(
                f"benchmark {self.name!r} has {len(archs):,} architectures; {requested} are requested; give "
                f"counts from 0 whose sum is at most {len(archs):,}"
            )
        order = [archs[i] for i in rng.permutation(len(archs))]
        return order[:n_fit], order[n_fit : n_fit + n_test]
