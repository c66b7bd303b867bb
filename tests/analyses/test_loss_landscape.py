"""Loss landscapes of supernets: planted surfaces give back their curvature and roughness, by seed and interval."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from nasgauge.analyses.loss_landscape import compute, draw
from nasgauge.analyses.toolkit.over_seeds import mean_interval
from nasgauge.core.recorded import LANDSCAPES
from nasgauge.core.tables import check

AT = np.linspace(-0.5, 0.5, 7)
A, B = (grid.ravel() for grid in np.meshgrid(AT, AT, indexing="ij"))


def surface(loss, estimator="net", paths="mean", seed=0, pair=0):
    rows = {"estimator": estimator, "seed": seed, "epoch": 60, "paths": paths, "n_paths": 300, "pair": pair}
    return pd.DataFrame(rows | {"a": A, "b": B, "loss": loss})


def bowl(curvature):
    """Quadratic, with a slope and a mixed term, and the curvature half along a, three halves along b."""
    return 2 + A - B + A * B + curvature / 4 * A**2 + 3 * curvature / 4 * B**2


def told(*surfaces):
    table = compute(None, None, landscapes=check(pd.concat(surfaces, ignore_index=True), LANDSCAPES))
    return table, table.drop_duplicates(["estimator", "paths"]).set_index(["estimator", "paths"])


def test_a_quadratic_loss_has_its_curvature_and_no_roughness():
    table, found = told(surface(bowl(8.0)))
    row = found.loc[("net", "mean")]
    assert row["curvature"] == pytest.approx(8.0) and row["roughness"] == pytest.approx(0, abs=1e-9)
    assert row["middle"] == pytest.approx(2.0) and row["n_paths"] == 300 and (row["n"], row["n_seeds"]) == (1, 1)
    assert np.isnan(row["curvature_lower"]) and len(table) == AT.size**2
    assert table["loss"].to_numpy() == pytest.approx(bowl(8.0))


def test_values_are_means_over_pairs_and_intervals_are_over_seeds():
    planted = {(0, 0): 2.0, (0, 1): 4.0, (1, 0): 5.0, (1, 1): 9.0, (2, 0): 3.0, (2, 1): 3.0}
    other = [surface(bowl(1.0), "flatter", seed=seed) for seed in (0, 1)]
    table, found = told(*(surface(bowl(c), seed=s, pair=p) for (s, p), c in reversed(planted.items())), *other)
    row = found.loc[("net", "mean")]
    expected = mean_interval([3.0, 7.0, 3.0])
    assert row[["curvature", "curvature_lower", "curvature_upper"]].tolist() == pytest.approx(expected)
    assert (row["n"], row["n_seeds"]) == (6, 3) and found.loc[("flatter", "mean"), "curvature"] == pytest.approx(1.0)
    shown = table[table["estimator"] == "net"]
    assert shown["loss"].to_numpy() == pytest.approx(bowl(2.0))  # of the first seed's first pair


def test_ripples_are_rough_and_the_curvature_of_a_mean_is_the_mean_of_curvatures():
    ripples = 0.3 * np.sin(9 * A) * np.sin(11 * B)
    losses = {"one": bowl(4.0) + ripples, "two": bowl(10.0) - ripples}
    _, found = told(*(surface(loss, paths=name) for name, loss in losses.items()), surface(sum(losses.values()) / 2))
    found = found.loc["net"]
    assert found.loc["mean", "curvature"] == pytest.approx(found.loc[["one", "two"], "curvature"].mean())
    assert found.loc["one", "roughness"] > 0.05 and found.loc["mean", "roughness"] == pytest.approx(0, abs=1e-9)


def test_paths_with_alike_names_have_titles_of_their_own():
    alike = [f"|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|{end}~2|" for end in ("none", "nor_conv_1x1")]
    table, _ = told(*(surface(bowl(3.0), paths=name) for name in ("mean", *alike)))
    axes = Figure(figsize=(8, 2.4)).add_subplot()
    draw(table, axes)
    titles = [part.get_title() for part in axes.child_axes][:3]
    assert len({title.split("\n")[1] for title in titles}) == 3 and any("mean of 300 paths" in t for t in titles)
    assert all("curvature 3.00, roughness 0.000" in title for title in titles)


def test_losses_that_are_not_finite_leave_no_number_and_the_others_are_drawn():
    broken = bowl(3.0)
    broken[5] = np.nan
    table, found = told(surface(broken, "broken"), surface(np.ones(A.size), "flat"), surface(bowl(3.0), "sound"))
    assert found.loc["broken", ["curvature", "roughness"]].isna().all(axis=None)
    assert np.isnan(found.loc[("flat", "mean"), "roughness"])
    axes = Figure(figsize=(8, 2.4)).add_subplot()
    draw(table, axes)
    titles = [part.get_title().split("\n")[0] for part in axes.child_axes]
    assert titles[:3] == ["broken", "flat", "sound"]
    axes.figure.draw_without_rendering()
    for lost in (surface(np.full(A.size, np.nan)), surface(np.ones(A.size))):
        axes = Figure().add_subplot()
        draw(told(lost)[0], axes)
        assert "no surface" in axes.texts[0].get_text()
