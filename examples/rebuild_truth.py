"""Architectures of a shipped benchmark trained again by its recipe, compared with its table to the last bit.

python examples/rebuild_truth.py NAME [N] [SEED]   (N architectures drawn at random: 10; on the CPU, one thread)

Bits depend on the processor's instructions and the versions of the libraries, both of which are printed.
"""

import sys
from importlib import resources

import numpy as np
import pandas as pd
import torch

from nasgauge.benchmarks.building.build import train_arch
from nasgauge.benchmarks.building.recipe import Recipe
from nasgauge.core.conditions import instructions, processor
from nasgauge.core.config import parse
from nasgauge.core.usage import check_usage
from nasgauge.images import load_images
from nasgauge.spaces import get_space
from nasgauge.studies.texts import recipe_text

OUTCOMES = ["valid_accuracy", "valid_loss", "test_accuracy", "test_loss"]


def main(name: str, n: int = 10, seed: int = 0) -> None:
    """Print how many architectures are equal, and the largest difference of an accuracy and a loss."""
    torch.set_num_threads(1)
    recipe = parse(recipe_text(name), Recipe, name)
    data, space = load_images(*recipe.loaded_from()[:2]), get_space(recipe.space)
    file = resources.files("nasgauge.benchmarks") / "tables" / f"{name}.parquet"
    table = pd.read_parquet(str(file)).set_index(["arch", "seed"]).sort_index()
    archs = table.index.unique("arch")
    equal, gaps = 0, []
    for i in np.random.default_rng(seed).choice(len(archs), n, replace=False):
        again = train_arch(space, space.from_str(archs[i]), recipe, data).set_index(["arch", "seed"]).sort_index()
        kept = table.loc[again.index, OUTCOMES]
        again = again[OUTCOMES].astype(kept.dtypes.to_dict())
        equal += again.equals(kept)
        gaps.append((again - kept).abs().max())
    worst = np.max(gaps, axis=0)
    print(
        f"{name}: {equal} of {n} equal to the bit; largest difference {max(worst[0], worst[2]):.4f} of an accuracy, "
        f"{max(worst[1], worst[3]):.4f} of a loss; {processor()} ({instructions()}), torch {torch.__version__}"
    )


if __name__ == "__main__":
    check_usage(__doc__)
    main(sys.argv[1], *map(int, sys.argv[2:]))
