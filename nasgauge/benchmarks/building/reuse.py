"""Trainings of an earlier table, for a benchmark of more architectures that are trained alike."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import final

import pandas as pd

from nasgauge.benchmarks.building.protocol import Protocol
from nasgauge.benchmarks.building.recipe import Recipe
from nasgauge.benchmarks.files import read_facts, read_table
from nasgauge.core.conditions import Conditions
from nasgauge.core.errors import UserError
from nasgauge.core.store import Store
from nasgauge.core.tables import TRAININGS

_DEFAULTS = vars(Protocol(epochs=1))  # what a table means that is older than a key of the protocol


@final
@dataclass(frozen=True, eq=False)
class Reused:
    """What a table contains: rows of TRAININGS, and the conditions under which all of them were computed."""

    rows: pd.DataFrame
    conditions: Conditions

    def write(self, store: Store, keys: Mapping[str, str], n_seeds: int) -> None:
        """Write the part of each architecture that the table contains and the folder lacks; keys: by architecture."""
        done = store.done("trainings")
        for arch, rows in self.rows.groupby("arch", sort=False):
            if arch in keys and keys[arch] not in done and len(rows) == n_seeds:
                store.write_task(keys[arch], {"trainings": rows.reset_index(drop=True)}, self.conditions)


def reused(recipe: Recipe, table: Path) -> Reused:
    """The trainings of a table that this recipe made, but for its architectures, name and title.

    Losses and seconds are those of the table, which has 32 bits of them, as the new table will. UserError: a table
    without its facts, of another recipe, or of a version that did not record it.
    """
    record = read_facts(table.with_suffix(".json"), ("space",))
    there, under = record.get("recipe"), record.get("conditions", {})
    if not isinstance(there, dict) or not isinstance(under, dict) or not isinstance(there.get("protocol"), dict):
        raise UserError(f"{table}: its facts do not contain its recipe; build it again, or leave out --reuse")
    there |= {"protocol": _DEFAULTS | there["protocol"]}
    here = json.loads(json.dumps(recipe.decisive()))
    different = [key for key in (*here, *there) if here.get(key) != there.get(key)]
    if different:
        key = different[0]
        raise UserError(
            f"{table}: was trained otherwise: {key} = {there.get(key)!r}, in the recipe {here.get(key)!r}; make them "
            "equal, or leave out --reuse"
        )
    return Reused(read_table(table, TRAININGS), {str(name): str(value) for name, value in under.items()})
